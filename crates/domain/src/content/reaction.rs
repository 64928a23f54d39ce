//! A reaction to a message of the other side.

use serde_json::{Value, json};

use crate::fields::{FieldError, Fields};

/// A reaction to a message of the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    message_id: String,
    emoji: String,
}

impl Reaction {
    /// The provider's id of the message reacted to.
    #[must_use]
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// The sign; `None` takes an earlier reaction back.
    #[must_use]
    pub fn emoji(&self) -> Option<&str> {
        Some(self.emoji.as_str()).filter(|emoji| !emoji.is_empty())
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let message_id = fields.text_within("message_id", 512)?.to_owned();
        let emoji = fields.text("emoji")?;
        // A sign may be made of many characters; what is plain ASCII is never one.
        if !emoji.is_empty() && (emoji.is_ascii() || emoji.chars().count() > 32) {
            let detail = "expected one emoji, or an empty text, which takes the reaction back";
            return Err(fields.error("invalid_value", "emoji", detail));
        }
        let emoji = emoji.to_owned();
        fields.finish()?;
        Ok(Self { message_id, emoji })
    }

    pub(super) fn to_value(&self) -> Value {
        json!({"message_id": self.message_id, "emoji": self.emoji})
    }
}
