//! How the explanation of a message becomes the timeline of its page.

use std::time::Duration;

use domain::time::Timestamp;
use messaging::explain::{Callback, CallbackBody, Entry, Explanation, What};

use super::rows::Viewer;
use crate::views::code::Code;
use crate::views::explain::Teller;
use crate::views::status::StatusWord;
use crate::views::step::{MessageStep, Said};

/// Requests are our own and bounded by what a message may hold; they are shown whole.
const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What the message waits for, in a sentence.
pub(super) fn waits(explanation: &Explanation, viewer: &Viewer) -> Option<String> {
    let waits = explanation.waits.as_ref()?;
    Some(told(explanation, viewer, |teller| teller.waits(waits)))
}

/// What happened, oldest first.
pub(super) fn steps(explanation: &Explanation, viewer: &Viewer) -> Vec<MessageStep> {
    let first = explanation.entries.first().map_or(explanation.message.created_at, |entry| entry.at);
    told(explanation, viewer, |teller| {
        let steps = explanation.entries.iter().enumerate().map(|(place, entry)| MessageStep {
            title: teller.title(entry),
            text: teller.sentence(entry),
            gap: (place > 0).then(|| viewer.gap(entry.at.since(first))),
            ..step(entry, place, teller, viewer)
        });
        steps.collect()
    })
}

fn told<T>(explanation: &Explanation, viewer: &Viewer, tell: impl FnOnce(&Teller<'_>) -> T) -> T {
    let when = |at: Timestamp| {
        let moment = viewer.moment(at);
        format!("{}, {}", moment.date, moment.clock)
    };
    let took = |length: Duration| match length.as_millis() {
        millis @ 0..1_000 => viewer.catalogue.tf("time.milliseconds", &[("count", millis.to_string().as_str())]),
        _ => viewer.length(length),
    };
    let simulated = explanation.message.simulated;
    tell(&Teller { catalogue: viewer.catalogue, when: &when, took: &took, simulated })
}

fn step(entry: &Entry, place: usize, teller: &Teller<'_>, viewer: &Viewer) -> MessageStep {
    let (word, at) = (word(entry), viewer.moment(entry.at));
    let plain = MessageStep::of_status(entry.what.code(), word, at);
    let said = |summary: &str, title: String, text: &str, bytes_max| Said {
        id: format!("said-{place}-{}", entry.what.code()),
        summary: summary.to_owned(),
        title,
        code: Code::new(text.as_bytes(), bytes_max, viewer.catalogue),
    };
    let t = |key| viewer.catalogue.t(key);
    match &entry.what {
        What::Claimed(attempt) => {
            let codes = (!attempt.payload.is_empty())
                .then(|| said(t("message.request"), attempt.path.clone(), &attempt.payload, PAYLOAD_BYTES_MAX));
            let note = attempt.decision.clone();
            MessageStep { icon: "send", turns: true, note, codes: codes.into_iter().collect(), ..plain }
        }
        What::Answered { attempt, failure, .. } => {
            let status = attempt.http_status.map(|status| status.to_string()).unwrap_or_default();
            let title = viewer.catalogue.tf("message.http_status", &[("status", status.as_str())]);
            let codes =
                attempt.answer.as_ref().map(|answer| said(t("message.answer"), title, answer, ANSWER_BYTES_MAX));
            let (failure, note) = (failure.clone(), attempt.note.clone());
            let tone = if failure.is_some() && entry.status.is_none() { "warn" } else { plain.tone };
            MessageStep { tone, failure, note, codes: codes.into_iter().collect(), ..plain }
        }
        What::Reported { raised, failure, callback, .. } => {
            let (codes, note) = called_back(callback.as_ref(), teller, viewer, said);
            let tone = if *raised { plain.tone } else { "none" };
            MessageStep { tone, failure: failure.clone(), note, codes, ..plain }
        }
        What::Received { callback, .. } | What::WrittenElsewhere { callback, .. } => {
            let (codes, note) = called_back(callback.as_ref(), teller, viewer, said);
            MessageStep { note, codes, ..plain }
        }
        What::Expired { failure, .. } => MessageStep { failure: failure.clone(), ..plain },
        What::BackOff { .. } => MessageStep { icon: "pause", tone: "warn", ..plain },
        What::Rescheduled { .. } | What::Released => MessageStep { icon: "clock", ..plain },
        What::Repeated { .. } => MessageStep { icon: "retry", ..plain },
        What::Replied => MessageStep { icon: "reply", turns: true, tone: "info", ..plain },
        What::Accepted { .. } | What::Scheduled { .. } | What::Cancelled { .. } | What::Abandoned { .. } => plain,
    }
}

/// The body of a callback, or what became of it.
fn called_back(
    callback: Option<&Callback>,
    teller: &Teller<'_>,
    viewer: &Viewer,
    said: impl Fn(&str, String, &str, usize) -> Said,
) -> (Vec<Said>, Option<String>) {
    let Some(callback) = callback else { return (Vec::new(), None) };
    let about = teller.body(&callback.body);
    match &callback.body {
        CallbackBody::Whole(text) | CallbackBody::Part(text) => {
            let received = callback.received_at.map_or_else(String::new, |at| viewer.moment(at).exact);
            (vec![said(about, received, text, ANSWER_BYTES_MAX)], None)
        }
        CallbackBody::Dropped | CallbackBody::Unreadable => (Vec::new(), Some(about.to_owned())),
    }
}

/// The status whose colours and icon it has.
fn word(entry: &Entry) -> StatusWord {
    match &entry.what {
        What::Received { .. } => StatusWord::Received,
        What::Reported { status, .. } => (*status).into(),
        What::Answered { failure: Some(_), .. } => StatusWord::Failed,
        What::Abandoned { .. } => StatusWord::Unknown,
        _ => entry.status.map_or(StatusWord::Queued, Into::into),
    }
}
