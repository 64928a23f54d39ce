//! JSON objects read strictly: every member is asked for by name, and what is left over is refused.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::GraphError;

/// An object with the path it stands at, for the words of an error.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    path: Cow<'a, str>,
    members: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Reads `value` as an object that has no members but `known`.
    pub(crate) fn of(path: impl Into<Cow<'a, str>>, value: &'a Value, known: &[&str]) -> Result<Self, GraphError> {
        let path = path.into();
        let Value::Object(members) = value else {
            return Err(GraphError::new(100, format!("Param {path} must be a JSON object")));
        };
        match members.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(GraphError::new(100, format!("Unexpected key \"{key}\" on param \"{path}\""))),
            None => Ok(Self { path, members }),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The object under `name`, with no members but `known`.
    pub(crate) fn object(&self, name: &str, known: &[&str]) -> Result<Option<Self>, GraphError> {
        self.get(name).map(|value| Self::of(self.name_of(name), value, known)).transpose()
    }

    pub(crate) fn required_object(&self, name: &str, known: &[&str]) -> Result<Self, GraphError> {
        self.object(name, known)?.ok_or_else(|| self.missing(name))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, GraphError> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(GraphError::new(100, format!("Param {} must be a string", self.name_of(name)))),
        }
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<&'a str, GraphError> {
        match self.text(name)? {
            None => Err(self.missing(name)),
            Some("") => {
                Err(GraphError::new(100, format!("Param {} must be at least 1 characters long", self.name_of(name))))
            }
            Some(text) => Ok(text),
        }
    }

    /// A text of at most `max` characters.
    pub(crate) fn bounded_text(&self, name: &str, max: usize) -> Result<Option<&'a str>, GraphError> {
        let text = self.text(name)?;
        // Bytes are counted first: most texts are short, and few of them need counting by character.
        if text.is_some_and(|text| text.len() > max && text.chars().count() > max) {
            let name = self.name_of(name);
            return Err(GraphError::new(100, format!("Param {name} must be at most {max} characters long")));
        }
        Ok(text)
    }

    /// A text of 1 to `max` characters that must be there.
    pub(crate) fn words(&self, name: &str, max: usize) -> Result<&'a str, GraphError> {
        let text = self.required_text(name)?;
        self.bounded_text(name, max)?;
        Ok(text)
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, GraphError> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(GraphError::new(100, format!("Param {} must be a boolean", self.name_of(name)))),
        }
    }

    /// A whole number from zero.
    pub(crate) fn whole(&self, name: &str) -> Result<Option<u64>, GraphError> {
        match self.members.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| GraphError::new(100, format!("Param {} must be a whole number", self.name_of(name)))),
        }
    }

    /// A whole number from zero, as such or as a text of digits: Meta takes both in some places.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, GraphError> {
        match self.members.get(name) {
            Some(value @ Value::String(_)) => number_of(value)
                .map(Some)
                .ok_or_else(|| GraphError::new(100, format!("Param {} must be a whole number", self.name_of(name)))),
            _ => self.whole(name),
        }
    }

    pub(crate) fn list(&self, name: &str) -> Result<&'a [Value], GraphError> {
        match self.members.get(name) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(GraphError::new(100, format!("Param {} must be an array", self.name_of(name)))),
        }
    }

    /// A list that must be there and hold so many entries.
    pub(crate) fn counted(&self, name: &str, range: RangeInclusive<usize>) -> Result<&'a [Value], GraphError> {
        if !self.has(name) {
            return Err(self.missing(name));
        }
        let list = self.list(name)?;
        if range.contains(&list.len()) {
            return Ok(list);
        }
        let (min, max, got) = (range.start(), range.end(), list.len());
        Err(self.invalid(name, &format!("has {got} entries, allowed are {min} to {max}")))
    }

    /// The entries of a list as objects with no members but `known`.
    pub(crate) fn entries(&self, name: &str, list: &'a [Value], known: &[&str]) -> Result<Vec<Self>, GraphError> {
        let path = self.name_of(name);
        list.iter().enumerate().map(|(index, value)| Self::of(format!("{path}[{index}]"), value, known)).collect()
    }

    /// A text that must be one of `words`.
    pub(crate) fn one_of(&self, name: &str, words: &[&str]) -> Result<Option<&'a str>, GraphError> {
        let text = self.text(name)?;
        if let Some(got) = text.filter(|text| !words.contains(text)) {
            let (name, words) = (self.name_of(name), words.join(", ").to_uppercase());
            return Err(GraphError::new(100, format!("Param {name} must be one of {{{words}}} - got \"{got}\"")));
        }
        Ok(text)
    }

    /// A text that must be there and be `word`.
    pub(crate) fn exactly(&self, name: &str, word: &str) -> Result<(), GraphError> {
        self.one_of(name, &[word])?.map(|_| ()).ok_or_else(|| self.missing(name))
    }

    pub(crate) fn missing(&self, name: &str) -> GraphError {
        GraphError::new(131_008, format!("Parameter {} is required", self.name_of(name)))
    }

    /// The member has the right type and a wrong value.
    pub(crate) fn invalid(&self, name: &str, why: &str) -> GraphError {
        GraphError::new(131_009, format!("Param {} {why}", self.name_of(name)))
    }

    pub(crate) fn name_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}['{name}']", self.path) }
    }
}

/// A whole number from zero, or a text of its digits.
pub(crate) fn number_of(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        value => value.as_u64(),
    }
}

/// An address the web can fetch.
pub(crate) fn is_link(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}
