//! What a customer does, in the objects callbacks carry, and what it changes on the phone.

use serde_json::{Map, Value, json};

use super::inbound::{InboundKind, InboundMedium};
use super::{ControlError, phone_digits};
use crate::content::Content;
use crate::graph::media_url;
use crate::ids;
use crate::samples::{Medium, MediumKind};
use crate::shared::Shared;
use crate::world::{Person, Side, World};

const CALL_PERMISSION_SECONDS: i64 = 7 * 24 * 3600;

/// A message before it has an id.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) content: Content,
    /// Members beside the kind's own.
    pub(super) extra: Map<String, Value>,
}

/// Builds the object of a kind; media get their ids here.
pub(super) fn compose(
    app: &Shared,
    world: &mut World,
    (person, number): (&Person, usize),
    kind: &InboundKind,
) -> Result<Composed, ControlError> {
    let mut extra = Map::new();
    let content = match kind {
        InboundKind::Text { text } => Content::new("text", json!({"body": text})),
        InboundKind::Image { caption } => {
            let sample = InboundMedium {
                kind: MediumKind::Image,
                caption: caption.clone(),
                voice: false,
                file: None,
                media_id: None,
            };
            medium(app, world, number, &sample)?
        }
        InboundKind::Medium(one) => medium(app, world, number, one)?,
        InboundKind::Button { text, payload } => Content::new("button", json!({"text": text, "payload": payload})),
        InboundKind::Location { .. } => Content::new("location", location(kind)?),
        InboundKind::Contacts { contacts } => Content::new("contacts", cards(contacts)?),
        InboundKind::Reaction { message_id, emoji } => Content::new("reaction", reaction(world, message_id, emoji)?),
        InboundKind::Order { catalog_id, text, items } => {
            if items.is_empty() {
                return Err(ControlError::Body("an order has at least one item".to_owned()));
            }
            let text = text.as_deref().unwrap_or_default();
            Content::new("order", json!({"catalog_id": catalog_id, "text": text, "product_items": items}))
        }
        InboundKind::Edit { original_message_id, text } => {
            Content::new("edit", edit(world, person, original_message_id, text)?)
        }
        InboundKind::Revoke { original_message_id } => {
            own(world, person, original_message_id)?;
            Content::new("revoke", json!({"original_message_id": original_message_id}))
        }
        InboundKind::Unsupported { what } => {
            extra.insert("errors".into(), json!([unsupported_error()]));
            Content::new("unsupported", json!({"type": what}))
        }
        InboundKind::RequestWelcome => Content::new("request_welcome", Value::Null),
        InboundKind::NumberChange { to } => Content::new("system", move_to(world, person, to)?),
        InboundKind::MarketingPreference { resume } => prefer(app, world, (person, number), *resume),
        InboundKind::InteractiveButton { .. }
        | InboundKind::InteractiveList { .. }
        | InboundKind::InteractiveFlow { .. }
        | InboundKind::CallPermission { .. } => Content::new("interactive", interactive(app, kind)?),
    };
    Ok(Composed { content, extra })
}

/// Meta tells of what its API cannot carry with this error.
fn unsupported_error() -> Value {
    json!({
        "code": 131_051, "title": "Message type unknown", "message": "Message type unknown",
        "error_data": {"details": "Message type is currently not supported."},
    })
}

fn interactive(app: &Shared, kind: &InboundKind) -> Result<Value, ControlError> {
    Ok(match kind {
        InboundKind::InteractiveButton { id, title } => {
            json!({"type": "button_reply", "button_reply": {"id": id, "title": title}})
        }
        InboundKind::InteractiveList { id, title, description } => {
            let mut reply = json!({"id": id, "title": title});
            if let Some(description) = description {
                reply["description"] = json!(description);
            }
            json!({"type": "list_reply", "list_reply": reply})
        }
        InboundKind::InteractiveFlow { name, body, response_json } => {
            if let Err(error) = serde_json::from_str::<Value>(response_json) {
                return Err(ControlError::Body(format!("response_json is not JSON: {error}")));
            }
            if !matches!(name.as_str(), "flow" | "address_message") {
                return Err(ControlError::Body(format!("name is flow or address_message, not {name}")));
            }
            json!({"type": "nfm_reply", "nfm_reply": {"name": name, "body": body, "response_json": response_json}})
        }
        InboundKind::CallPermission { accept, permanent } => {
            let mut reply = json!({
                "response": if *accept { "accept" } else { "reject" }, "is_permanent": accept & permanent,
                "response_source": "user_action",
            });
            if *accept && !permanent {
                reply["expiration_timestamp"] = json!(app.now().as_seconds() + CALL_PERMISSION_SECONDS);
            }
            json!({"type": "call_permission_reply", "call_permission_reply": reply})
        }
        _ => Value::Null,
    })
}

