//! Products of a catalogue, in sections.

use serde_json::{Value, json};

use super::object;
use crate::fields::{FieldError, Fields};

/// Meta: at most ten sections with thirty products in all.
const SECTIONS_MAX: usize = 10;
const PRODUCTS_MAX: usize = 30;

/// Some products under one title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductSection {
    /// The title; absent where there is but one section.
    pub title: Option<String>,
    /// The products, by the shop's own ids.
    pub retailer_ids: Vec<String>,
}

impl ProductSection {
    /// The sections of `fields`.
    pub(super) fn read_all(fields: &mut Fields<'_>) -> Result<Vec<Self>, FieldError> {
        let mut sections = Vec::new();
        let mut count = 0;
        let items = fields.objects_within("sections", 1..=SECTIONS_MAX)?;
        let titles_required = items.len() > 1;
        for mut item in items {
            let title = read_section_title(&mut item, titles_required)?;
            let mut retailer_ids = Vec::new();
            for mut product in item.objects_within("product_items", 1..=PRODUCTS_MAX)? {
                retailer_ids.push(product.text_within("product_retailer_id", 256)?.to_owned());
                product.finish()?;
            }
            item.finish()?;
            count += retailer_ids.len();
            sections.push(Self { title, retailer_ids });
        }
        if count > PRODUCTS_MAX {
            let detail = format!("the sections have {count} products; at most {PRODUCTS_MAX} are allowed in all");
            return Err(fields.error("too_many", "sections", detail));
        }
        Ok(sections)
    }

    pub(super) fn to_value(&self) -> Value {
        let items: Vec<Value> = self.retailer_ids.iter().map(|id| json!({"product_retailer_id": id})).collect();
        object([("title", self.title.as_ref().map(|title| json!(title))), ("product_items", Some(json!(items)))])
    }
}

/// The title of a section, without which several sections cannot be told apart.
pub(super) fn read_section_title(fields: &mut Fields<'_>, required: bool) -> Result<Option<String>, FieldError> {
    let title = fields.optional_filled("title", 24)?.map(ToOwned::to_owned);
    if required && title.is_none() {
        return Err(fields.error("missing_field", "title", "where there are several sections, each needs a title"));
    }
    Ok(title)
}
