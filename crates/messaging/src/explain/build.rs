//! From what is stored to what happened, in order. Pure.

use domain::attempt::AttemptStatus;
use domain::ids::{InletId, MessageId};
use domain::message::{Direction, Lane, MessageStatus};
use domain::refusal::Failure;
use domain::time::Timestamp;
use serde_json::Value;
use store::call::AttemptView;
use store::note::{self, Note};
use store::trace::{Source, TraceLine};

use super::{Callbacks, Entry, Facts, What};

/// Where an entry stands among those of the same instant: a life's order, then the attempt, then its own order.
type Rank = (u8, i64, usize);

const FIRST: u8 = 0;
const BEFORE_ATTEMPTS: u8 = 1;
const ATTEMPTS: u8 = 2;
const LAST: u8 = 3;

/// The number of the only attempt of a message that was sent by other means.
const ELSEWHERE: i64 = 1;

/// What happened, first to last.
pub(super) fn entries(facts: &Facts, callbacks: &Callbacks) -> Vec<Entry> {
    let mut ranked: Vec<(Rank, Entry)> = Vec::new();
    ranked.push(((FIRST, 0, 0), beginning(facts, callbacks)));
    for (place, note) in facts.notes.iter().enumerate() {
        if let Some((rank, entry)) = noted(note) {
            ranked.push(((rank, entry_attempt(&entry), 1_000 + place), entry));
        }
    }
    for attempt in &facts.attempts {
        let told = attempt_entries(attempt, callbacks);
        ranked.extend(told.into_iter().enumerate().map(|(place, entry)| ((ATTEMPTS, attempt.number, place), entry)));
    }
    let told = reports(ELSEWHERE, &facts.elsewhere, callbacks);
    ranked.extend(told.into_iter().enumerate().map(|(place, entry)| ((ATTEMPTS, ELSEWHERE, place), entry)));
    if let Some(at) = facts.message.replied_at {
        // The provider's clock counts whole seconds, so an answer may seem older than what it answers.
        let at = at.max(facts.attempts.first().map_or(facts.message.created_at, |attempt| attempt.started_at));
        ranked.push(((LAST, 0, 0), Entry { at, status: None, what: What::Replied }));
    }
    ranked.sort_by_key(|(rank, entry)| (entry.at, *rank));
    ranked.into_iter().map(|(_, entry)| entry).collect()
}

const fn entry_attempt(entry: &Entry) -> i64 {
    match entry.what {
        What::Abandoned { attempt } => attempt,
        _ => 0,
    }
}

/// The stored body a piece of evidence came in.
pub(super) const fn inlet_of(line: &TraceLine) -> Option<InletId> {
    match line.source {
        Source::Callback(inlet) | Source::EarlyCallback(inlet) => inlet,
        Source::Answer { .. } => None,
    }
}

fn beginning(facts: &Facts, callbacks: &Callbacks) -> Entry {
    let message = &facts.message;
    if message.direction == Direction::Inbound {
        let what =
            What::Received { happened_at: message.created_at, callback: facts.inlet.map(|inlet| callbacks.get(inlet)) };
        let at = message.times.delivered.unwrap_or(message.created_at);
        return Entry { at, status: Some(MessageStatus::Delivered), what };
    }
    if let Some(origin) = &message.origin {
        return written_elsewhere(facts, origin, callbacks);
    }
    let at = message.created_at;
    if message.send_at.is_none() {
        let what =
            What::Accepted { class: message.class, lane: Lane::of(message.class), expires_at: message.expires_at };
        return Entry { at, status: Some(MessageStatus::Queued), what };
    }
    // The message's own times may have been changed since; what was asked for at first is noted.
    let first = facts.notes.iter().find(|note| note.kind == note::SCHEDULED);
    let what = What::Scheduled {
        send_at: first.map_or(message.send_at, |note| time(note, "send_at")),
        expires_at: first.map_or(message.expires_at, |note| time(note, "expires_at")),
        key: first.and_then(|note| text(note, "schedule_key")),
    };
    Entry { at, status: Some(MessageStatus::Scheduled), what }
}

fn written_elsewhere(facts: &Facts, origin: &str, callbacks: &Callbacks) -> Entry {
    let (message, trace) = (&facts.message, &facts.elsewhere);
    let callback = facts.inlet.map(|inlet| callbacks.get(inlet));
    let what = What::WrittenElsewhere { origin: origin.to_owned(), happened_at: message.created_at, callback };
    // How far it was by then is not kept where reports have raised it since: one of `sent` found it before that.
    let status = match trace.iter().find(|line| line.raised).map(|line| line.status) {
        None => message.status,
        Some(AttemptStatus::Sent) => MessageStatus::Submitted,
        Some(_) => MessageStatus::Sent,
    };
    // The provider's clock may be ahead of ours.
    let at = trace.first().map_or(message.created_at, |line| line.applied_at.min(message.created_at));
    Entry { at, status: Some(status), what }
}

