//! The decoder is total: whatever comes, it answers, and one broken part costs no other.

use std::sync::LazyLock;

use domain::inbound::HookFact;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use testkit::hooks;

use super::fixture;
use crate::meta_cloud::decode;

#[test]
fn a_delivery_cut_off_anywhere_is_not_json() {
    for fixture in hooks::meta().into_iter().step_by(8) {
        let body = fixture.body.trim_end().as_bytes();
        for length in 0..body.len() {
            assert!(decode(&body[..length]).is_err(), "{} up to {length}", fixture.name);
        }
        assert!(decode(body).is_ok(), "{}", fixture.name);
    }
}

#[test]
fn any_member_may_be_anything() {
    let strange = [json!(null), json!(7), json!(-1.5), json!(""), json!("\0"), json!([]), json!([[]]), json!({})];
    for fixture in hooks::meta().into_iter().step_by(3) {
        let body: Value = serde_json::from_str(&fixture.body).expect("JSON");
        for pointer in pointers(&body, "") {
            for value in &strange {
                let mut changed = body.clone();
                *changed.pointer_mut(&pointer).expect("a place") = value.clone();
                let is_envelope = ["", "/object", "/entry"].contains(&pointer.as_str());
                let hook = decode(changed.to_string().as_bytes());
                assert!(hook.is_ok() || is_envelope, "{}: {value} at {pointer}", fixture.name);
                assert!(!format!("{hook:?}").contains(r"\0"), "{}: {value} at {pointer}", fixture.name);
            }
        }
    }
}

#[test]
fn what_is_nested_too_deep_is_undecodable_with_a_reason() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let body = fixture("message.text").replace("\"Body Text\"", &deep);
    let error = decode(body.as_bytes()).expect_err("too deep");
    assert!(error.0.contains("recursion limit"), "{error}");
}

#[test]
fn a_delivery_of_three_megabytes_is_decoded_whole() {
    let mut body: Value = serde_json::from_str(&fixture("pywa/updates/message.text")).expect("JSON");
    let messages = &mut body["entry"][0]["changes"][0]["value"]["messages"];
    let mut long = messages[0].clone();
    long["text"]["body"] = json!("שלום ".repeat(300));
    *messages = Value::Array(
        (0..1000)
            .map(|i| {
                let mut message = long.clone();
                message["id"] = json!(format!("wamid.{i}"));
                message
            })
            .collect(),
    );
    let body = body.to_string();
    assert!(body.len() > 2_700_000, "{} bytes", body.len());
    let hook = decode(body.as_bytes()).expect("Meta's shape");
    assert_eq!((hook.items.len(), hook.passed_over.len(), hook.unknown.len()), (1000, 0, 0));
}

pub(super) fn pointers(value: &Value, at: &str) -> Vec<String> {
    let below: Vec<(String, &Value)> = match value {
        Value::Array(items) => items.iter().enumerate().map(|(i, item)| (format!("{at}/{i}"), item)).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (format!("{at}/{key}"), value)).collect(),
        _ => Vec::new(),
    };
    let deeper = below.iter().flat_map(|(at, value)| pointers(value, at));
    std::iter::once(at.to_owned()).chain(deeper).collect()
}

/// The leaves with their paths, by the definition of the reader and not by its code.
pub(super) fn leaves(body: &Value) -> Vec<(String, Value)> {
    let all = pointers(body, "").into_iter().filter_map(|pointer| Some((body.pointer(&pointer)?.clone(), pointer)));
    let is_leaf = |value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => true,
    };
    all.filter(|(value, _)| is_leaf(value)).map(|(value, pointer)| (path_of(body, &pointer), value)).collect()
}

/// `/entry/0/id` as `entry[0].id`.
fn path_of(body: &Value, pointer: &str) -> String {
    let mut path = String::new();
    let mut at = body;
    for step in pointer.split('/').skip(1) {
        if at.is_array() {
            path.push_str(&format!("[{step}]"));
        } else {
            path.push_str(if path.is_empty() { "" } else { "." });
            path.push_str(step);
        }
        at = at.pointer(&format!("/{step}")).expect("a step");
    }
    path
}

