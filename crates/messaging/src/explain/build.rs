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
    if let Some(at) = facts.message.replied_at {
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
                    entries.push(reported(attempt, line, callbacks));
                }
                answered = true;
                entries.extend(retry_at.filter(|_| line.status == AttemptStatus::Failed).map(|until| {
                    let failure = line.failure.clone();
                    let what = What::BackOff { attempt: attempt.number, until, failure };
                    Entry { at: line.applied_at, status: line.message, what }
                }));
            }
            _ if !is_applied_again(&attempt.trace, place, line) => entries.push(reported(attempt, line, callbacks)),
            _ => {}
        }
    }
    if !answered && let Some(at) = attempt.finished_at {
        // Of before traces were kept: the answer is known, not what it changed.
        entries.push(answer_without_trace(attempt, at));
    }
    entries
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

fn reported(attempt: &AttemptView, line: &TraceLine, callbacks: &Callbacks) -> Entry {
    let what = What::Reported {
        attempt: attempt.number,
        status: line.status,
        happened_at: line.at,
        raised: line.raised,
        early: matches!(line.source, Source::EarlyCallback(_)),
        failure: line.failure.clone(),
        callback: inlet_of(line).map(|inlet| callbacks.get(inlet)),
    };
    Entry { at: line.applied_at, status: line.message, what }
}