fn time(note: &Note, key: &str) -> Option<Timestamp> {
    note.details.get(key)?.as_str().and_then(|text| Timestamp::parse(text).ok())
}

fn text(note: &Note, key: &str) -> Option<String> {
    note.details.get(key)?.as_str().map(ToOwned::to_owned)
}

fn noted(note: &Note) -> Option<(u8, Entry)> {
    let entry = |status, what| Entry { at: note.at, status, what };
    Some(match note.kind.as_str() {
        note::RESCHEDULED => {
            let what = What::Rescheduled {
                send_at: (time(note, "send_at_before"), time(note, "send_at")),
                expires_at: (time(note, "expires_at_before"), time(note, "expires_at")),
                by: text(note, "by"),
            };
            (BEFORE_ATTEMPTS, entry(None, what))
        }
        note::RELEASED => (BEFORE_ATTEMPTS, entry(Some(MessageStatus::Queued), What::Released)),
        note::REPEATED => {
            let key = text(note, "schedule_key").or_else(|| text(note, "idempotency_key")).unwrap_or_default();
            (BEFORE_ATTEMPTS, entry(None, What::Repeated { key }))
        }
        note::CANCELLED => {
            let replaced_by = note.details.get("replaced_by").and_then(Value::as_i64).map(MessageId);
            (LAST, entry(Some(MessageStatus::Cancelled), What::Cancelled { by: text(note, "by"), replaced_by }))
        }
        note::EXPIRED => {
            let what = What::Expired {
                expires_at: time(note, "expires_at"),
                held_by: text(note, "held_by").unwrap_or_default(),
                failure: note.details.get("failure").and_then(|value| serde_json::from_value(value.clone()).ok()),
            };
            (LAST, entry(Some(MessageStatus::Expired), what))
        }
        note::ABANDONED => {
            let attempt = note.details.get("attempt").and_then(Value::as_i64).unwrap_or_default();
            let status = text(note, "status").and_then(|status| MessageStatus::parse(&status));
            (ATTEMPTS, entry(status, What::Abandoned { attempt }))
        }
        // The first of the two is told by the message itself; others are of a later version.
        _ => return None,
    })
}

/// The claim, the answer and all evidence, as they came.
fn attempt_entries(attempt: &AttemptView, callbacks: &Callbacks) -> Vec<Entry> {
    let claimed = What::Claimed(Box::new(attempt.clone()));
    let mut entries = vec![Entry { at: attempt.started_at, status: Some(MessageStatus::Calling), what: claimed }];
    let mut answered = false;
    for (place, line) in attempt.trace.iter().enumerate() {
        match line.source {
            Source::Answer { retry_at } => {
                if !answered {
                    entries.push(answer(attempt, line, retry_at));
                } else if line.raised {
                    entries.push(reported(attempt.number, line, callbacks));
                }
                answered = true;
                entries.extend(retry_at.filter(|_| line.status == AttemptStatus::Failed).map(|until| {
                    let failure = line.failure.clone();
                    let what = What::BackOff { attempt: attempt.number, until, failure };
                    Entry { at: line.applied_at, status: line.message, what }
                }));
            }
            _ if !is_applied_again(&attempt.trace, place, line) => {
                entries.push(reported(attempt.number, line, callbacks));
            }
            _ => {}
        }
    }
    if !answered && let Some(at) = attempt.finished_at {
        // Of before traces were kept: the answer is known, not what it changed.
        entries.push(answer_without_trace(attempt, at));
    }
    entries
}

/// All evidence about what nobody here sent, as it came.
fn reports(attempt: i64, trace: &[TraceLine], callbacks: &Callbacks) -> Vec<Entry> {
    let news = trace.iter().enumerate().filter(|(place, line)| !is_applied_again(trace, *place, line));
    news.map(|(_, line)| reported(attempt, line, callbacks)).collect()
}

/// A crash between applying a body and noting so applies it once more, which changes nothing and is no second report.
fn is_applied_again(trace: &[TraceLine], place: usize, line: &TraceLine) -> bool {
    let same = |known: &&TraceLine| {
        inlet_of(known).is_some()
            && inlet_of(known) == inlet_of(line)
            && (known.status, known.at) == (line.status, line.at)
    };
    !line.raised && trace.iter().take(place).any(|known| same(&known))
}

