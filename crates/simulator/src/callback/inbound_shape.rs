//! The bodies of callbacks that tell what a customer did.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::shape::{change, contact, head};
use crate::shared::Shared;
use crate::world::{Message, Person};

/// The change with a message of the customer, or with a setting, which has a field of its own.
pub(crate) fn inbound_body(app: &Shared, message: &Message, person: &Person) -> Bytes {
    let content = &message.content;
    let mut value = head(app.numbers.get(message.number));
    // Meta leaves the contacts out where it speaks itself.
    if content.kind != "system" {
        value.insert("contacts".into(), json!([contact(person, !person.is_hidden())]));
    }
    if content.kind == "user_preferences" {
        value.insert("user_preferences".into(), json!([content.object]));
        return change("user_preferences", &Value::Object(value));
    }
    value.insert("messages".into(), json!([told(message, person)]));
    change("messages", &Value::Object(value))
}

fn told(message: &Message, person: &Person) -> Map<String, Value> {
    let content = &message.content;
    let mut told = Map::new();
    if !person.is_hidden() {
        told.insert("from".into(), json!(person.digits));
    }
    if let Some(user_id) = &person.user_id {
        told.insert("from_user_id".into(), json!(user_id));
    }
    told.insert("id".into(), json!(message.id));
    told.insert("timestamp".into(), json!(message.at.as_seconds().to_string()));
    told.insert("type".into(), json!(content.kind));
    if !content.object.is_null() {
        told.insert(content.kind.clone(), content.object.clone());
    }
    told.extend(message.extra.clone());
    told
}
