//! The decoder is total: whatever comes, it answers.

use domain::inbound::HookFact;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FIXTURES, fixture};
use crate::meta_cloud::decode;

#[test]
fn a_delivery_cut_off_anywhere_is_not_json() {
    for (name, body) in FIXTURES {
        let body = body.trim_end().as_bytes();
        for length in 0..body.len() {
            assert!(decode(&body[..length]).is_err(), "{name} up to {length}");
        }
        assert!(decode(body).is_ok(), "{name}");
    }
}

#[test]
fn any_member_may_be_anything() {
    let strange = [json!(null), json!(7), json!(-1.5), json!(""), json!("\0"), json!([]), json!([[]]), json!({})];
    for (name, body) in FIXTURES {
        let body: Value = serde_json::from_str(body).expect("JSON");
        for pointer in pointers(&body, "") {
            for value in &strange {
                let mut changed = body.clone();
                *changed.pointer_mut(&pointer).expect("a place") = value.clone();
                let is_envelope = ["", "/object", "/entry"].contains(&pointer.as_str());
                let hook = decode(changed.to_string().as_bytes());
                assert!(hook.is_ok() || is_envelope, "{name}: {value} at {pointer}");
                assert!(!format!("{hook:?}").contains(r"\0"), "{name}: {value} at {pointer}");
            }
        }
    }
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(i, item)| (format!("{at}/{i}"), item)).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (format!("{at}/{key}"), value)).collect(),
        _ => Vec::new(),
    };
    let deeper = below.iter().flat_map(|(at, value)| pointers(value, at));
    std::iter::once(at.to_owned()).chain(deeper).collect()
}

/// Words that mean something to the decoder, in places where they may mean nothing.
fn word() -> impl Strategy<Value = String> {
    let words = "entry changes field value messages statuses errors contacts metadata phone_number_id id from type \
                 text body image button interactive button_reply timestamp status failed read code \
                 wa_id user_id context";
    let words: Vec<String> = words.split_whitespace().map(ToOwned::to_owned).collect();
    prop_oneof![4 => prop::sample::select(words), 1 => any::<String>()]
}

fn json_like() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (1_500_000_000_i64..1_800_000_000).prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(word(), inner, 0..8).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(body in vec(any::<u8>(), 0..512)) {
        let _ = decode(&body);
    }

    #[test]
    fn any_bytes_within_a_delivery_get_an_answer(at in 0_usize..600, bytes in vec(any::<u8>(), 0..8)) {
        let mut body = fixture("text").as_bytes().to_vec();
        let at = at.min(body.len());
        let end = (at + bytes.len()).min(body.len());
        body.splice(at..end, bytes);
        let _ = decode(&body);
    }

    #[test]
    fn any_entries_are_decoded(entries in vec(json_like(), 0..3), values in vec(json_like(), 0..4)) {
        let changes: Vec<Value> = values.iter().map(|value| json!({"field": "messages", "value": value})).collect();
        let mut entry = entries;
        entry.push(json!({"id": "1", "changes": changes}));
        let body = json!({"object": "whatsapp_business_account", "entry": entry}).to_string();
        prop_assert!(decode(body.as_bytes()).is_ok());
    }

    #[test]
    fn a_good_message_survives_any_sibling(sibling in json_like()) {
        let good = json!({"from": "16505551234", "id": "good", "timestamp": "1749416383", "type": "text"});
        let value = json!({"metadata": {"phone_number_id": "1"}, "messages": [sibling, good], "statuses": sibling,
            "contacts": sibling, "errors": sibling});
        let body = json!({"object": "whatsapp_business_account",
            "entry": [{"changes": [{"field": "messages", "value": value}]}]});
        let hook = decode(body.to_string().as_bytes()).expect("Meta's shape");
        let survives = hook.items.iter().any(|item| match &item.fact {
            HookFact::Message(message) => message.external_id == "good",
            HookFact::Status(_) => false,
        });
        prop_assert!(survives);
    }
}
