//! Contact cards.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::fields::{FieldError, Fields};

/// Meta: a message holds at most 257 contact cards.
pub const CONTACTS_MAX: usize = 257;

const NAME: &[&str] = &["formatted_name", "first_name", "last_name", "middle_name", "suffix", "prefix"];
const PHONE: &[&str] = &["phone", "type", "wa_id"];
const EMAIL: &[&str] = &["email", "type"];
const URL: &[&str] = &["url", "type"];
const ADDRESS: &[&str] = &["street", "city", "state", "zip", "country", "country_code", "type"];
const ORGANISATION: &[&str] = &["company", "department", "title"];

/// One contact card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactCard {
    name: Texts,
    phones: Option<Vec<Texts>>,
    emails: Option<Vec<Texts>>,
    urls: Option<Vec<Texts>>,
    addresses: Option<Vec<Texts>>,
    organisation: Option<Texts>,
    birthday: Option<String>,
}

/// An object whose members are all texts.
type Texts = BTreeMap<&'static str, String>;

impl ContactCard {
    /// The name as it shows.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.get("formatted_name").map_or("", String::as_str)
    }

    /// The telephone numbers, as they show.
    pub fn phones(&self) -> impl Iterator<Item = &str> {
        self.phones.iter().flatten().filter_map(|phone| phone.get("phone")).map(String::as_str)
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let card = Self {
            name: read_name(fields.object("name")?)?,
            phones: read_list(&mut fields, "phones", PHONE)?,
            emails: read_list(&mut fields, "emails", EMAIL)?,
            urls: read_list(&mut fields, "urls", URL)?,
            addresses: read_list(&mut fields, "addresses", ADDRESS)?,
            organisation: fields.optional_object("org")?.map(|org| read_texts(org, ORGANISATION)).transpose()?,
            birthday: read_birthday(&mut fields)?,
        };
        fields.finish()?;
        Ok(card)
    }

    pub(super) fn to_value(&self) -> Value {
        let mut value = Map::from_iter([("name".to_owned(), json!(self.name))]);
        let lists =
            [("phones", &self.phones), ("emails", &self.emails), ("urls", &self.urls), ("addresses", &self.addresses)];
        for (key, list) in lists {
            value.extend(list.as_ref().map(|list| (key.to_owned(), json!(list))));
        }
        value.extend(self.organisation.as_ref().map(|texts| ("org".to_owned(), json!(texts))));
        value.extend(self.birthday.as_ref().map(|date| ("birthday".to_owned(), json!(date))));
        Value::Object(value)
    }
}

fn read_name(mut fields: Fields<'_>) -> Result<Texts, FieldError> {
    fields.text_within("formatted_name", 1024)?;
    let missing =
        fields.error("missing_field", "first_name", "give at least one part of the name beside `formatted_name`");
    let name = read_texts(fields, NAME)?;
    let has_part = name.iter().any(|(key, part)| *key != "formatted_name" && !part.trim().is_empty());
    if has_part { Ok(name) } else { Err(missing) }
}

/// Entries whose first member says what they are about. An address has none such, and a telephone may be named by the
/// `wa_id` alone.
fn read_list(
    fields: &mut Fields<'_>,
    key: &'static str,
    members: &'static [&'static str],
) -> Result<Option<Vec<Texts>>, FieldError> {
    if fields.optional(key).is_none() {
        return Ok(None);
    }
    let entries = fields.objects(key)?.into_iter().map(|mut entry| {
        match (key, members.first()) {
            ("phones", Some(main)) => drop(entry.optional_filled(main, 1024)?),
            ("addresses", _) | (_, None) => {}
            (_, Some(main)) => drop(entry.text_within(main, 1024)?),
        }
        read_texts(entry, members)
    });
    entries.collect::<Result<_, _>>().map(Some)
}

fn read_texts(mut fields: Fields<'_>, members: &[&'static str]) -> Result<Texts, FieldError> {
    let mut texts = Texts::new();
    for key in members {
        texts.extend(fields.optional_text_within(key, 1024)?.map(|text| (*key, text.to_owned())));
    }
    if texts.is_empty() {
        let detail = format!("leave it out, or give one of {}", members.join(", "));
        let empty = FieldError::new("empty", fields.path(), detail);
        return fields.finish().and(Err(empty));
    }
    fields.finish()?;
    Ok(texts)
}

fn read_birthday(fields: &mut Fields<'_>) -> Result<Option<String>, FieldError> {
    let Some(text) = fields.optional_text("birthday")? else { return Ok(None) };
    let date: Option<jiff::civil::Date> = text.parse().ok();
    match date {
        Some(date) if date.to_string() == text => Ok(Some(text.to_owned())),
        _ => Err(fields.error("invalid_time", "birthday", "expected a date such as 1990-12-31")),
    }
}
