//! Whole numbers, kept as they were written: Meta takes a number and a string of digits alike, and its own documents use
//! both.

use serde_json::{Value, json};

use crate::fields::{FieldError, Fields};

/// A whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    value: i64,
    is_text: bool,
}

impl Whole {
    /// The number.
    #[must_use]
    pub const fn value(self) -> i64 {
        self.value
    }

    pub(super) fn read(fields: &mut Fields<'_>, key: &'static str) -> Result<Self, FieldError> {
        let is_text = fields.required(key)?.is_string();
        Ok(Self { value: fields.integer(key)?, is_text })
    }

    pub(super) fn to_value(self) -> Value {
        if self.is_text { json!(self.value.to_string()) } else { json!(self.value) }
    }
}

/// A position in a list, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    position: usize,
    written: Whole,
}

impl Index {
    /// The position, counted from 0.
    #[must_use]
    pub const fn position(self) -> usize {
        self.position
    }

    /// Reads a position among at most `count`.
    pub(super) fn read(fields: &mut Fields<'_>, key: &'static str, count: usize) -> Result<Self, FieldError> {
        let written = Whole::read(fields, key)?;
        match usize::try_from(written.value()) {
            Ok(position) if position < count => Ok(Self { position, written }),
            _ => {
                let last = count.saturating_sub(1);
                let detail = format!("expected 0 to {last}: there are at most {count}, counted from 0");
                Err(fields.error("out_of_range", key, detail))
            }
        }
    }

    pub(super) fn to_value(self) -> Value {
        self.written.to_value()
    }
}
