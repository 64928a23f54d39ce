//! The rules of decoding, on deliveries made for the test.

use domain::address::UserIdentifier;
use domain::attempt::{AttemptStatus, Evidence};
use domain::inbound::{DecodedHook, HookFact, HookItem, InboundContent, InboundMessage, Person, Subject};
use serde_json::{Value, json};

use super::decode::{at, decoded, only, status_of};
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
        other => panic!("no message: {other:?}"),
    }
}

fn user(id: &str) -> Option<UserIdentifier> {
    Some(UserIdentifier::try_from(id.to_owned()).expect("a user id"))
}

#[test]
fn one_bad_element_costs_only_itself() {
    let good = |id: &str| {
        json!({"from": "16505551234", "id": id, "timestamp": 1_749_416_383, "type": "text",
        "text": {"body": "hi"}})
    };
    let messages =
        json!([good("a"), 7, {"id": "b"}, {"id": "c", "timestamp": "1749416383", "type": "text"}, good("d")]);
    let statuses = json!([{"id": "a", "status": "paused", "timestamp": "1749416383"},
        {"id": "a", "status": "captured", "type": "payment", "timestamp": "1749416383"},
        {"id": "a", "status": "played", "timestamp": "1749416383123"}, {"status": "read"}]);
    let errors = json!([{"code": 131_052, "title": "Media download error"}, "text"]);
    let hook = decoded(&delivery(json!({"messages": messages, "statuses": statuses, "errors": errors})));
    let ids = hook.items.iter().map(|item| match &item.fact {
        HookFact::Message(message) => message.object.external_id.clone(),
        other => other.name(),
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["error 131052", "a", "d", "status"]);
    assert_eq!(
        hook.passed_over,
        [
            "entry[0].changes[0].value.errors[1]: no error",
            "entry[0].changes[0].value.messages[1]: no id",
            "entry[0].changes[0].value.messages[2]: it does not say who wrote",
            "entry[0].changes[0].value.messages[3]: it does not say who wrote",
            "entry[0].changes[0].value.statuses[0]: status `paused`",
            "entry[0].changes[0].value.statuses[1]: a status of type `payment`",
            "entry[0].changes[0].value.statuses[3]: no id",
        ]
    );
    let played = status_of(hook.items[3].clone());
    let expected = Evidence { status: AttemptStatus::Read, at: at("2025-06-08T20:59:43.123Z"), failure: None };
    assert_eq!(played.evidence(at("2026-01-01T00:00:00Z")), Some(expected));
}

#[test]
fn every_entry_and_change_is_read_and_other_fields_are_kept() {
    let mut body: Value = serde_json::from_str(&fixture("pywa/updates/message.text")).expect("JSON");
    let change = body["entry"][0]["changes"][0].clone();
    let new = json!({"field": "brand_new", "value": {"event": "X"}});
    let nothing = json!({"field": "messages", "value": {"metadata": {"phone_number_id": "1"}}});
    body["entry"] = json!([{"id": "1", "changes": [new, change, {"value": {}}, {"field": "messages"}]},
        {"id": "2", "changes": [change, nothing]}, {"id": "3"}, {"id": "4", "changes": {}}]);
    let hook = decoded(&body.to_string());
    let names: Vec<String> = hook.items.iter().map(|item| item.fact.name()).collect();
    assert_eq!(names, ["field `brand_new`", "message", "message", "field `messages`"]);
    let accounts: Vec<Option<&str>> = hook.items.iter().map(|item| item.business_account.as_deref()).collect();
    assert_eq!(accounts, [Some("1"), Some("1"), Some("2"), Some("2")]);
    assert_eq!(
        hook.passed_over,
        [
            "entry[0].changes[2]: no field",
            "entry[0].changes[3]: no value",
            "entry[2]: no changes",
            "entry[3]: no changes",
        ]
    );
}

#[test]
fn people_are_known_by_number_or_id_or_both() {
    let person = |mut message: Value, contacts: Value| {
        message["id"] = json!("a");
        message["timestamp"] = json!("1749416383");
        let hook = decoded(&delivery(json!({"messages": [message], "contacts": contacts})));
        hook.items.first().filter(|item| item.fact.name() == "message").map(|item| message_of(item).from.clone())
    };
    let ana = json!({"profile": {"name": "Ana"}, "user_id": "US.1349"});
    let bob = json!({"profile": {"name": "Bob"}, "wa_id": "16505551234", "user_id": "US.7"});
    let named = |name: &str| Person { name: Some(name.to_owned()), ..Person::default() };
    let ana_only = Person { user_id: user("US.1349"), ..named("Ana") };
    let bob_whole = Person { phone: Some(phone("+16505551234")), user_id: user("US.7"), ..named("Bob") };
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
fn a_parents_id_has_three_spellings() {
    for spelling in ["parent_recipient_user_id", "recipient_parent_user_id", "parent_user_id"] {
        let mut status = json!({"id": "a", "status": "sent", "timestamp": "1749416383", "recipient_user_id": "US.1"});
        status[spelling] = json!("US.ENT.118");
        let report = status_of(only(&delivery(json!({"statuses": [status]}))));
        assert_eq!(report.recipient.parent_user_id, user("US.ENT.118"), "{spelling}");
    }
    // A number that is not visible leaves the id; an id that contradicts is not taken.
    let contacts = json!([{"wa_id": "16505550000", "user_id": "US.1", "parent_user_id": "US.2"}]);
    let status = json!({"id": "a", "status": "sent", "timestamp": "1749416383", "recipient_user_id": "US.1",
        "recipient_id": "16505551234", "parent_user_id": "US.3"});
    let hook = decoded(&delivery(json!({"statuses": [status], "contacts": contacts})));
    let contact = "entry[0].changes[0].value.contacts[0]";
    assert_eq!(hook.unknown, [format!("{contact}.parent_user_id"), format!("{contact}.wa_id")]);
    assert_eq!(status_of(hook.items[0].clone()).recipient.phone, Some(phone("+16505551234")));
}

#[test]
fn times_are_seconds_or_milliseconds() {
    let read = |timestamp: Value| {
        let message = json!({"from": "16505551234", "id": "a", "timestamp": timestamp, "type": "text"});
        let hook = decoded(&delivery(json!({"messages": [message]})));
        message_of(&hook.items[0]).object.at
    };
    for same in [json!("1749416383"), json!(1_749_416_383), json!("1749416383000"), json!(1_749_416_383_000_i64)] {
        assert_eq!(read(same), Some(at("2025-06-08T20:59:43Z")));
    }
    // The message is there all the same.
    for absurd in [json!(0), json!(-1), json!("99999999999999999"), json!(1e300), json!(""), json!(null), json!([])] {
        assert_eq!(read(absurd), None);
    }
}

#[test]
fn the_time_of_the_delivery_stands_beside_a_missing_one() {
    let mut body: Value = serde_json::from_str(&fixture("message_status.sent")).expect("JSON");
    body["entry"][0]["time"] = json!(1_749_416_383);
    body["entry"][0]["changes"][0]["value"]["statuses"][0]["timestamp"] = json!("?");
    let item = decoded(&body.to_string()).items.remove(0);
    assert_eq!(item.at, Some(at("2025-06-08T20:59:43Z")));
    let received = at("2026-01-01T00:00:00Z");
    assert_eq!(status_of(item).evidence(received).map(|evidence| evidence.at), Some(received));
}

#[test]
fn a_failure_without_errors_is_one_all_the_same() {
    for errors in [json!(null), json!([]), json!([{"title": "no code"}])] {
        let report = json!({"id": "a", "status": "failed", "timestamp": "1749416383", "errors": errors});
        let report = status_of(only(&delivery(json!({"statuses": [report]}))));
        assert_eq!(report.failure.expect("a failure").code, "no_reason");
    }
}

#[test]
fn a_known_kind_without_its_object_is_kept_whole() {
    for (kind, object) in [
        ("text", json!({"body": 7})),
        ("image", json!({"caption": "x"})),
        ("button", json!("x")),
        ("interactive", json!({"type": "list_reply", "list_reply": {"id": "1"}})),
        ("interactive", json!({"type": "button_reply"})),
        ("reaction", json!({"emoji": "x"})),
        ("contacts", json!({"name": "x"})),
        ("location", json!({"latitude": "north", "longitude": 7})),
    ] {
        let mut message = json!({"from": "16505551234", "id": "a", "timestamp": "1749416383", "type": kind});
        message[kind] = object;
        let hook = decoded(&delivery(json!({"messages": [message]})));
        let expected = InboundContent::Other { kind: kind.to_owned(), raw: message };
        assert_eq!(message_of(&hook.items[0]).object.content, expected);
        assert!(!hook.unknown.is_empty(), "{kind}");
    }
}

#[test]
fn what_is_stored_of_a_message_reads_back() {
    let message = json!({"from": "16505551234", "id": "a", "timestamp": "1749416383", "type": "text",
        "text": {"body": "hi"}, "group_id": "G", "errors": [{"code": 1, "title": "t"}],
        "context": {"id": "b", "from": "15550783881", "forwarded": true, "referred_product": {"catalog_id": "c"}},
        "referral": {"source_id": "s", "welcome_message": {"text": "Hi!"}},
        "identity": {"acknowledged": false, "created_timestamp": "1749416000", "hash": "h"}});
    let item = only(&delivery(json!({"messages": [message]})));
    let object = &message_of(&item).object;
    let stored = object.stored();
    for absent in ["id", "from", "timestamp"] {
        assert!(stored.get(absent).is_none(), "{absent}");
        assert!(message.get(absent).is_some());
    }
    use domain::inbound::reader::Node;
    use domain::inbound::{Context, IdentityChange, Referral, ReportedError};
    let node = Node::untracked(&stored);
    assert_eq!(InboundContent::from(stored.clone()), object.content);
    assert_eq!(Context::read(node), object.context);
    assert_eq!(Referral::read(node), object.referral);
    assert_eq!(ReportedError::read_list(node), object.errors);
    assert_eq!(IdentityChange::read(node), object.identity);
    assert!(object.context.is_some() && object.referral.is_some() && object.identity.is_some());
}

#[test]
fn a_facts_subject_is_the_narrowest_that_is_named() {
    let subject = |value: Value, id: Value| {
        let change = json!({"field": "brand_new", "value": value});
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": id, "changes": [change]}]});
        decoded(&body.to_string()).items.remove(0).subject
    };
    let number =
        |display: Option<&str>| Subject::Number { id: "7".to_owned(), display: display.map(ToOwned::to_owned) };
    let metadata = json!({"phone_number_id": 7, "display_phone_number": "+1 555-078-3881"});
    let whole = subject(json!({"metadata": metadata}), json!("1"));
    assert_eq!(whole, number(Some("+1 555-078-3881")));
    assert_eq!(whole.phone(), Some(phone("+15550783881")));
    assert_eq!(subject(json!({"metadata": {"phone_number_id": "7"}}), json!("1")), number(None));
    let display = subject(json!({"display_phone_number": "15550783881"}), json!("1"));
    assert_eq!(display, Subject::DisplayNumber("15550783881".to_owned()));
    assert_eq!(subject(json!({}), json!("1")), Subject::BusinessAccount("1".to_owned()));
    assert_eq!(subject(json!({"metadata": 7}), json!(null)), Subject::Unnamed);
}

#[test]
fn what_no_database_can_store_is_replaced() {
    let body = fixture("updates/message.reaction").replace("😮", r"a\u0000b").replace("Test Name", r"Ana \ud83d");
    let item = only(&body);
    let message = message_of(&item);
    assert_eq!(message.from.name.as_deref(), Some("Ana \u{fffd}"));
    let InboundContent::Reaction(reaction) = &message.object.content else { panic!("a reaction") };
    assert_eq!(reaction.emoji.as_deref(), Some("a\u{fffd}b"));

    let body = fixture("pywa/updates/message.text")
        .replace("Body Text", r"\\ud83d \ud83d\ude2e \ude2e\u0000 \ud83d\ud83d\ude2e");
    let content = InboundContent::Text { body: "\\ud83d 😮 \u{fffd}\u{fffd} \u{fffd}😮".to_owned() };
    assert_eq!(message_of(&only(&body)).object.content, content);
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
