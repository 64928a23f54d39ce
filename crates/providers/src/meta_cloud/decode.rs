//! Meta's callbacks as facts: the envelope (`entry[].changes[].value`), and in it the messages and the statuses.
//!
//! Total by intent: unknown fields, kinds and values never fail a delivery, and one element that cannot be read never
//! costs its siblings, since Meta repeats a refused delivery as a whole and has no history to ask again.
//!
//! Times are taken as Meta writes them, also when they lie in the future or in 2017 as those of the dashboard's test
//! deliveries do; whoever applies a fact knows when its body came and can bound them.

use domain::attempt::{AttemptStatus, Evidence};
use domain::inbound::{DecodedHook, HookFact, HookItem, InboundMessage, StatusReport, UndecodableHook};
use domain::time::Timestamp;
use serde_json::Value;

use super::errors;
use super::inbound;
use super::wire::{self, MetaError};

/// Words of the body that we repeat are cut here.
const WORD_CHARS_MAX: usize = 64;
/// Above this a number of seconds would lie in the year 5138: it counts milliseconds.
const SECONDS_MAX: i64 = 100_000_000_000;
/// And above this, milliseconds would.
const MILLISECONDS_MAX: i64 = SECONDS_MAX * 1000;

/// Decodes a callback's body.
pub(crate) fn decode(body: &[u8]) -> Result<DecodedHook, UndecodableHook> {
    let undecodable = |text: &str| Err(UndecodableHook(text.to_owned()));
    let root = match wire::parse(body) {
        Ok(root) => root,
        Err(error) => return undecodable(&format!("the body is not JSON: {error}")),
    };
    if !root.is_object() {
        return undecodable("the body is not a JSON object");
    }
    if root.get("object").and_then(Value::as_str) != Some("whatsapp_business_account") {
        return undecodable("`object` is not `whatsapp_business_account`");
    }
    let Some(entries) = root.get("entry").and_then(Value::as_array) else {
        return undecodable("there is no list `entry`");
    };
    let mut hook = DecodedHook::default();
    for (i, entry) in entries.iter().enumerate() {
        let path = format!("entry[{i}]");
        for (change, path) in elements(entry, "changes", &path, &mut hook.passed_over) {
            decode_change(entry, change, &path, &mut hook);
        }
    }
    Ok(hook)
}

fn decode_change(entry: &Value, change: &Value, path: &str, hook: &mut DecodedHook) {
    match change.get("field").and_then(Value::as_str) {
        Some("messages") => {}
        Some(other) => return hook.passed_over.push(format!("field `{}`", word(other))),
        None => return hook.passed_over.push(format!("{path}: no field")),
    }
    let Some(value) = change.get("value").filter(|value| value.is_object()) else {
        return hook.passed_over.push(format!("{path}: no value"));
    };
    let messages = elements(value, "messages", path, &mut hook.passed_over);
    let statuses = elements(value, "statuses", path, &mut hook.passed_over);
    let errors = elements(value, "errors", path, &mut hook.passed_over);
    if messages.is_empty() && statuses.is_empty() && errors.is_empty() {
        let members = value.as_object().into_iter().flat_map(|value| value.keys()).map(|key| word(key));
        let members: Vec<String> = members.collect();
        return hook.passed_over.push(format!("{path}: neither messages nor statuses, only {}", members.join(", ")));
    }
    for (error, path) in errors {
        let code = wire::text(error, "code").unwrap_or_default();
        hook.passed_over.push(format!("{path}: Meta reports error {}", word(&code)));
    }
    let Some(number_id) = value.get("metadata").and_then(|metadata| wire::text(metadata, "phone_number_id")) else {
        return hook.passed_over.push(format!("{path}: no metadata.phone_number_id"));
    };
    let sent_at = time(entry, "time");
    let messages = messages.into_iter().map(|(message, path)| (decode_message(value, message, sent_at), path));
    let statuses = statuses.into_iter().map(|(status, path)| (decode_status(status, sent_at), path));
    for (fact, path) in messages.chain(statuses) {
        match fact {
            Ok(fact) => hook.items.push(HookItem { number_id: number_id.clone(), fact }),
            Err(reason) => hook.passed_over.push(format!("{path}: {reason}")),
        }
    }
}

/// The elements of a list with their paths; an absent list is empty.
fn elements<'v>(parent: &'v Value, key: &str, path: &str, passed_over: &mut Vec<String>) -> Vec<(&'v Value, String)> {
    match parent.get(key) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(i, item)| (item, format!("{path}.{key}[{i}]"))).collect()
        }
        Some(_) => {
            passed_over.push(format!("{path}.{key}: not a list"));
            Vec::new()
        }
    }
}

fn decode_message(value: &Value, message: &Value, sent_at: Option<Timestamp>) -> Result<HookFact, String> {
    if message.get("group_id").is_some_and(|group| !group.is_null()) {
        return Err("a message in a group".to_owned());
    }
    let external_id = wire::text(message, "id").ok_or("no id")?;
    let at = time(message, "timestamp").or(sent_at).ok_or("no usable timestamp")?;
    let from = inbound::person(value, message).ok_or("it does not say who wrote")?;
    let content = inbound::content(message);
    let context = message.get("context").and_then(|context| wire::text(context, "id"));
    Ok(HookFact::Message(Box::new(InboundMessage { external_id, from, at, content, context })))
}

fn decode_status(status: &Value, sent_at: Option<Timestamp>) -> Result<HookFact, String> {
    // Payments report `captured` and `failed` too, which says nothing about the message.
    if let Some(kind) = wire::text(status, "type").filter(|kind| kind != "message") {
        return Err(format!("a status of type `{}`", word(&kind)));
    }
    // One participant's `read` is not that of a group.
    if wire::text(status, "recipient_type").is_some_and(|kind| kind == "group") {
        return Err("a status in a group".to_owned());
    }
    let external_id = wire::text(status, "id").ok_or("no id")?;
    let reached = match status.get("status").and_then(Value::as_str) {
        Some("sent") => AttemptStatus::Sent,
        Some("delivered") => AttemptStatus::Delivered,
        Some("read" | "played") => AttemptStatus::Read,
        Some("failed") => AttemptStatus::Failed,
        Some(other) => return Err(format!("status `{}`", word(other))),
        None => return Err("no status".to_owned()),
    };
    let at = time(status, "timestamp").or(sent_at).ok_or("no usable timestamp")?;
    let failure = (reached == AttemptStatus::Failed).then(|| {
        let reported = status.get("errors").and_then(Value::as_array).into_iter().flatten().find_map(MetaError::read);
        reported.map_or_else(errors::without_reason, |error| errors::classify(&error))
    });
    let evidence = Evidence { status: reached, at, failure };
    let reference = wire::text(status, "biz_opaque_callback_data");
    Ok(HookFact::Status(Box::new(StatusReport { external_id, reference, evidence })))
}

/// Seconds as a rule; milliseconds have been seen.
fn time(value: &Value, key: &str) -> Option<Timestamp> {
    match wire::integer(value, key)? {
        seconds @ 1..=SECONDS_MAX => Some(Timestamp::from_seconds(seconds)),
        milliseconds @ 1..=MILLISECONDS_MAX => Some(Timestamp::from_micros(milliseconds * 1000)),
        _ => None,
    }
}

fn word(text: &str) -> String {
    text.chars().take(WORD_CHARS_MAX).collect()
}
