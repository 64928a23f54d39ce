//! Writing a provider's JSON: what is absent has no member.

use serde_json::{Map, Value};

use crate::time::Timestamp;

/// An object in the making.
#[derive(Default)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn put(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value.into());
        }
        self
    }

    pub(super) fn text(self, key: &str, value: &str) -> Self {
        self.put(key, Some(value))
    }

    /// Seconds where they are whole, as Meta writes them, else milliseconds.
    pub(super) fn time(self, key: &str, value: Option<Timestamp>) -> Self {
        let written = value.map(|at| match at.as_micros() {
            micros if micros % 1_000_000 == 0 => at.as_seconds(),
            micros => micros / 1000,
        });
        self.put(key, written.map(|number| number.to_string()))
    }

    /// A list, unless it is empty.
    pub(super) fn list(self, key: &str, values: Vec<Value>) -> Self {
        let value = (!values.is_empty()).then_some(values);
        self.put(key, value)
    }

    /// An object, unless it is empty.
    pub(super) fn object(self, key: &str, members: Self) -> Self {
        let value = (!members.0.is_empty()).then_some(members.0);
        self.put(key, value)
    }

    pub(super) fn value(self) -> Value {
        Value::Object(self.0)
    }
}
