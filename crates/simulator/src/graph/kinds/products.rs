//! Products of a catalogue.

use super::Fields;
use crate::graph::GraphError;
use crate::shared::Shared;

const PRODUCTS_MAX: usize = 30;

pub(super) fn action(app: &Shared, kind: &str, fields: &Fields<'_>) -> Result<(), GraphError> {
    match kind {
        "product" => {
            let action = fields.required_object("action", &["catalog_id", "product_retailer_id"])?;
            action.required_text("product_retailer_id")?;
            catalog(app, &action)
        }
        "product_list" => {
            let action = fields.required_object("action", &["catalog_id", "sections"])?;
            sections(&action)?;
            catalog(app, &action)
        }
        _ => {
            let action = fields.required_object("action", &["name", "parameters"])?;
            action.exactly("name", "catalog_message")?;
            if let Some(parameters) = action.object("parameters", &["thumbnail_product_retailer_id"])? {
                parameters.required_text("thumbnail_product_retailer_id")?;
            }
            Ok(())
        }
    }
}

fn catalog(app: &Shared, action: &Fields<'_>) -> Result<(), GraphError> {
    let id = action.required_text("catalog_id")?;
    if app.world().catalogue.has_catalog(id) {
        Ok(())
    } else {
        Err(action.invalid("catalog_id", "is not connected to this account"))
    }
}

/// Sections of products, in a message and in the button of a template.
pub(crate) fn sections(action: &Fields<'_>) -> Result<(), GraphError> {
    let list = action.counted("sections", 1..=10)?;
    let mut products = 0;
    for section in action.entries("sections", list, &["title", "product_items"])? {
        if section.bounded_text("title", 24)?.is_none_or(str::is_empty) && list.len() > 1 {
            return Err(section.missing("title"));
        }
        let items = section.counted("product_items", 1..=PRODUCTS_MAX)?;
        for item in section.entries("product_items", items, &["product_retailer_id"])? {
            item.required_text("product_retailer_id")?;
        }
        products += items.len();
    }
    if products > PRODUCTS_MAX {
        return Err(action.invalid("sections", &format!("have {products} products, allowed are {PRODUCTS_MAX}")));
    }
    Ok(())
}
