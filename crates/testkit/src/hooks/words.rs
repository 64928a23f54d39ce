//! Objects in which what is absent has no member.

use serde_json::{Map, Value};

/// An object in the making.
#[derive(Default)]
pub(super) struct Words(Map<String, Value>);

impl Words {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn say(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    pub(super) fn maybe<T: ToString>(self, key: &str, value: Option<&T>) -> Self {
        match value {
            Some(value) => self.say(key, value.to_string()),
            None => self,
        }
    }

    pub(super) fn flag(self, key: &str, value: Option<bool>) -> Self {
        match value {
            Some(value) => self.say(key, value),
            None => self,
        }
    }

    pub(super) fn number(self, key: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.say(key, value),
            None => self,
        }
    }

    /// A list, or a whole object; nothing if it is empty.
    pub(super) fn full(self, key: &str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let is_empty = match &value {
            Value::Array(items) => items.is_empty(),
            Value::Object(members) => members.is_empty(),
            other => other.is_null(),
        };
        if is_empty { self } else { self.say(key, value) }
    }
}

impl From<Words> for Value {
    fn from(words: Words) -> Self {
        Self::Object(words.0)
    }
}

pub(super) fn list<T>(items: &[T], one: impl Fn(&T) -> Words) -> Value {
    items.iter().map(|item| Value::from(one(item))).collect()
}
