//! The exact JSON of every kind.

use domain::address::UserIdentifier;
use serde_json::{Value, json};

use super::*;
use crate::meta_cloud::encode::{payload, read_receipt};

/// The payload, which always says what it is, to whom, and our reference, beside `rest`.
fn assert_payload(call: &Call, mut rest: Value) {
    rest["messaging_product"] = json!("whatsapp");
    rest["recipient_type"] = json!("individual");
    rest["biz_opaque_callback_data"] = json!("wp1.inst.3.42.1");
    let payload: Value = serde_json::from_str(&payload(call).expect("one message")).expect("JSON");
    assert_eq!(payload, rest);
}

#[test]
fn text_goes_to_a_number_with_its_plus() {
    let expected = json!({"to": "+919876543210", "type": "text", "text": {"body": "hi"}});
    assert_payload(&call(text("hi")), expected);
    let content = Content::Text { body: "see https://a.example".to_owned(), preview_url: Some(true) };
    let text = json!({"body": "see https://a.example", "preview_url": true});
    assert_payload(&call(content), json!({"to": "+919876543210", "type": "text", "text": text}));
}

#[test]
fn a_user_id_is_the_recipient() {
    let mut call = call(text("hi"));
    let id = UserIdentifier::try_from("US.13491208655302741918".to_owned()).expect("a user id");
    call.messages[0].to = Address::UserId(id);
    assert_payload(&call, json!({"recipient": "US.13491208655302741918", "type": "text", "text": {"body": "hi"}}));
}

#[test]
fn an_answer_quotes_its_message() {
    let mut call = call(text("hi"));
    call.messages[0].context = Some("wamid.A".to_owned());
    let context = json!({"message_id": "wamid.A"});
    assert_payload(&call, json!({"to": "+919876543210", "context": context, "type": "text", "text": {"body": "hi"}}));
}

#[test]
fn content_stands_beside_its_recipient_as_it_is() {
    // The second is the example of Meta's documentation.
    for object in [
        json!({"type": "image", "image": {"link": "https://a.example/x.png", "caption": "x"}}),
        json!({"type": "template", "template": {"name": "order_ok", "language": {"code": "en_US"}, "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]},
            {"type": "button", "sub_type": "quick_reply", "index": "0",
                "parameters": [{"type": "payload", "payload": "YES-77"}]}]}}),
    ] {
        let mut expected = object.clone();
        expected["to"] = json!("+919876543210");
        assert_payload(&call(content(&object)), expected);
    }
}

#[test]
fn one_request_is_one_message() {
    let mut two = call(text("hi"));
    two.messages.push(two.messages[0].clone());
    for messages in [two.messages, Vec::new()] {
        assert_eq!(payload(&Call { messages }).expect_err("not one").field, "messages");
    }
}

#[test]
fn a_read_receipt_may_show_typing() {
    let receipt = |typing| serde_json::from_str::<Value>(&read_receipt("wamid.A", typing)).expect("JSON");
    let mut expected = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A"});
    assert_eq!(receipt(false), expected);
    expected["typing_indicator"] = json!({"type": "text"});
    assert_eq!(receipt(true), expected);
}

#[test]
fn a_path_stays_below_its_number() {
    let mut settings = settings("https://graph.facebook.com/");
    assert_eq!(settings.path("messages"), "/v23.0/106540352242922/messages");
    assert_eq!(settings.url("/v23.0/1/messages"), "https://graph.facebook.com/v23.0/1/messages");
    settings.phone_number_id = "12/34?x#é".to_owned();
    assert_eq!(settings.path("messages"), "/v23.0/12%2F34%3Fx%23%C3%A9/messages");
}
