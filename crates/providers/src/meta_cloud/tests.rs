//! What the tests of this adapter share.

mod client;
mod decode;
mod decode_any;
mod decode_rules;
mod encode;
mod errors;
mod media;
mod openapi;
mod server;

use domain::address::Address;
use domain::attempt::AttemptReference;
use domain::content::Content;
use domain::fields::Fields;
use domain::ids::{AccountId, MessageId};
use domain::options::SendOptions;
use domain::phone::E164;
use serde_json::Value;

use super::Settings;
use crate::{Call, Outbound};

pub(crate) fn settings(base: &str) -> Settings {
    Settings {
        graph_base_url: base.to_owned(),
        graph_version: "v23.0".to_owned(),
        phone_number_id: "106540352242922".to_owned(),
        media_host: "lookaside.fbsbx.com".to_owned(),
        access_token: "EAAsecret".into(),
        app_secret: Some("app-secret".into()),
    }
}

pub(crate) fn text(body: &str) -> Content {
    Content::Text { body: body.to_owned(), preview_url: None }
}

/// Content of Meta's own object.
pub(crate) fn content(object: &Value) -> Content {
    Content::read(&mut Fields::of(object, "").expect("an object")).expect("well formed")
}

pub(crate) fn phone(number: &str) -> E164 {
    E164::try_from(number.to_owned()).expect("a number")
}

pub(crate) fn call(content: Content) -> Call {
    let reference =
        AttemptReference { installation: "inst".to_owned(), account: AccountId(3), message: MessageId(42), number: 1 };
    let to = Address::Phone(phone("+919876543210"));
    Call { messages: vec![Outbound { reference, to, content, context: None, options: SendOptions::default() }] }
}

/// The recorded deliveries, with their names.
const FIXTURES: &[(&str, &str)] = &[
    ("incoming", include_str!("../../fixtures/whatsapp-api-js/v25.incoming.json")),
    ("sent", include_str!("../../fixtures/whatsapp-api-js/v25.sent.json")),
    ("text", include_str!("../../fixtures/pywa/updates/message.text.json")),
    ("image", include_str!("../../fixtures/pywa/updates/message.media_with_url.json")),
    ("reaction", include_str!("../../fixtures/pywa/updates/message.reaction.json")),
    ("button reply", include_str!("../../fixtures/pywa/updates/callback_button.button.json")),
    ("button", include_str!("../../fixtures/pywa/updates/callback_button.quick_reply_without_context.json")),
    ("status sent", include_str!("../../fixtures/pywa/updates/message_status.sent.json")),
    ("status read", include_str!("../../fixtures/pywa/updates/message_status.read.json")),
    ("status failed", include_str!("../../fixtures/pywa/updates/message_status.failed.json")),
    ("status with reference", include_str!("../../fixtures/pywa/updates/message_status.with_tracker.json")),
];

fn fixture(name: &str) -> &'static str {
    FIXTURES.iter().find(|(known, _)| *known == name).expect("a fixture").1
}
