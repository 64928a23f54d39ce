//! Reading a JSON object from outside field by field: every error names the field by its path and says what would be
//! right, and a field that nobody asked for is an error with a suggestion.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::time::Timestamp;

/// What is wrong with a request, at which field. `code` is stable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct FieldError {
    /// Stable code, such as `missing_field`.
    pub code: &'static str,
    /// Path of the field, such as `message.template.components[0].type`.
    pub field: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl FieldError {
    /// An error at `field`.
    #[must_use]
    pub fn new(code: &'static str, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, field: field.into(), detail: detail.into() }
    }

    /// A value of another JSON type than the field takes.
    #[must_use]
    pub fn wrong_type(field: impl Into<String>, expected: &str, found: &Value) -> Self {
        Self::new("wrong_type", field, format!("expected {expected}, found {}", type_name(found)))
    }
}

/// A JSON object being read.
#[derive(Debug)]
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    path: String,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// Reads the object `value` at `path` (empty for the whole body).
    ///
    /// # Errors
    /// `wrong_type` when it is no object.
    pub fn of(value: &'a Value, path: impl Into<String>) -> Result<Self, FieldError> {
        let path = path.into();
        match value {
            Value::Object(object) => Ok(Self { object, path, asked: Vec::new() }),
            other => Err(FieldError::wrong_type(path, "an object", other)),
        }
    }

    /// Path of `key` within the whole body.
    #[must_use]
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Path of this object.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// An error at `key`.
    #[must_use]
    pub fn error(&self, code: &'static str, key: &str, detail: impl Into<String>) -> FieldError {
        FieldError::new(code, self.path_of(key), detail)
    }

    /// The value at `key`; `null` counts as absent.
    pub fn optional(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.object.get(key).filter(|value| !value.is_null())
    }

    /// The value at `key`.
    ///
    /// # Errors
    /// `missing_field`.
    pub fn required(&mut self, key: &'static str) -> Result<&'a Value, FieldError> {
        self.optional(key).ok_or_else(|| self.error("missing_field", key, "this field is required"))
    }

    /// The text at `key`, if any; without NUL, which PostgreSQL cannot store.
    ///
    /// # Errors
    /// `wrong_type`, `invalid_text`.
    pub fn optional_text(&mut self, key: &'static str) -> Result<Option<&'a str>, FieldError> {
        let Some(value) = self.optional(key) else { return Ok(None) };
        let Value::String(text) = value else {
            return Err(FieldError::wrong_type(self.path_of(key), "a string", value));
        };
        if text.contains('\0') {
            return Err(self.error("invalid_text", key, "the text contains a NUL character"));
        }
        Ok(Some(text))
    }

    /// The text at `key`.
    ///
    /// # Errors
    /// `missing_field`, `wrong_type`, `invalid_text`.
    pub fn text(&mut self, key: &'static str) -> Result<&'a str, FieldError> {
        self.optional_text(key)?.ok_or_else(|| self.error("missing_field", key, "this field is required"))
    }

    /// The text at `key`, not blank and at most `chars_max` characters.
    ///
    /// # Errors
    /// As [`Self::text`], `empty` and `too_long`.
    pub fn text_within(&mut self, key: &'static str, chars_max: usize) -> Result<&'a str, FieldError> {
        let text = self.text(key)?;
        if text.trim().is_empty() {
            return Err(self.error("empty", key, "the text must not be empty"));
        }
        self.check_length(key, text, chars_max)?;
        Ok(text)
    }

    /// The text at `key`, if any, at most `chars_max` characters.
    ///
    /// # Errors
    /// As [`Self::optional_text`] and `too_long`.
    pub fn optional_text_within(&mut self, key: &'static str, chars_max: usize) -> Result<Option<&'a str>, FieldError> {
        let text = self.optional_text(key)?;
        if let Some(text) = text {
            self.check_length(key, text, chars_max)?;
        }
        Ok(text)
    }

    fn check_length(&self, key: &str, text: &str, chars_max: usize) -> Result<(), FieldError> {
        let count = text.chars().count();
        if count > chars_max {
            let detail = format!("the text has {count} characters; at most {chars_max} are allowed");
            return Err(self.error("too_long", key, detail));
        }
        Ok(())
    }

    /// The boolean at `key`, if any.
    ///
    /// # Errors
    /// `wrong_type`.
    pub fn optional_boolean(&mut self, key: &'static str) -> Result<Option<bool>, FieldError> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(FieldError::wrong_type(self.path_of(key), "true or false", other)),
        }
    }

    /// The RFC 3339 instant at `key`, if any.
    ///
    /// # Errors
    /// `wrong_type`, `invalid_time`.
    pub fn optional_time(&mut self, key: &'static str) -> Result<Option<Timestamp>, FieldError> {
        let text = self.optional_text(key)?;
        text.map(Timestamp::parse).transpose().map_err(|error| self.error("invalid_time", key, error.to_string()))
    }

    /// The whole number at `key`; a string of digits is taken too, as Meta's own documents write indexes.
    ///
    /// # Errors
    /// `missing_field`, `wrong_type`.
    pub fn integer(&mut self, key: &'static str) -> Result<i64, FieldError> {
        let value = self.required(key)?;
        let number = match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| FieldError::wrong_type(self.path_of(key), "a whole number", value))
    }

    /// The object at `key`.
    ///
    /// # Errors
    /// `missing_field`, `wrong_type`.
    pub fn object(&mut self, key: &'static str) -> Result<Fields<'a>, FieldError> {
        let value = self.required(key)?;
        Fields::of(value, self.path_of(key))
    }

    /// The object at `key`, if any.
    ///
    /// # Errors
    /// `wrong_type`.
    pub fn optional_object(&mut self, key: &'static str) -> Result<Option<Fields<'a>>, FieldError> {
        let path = self.path_of(key);
        self.optional(key).map(|value| Fields::of(value, path)).transpose()
    }

    /// The objects of the list at `key`; an absent list is empty.
    ///
    /// # Errors
    /// `wrong_type`.
    pub fn objects(&mut self, key: &'static str) -> Result<Vec<Fields<'a>>, FieldError> {
        let path = self.path_of(key);
        match self.optional(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().enumerate().map(|(i, item)| Fields::of(item, format!("{path}[{i}]"))).collect()
            }
            Some(other) => Err(FieldError::wrong_type(path, "a list", other)),
        }
    }

    /// The objects of the list at `key`, as many as `count` allows.
    ///
    /// # Errors
    /// `missing_field`, `wrong_type`, `too_few`, `too_many`.
    pub fn objects_within(
        &mut self,
        key: &'static str,
        count: RangeInclusive<usize>,
    ) -> Result<Vec<Fields<'a>>, FieldError> {
        self.required(key)?;
        let items = self.objects(key)?;
        let (min, max) = (count.start(), count.end());
        let detail = format!("the list has {} entries; {min} to {max} are allowed", items.len());
        match items.len() {
            few if few < *min => Err(self.error("too_few", key, detail)),
            many if many > *max => Err(self.error("too_many", key, detail)),
            _ => Ok(items),
        }
    }

    /// The text at `key`, if any; not blank and at most `chars_max` characters.
    ///
    /// # Errors
    /// As [`Self::text_within`], without `missing_field`.
    pub fn optional_filled(&mut self, key: &'static str, chars_max: usize) -> Result<Option<&'a str>, FieldError> {
        if self.optional(key).is_none() { Ok(None) } else { self.text_within(key, chars_max).map(Some) }
    }

    /// The text at `key`, which is one of `known`.
    ///
    /// # Errors
    /// `missing_field`, `wrong_type`, `invalid_value` with what is known.
    pub fn word(&mut self, key: &'static str, known: &[&'static str]) -> Result<&'static str, FieldError> {
        let text = self.text(key)?;
        if let Some(word) = known.iter().find(|word| **word == text) {
            return Ok(word);
        }
        let expected = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let detail = match nearest(text, known) {
            Some(near) if known.len() > 1 => format!("expected one of {expected}; did you mean `{near}`?"),
            _ if known.len() > 1 => format!("expected one of {expected}"),
            _ => format!("must be {expected}"),
        };
        Err(self.error("invalid_value", key, detail))
    }

    /// The text at `key`, if any, which is one of `known`.
    ///
    /// # Errors
    /// As [`Self::word`], without `missing_field`.
    pub fn optional_word(
        &mut self,
        key: &'static str,
        known: &[&'static str],
    ) -> Result<Option<&'static str>, FieldError> {
        if self.optional(key).is_none() { Ok(None) } else { self.word(key, known).map(Some) }
    }

    /// The object at `key` as it stands, if any.
    ///
    /// # Errors
    /// `wrong_type`, `invalid_text` where a text of it contains NUL.
    pub fn optional_map(&mut self, key: &'static str) -> Result<Option<Map<String, Value>>, FieldError> {
        match self.optional(key) {
            None => Ok(None),
            Some(value) if contains_nul(value) => {
                Err(self.error("invalid_text", key, "a text in it contains a NUL character"))
            }
            Some(Value::Object(object)) => Ok(Some(object.clone())),
            Some(other) => Err(FieldError::wrong_type(self.path_of(key), "an object", other)),
        }
    }

    /// A field that would be known elsewhere has no place in this object.
    ///
    /// # Errors
    /// `not_allowed` where it is there all the same.
    pub fn refuse(&mut self, key: &'static str, why: &str) -> Result<(), FieldError> {
        if self.optional(key).is_some() { Err(self.error("not_allowed", key, why)) } else { Ok(()) }
    }

    /// Ends the reading: a field that was never asked for is an error.
    ///
    /// # Errors
    /// `unknown_field`, with the nearest known name.
    pub fn finish(self) -> Result<(), FieldError> {
        let Some(unknown) = self.object.keys().find(|key| !self.asked.contains(&key.as_str())) else {
            return Ok(());
        };
        let nearest = nearest(unknown, &self.asked);
        let detail = match nearest {
            Some(known) => format!("unknown field; did you mean `{known}`?"),
            None => format!("unknown field; known here: {}", self.asked.join(", ")),
        };
        Err(self.error("unknown_field", unknown, detail))
    }
}

fn contains_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(contains_nul),
        Value::Object(members) => members.iter().any(|(key, value)| key.contains('\0') || contains_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The known name nearest to `text`, if it is near enough to be a slip of the fingers.
#[must_use]
pub fn nearest<'k>(text: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|name| (edit_distance(text, name), *name))
        .min()
        .filter(|(distance, name)| *distance <= name.len().min(text.len()).div_ceil(3))
        .map(|(_, name)| name)
}

fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        for (j, r) in right.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX - 1);
            let next = (diagonal + usize::from(l != *r)).min(previous + 1).min(above + 1);
            diagonal = above;
            if let Some(slot) = row.get_mut(j) {
                *slot = previous;
            }
            previous = next;
        }
        if let Some(last) = row.last_mut() {
            *last = previous;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unknown_field_is_named_with_a_suggestion() {
        let value = json!({"sender_id": 1, "refrence": "x"});
        let mut fields = Fields::of(&value, "").expect("an object");
        fields.integer("sender_id").expect("a number");
        fields.optional_text("reference").expect("absent");
        let error = fields.finish().expect_err("unknown");
        assert_eq!((error.code, error.field.as_str()), ("unknown_field", "refrence"));
        assert!(error.detail.contains("`reference`"), "{}", error.detail);
    }

    #[test]
    fn paths_lead_to_the_place() {
        let value = json!({"a": {"b": [{"c": 7}]}});
        let mut fields = Fields::of(&value, "").expect("an object");
        let mut inner = fields.object("a").expect("an object");
        let mut items = inner.objects("b").expect("a list");
        let error = items[0].text("c").expect_err("a number is no text");
        assert_eq!((error.code, error.field.as_str()), ("wrong_type", "a.b[0].c"));
    }

    #[test]
    fn distance_is_symmetric_and_exact() {
        for (left, right, distance) in [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("listen", "listen", 0)] {
            assert_eq!(edit_distance(left, right), distance);
            assert_eq!(edit_distance(right, left), distance);
        }
    }
}
