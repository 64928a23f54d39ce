//! How an order stands that was paid in WhatsApp.

use serde_json::{Value, json};

use super::super::object;
use crate::fields::{FieldError, Fields};

const STATUSES: &[&str] = &["pending", "processing", "partially_shipped", "shipped", "completed", "canceled"];

/// How an order stands that was paid in WhatsApp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderStatus {
    /// The business's own id of the order, as in the message that asked for the payment.
    pub reference_id: String,
    /// Where the order is; one of Meta's words.
    status: &'static str,
    /// More words on that.
    pub description: Option<String>,
}

impl OrderStatus {
    /// Where the order is; one of Meta's words.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        self.status
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let reference_id = fields.text_within("reference_id", 128)?.to_owned();
        let mut order = fields.object("order")?;
        let status = order.word("status", STATUSES)?;
        let description = order.optional_filled("description", 120)?.map(ToOwned::to_owned);
        order.finish()?;
        fields.finish()?;
        Ok(Self { reference_id, status, description })
    }

    pub(super) fn to_value(&self) -> Value {
        let description = self.description.as_ref().map(|text| json!(text));
        let order = object([("status", Some(json!(self.status))), ("description", description)]);
        json!({"reference_id": self.reference_id, "order": order})
    }
}
