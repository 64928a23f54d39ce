//! The bodies of callbacks, in the shape of v24.0 and later: no `conversation`, `pricing` on `sent` and `delivered`.

use std::sync::Arc;

use axum::body::Bytes;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{About, Part};
use crate::graph;
use crate::plan::{Planned, Status};
use crate::shared::{Number, Shared};
use crate::templates::Category;
use crate::world::{Outgoing, Person};

/// A message of the business as a status speaks of it.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) id: Arc<str>,
    pub(crate) number: usize,
    pub(crate) outgoing: Outgoing,
    pub(crate) person: Person,
    /// As webhooks of v23.0 and older tell it.
    pub(crate) old_shapes: bool,
}

/// The callback that tells a status.
pub(crate) fn status_body(app: &Shared, subject: &Subject, planned: &Planned, at: Timestamp) -> Bytes {
    let Subject { id, number, outgoing, person, old_shapes } = subject;
    let status = planned.status;
    let mut told = Map::new();
    told.insert("id".into(), json!(id));
    told.insert("status".into(), json!(status.word()));
    told.insert("timestamp".into(), json!(at.as_seconds().to_string()));
    if let Some(group) = &outgoing.group {
        told.insert("recipient_id".into(), json!(group));
        told.insert("recipient_type".into(), json!("group"));
        told.insert("recipient_participant_id".into(), json!(person.digits));
        if let Some(user_id) = &person.user_id {
            told.insert("recipient_participant_user_id".into(), json!(user_id));
        }
    } else if !outgoing.by_user_id {
        // Somebody addressed by user id may have a number the business must not see.
        told.insert("recipient_id".into(), json!(person.digits));
    }
    if let Some(user_id) = person.user_id.as_ref().filter(|_| outgoing.group.is_none()) {
        told.insert("recipient_user_id".into(), json!(user_id));
    }
    if let Some(opaque) = &outgoing.opaque {
        told.insert("biz_opaque_callback_data".into(), json!(opaque));
    }
    if matches!(status, Status::Sent | Status::Delivered) {
        told.insert("pricing".into(), pricing(outgoing, *old_shapes));
        if *old_shapes {
            told.insert("conversation".into(), conversation(id, outgoing, status, at));
        }
    }
    if let Some(code) = planned.code {
        told.insert("errors".into(), json!([graph::webhook_error(code)]));
    }
    let mut value = head(app.numbers.get(*number));
    if status != Status::Failed {
        value.insert("contacts".into(), json!([contact(person, !outgoing.by_user_id)]));
    }
    value.insert("statuses".into(), json!([told]));
    change("messages", &Value::Object(value))
}

fn pricing(outgoing: &Outgoing, old_shapes: bool) -> Value {
    let is_free = outgoing.in_window && outgoing.category != Category::Marketing;
    let category = if outgoing.lite { "marketing_lite" } else { outgoing.category.word() };
    if old_shapes {
        return json!({"billable": !is_free, "pricing_model": "CBP", "category": category});
    }
    json!({
        "billable": !is_free,
        "pricing_model": "PMP",
        "type": if is_free { "free_customer_service" } else { "regular" },
        "category": category,
    })
}

/// Up to v23.0 every message has a conversation of its own; when it ends is told with `sent`.
fn conversation(id: &str, outgoing: &Outgoing, status: Status, at: Timestamp) -> Value {
    let hash = hex::encode(Sha256::digest(id.as_bytes()));
    let mut conversation = json!({"id": hash.get(..32), "origin": {"type": outgoing.category.word()}});
    if status == Status::Sent {
        let ends = at.plus(std::time::Duration::from_secs(24 * 3600));
        conversation["expiration_timestamp"] = json!(ends.as_seconds().to_string());
    }
    conversation
}

pub(super) fn head(number: Option<&Number>) -> Map<String, Value> {
    let mut value = Map::new();
    value.insert("messaging_product".into(), json!("whatsapp"));
    if let Some(number) = number {
        value.insert("metadata".into(), json!({"display_phone_number": number.digits, "phone_number_id": number.id}));
    }
    value
}

pub(super) fn contact(person: &Person, with_number: bool) -> Value {
    let mut contact = Map::new();
    let mut profile = json!({"name": person.name});
    if let Some(username) = &person.username {
        profile["username"] = json!(username);
    }
    contact.insert("profile".into(), profile);
    if with_number {
        contact.insert("wa_id".into(), json!(person.digits));
    }
    if let Some(user_id) = &person.user_id {
        contact.insert("user_id".into(), json!(user_id));
    }
    Value::Object(contact)
}

/// A change as it stands in the body of a callback.
pub(super) fn change(field: &str, value: &Value) -> Bytes {
    Bytes::from(escape(&json!({"value": value, "field": field}).to_string()))
}

/// The body of a callback. More than one change is dealt out over two entries, as Meta may do.
pub(crate) fn body(waba_id: &str, parts: &[Part]) -> Bytes {
    let size: usize = parts.iter().map(|part| part.change.len() + 1).sum();
    let mut body = Vec::with_capacity(size + 160);
    body.extend_from_slice(b"{\"object\":\"whatsapp_business_account\",\"entry\":[");
    for (at, parts) in parts.chunks(parts.len().div_ceil(2).max(1)).enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(format!("{{\"id\":\"{waba_id}\",").as_bytes());
        if let Some(Part { about: About::Account(time), .. }) = parts.first() {
            body.extend_from_slice(format!("\"time\":{},", time.as_seconds()).as_bytes());
        }
        body.extend_from_slice(b"\"changes\":[");
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&part.change);
        }
        body.extend_from_slice(b"]}");
    }
    body.extend_from_slice(b"]}");
    Bytes::from(body)
}

/// Meta escapes everything beyond ASCII and every slash, so that a body that is parsed and written again no longer fits
/// its signature. Both occur only inside strings, hence the text can be walked without parsing it.
fn escape(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len() + 32);
    for character in json.chars() {
        match character {
            '/' => escaped.push_str("\\/"),
            _ if character.is_ascii() => escaped.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    escaped.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaping_changes_the_bytes_and_not_the_meaning() {
        let body = json!({"text": "naïve / שלום 🙂 \\"});
        let escaped = escape(&body.to_string());
        assert!(escaped.is_ascii() && escaped.contains("na\\u00efve \\/ "), "{escaped}");
        assert!(escaped.contains("\\ud83d\\ude42"), "{escaped}");
        assert_eq!(serde_json::from_str::<Value>(&escaped).expect("json"), body);
    }
}
