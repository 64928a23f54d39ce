//! One received message: who wrote it, and what.

use domain::address::UserIdentifier;
use domain::inbound::{InboundContent, Person};
use domain::phone::E164;
use serde_json::Value;

use super::wire;

/// Who wrote. `from` is absent for people with a user name; `contacts[]` beside the messages fills in what it can.
pub(super) fn person(value: &Value, message: &Value) -> Option<Person> {
    let phone = phone(message, "from");
    let user_id = user_id(message, "from_user_id").or_else(|| user_id(message, "from"));
    let contacts = value.get("contacts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let contact = contacts.iter().find(|contact| is_same(contact, phone.as_ref(), user_id.as_ref()));
    // A message that names nobody belongs to the only contact there is.
    let contact = match contacts {
        [only] if phone.is_none() && user_id.is_none() => Some(only),
        _ => contact,
    };
    let person = match contact {
        None => Person { phone, user_id, name: None },
        Some(contact) => Person {
            phone: phone.or_else(|| self::phone(contact, "wa_id")),
            user_id: user_id.or_else(|| self::user_id(contact, "user_id")),
            name: contact.get("profile").and_then(|profile| wire::text(profile, "name")),
        },
    };
    (person.phone.is_some() || person.user_id.is_some()).then_some(person)
}

fn is_same(contact: &Value, of_phone: Option<&E164>, of_user: Option<&UserIdentifier>) -> bool {
    // The user id decides where both sides have one.
    if let (Some(theirs), Some(ours)) = (user_id(contact, "user_id"), of_user) {
        return theirs == *ours;
    }
    match (phone(contact, "wa_id"), of_phone) {
        // Brazil's and Mexico's numbers come in two forms, at times both in one delivery.
        (Some(theirs), Some(ours)) => theirs.match_key() == ours.match_key(),
        _ => false,
    }
}

fn phone(value: &Value, key: &str) -> Option<E164> {
    let digits = wire::text(value, key)?;
    E164::from_digits(digits.trim_start_matches('+')).ok()
}

fn user_id(value: &Value, key: &str) -> Option<UserIdentifier> {
    UserIdentifier::try_from(wire::text(value, key)?).ok()
}

/// What was written. A known kind that lacks what makes it one is kept as it came, like an unknown kind.
pub(super) fn content(message: &Value) -> InboundContent {
    let kind = wire::text(message, "type").unwrap_or_else(|| "unknown".to_owned());
    let object = message.get(&kind);
    let known = object.and_then(|object| match kind.as_str() {
        "text" => text(object),
        "image" => image(object),
        "button" => button(object),
        "interactive" => interactive(object),
        _ => None,
    });
    known.unwrap_or_else(|| InboundContent::Unsupported { kind, raw: message.clone() })
}

fn text(object: &Value) -> Option<InboundContent> {
    Some(InboundContent::Text { body: object.get("body")?.as_str()?.to_owned() })
}

fn image(object: &Value) -> Option<InboundContent> {
    Some(InboundContent::Image {
        media_id: wire::text(object, "id")?,
        mime_type: wire::text(object, "mime_type"),
        caption: wire::text(object, "caption"),
    })
}

fn button(object: &Value) -> Option<InboundContent> {
    Some(InboundContent::Button { text: wire::text(object, "text")?, payload: wire::text(object, "payload") })
}

fn interactive(object: &Value) -> Option<InboundContent> {
    if object.get("type")?.as_str()? != "button_reply" {
        return None;
    }
    let reply = object.get("button_reply")?;
    Some(InboundContent::ButtonReply { id: wire::text(reply, "id")?, title: wire::text(reply, "title")? })
}
