//! Orders that are paid in WhatsApp.

use super::Fields;
use crate::graph::GraphError;

const ITEMS_MAX: usize = 999;
/// What the ways of payment add; Meta's words for each country are not looked into.
const PAYMENT_TEXTS: [&str; 2] = ["payment_type", "payment_configuration"];
const PAYMENT_LISTS: [&str; 2] = ["payment_settings", "beneficiaries"];

/// The action of a message that asks for a payment.
pub(super) fn details(fields: &Fields<'_>) -> Result<(), GraphError> {
    const KNOWN: &[&str] = &[
        "reference_id",
        "type",
        "currency",
        "total_amount",
        "order",
        "payment_type",
        "payment_configuration",
        "payment_settings",
        "beneficiaries",
        "shipping_info",
        "additional_info",
    ];
    let action = fields.required_object("action", &["name", "parameters"])?;
    action.exactly("name", "review_and_pay")?;
    let parameters = action.required_object("parameters", KNOWN)?;
    parameters.required_text("reference_id")?;
    word(&parameters, "type", &["digital-goods", "physical-goods"])?;
    word(&parameters, "currency", &["INR", "BRL"])?;
    for name in PAYMENT_TEXTS {
        parameters.text(name)?;
    }
    for name in PAYMENT_LISTS {
        parameters.list(name)?;
    }
    amount(&parameters, "total_amount")?;
    order(&parameters)
}

fn order(parameters: &Fields<'_>) -> Result<(), GraphError> {
    const KNOWN: &[&str] = &["status", "catalog_id", "expiration", "items", "subtotal", "tax", "shipping", "discount"];
    const ITEM: &[&str] = &[
        "retailer_id",
        "name",
        "amount",
        "sale_amount",
        "quantity",
        "image",
        "country_of_origin",
        "importer_name",
        "importer_address",
        "catalog_id",
    ];
    let order = parameters.required_object("order", KNOWN)?;
    word(&order, "status", &["pending"])?;
    order.text("catalog_id")?;
    if let Some(expiration) = order.object("expiration", &["timestamp", "description"])? {
        needed_number(&expiration, "timestamp")?;
        expiration.text("description")?;
    }
    for item in order.entries("items", order.counted("items", 1..=ITEMS_MAX)?, ITEM)? {
        item.text("retailer_id")?;
        item.words("name", 60)?;
        amount(&item, "amount")?;
        if item.has("sale_amount") {
            amount(&item, "sale_amount")?;
        }
        if needed_number(&item, "quantity")? == 0 {
            return Err(item.invalid("quantity", "must be at least 1"));
        }
    }
    amount(&order, "subtotal")?;
    for name in ["tax", "shipping", "discount"] {
        if order.has(name) {
            amount(&order, name)?;
        }
    }
    Ok(())
}

/// `{"value": 21000, "offset": 100}` stands for 210.00.
fn amount(fields: &Fields<'_>, name: &str) -> Result<(), GraphError> {
    let known = ["value", "offset", "description", "discount_program_name"];
    let amount = fields.required_object(name, &known)?;
    needed_number(&amount, "value")?;
    if needed_number(&amount, "offset")? != 100 {
        return Err(amount.invalid("offset", "must be 100"));
    }
    amount.text("description")?;
    amount.text("discount_program_name").map(|_| ())
}

/// The action of a message that tells how an order stands.
pub(super) fn status(fields: &Fields<'_>) -> Result<(), GraphError> {
    let action = fields.required_object("action", &["name", "parameters"])?;
    action.exactly("name", "review_order")?;
    let parameters = action.required_object("parameters", &["reference_id", "order"])?;
    parameters.required_text("reference_id")?;
    let order = parameters.required_object("order", &["status", "description"])?;
    let states = ["pending", "processing", "partially_shipped", "shipped", "completed", "canceled"];
    word(&order, "status", &states)?;
    order.text("description").map(|_| ())
}

fn word(fields: &Fields<'_>, name: &str, words: &[&str]) -> Result<(), GraphError> {
    fields.one_of(name, words)?.map(|_| ()).ok_or_else(|| fields.missing(name))
}

fn needed_number(fields: &Fields<'_>, name: &str) -> Result<u64, GraphError> {
    fields.number(name)?.ok_or_else(|| fields.missing(name))
}
