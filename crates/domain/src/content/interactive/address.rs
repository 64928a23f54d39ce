//! Asking for a postal address, which Meta offers in India.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::object;
use crate::fields::{FieldError, Fields};

const FIELDS: &[&str] = &[
    "name",
    "phone_number",
    "in_pin_code",
    "house_number",
    "floor_number",
    "tower_number",
    "building_name",
    "address",
    "landmark_area",
    "city",
    "state",
];

/// A form for a postal address, with what is known already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRequest {
    values: Option<Texts>,
    saved_addresses: Option<Vec<SavedAddress>>,
    validation_errors: Option<Texts>,
}

type Texts = BTreeMap<&'static str, String>;

/// An address that the person can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SavedAddress {
    id: String,
    value: Texts,
}

impl AddressRequest {
    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        fields.word("country", &["IN"])?;
        let request = Self {
            values: fields.optional_object("values")?.map(read_texts).transpose()?,
            saved_addresses: read_saved(&mut fields)?,
            validation_errors: fields.optional_object("validation_errors")?.map(read_texts).transpose()?,
        };
        fields.finish()?;
        Ok(request)
    }

    pub(super) fn to_value(&self) -> Value {
        let saved = |addresses: &Vec<SavedAddress>| {
            addresses.iter().map(|saved| json!({"id": saved.id, "value": saved.value})).collect::<Value>()
        };
        object([
            ("country", Some(json!("IN"))),
            ("values", self.values.as_ref().map(|values| json!(values))),
            ("saved_addresses", self.saved_addresses.as_ref().map(saved)),
            ("validation_errors", self.validation_errors.as_ref().map(|errors| json!(errors))),
        ])
    }
}

fn read_saved(fields: &mut Fields<'_>) -> Result<Option<Vec<SavedAddress>>, FieldError> {
    if fields.optional("saved_addresses").is_none() {
        return Ok(None);
    }
    let mut addresses = Vec::new();
    for mut item in fields.objects("saved_addresses")? {
        let id = item.text_within("id", 256)?.to_owned();
        let value = read_texts(item.object("value")?)?;
        item.finish()?;
        addresses.push(SavedAddress { id, value });
    }
    Ok(Some(addresses))
}

fn read_texts(mut fields: Fields<'_>) -> Result<Texts, FieldError> {
    let mut texts = Texts::new();
    for key in FIELDS {
        texts.extend(fields.optional_text_within(key, 1024)?.map(|text| (*key, text.to_owned())));
    }
    fields.finish()?;
    Ok(texts)
}
