//! The examples of `docs/messages.md` are messages.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::{KINDS, interactive};
use super::read;
use crate::draft::Draft;
use crate::phone::Region;

#[test]
fn every_example_of_the_guide_is_a_message_and_none_is_missing() {
    let guide =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/messages.md")).expect("the guide");
    let mut shown = BTreeSet::new();
    for block in guide.split("```json\n").skip(1) {
        let block = block.split("```").next().expect("an end");
        for example in serde_json::Deserializer::from_str(block).into_iter::<Value>() {
            let example = example.unwrap_or_else(|error| panic!("{error} in {block}"));
            shown.insert(example["type"].as_str().unwrap_or_default().to_owned());
            if example.get("sender_id").is_some() {
                Draft::read(&example, Region::INDIA).unwrap_or_else(|error| panic!("{error}: {example}"));
                continue;
            }
            let is_part = interactive::KINDS.iter().any(|kind| example["type"] == *kind);
            let message = if is_part { json!({"type": "interactive", "interactive": example}) } else { example };
            read(message.clone()).unwrap_or_else(|error| panic!("{error}: {message}"));
        }
    }
    let missing = |kind: &&&str| **kind != "interactive" && !shown.contains(**kind);
    let missing: Vec<_> = KINDS.iter().chain(interactive::KINDS).filter(missing).collect();
    assert!(missing.is_empty(), "the guide has no example of {missing:?}");
}
