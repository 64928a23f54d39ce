//! Every leaf of a delivery is in a typed fact or in the list of what nobody read.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use testkit::hooks::{self, HookFixture};

use super::decode::decoded;
use super::decode_any::{leaves, mutated, mutation, pointer_of, pointers};

/// What the decoder makes of a body, in words; `None` for what is none of Meta's.
fn seen(body: &Value) -> Option<Value> {
    crate::meta_cloud::decode(body.to_string().as_bytes()).ok().map(|hook| hooks::view(&hook))
}

/// Another value in place of a leaf: one that no rule could take for the same, and one of the same shape.
fn others(leaf: &Value) -> [Value; 2] {
    let similar = leaf.as_str().and_then(|text| {
        let last = text.chars().last()?.to_digit(10)?;
        Some(json!(format!("{}{}", &text[..text.len() - 1], (last + 1) % 10)))
    });
    let strange = other(leaf);
    [similar.unwrap_or_else(|| strange.clone()), strange]
}

fn other(leaf: &Value) -> Value {
    match leaf {
        Value::Null => json!("x"),
        Value::Bool(flag) => json!(!flag),
        Value::Number(number) => json!(if number.as_i64() == Some(77) { 78 } else { 77 }),
        Value::String(text) => json!(format!("{text}~")),
        _ => json!(["x"]),
    }
}

/// The leaves that could be anything without anybody noticing, although they are not among the unknown.
fn unaccounted(body: &Value) -> Vec<String> {
    let Some(whole) = seen(body) else { return Vec::new() };
    let unknown: Vec<&str> = whole["unknown"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let lost = leaves(body).into_iter().filter(|(path, leaf)| {
        let says_nothing = leaf.is_null() || *leaf == json!("") || *leaf == json!([]) || *leaf == json!({});
        !says_nothing && !unknown.contains(&path.as_str())
    });
    let lost = lost.filter(|(path, leaf)| {
        let pointer = pointer_of(body, path);
        others(leaf).into_iter().any(|other| {
            let mut changed = body.clone();
            *changed.pointer_mut(&pointer).expect("a leaf") = other;
            seen(&changed).as_ref() == Some(&whole)
        })
    });
    lost.map(|(path, _)| path).collect()
}

#[test]
fn every_leaf_of_every_recorded_delivery_is_accounted_for() {
    for fixture in hooks::meta() {
        let body: Value = serde_json::from_str(&fixture.body).expect("JSON");
        assert_eq!(unaccounted(&body), Vec::<String>::new(), "{}", fixture.name);
    }
}

#[test]
fn an_added_member_anywhere_is_listed() {
    for fixture in hooks::meta() {
        let body: Value = serde_json::from_str(&fixture.body).expect("JSON");
        for place in pointers(&body, "") {
            let mut changed = body.clone();
            let Some(Value::Object(members)) = changed.pointer_mut(&place) else { continue };
            members.insert("zz_new".to_owned(), json!({"deep": [true]}));
            let hook = decoded(&changed.to_string());
            // Settings are kept whole, whatever is in them.
            let is_kept = hook.items.iter().any(|item| hooks::view_of(item).to_string().contains("zz_new"));
            let listed = hook.unknown.iter().any(|path| path.ends_with("zz_new.deep[0]"));
            assert!(is_kept || listed, "{} {place}: {:?}", fixture.name, hook.unknown);
        }
    }
}

#[test]
fn what_is_not_read_keeps_its_path() {
    let body = r#"{"object": "whatsapp_business_account", "new": 1, "entry": [{"id": "1", "new": null, "changes": [
        {"field": "messages", "value": {"messaging_product": "sms", "metadata": {"phone_number_id": "1", "new": []},
        "messages": [{"id": "a", "from": "16505551234", "timestamp": "soon", "type": "text",
            "text": {"body": "hi", "new": {}}}, {"from": "16505551234", "type": "text"}, 7],
        "statuses": "none", "more": [[{"a.b": 1}]]}}]}]}"#;
    let hook = decoded(body);
    let within = "entry[0].changes[0].value";
    let expected = [
        format!("{within}.messages[0].text.new"),
        format!("{within}.messages[0].timestamp"),
        format!("{within}.messages[1].from"),
        format!("{within}.messages[1].type"),
        format!("{within}.messages[2]"),
        format!("{within}.messaging_product"),
        format!("{within}.metadata.new"),
        format!("{within}.more[0][0].a.b"),
        format!("{within}.statuses"),
        "entry[0].new".to_owned(),
        "new".to_owned(),
    ];
    assert_eq!(hook.unknown, expected);
    assert_eq!(hook.items.len(), 1);
    assert_eq!(hook.passed_over, [format!("{within}.messages[1]: no id"), format!("{within}.messages[2]: no id")]);
}

static FIXTURES: LazyLock<Vec<HookFixture>> = LazyLock::new(hooks::meta);

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn a_mutated_delivery_loses_nothing(place in any::<prop::sample::Index>(), mutations in prop::collection::vec(mutation(), 1..4)) {
        let fixture = &FIXTURES[place.index(FIXTURES.len())];
        let mut body: Value = serde_json::from_str(&fixture.body).expect("JSON");
        for mutation in &mutations {
            body = mutated(&body, mutation);
        }
        let lost = unaccounted(&body);
        prop_assert!(lost.is_empty(), "{}: {lost:?} of {body:#}", fixture.name);
    }
}
