//! Visiting cards.

use serde_json::Value;

use super::{Checked, Fields};
use crate::graph::GraphError;

const CONTACTS_MAX: usize = 257;
const NAME_PARTS: &[&str] = &["first_name", "last_name", "middle_name", "suffix", "prefix"];

/// A member with a list, and what its entries may hold.
const LISTS: &[(&str, &[&str])] = &[
    ("phones", &["phone", "type", "wa_id"]),
    ("emails", &["email", "type"]),
    ("urls", &["url", "type"]),
    ("addresses", &["street", "city", "state", "zip", "country", "country_code", "type"]),
];

pub(super) fn check(value: &Value) -> Result<Checked, GraphError> {
    let Value::Array(cards) = value else {
        return Err(GraphError::new(100, "Param contacts must be an array"));
    };
    if !(1..=CONTACTS_MAX).contains(&cards.len()) {
        let text = format!("Param contacts has {} entries, allowed are 1 to {CONTACTS_MAX}", cards.len());
        return Err(GraphError::new(131_009, text));
    }
    for (index, card) in cards.iter().enumerate() {
        one(index, card)?;
    }
    Ok(Checked::service())
}

fn one(index: usize, card: &Value) -> Result<(), GraphError> {
    let known = ["name", "phones", "emails", "urls", "addresses", "org", "birthday"];
    let card = Fields::of(format!("contacts[{index}]"), card, &known)?;
    name(&card)?;
    for (list, known) in LISTS {
        for entry in card.entries(list, card.list(list)?, known)? {
            for member in *known {
                entry.text(member)?;
            }
        }
    }
    if let Some(org) = card.object("org", &["company", "department", "title"])? {
        for member in ["company", "department", "title"] {
            org.text(member)?;
        }
    }
    match card.text("birthday")? {
        Some(day) if !is_day(day) => Err(card.invalid("birthday", "must be written YYYY-MM-DD")),
        _ => Ok(()),
    }
}

/// The whole name, and at least one of its parts.
fn name(card: &Fields<'_>) -> Result<(), GraphError> {
    let mut known = NAME_PARTS.to_vec();
    known.push("formatted_name");
    let name = card.required_object("name", &known)?;
    name.required_text("formatted_name")?;
    let mut has_part = false;
    for part in NAME_PARTS {
        has_part |= name.text(part)?.is_some_and(|part| !part.is_empty());
    }
    if has_part { Ok(()) } else { Err(name.missing("first_name")) }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let number = |at: usize, digits: usize| {
        parts.get(at).filter(|part| part.len() == digits).and_then(|part| part.parse::<u32>().ok())
    };
    parts.len() == 3
        && number(0, 4).is_some()
        && number(1, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(2, 2).is_some_and(|day| (1..=31).contains(&day))
}
