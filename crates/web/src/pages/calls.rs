//! How stored attempts become what the page of a message shows.

use domain::attempt::AttemptStatus;
use store::call::AttemptView;

use super::rows::Viewer;
use crate::views::call::{CallEnd, MessageCall};
use crate::views::code::Code;

/// Requests are our own and bounded by what a message may hold; they are shown whole.
const PAYLOAD_BYTES_MAX: usize = 1024 * 1024;
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// One attempt; of a message whose account was not live nothing left the house.
pub(super) fn call(attempt: &AttemptView, simulated: bool, viewer: &Viewer) -> MessageCall {
    let answer = attempt.answer.as_ref();
    MessageCall {
        number: attempt.number.to_string(),
        end: end(attempt, simulated, viewer),
        started: viewer.moment(attempt.started_at),
        finished: attempt.finished_at.map(|at| viewer.moment(at)),
        path: attempt.path.clone(),
        payload: Code::new(attempt.payload.as_bytes(), PAYLOAD_BYTES_MAX, viewer.catalogue),
        http_status: attempt.http_status.map(|status| status.to_string()),
        answer: answer.map(|answer| Code::new(answer.as_bytes(), ANSWER_BYTES_MAX, viewer.catalogue)),
        note: note(attempt),
        failure: attempt.failure.clone(),
    }
}

fn note(attempt: &AttemptView) -> Option<String> {
    let notes: Vec<&str> = [&attempt.decision, &attempt.note].into_iter().flatten().map(String::as_str).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

fn end(attempt: &AttemptView, simulated: bool, viewer: &Viewer) -> CallEnd {
    let Some(finished_at) = attempt.finished_at else {
        let is_calling = matches!(attempt.status, AttemptStatus::Queued | AttemptStatus::Calling);
        return if is_calling { CallEnd::Waits } else { CallEnd::Unseen };
    };
    let took = viewer.length(finished_at.since(attempt.started_at));
    match attempt.http_status {
        Some(status) => CallEnd::Answered { status: status.to_string(), took },
        None if simulated => CallEnd::Kept,
        None => CallEnd::Silent(took),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::time::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::catalogue::Catalogue;

    const START: Timestamp = Timestamp::from_seconds(1_795_168_800);

    fn attempt(status: AttemptStatus, took_ms: Option<u64>, http_status: Option<i64>) -> AttemptView {
        AttemptView {
            number: 2,
            status,
            started_at: START,
            path: "/v23.0/1/messages".to_owned(),
            payload: r#"{"to":"1","text":{"body":"שלום"}}"#.to_owned(),
            http_status,
            answer: http_status.map(|_| "<html>Bad Gateway</html>".to_owned()),
            note: None,
            finished_at: took_ms.map(|took| START.plus(Duration::from_millis(took))),
            failure: None,
        }
    }

    fn shown(attempt: &AttemptView, simulated: bool) -> MessageCall {
        call(attempt, simulated, &Viewer { now: START, zone: TimeZone::UTC, catalogue: Catalogue::get("en") })
    }

    #[test]
    fn a_call_says_what_was_said() {
        let answered = shown(&attempt(AttemptStatus::Failed, Some(412), Some(502)), false);
        assert_eq!(answered.payload.text, "{\n  \"to\": \"1\",\n  \"text\": {\n    \"body\": \"שלום\"\n  }\n}");
        assert_eq!(answered.answer.map(|answer| answer.text).as_deref(), Some("<html>Bad Gateway</html>"));
        assert_eq!((answered.number.as_str(), answered.http_status.as_deref()), ("2", Some("502")));
        assert_eq!((answered.started.clock.as_str(), answered.path.as_str()), ("10:00:00", "/v23.0/1/messages"));
    }

    #[test]
    fn every_end_has_its_words() {
        use AttemptStatus as Status;
        let took = || "0.4 s".to_owned();
        for (status, took_ms, http_status, simulated, end) in [
            (Status::Calling, None, None, false, CallEnd::Waits),
            (Status::Calling, None, None, true, CallEnd::Waits),
            (Status::Unknown, None, None, false, CallEnd::Unseen),
            (Status::Delivered, None, None, false, CallEnd::Unseen),
            (Status::Unknown, Some(412), None, false, CallEnd::Silent(took())),
            (Status::Delivered, Some(412), None, true, CallEnd::Kept),
            (Status::Read, Some(412), Some(200), false, CallEnd::Answered { status: "200".to_owned(), took: took() }),
        ] {
            assert_eq!(shown(&attempt(status, took_ms, http_status), simulated).end, end, "{status:?} {took_ms:?}");
        }
    }
}
