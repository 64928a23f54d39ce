//! What the tests of this adapter share.

mod account;
mod client;
mod decode;
mod decode_any;
mod decode_rules;
mod decode_unknown;
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

/// A recorded delivery by the end of its name.
fn fixture(name: &str) -> String {
    let mut found = testkit::hooks::meta().into_iter().filter(|fixture| fixture.name.ends_with(name));
    let fixture = found.next().unwrap_or_else(|| panic!("a fixture {name}"));
    assert!(found.next().is_none(), "one fixture {name}");
    fixture.body
}