fn answer(attempt: &AttemptView, line: &TraceLine, retry_at: Option<Timestamp>) -> Entry {
    let at = attempt.finished_at.unwrap_or(line.applied_at);
    // Where a new attempt is planned, that is what the message's status comes from.
    let status = line.message.filter(|_| retry_at.is_none());
    Entry { at, status, what: answered(attempt, at, line.failure.clone()) }
}

fn answered(attempt: &AttemptView, at: Timestamp, failure: Option<Failure>) -> What {
    What::Answered { attempt: Box::new(attempt.clone()), latency: at.since(attempt.started_at), failure }
}

fn answer_without_trace(attempt: &AttemptView, at: Timestamp) -> Entry {
    Entry { at, status: None, what: answered(attempt, at, attempt.failure.clone()) }
}

fn reported(attempt: i64, line: &TraceLine, callbacks: &Callbacks) -> Entry {
    let what = What::Reported {
        attempt,
        status: line.status,
        happened_at: line.at,
        raised: line.raised,
        early: matches!(line.source, Source::EarlyCallback(_)),
        failure: line.failure.clone(),
        callback: inlet_of(line).map(|inlet| callbacks.get(inlet)),
    };
    Entry { at: line.applied_at, status: line.message, what }
}

#[cfg(test)]
mod tests {
    use domain::ids::Epoch;
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_168_800 + seconds)
    }

    fn line(source: Source, status: AttemptStatus, raised: bool) -> TraceLine {
        let message = raised.then_some(MessageStatus::from(status));
        TraceLine { source, status, at: at(3), applied_at: at(4), raised, message, failure: None }
    }

    fn attempt(trace: Vec<TraceLine>, finished: bool) -> AttemptView {
        AttemptView {
            number: 1,
            status: AttemptStatus::Unknown,
            started_at: at(1),
            path: "/messages".to_owned(),
            payload: "{}".to_owned(),
            http_status: None,
            answer: None,
            note: None,
            decision: None,
            finished_at: finished.then(|| at(2)),
            failure: None,
            provider: "meta_cloud".to_owned(),
            node: None,
            epoch: Epoch(1),
            trace,
        }
    }

    fn told(attempt: &AttemptView) -> Vec<(&'static str, Option<MessageStatus>)> {
        let entries = attempt_entries(attempt, &Callbacks::default());
        entries.into_iter().map(|entry| (entry.what.code(), entry.status)).collect()
    }

    #[test]
    fn a_body_that_is_applied_twice_reported_once() {
        let callback = |id| Source::Callback(Some(InletId(id)));
        let trace = vec![
            line(Source::Answer { retry_at: None }, AttemptStatus::Submitted, true),
            line(callback(7), AttemptStatus::Sent, true),
            line(callback(7), AttemptStatus::Sent, false),
            line(callback(8), AttemptStatus::Sent, false),
        ];
        let expected = [
            ("attempt_claimed", Some(MessageStatus::Calling)),
            ("attempt_answered", Some(MessageStatus::Submitted)),
            ("status_reported", Some(MessageStatus::Sent)),
            ("status_repeated", None),
        ];
        assert_eq!(told(&attempt(trace, true)), expected);
    }

    #[test]
    fn an_attempt_from_before_traces_were_kept_still_has_its_call() {
        let answered = [("attempt_claimed", Some(MessageStatus::Calling)), ("attempt_answered", None)];
        assert_eq!(told(&attempt(Vec::new(), true)), answered);
        assert_eq!(told(&attempt(Vec::new(), false)), answered[..1]);
    }

    #[test]
    fn an_abandoned_attempt_is_told_with_the_status_it_brought() {
        let note = |details| Note { kind: note::ABANDONED.to_owned(), details, at: at(9) };
        let (rank, entry) = noted(&note(json!({"attempt": 2, "status": "unknown"}))).expect("an entry");
        assert_eq!((rank, entry.what.code()), (ATTEMPTS, "attempt_abandoned"));
        assert_eq!((entry.status, entry_attempt(&entry)), (Some(MessageStatus::Unknown), 2));
        let (_, settled) = noted(&note(json!({"attempt": 2, "status": null}))).expect("an entry");
        assert_eq!(settled.status, None);
        assert!(noted(&Note { kind: "of_a_later_version".to_owned(), ..note(json!({})) }).is_none());
    }
}
