//! The rules of decoding, on deliveries made for the test.

use domain::attempt::{AttemptStatus, Evidence};
use domain::inbound::{DecodedHook, HookFact, HookItem, InboundContent, InboundMessage, Person};
use serde_json::{Value, json};

use super::decode::{at, decoded, only, status, user};
use super::*;
use crate::meta_cloud::decode;

/// A delivery with these members of `value` beside the number.
fn delivery(value: Value) -> String {
    let mut value = value;
    value["metadata"] = json!({"phone_number_id": 106_540_352_242_922_i64});
    let change = json!({"field": "messages", "value": value});
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [change]}]}).to_string()
}

fn message_of(item: &HookItem) -> &InboundMessage {
    match &item.fact {
        HookFact::Message(message) => message,
        HookFact::Status(status) => panic!("a status: {status:?}"),
    }
}

#[test]
fn one_bad_element_costs_only_itself() {
    let good = |id: &str| {
        json!({"from": "16505551234", "id": id, "timestamp": 1_749_416_383, "type": "text",
        "text": {"body": "hi"}})
    };
    let messages = json!([good("a"), 7, {"id": "b"}, {"id": "c", "timestamp": "1749416383", "type": "text"}, good("d"),
        {"from": "16505551234", "id": "e", "timestamp": "soon", "type": "text", "text": {"body": "hi"}},
        {"from": "16505551234", "id": "f", "timestamp": "1749416383", "group_id": "G", "type": "text"}]);
    let statuses = json!([{"id": "a", "status": "paused", "timestamp": "1749416383"},
        {"id": "a", "status": "captured", "type": "payment", "timestamp": "1749416383"},
        {"id": "a", "status": "read", "recipient_type": "group", "timestamp": "1749416383"},
        {"id": "a", "status": "played", "timestamp": "1749416383123"}, {"status": "read"}]);
    let errors = json!([{"code": 131_052, "title": "Media download error"}]);
    let hook = decoded(&delivery(json!({"messages": messages, "statuses": statuses, "errors": errors})));
    let ids = hook.items.iter().map(|item| match &item.fact {
        HookFact::Message(message) => message.external_id.as_str(),
        HookFact::Status(_) => "status",
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["a", "d", "status"]);
    assert_eq!(
        hook.passed_over,
        [
            "entry[0].changes[0].errors[0]: Meta reports error 131052",
            "entry[0].changes[0].messages[1]: no id",
            "entry[0].changes[0].messages[2]: no usable timestamp",
            "entry[0].changes[0].messages[3]: it does not say who wrote",
            "entry[0].changes[0].messages[5]: no usable timestamp",
            "entry[0].changes[0].messages[6]: a message in a group",
            "entry[0].changes[0].statuses[0]: status `paused`",
            "entry[0].changes[0].statuses[1]: a status of type `payment`",
            "entry[0].changes[0].statuses[2]: a status in a group",
            "entry[0].changes[0].statuses[4]: no id",
        ]
    );
    let expected = Evidence { status: AttemptStatus::Read, at: at("2025-06-08T20:59:43.123Z"), failure: None };
    assert_eq!(hook.items[2], status("106540352242922", "a", None, expected));
}

#[test]
fn every_entry_and_change_is_read_and_other_fields_are_named() {
    let mut body: Value = serde_json::from_str(fixture("text")).expect("JSON");
    let change = body["entry"][0]["changes"][0].clone();
    let flows = json!({"field": "flows", "value": {"event": "FLOW_STATUS_CHANGE"}});
    let nothing = json!({"field": "messages", "value": {"metadata": {"phone_number_id": "1"}, "user_actions": []}});
    body["entry"] = json!([{"id": "1", "changes": [flows, change, {"value": {}}, {"field": "messages"}]},
        {"id": "2", "changes": [change, nothing]}, {"id": "3"}, {"id": "4", "changes": {}}]);
    let hook = decoded(&body.to_string());
    assert_eq!(hook.items.len(), 2);
    assert_eq!(
        hook.passed_over,
        [
            "field `flows`",
            "entry[0].changes[2]: no field",
            "entry[0].changes[3]: no value",
            "entry[1].changes[1]: neither messages nor statuses, only metadata, user_actions",
            "entry[3].changes: not a list",
        ]
    );
}

#[test]
fn people_are_known_by_number_or_id_or_both() {
    let person = |mut message: Value, contacts: Value| {
        message["id"] = json!("a");
        message["timestamp"] = json!("1749416383");
        let hook = decoded(&delivery(json!({"messages": [message], "contacts": contacts})));
        hook.items.first().map(|item| message_of(item).from.clone())
    };
    let ana = json!({"profile": {"name": "Ana"}, "user_id": "US.1349"});
    let bob = json!({"profile": {"name": "Bob"}, "wa_id": "16505551234", "user_id": "US.7"});
    let ana_only = Person { phone: None, user_id: user("US.1349"), name: Some("Ana".to_owned()) };
    let bob_whole = Person { phone: Some(phone("+16505551234")), user_id: user("US.7"), name: Some("Bob".to_owned()) };
    let both = json!([bob, ana]);
    assert_eq!(person(json!({"from_user_id": "US.1349"}), both.clone()), Some(ana_only.clone()));
    assert_eq!(person(json!({"from": "16505551234"}), both.clone()), Some(bob_whole.clone()));
    assert_eq!(person(json!({"from": 16_505_551_234_i64}), both.clone()), Some(bob_whole.clone()));
    assert_eq!(person(json!({"from_user_id": "US.7"}), both.clone()), Some(bob_whole));
    assert_eq!(person(json!({}), json!([ana])), Some(ana_only));
    assert_eq!(person(json!({}), both.clone()), None);
    let stranger = Person { phone: Some(phone("+16505559999")), ..Person::default() };
    assert_eq!(person(json!({"from": "16505559999"}), both), Some(stranger.clone()));
    assert_eq!(person(json!({"from": "16505559999"}), json!(null)), Some(stranger));
    // Brazil's ninth digit.
    let contact = json!([{"profile": {"name": "Caio"}, "wa_id": "551187654321"}]);
    let caio = person(json!({"from": "5511987654321"}), contact).expect("a person");
    assert_eq!((caio.phone, caio.name.as_deref()), (Some(phone("+5511987654321")), Some("Caio")));
}

#[test]
fn times_are_seconds_or_milliseconds() {
    let read = |timestamp: Value| {
        let message = json!({"from": "16505551234", "id": "a", "timestamp": timestamp, "type": "text"});
        let hook = decoded(&delivery(json!({"messages": [message]})));
        hook.items.first().map(|item| message_of(item).at)
    };
    for same in [json!("1749416383"), json!(1_749_416_383), json!("1749416383000"), json!(1_749_416_383_000_i64)] {
        assert_eq!(read(same), Some(at("2025-06-08T20:59:43Z")));
    }
    for absurd in [json!(0), json!(-1), json!("99999999999999999"), json!(1e300), json!(""), json!(null), json!([])] {
        assert_eq!(read(absurd), None);
    }
}

#[test]
fn the_time_of_the_entry_stands_in_for_a_missing_one() {
    let mut body: Value = serde_json::from_str(fixture("status sent")).expect("JSON");
    body["entry"][0]["time"] = json!(1_749_416_383);
    body["entry"][0]["changes"][0]["value"]["statuses"][0]["timestamp"] = json!("?");
    let HookFact::Status(report) = only(&body.to_string()).fact else { panic!("a status") };
    assert_eq!(report.evidence.at, at("2025-06-08T20:59:43Z"));
}

#[test]
fn a_failure_without_errors_is_one_all_the_same() {
    for errors in [json!(null), json!([]), json!([{"title": "no code"}]), json!("text")] {
        let report = json!({"id": "a", "status": "failed", "timestamp": "1749416383", "errors": errors});
        let HookFact::Status(report) = only(&delivery(json!({"statuses": [report]}))).fact else { panic!("a status") };
        assert_eq!(report.evidence.failure.expect("a failure").code, "no_reason");
    }
}

#[test]
fn a_known_kind_without_its_object_is_kept_whole() {
    for (kind, object) in [
        ("text", json!({})),
        ("text", json!({"body": 7})),
        ("image", json!({"caption": "x"})),
        ("button", json!("x")),
        ("interactive", json!({"type": "list_reply", "list_reply": {"id": "1", "title": "t"}})),
        ("interactive", json!({"type": "button_reply"})),
        ("unsupported", json!({"type": "poll"})),
    ] {
        let mut message = json!({"from": "16505551234", "id": "a", "timestamp": "1749416383", "type": kind});
        message[kind] = object;
        let item = only(&delivery(json!({"messages": [message]})));
        let expected = InboundContent::Unsupported { kind: kind.to_owned(), raw: message };
        assert_eq!(message_of(&item).content, expected);
    }
}

#[test]
fn what_no_database_can_store_is_replaced() {
    let body = fixture("reaction").replace("😮", r"a\u0000b").replace("Test Name", r"Ana \ud83d");
    let item = only(&body);
    let message = message_of(&item);
    assert_eq!(message.from.name.as_deref(), Some("Ana \u{fffd}"));
    let InboundContent::Unsupported { raw, .. } = &message.content else { panic!("a reaction") };
    assert_eq!(raw["reaction"]["emoji"], json!("a\u{fffd}b"));

    let body = fixture("text").replace("Body Text", r"\\ud83d \ud83d\ude2e \ude2e\u0000 \ud83d\ud83d\ude2e");
    let content = InboundContent::Text { body: "\\ud83d 😮 \u{fffd}\u{fffd} \u{fffd}😮".to_owned() };
    assert_eq!(message_of(&only(&body)).content, content);
}

#[test]
fn what_is_not_of_metas_shape_is_undecodable() {
    for (body, reason) in [
        ("", "the body is not JSON"),
        ("<html>", "the body is not JSON"),
        ("[]", "the body is not a JSON object"),
        ("null", "the body is not a JSON object"),
        ("{}", "`object` is not `whatsapp_business_account`"),
        (r#"{"object": "page", "entry": []}"#, "`object` is not `whatsapp_business_account`"),
        (r#"{"object": "whatsapp_business_account"}"#, "there is no list `entry`"),
        (r#"{"object": "whatsapp_business_account", "entry": {}}"#, "there is no list `entry`"),
    ] {
        let error = decode(body.as_bytes()).expect_err(body);
        assert!(error.0.starts_with(reason), "{body}: {error}");
    }
    assert_eq!(decode(br#"{"object": "whatsapp_business_account", "entry": []}"#), Ok(DecodedHook::default()));
}
