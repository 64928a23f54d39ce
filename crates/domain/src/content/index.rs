//! A position in a list that Meta wants said.

use serde_json::{Value, json};

use crate::fields::{FieldError, Fields};

/// A position counted from 0, kept as it was written: Meta takes a number and a string of digits alike, and its own
/// documents use both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    position: usize,
    is_text: bool,
}

impl Index {
    /// The position, counted from 0.
    #[must_use]
    pub const fn position(self) -> usize {
        self.position
    }

    /// Reads a position among at most `count`.
    pub(super) fn read(fields: &mut Fields<'_>, key: &'static str, count: usize) -> Result<Self, FieldError> {
        let is_text = fields.required(key)?.is_string();
        let number = fields.integer(key)?;
        match usize::try_from(number) {
            Ok(position) if position < count => Ok(Self { position, is_text }),
            _ => {
                let detail = format!("expected 0 to {}: there are at most {count}, counted from 0", count - 1);
                Err(fields.error("out_of_range", key, detail))
            }
        }
    }

    pub(super) fn to_value(self) -> Value {
        if self.is_text { json!(self.position.to_string()) } else { json!(self.position) }
    }
}
