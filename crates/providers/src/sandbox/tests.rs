use super::*;
use crate::meta_cloud::tests::{call, text};

#[tokio::test]
async fn a_message_is_built_as_for_meta_and_counts_as_delivered() {
    let prepared = Sandbox.prepare(&call(text("hi"))).expect("one message");
    assert_eq!(prepared.path, "/sandbox/messages");
    assert_eq!(prepared.payload, meta_cloud::payload(&call(text("hi"))).expect("one message"));
    let id = ExternalId { kind: "sandbox", value: "sandbox.wp1.inst.3.42.1".to_owned() };
    let delivered = Outcome::Sent { external_ids: vec![id], status: AttemptStatus::Delivered };
    assert_eq!(Sandbox.send(&prepared).await, answer(delivered));
}

#[tokio::test]
async fn a_request_that_is_none_is_refused() {
    for payload in ["", "{}", "[]"] {
        let prepared = Prepared { path: String::new(), payload: payload.to_owned() };
        let outcome = Sandbox.send(&prepared).await.outcome;
        assert!(matches!(outcome, CallOutcome::Whole(Outcome::Refused(_))), "{payload}");
    }
}

#[tokio::test]
async fn reading_is_told_to_nobody_and_no_callback_is_believed() {
    let nothing = Outcome::Sent { external_ids: Vec::new(), status: AttemptStatus::Delivered };
    assert_eq!(Sandbox.mark_read("wamid.A", true).await, answer(nothing));
    let headers = HookHeaders { signature: Some("sha256=00".to_owned()) };
    assert_eq!(Sandbox.verify_hook(&headers, b""), Err(InvalidSignature::NoSecret));
}
