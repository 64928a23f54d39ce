//! Every kind of message: accepted as it should be, and refused in every broken variant with the right code.

mod messages;
mod orders;
mod templates;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{World, answer, with_defaults};

/// A body Meta takes, and what breaks it.
pub struct Case {
    pub name: &'static str,
    pub body: Value,
    /// Members without which it is refused, with the code.
    pub required: Vec<(&'static str, u64)>,
    /// Texts and their greatest length; one more is refused with 100.
    pub limits: Vec<(&'static str, usize)>,
    /// Other values and their code.
    pub wrong: Vec<(&'static str, Value, u64)>,
    /// Places where anything may stand.
    pub free: Vec<&'static str>,
    /// Codes that differ from 100 for an object, a list or a text of another type.
    pub types: BTreeMap<&'static str, u64>,
}

pub fn case(name: &'static str, body: Value) -> Case {
    let (required, limits, wrong, free) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    Case { name, body, required, limits, wrong, free, types: BTreeMap::new() }
}

impl Case {
    /// The type of a parameter decides how it is read: what has none is no parameter of the right kind.
    pub fn with_template_types(mut self) -> Self {
        for pointer in places(&self.body) {
            let parts: Vec<&str> = pointer.split('/').collect();
            let code = match parts.as_slice() {
                [.., "parameters", _, "type"] | [.., "parameters", _] => 132_012,
                [.., "index"] => 131_009,
                [.., "cards", _] | [.., "card_index"] => 132_000,
                _ => continue,
            };
            self.types.insert(pointer.leak(), code);
        }
        self
    }
}

/// The pointers of everything below the root.
fn places(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (step, value) in children {
        all.push(format!("/{step}"));
        all.extend(places(value).into_iter().map(|rest| format!("/{step}{rest}")));
    }
    all
}

fn without(body: &Value, pointer: &str) -> Value {
    let mut body = body.clone();
    let (parent, step) = pointer.rsplit_once('/').expect("pointer");
    match body.pointer_mut(parent).expect("parent") {
        Value::Object(members) => assert!(members.remove(step).is_some(), "{pointer}"),
        Value::Array(list) => {
            list.remove(step.parse().expect("index"));
        }
        other => panic!("{pointer}: {other}"),
    }
    body
}

fn with(body: &Value, pointer: &str, value: Value) -> Value {
    let mut body = body.clone();
    let (parent, step) = pointer.rsplit_once('/').expect("pointer");
    match body.pointer_mut(parent).expect("parent") {
        Value::Object(members) => {
            members.insert(step.to_owned(), value);
        }
        list => list[step.parse::<usize>().expect("index")] = value,
    }
    body
}

/// The same value as another JSON type.
fn other_type(value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) => json!("text"),
        _ => json!([7]),
    }
}

fn variants(case: &Case) -> Vec<(String, Value, u64)> {
    let body = with_defaults(case.body.clone());
    let mut all = Vec::new();
    for (pointer, code) in &case.required {
        all.push((format!("without {pointer}"), without(&body, pointer), *code));
    }
    for (pointer, max) in &case.limits {
        let pointer = absolute(case, pointer);
        all.push((format!("{pointer} too long"), with(&body, &pointer, json!("x".repeat(max + 1))), 100));
    }
    for (pointer, value, code) in &case.wrong {
        let pointer = absolute(case, pointer);
        all.push((format!("{pointer} = {value:.60}"), with(&body, &pointer, value.clone()), *code));
    }
    let is_free = |pointer: &str| case.free.iter().any(|free| pointer.starts_with(free));
    for pointer in places(&body) {
        let value = body.pointer(&pointer).expect("place");
        if value.is_object() && !is_free(&pointer) {
            let more = with(&body, &format!("{pointer}/colour"), json!("red"));
            all.push((format!("{pointer} with an unknown member"), more, 100));
        }
        if !case.free.iter().any(|free| pointer.len() > free.len() && pointer.starts_with(free)) {
            let code = case.types.get(pointer.as_str()).copied().unwrap_or(100);
            all.push((format!("{pointer} of another type"), with(&body, &pointer, other_type(value)), code));
        }
    }
    let mut more = body;
    more["colour"] = json!("red");
    all.push(("an unknown member".to_owned(), more, 100));
    all
}

/// Media name their members without the kind in front.
fn absolute(case: &Case, pointer: &str) -> String {
    match pointer {
        pointer if pointer.starts_with('/') => pointer.to_owned(),
        pointer if pointer == case.name => format!("/{pointer}"),
        pointer => format!("/{}/{pointer}", case.name),
    }
}

#[tokio::test]
async fn each_kind_is_taken_and_each_broken_variant_refused() {
    let world = World::start().await;
    let cases: Vec<Case> =
        [messages::plain(), messages::buttons(), messages::shops(), orders::orders(), templates::templates()]
            .into_iter()
            .flatten()
            .collect();
    let (mut taken, mut wrong) = (0, Vec::new());
    for case in &cases {
        let (status, told) = world.send(case.body.clone()).await;
        assert_eq!(status, 200, "{}: {told}", case.name);
        taken += 1;
        for (pointer, max) in &case.limits {
            let longest = with(&case.body, &absolute(case, pointer), json!("x".repeat(*max)));
            let (status, told) = world.send(longest).await;
            assert_eq!(status, 200, "{} with the longest {pointer}: {told}", case.name);
            taken += 1;
        }
        for (what, body, code) in variants(case) {
            let (_, told) = answer(world.post(&body)).await;
            if told["error"]["code"] != code {
                wrong.push(format!("{}: {what}: expected {code}, got {told}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(world.simulator.control().state().accepted, taken);
}
