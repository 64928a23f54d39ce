//! What recorded deliveries mean, written by hand.

use domain::address::UserIdentifier;
use domain::attempt::{AttemptStatus, Evidence};
use domain::inbound::{DecodedHook, HookFact, HookItem, InboundContent, InboundMessage, Person, StatusReport};
use domain::refusal::{Failure, RefusalKind};
use domain::time::Timestamp;
use serde_json::json;

use super::*;
use crate::meta_cloud::decode;

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

pub(super) fn user(id: &str) -> Option<UserIdentifier> {
    Some(UserIdentifier::try_from(id.to_owned()).expect("a user id"))
}

pub(super) fn decoded(body: &str) -> DecodedHook {
    decode(body.as_bytes()).expect("Meta's shape")
}

/// The one fact of a delivery.
pub(super) fn only(body: &str) -> HookItem {
    let mut hook = decoded(body);
    assert_eq!((hook.items.len(), hook.passed_over.as_slice()), (1, [].as_slice()));
    hook.items.remove(0)
}

/// A message of the person in all of pywa's deliveries.
fn pywa_message(external_id: &str, time: &str, content: InboundContent, context: Option<&str>) -> HookItem {
    let from = Person {
        phone: Some(phone("+972987654321")),
        user_id: user("US.13491208655302741918"),
        name: Some("Test Name".to_owned()),
    };
    let context = context.map(ToOwned::to_owned);
    let message = InboundMessage { external_id: external_id.to_owned(), from, at: at(time), content, context };
    HookItem { number_id: "1122334455667".to_owned(), fact: HookFact::Message(Box::new(message)) }
}

pub(super) fn status(number_id: &str, external_id: &str, reference: Option<&str>, evidence: Evidence) -> HookItem {
    let reference = reference.map(ToOwned::to_owned);
    let report = StatusReport { external_id: external_id.to_owned(), reference, evidence };
    HookItem { number_id: number_id.to_owned(), fact: HookFact::Status(Box::new(report)) }
}

#[test]
fn texts() {
    let body = InboundContent::Text { body: "Body Text".to_owned() };
    assert_eq!(only(fixture("text")), pywa_message("wamid.xyzxyz", "2023-10-11T16:53:43Z", body, None));

    let from = Person {
        phone: Some(phone("+16315551181")),
        user_id: user("US.13491208655302741918"),
        name: Some("test user name".to_owned()),
    };
    let message = InboundMessage {
        external_id: "ABGGFlA5Fpa".to_owned(),
        from,
        at: at("2017-09-08T20:36:28Z"),
        content: InboundContent::Text { body: "this is a text message".to_owned() },
        context: None,
    };
    let expected = HookItem { number_id: "123456123".to_owned(), fact: HookFact::Message(Box::new(message)) };
    assert_eq!(only(fixture("incoming")), expected);
}

#[test]
fn images_buttons_and_replies() {
    let image = InboundContent::Image {
        media_id: "65463453".to_owned(),
        mime_type: Some("image/jpeg".to_owned()),
        caption: None,
    };
    assert_eq!(only(fixture("image")), pywa_message("wamid.xyzxyz", "2023-10-11T16:56:19Z", image, None));
    let reply = InboundContent::ButtonReply { id: "callback_data".to_owned(), title: "title".to_owned() };
    let expected = pywa_message("wamid.xyzxyz", "2023-10-25T20:45:30Z", reply, Some("wamid.xyzxyz"));
    assert_eq!(only(fixture("button reply")), expected);
    let button = InboundContent::Button { text: "title".to_owned(), payload: Some("callback_data".to_owned()) };
    assert_eq!(only(fixture("button")), pywa_message("wamid.xsidjx", "2023-10-25T21:23:47Z", button, None));
}

#[test]
fn a_kind_that_is_not_read_is_kept_whole() {
    let raw = json!({"from": "972987654321", "id": "wamid.xyzxyz", "timestamp": "1697044456", "type": "reaction",
        "reaction": {"message_id": "wamid.yzxyzx=", "emoji": "😮"}});
    let reaction = InboundContent::Unsupported { kind: "reaction".to_owned(), raw };
    assert_eq!(only(fixture("reaction")), pywa_message("wamid.xyzxyz", "2023-10-11T17:14:16Z", reaction, None));
}

#[test]
fn statuses() {
    let evidence = |status, time| Evidence { status, at: at(time), failure: None };
    let sent = evidence(AttemptStatus::Sent, "2023-10-25T20:49:05Z");
    assert_eq!(only(fixture("status sent")), status("1122334455667", "wamid.xyzxyz", None, sent.clone()));
    let expected = status("1122334455667", "wamid.xyzxyz", Some("some data"), sent);
    assert_eq!(only(fixture("status with reference")), expected);
    let read = evidence(AttemptStatus::Read, "2023-07-15T00:20:58Z");
    assert_eq!(only(fixture("status read")), status("1122334455667", "wamid.xyzxyz", None, read));
    let sent = evidence(AttemptStatus::Sent, "2017-09-08T20:36:28Z");
    assert_eq!(only(fixture("sent")), status("123456123", "ABGGFlA5Fpa", None, sent));
}

#[test]
fn a_failure_says_why() {
    let failure = Failure {
        code: "130472".to_owned(),
        kind: RefusalKind::Recipient,
        reason: "Meta holds back marketing messages to this person as part of an experiment.".to_owned(),
        remedy: "Do not send it again; reach this person another way if it matters.".to_owned(),
    };
    let evidence = Evidence { status: AttemptStatus::Failed, at: at("2023-07-15T00:20:58Z"), failure: Some(failure) };
    assert_eq!(only(fixture("status failed")), status("1122334455667", "wamid.xyzxyz", None, evidence));
}
