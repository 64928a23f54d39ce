//! Orders that are paid in WhatsApp: the request to pay, and how the order stands.

use serde_json::{Map, Value, json};

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

/// A request to pay an order in WhatsApp, in India and Brazil.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderDetails {
    reference_id: String,
    /// Meta's own object. What it may hold differs by country and way of payment; the members common to all are checked.
    parameters: Map<String, Value>,
}

/// Members that Meta takes beside the checked ones, with the words of each way of payment.
const PAYMENT_MEMBERS: [&str; 6] =
    ["payment_type", "payment_configuration", "payment_settings", "beneficiaries", "shipping_info", "additional_info"];
const ITEM_MEMBERS: [&str; 5] = ["image", "country_of_origin", "importer_name", "importer_address", "catalog_id"];

impl OrderDetails {
    /// The business's own id of the order.
    #[must_use]
    pub fn reference_id(&self) -> &str {
        &self.reference_id
    }

    /// Reads `parameters` of an action.
    pub(super) fn read(action: &mut Fields<'_>) -> Result<Self, FieldError> {
        let parameters = action.optional_map("parameters")?.unwrap_or_default();
        let mut fields = action.object("parameters")?;
        let reference_id = fields.text_within("reference_id", 128)?.to_owned();
        fields.word("type", &["digital-goods", "physical-goods"])?;
        fields.word("currency", &["INR", "BRL"])?;
        read_amount(fields.object("total_amount")?)?;
        for key in PAYMENT_MEMBERS {
            fields.optional(key);
        }
        read_order(fields.object("order")?)?;
        fields.finish()?;
        Ok(Self { reference_id, parameters })
    }

    pub(super) fn to_value(&self) -> Value {
        Value::Object(self.parameters.clone())
    }
}

fn read_order(mut order: Fields<'_>) -> Result<(), FieldError> {
    order.word("status", &["pending"])?;
    order.optional_filled("catalog_id", 128)?;
    if let Some(mut expiration) = order.optional_object("expiration")? {
        expiration.integer("timestamp")?;
        expiration.optional_text("description")?;
        expiration.finish()?;
    }
    for mut item in order.objects_within("items", 1..=999)? {
        item.optional_filled("retailer_id", 256)?;
        item.text_within("name", 60)?;
        read_amount(item.object("amount")?)?;
        item.optional_object("sale_amount")?.map(read_amount).transpose()?;
        if item.integer("quantity")? < 1 {
            return Err(item.error("out_of_range", "quantity", "expected at least 1"));
        }
        for key in ITEM_MEMBERS {
            item.optional(key);
        }
        item.finish()?;
    }
    read_amount(order.object("subtotal")?)?;
    for key in ["tax", "shipping", "discount"] {
        order.optional_object(key)?.map(read_amount).transpose()?;
    }
    order.finish()
}

/// An amount in parts of the currency: `value` divided by `offset`.
fn read_amount(mut amount: Fields<'_>) -> Result<(), FieldError> {
    if amount.integer("value")? < 0 {
        return Err(amount.error("out_of_range", "value", "expected an amount that is not negative"));
    }
    if amount.integer("offset")? != 100 {
        return Err(amount.error("invalid_value", "offset", "must be 100"));
    }
    amount.optional_text_within("description", 60)?;
    amount.optional_text_within("discount_program_name", 60)?;
    amount.finish()
}
