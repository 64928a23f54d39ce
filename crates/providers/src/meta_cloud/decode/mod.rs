//! Meta's callbacks as facts: the envelope (`entry[].changes[].value`), and in it everything the documentation names.
//!
//! Total by intent: unknown fields, kinds and values never fail a delivery, and one element that cannot be read never
//! costs its siblings, since Meta repeats a refused delivery as a whole and has no history to ask again. What nobody
//! read is listed leaf by leaf.
//!
//! Times are taken as Meta writes them, also when they lie in the future or in 2017 as those of the dashboard's test
//! deliveries do; whoever applies a fact knows when its body came and can bound them.

mod account;
mod calls;
mod change;
mod coexistence;
mod groups;
mod messages;
mod people;
mod templates;
mod update;

use domain::inbound::reader::{Node, ReadLog};
use domain::inbound::{DecodedHook, UndecodableHook};

use super::wire;

/// Words of the body that we repeat are cut here.
const WORD_CHARS_MAX: usize = 64;

/// Decodes a callback's body.
pub(crate) fn decode(body: &[u8]) -> Result<DecodedHook, UndecodableHook> {
    let undecodable = |text: &str| Err(UndecodableHook(text.to_owned()));
    let document = match wire::parse(body) {
        Ok(document) => document,
        Err(error) => return undecodable(&format!("the body is not JSON: {error}")),
    };
    let log = ReadLog::default();
    let root = log.root(&document);
    if !root.is_object() {
        return undecodable("the body is not a JSON object");
    }
    if !root.is("object", "whatsapp_business_account") {
        return undecodable("`object` is not `whatsapp_business_account`");
    }
    if !document.get("entry").is_some_and(serde_json::Value::is_array) {
        return undecodable("there is no list `entry`");
    }
    let mut hook = DecodedHook::default();
    for (i, entry) in root.list("entry").into_iter().enumerate() {
        decode_entry(entry, &format!("entry[{i}]"), &mut hook);
    }
    hook.unknown = log.unread(&document);
    Ok(hook)
}

fn decode_entry(entry: Node<'_>, path: &str, hook: &mut DecodedHook) {
    let changes = entry.list("changes");
    if changes.is_empty() {
        return hook.passed_over.push(format!("{path}: no changes"));
    }
    let (place, before) = (entry.place(), hook.items.len());
    let around = change::Around { entry_id: entry.text("id"), at: entry.time("time") };
    for (i, change) in changes.into_iter().enumerate() {
        change::decode(&around, change, &format!("{path}.changes[{i}]"), hook);
    }
    if hook.items.len() == before {
        // Nothing carries what was read.
        entry.rewind(place);
    }
}

fn word(text: &str) -> String {
    text.chars().take(WORD_CHARS_MAX).collect()
}