/// The pointer of a leaf's path.
pub(super) fn pointer_of(body: &Value, path: &str) -> String {
    let found = pointers(body, "").into_iter().find(|pointer| path_of(body, pointer) == path);
    found.unwrap_or_else(|| panic!("{path} is there"))
}

/// Something that happens to a node of a delivery.
#[derive(Clone, Debug)]
pub(super) enum Mutation {
    Remove(Index),
    Replace(Index, Value),
    Double(Index),
}

pub(super) fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        any::<Index>().prop_map(Mutation::Remove),
        (any::<Index>(), json_like()).prop_map(|(at, value)| Mutation::Replace(at, value)),
        any::<Index>().prop_map(Mutation::Double),
    ]
}

/// The delivery after that; the root stays.
pub(super) fn mutated(body: &Value, mutation: &Mutation) -> Value {
    let places: Vec<String> = pointers(body, "").into_iter().skip(1).collect();
    let (Mutation::Remove(at) | Mutation::Replace(at, _) | Mutation::Double(at)) = mutation;
    if places.is_empty() {
        return body.clone();
    }
    let pointer = at.get(&places);
    let (parent, key) = pointer.rsplit_once('/').expect("below the root");
    let mut changed = body.clone();
    let node = changed.pointer(pointer).cloned();
    match (changed.pointer_mut(parent), mutation) {
        (Some(Value::Object(members)), Mutation::Remove(_)) => drop(members.remove(key)),
        (Some(Value::Object(members)), Mutation::Replace(_, value)) => {
            drop(members.insert(key.to_owned(), value.clone()))
        }
        (Some(Value::Object(members)), Mutation::Double(_)) => {
            members.extend(node.map(|node| (format!("{key}_2"), node)));
        }
        (Some(Value::Array(items)), mutation) => {
            let i: usize = key.parse().expect("an index");
            match mutation {
                Mutation::Remove(_) => drop(items.remove(i)),
                Mutation::Replace(_, value) => items[i] = value.clone(),
                Mutation::Double(_) => items.extend(node),
            }
        }
        _ => {}
    }
    changed
}

/// Words that mean something to the decoder, in places where they may mean nothing.
fn word() -> impl Strategy<Value = String> {
    let words = "entry changes field value messages statuses errors contacts metadata phone_number_id id from type \
                 text body image button interactive button_reply timestamp status failed read code \
                 wa_id user_id context history threads groups calls message_echoes state_sync edit revoke reaction \
                 system order location audio message";
    let words: Vec<String> = words.split_whitespace().map(ToOwned::to_owned).collect();
    prop_oneof![4 => prop::sample::select(words), 1 => "[a-z \\-~\u{5d0}]{0,8}"]
}

pub(super) fn json_like() -> impl Strategy<Value = Value> {
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

static TEXT: LazyLock<String> = LazyLock::new(|| fixture("pywa/updates/message.text"));

proptest! {
    #[test]
    fn any_bytes_get_an_answer(body in vec(any::<u8>(), 0..512)) {
        let _ = decode(&body);
    }

    #[test]
    fn any_bytes_within_a_delivery_get_an_answer(at in 0_usize..600, bytes in vec(any::<u8>(), 0..8)) {
        let mut body = TEXT.clone().into_bytes();
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
    fn any_value_of_any_field_is_decoded(value in json_like(), place in any::<Index>()) {
        let fields = ["history", "calls", "account_update", "account_alerts", "flows", "security", "smb_message_echoes",
            "smb_app_state_sync", "user_id_update", "user_preferences", "group_lifecycle_update", "account_settings_update",
            "message_template_status_update", "template_category_update", "business_username_update", "standby"];
        let body = json!({"object": "whatsapp_business_account",
            "entry": [{"changes": [{"field": place.get(&fields), "value": value}]}]}).to_string();
        let hook = decode(body.as_bytes()).expect("Meta's shape");
        prop_assert!(!hook.items.is_empty() || !hook.passed_over.is_empty());
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
            HookFact::Message(message) => message.object.external_id == "good",
            _ => false,
        });
        prop_assert!(survives);
    }
}