fn medium(app: &Shared, world: &mut World, number: usize, one: &InboundMedium) -> Result<Content, ControlError> {
    if one.caption.is_some() && !one.kind.has_caption() {
        return Err(ControlError::Body(format!("{} has no caption", one.kind.word())));
    }
    if one.voice && one.kind != MediumKind::Audio {
        return Err(ControlError::Body(format!("{} is no voice note", one.kind.word())));
    }
    let (id, stored) = match (&one.media_id, &one.file) {
        (Some(id), _) => {
            let found = world.media.get(id).filter(|medium| medium.number == number).cloned();
            let found = found.ok_or_else(|| ControlError::Body(format!("no medium of this number has the id {id}")))?;
            (id.clone(), found)
        }
        (None, Some(file)) => (ids::object(&mut world.rng), Medium::of(file.clone(), number)),
        (None, None) => (ids::object(&mut world.rng), one.kind.sample(number)),
    };
    let mut object = stored.to_json(&id, &media_url(app, &id));
    if let Some(caption) = &one.caption {
        object["caption"] = json!(caption);
    }
    match one.kind {
        MediumKind::Audio => object["voice"] = json!(one.voice),
        MediumKind::Sticker => object["animated"] = json!(false),
        MediumKind::Document => {
            object["filename"] = json!(stored.filename.as_deref().unwrap_or("file"));
        }
        MediumKind::Image | MediumKind::Video => {}
    }
    if one.media_id.is_none() {
        world.media.insert(id, stored);
    }
    Ok(Content::new(one.kind.word(), object))
}

fn location(kind: &InboundKind) -> Result<Value, ControlError> {
    let InboundKind::Location { latitude, longitude, name, address } = kind else {
        return Ok(Value::Null);
    };
    if !(-90.0..=90.0).contains(latitude) || !(-180.0..=180.0).contains(longitude) {
        return Err(ControlError::Body("latitude is within 90 degrees, longitude within 180".to_owned()));
    }
    let mut place = json!({"latitude": latitude, "longitude": longitude});
    if let Some(name) = name {
        place["name"] = json!(name);
    }
    if let Some(address) = address {
        place["address"] = json!(address);
    }
    Ok(place)
}

fn cards(contacts: &[Value]) -> Result<Value, ControlError> {
    const MEMBERS: [&str; 9] = ["name", "phones", "emails", "urls", "addresses", "org", "birthday", "vcard", "origin"];
    if contacts.is_empty() {
        return Err(ControlError::Body("contacts has at least one card".to_owned()));
    }
    for card in contacts {
        let Value::Object(members) = card else {
            return Err(ControlError::Body("a contact is an object".to_owned()));
        };
        if let Some(name) = members.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(ControlError::Body(format!("unknown field `{name}` of a contact, expected {MEMBERS:?}")));
        }
    }
    Ok(json!(contacts))
}

fn reaction(world: &World, message_id: &str, emoji: &Option<String>) -> Result<Value, ControlError> {
    if !world.messages.contains_key(message_id) {
        return Err(ControlError::UnknownMessage(message_id.to_owned()));
    }
    Ok(match emoji {
        Some(emoji) => json!({"message_id": message_id, "emoji": emoji}),
        None => json!({"message_id": message_id}),
    })
}

/// A message this customer wrote.
fn own<'a>(world: &'a World, person: &Person, id: &str) -> Result<&'a crate::world::Message, ControlError> {
    let message = world.messages.get(id).filter(|message| message.customer == person.digits);
    let message = message.filter(|message| matches!(message.side, Side::Customer(_)));
    message.ok_or_else(|| ControlError::UnknownMessage(id.to_owned()))
}

/// Of a medium the words under it change, and the medium is told again.
fn edit(world: &World, person: &Person, id: &str, text: &str) -> Result<Value, ControlError> {
    let original = own(world, person, id)?;
    let kind = original.content.kind.as_str();
    let object = match kind {
        "text" => json!({"body": text}),
        "image" | "video" | "document" => {
            let mut object = original.content.object.clone();
            object["caption"] = json!(text);
            object
        }
        _ => return Err(ControlError::Body(format!("a message of type {kind} has no words to change"))),
    };
    let mut message = Map::new();
    message.insert("type".into(), json!(kind));
    message.insert(kind.to_owned(), object);
    if let Some(context) = original.extra.get("context") {
        message.insert("context".into(), context.clone());
    }
    Ok(json!({"original_message_id": id, "message": message}))
}

/// The person is found under the new number from now on; the old phone keeps its chat.
fn move_to(world: &mut World, person: &Person, to: &str) -> Result<Value, ControlError> {
    let digits = phone_digits(to)?;
    let phone = world.phone_mut(&digits);
    if phone.owner.name.strip_prefix('+') == Some(&digits) {
        phone.owner.name = person.name.clone();
    }
    let body = format!("User {} changed from {} to {digits}", person.name, person.digits);
    Ok(json!({"body": body, "type": "user_changed_number", "wa_id": digits}))
}

fn prefer(app: &Shared, world: &mut World, (person, number): (&Person, usize), resume: bool) -> Content {
    let opted_out = &mut world.phone_mut(&person.digits).opted_out;
    if resume {
        opted_out.remove(&number);
    } else {
        opted_out.insert(number);
    }
    let (value, detail) = if resume {
        ("resume", "User requested to resume marketing messages")
    } else {
        ("stop", "User requested to stop marketing messages")
    };
    let mut told = json!({
        "detail": detail, "category": "marketing_messages", "value": value, "timestamp": app.now().as_seconds(),
    });
    if !person.is_hidden() {
        told["wa_id"] = json!(person.digits);
    }
    if let Some(user_id) = &person.user_id {
        told["user_id"] = json!(user_id);
    }
    Content::new("user_preferences", told)
}
