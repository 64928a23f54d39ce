//! Meta's JSON, read with tolerance: ids come as strings or numbers, members are missing, and an error has five shapes.

use domain::inbound::ReportedError;
use serde_json::{Map, Value};

/// Reads a body. What PostgreSQL cannot store is replaced in every text of it.
pub(super) fn parse(body: &[u8]) -> Result<Value, serde_json::Error> {
    let value = match serde_json::from_slice(body) {
        // Names cut off in the middle of an emoji end in half a surrogate pair, which must not cost the whole delivery.
        Err(error) => match without_lone_surrogates(body) {
            Some(repaired) => serde_json::from_slice(&repaired)?,
            None => return Err(error),
        },
        Ok(value) => value,
    };
    Ok(without_nul(value))
}

fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(replace_nul(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(members) => {
            let members = members.into_iter().map(|(key, value)| (replace_nul(key), without_nul(value)));
            Value::Object(Map::from_iter(members))
        }
        other => other,
    }
}

fn replace_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// The body with `\ufffd` for every escaped half of a surrogate pair; `None` if there is none.
fn without_lone_surrogates(body: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = body.to_vec();
    let mut has_changed = false;
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        if *byte != b'\\' {
            at += 1;
            continue;
        }
        at += match escaped_unit(body, at) {
            Some(0xd800..=0xdbff) if matches!(escaped_unit(body, at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                repaired.get_mut(at..at + 6)?.copy_from_slice(br"\ufffd");
                has_changed = true;
                6
            }
            // Two bytes at least: the second may be a backslash that begins nothing.
            _ => 2,
        };
    }
    has_changed.then_some(repaired)
}

/// The UTF-16 unit that `\uXXXX` at this place stands for.
fn escaped_unit(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + 6)?.strip_prefix(br"\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The text at `key`; a number counts as its digits, and nothing counts as absent.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The whole number at `key`, also where it is written as a string.
pub(super) fn integer(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// An error as answers (`error`) and callbacks (`errors[]`) carry it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MetaError {
    pub(super) code: i64,
    pub(super) subcode: Option<i64>,
    pub(super) is_transient: bool,
    pub(super) title: Option<String>,
    pub(super) details: Option<String>,
}

impl MetaError {
    /// The one of a callback; without a code there is nothing to go by.
    pub(super) fn of(reported: &ReportedError) -> Option<Self> {
        Some(Self {
            code: reported.code?,
            subcode: reported.subcode,
            is_transient: reported.is_transient.unwrap_or(false),
            title: reported.title.clone().or_else(|| reported.message.clone()),
            details: reported.details.clone(),
        })
    }

    /// Reads one of an answer; without a code there is nothing to go by.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let data = value.get("error_data");
        // In this order: the most exact words first. `error_data` is a plain string at times.
        let details = data
            .and_then(|data| text(data, "details"))
            .or_else(|| text(value, "error_data"))
            .or_else(|| text(value, "details"))
            .or_else(|| text(value, "error_user_msg"));
        Some(Self {
            code: integer(value, "code")?,
            subcode: integer(value, "error_subcode"),
            is_transient: value.get("is_transient").and_then(Value::as_bool).unwrap_or(false),
            title: text(value, "title").or_else(|| text(value, "message")),
            details,
        })
    }
}

/// The id of the accepted message in an answer.
pub(super) fn accepted_id(answer: &Value) -> Option<String> {
    text(answer.get("messages")?.get(0)?, "id")
}
