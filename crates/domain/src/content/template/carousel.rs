//! Cards of a carousel template.

use serde_json::{Value, json};

use super::super::interactive::read_card_index;
use super::super::{Index, MediaKind, MediumMut};
use super::component::{Component, HeaderParameter, check_double};
use crate::fields::{FieldError, Fields};

/// Meta: a carousel has two to ten cards.
const CARDS_MAX: usize = 10;
const KINDS: &[&str] = &["header", "body", "button"];

/// One card: a header with a picture, a film or a product, and what else takes parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplateCard {
    index: Index,
    components: Vec<Component>,
}

impl TemplateCard {
    /// What fills it: header, body, buttons.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    pub(super) fn read_all(fields: &mut Fields<'_>) -> Result<Vec<Self>, FieldError> {
        let mut cards: Vec<Self> = Vec::new();
        for mut item in fields.objects_within("cards", 2..=CARDS_MAX)? {
            let index = read_card_index(&mut item, cards.len(), CARDS_MAX)?;
            let card = Self { index, components: read_components(&mut item)? };
            // The template was approved with cards that are alike.
            if cards.first().is_some_and(|first| first.shape() != card.shape()) {
                let detail = "all cards have the same kind of header and the same buttons as the first one";
                return Err(item.error("mismatch", "components", detail));
            }
            item.finish()?;
            cards.push(card);
        }
        Ok(cards)
    }

    pub(super) fn to_value(&self) -> Value {
        let components: Vec<Value> = self.components.iter().map(Component::to_value).collect();
        json!({"card_index": self.index.to_value(), "components": components})
    }

    pub(super) fn media_mut(&mut self, path: &str) -> Vec<MediumMut<'_>> {
        let components = self.components.iter_mut().enumerate();
        components.flat_map(|(i, component)| component.media_mut(&format!("{path}.components[{i}]"))).collect()
    }

    /// The kind of header, and each button with its place. A text may have variables on one card and none on another.
    fn shape(&self) -> (Option<&'static str>, Vec<(usize, &'static str)>) {
        let header = self.components.iter().find_map(|component| match component {
            Component::Header(HeaderParameter::Media(media)) => Some(media.kind().as_str()),
            Component::Header(HeaderParameter::Product { .. }) => Some("product"),
            _ => None,
        });
        let mut buttons: Vec<_> = self
            .components
            .iter()
            .filter_map(|component| match component {
                Component::Button(button) => Some((button.position(), button.action().kind())),
                _ => None,
            })
            .collect();
        buttons.sort_unstable();
        (header, buttons)
    }
}

const HEADER_RULE: &str = "each card has a header with a picture, a film or a product";

const fn may_head(header: &HeaderParameter) -> bool {
    match header {
        HeaderParameter::Media(media) => matches!(media.kind(), MediaKind::Image | MediaKind::Video),
        HeaderParameter::Product { .. } => true,
        HeaderParameter::Text { .. } | HeaderParameter::Location(_) => false,
    }
}

fn read_components(fields: &mut Fields<'_>) -> Result<Vec<Component>, FieldError> {
    let mut components = Vec::new();
    for mut item in fields.objects_within("components", 1..=12)? {
        let kind = item.text("type")?.to_ascii_lowercase();
        let component = Component::read_simple(item, &kind, KINDS)?;
        if matches!(&component, Component::Header(header) if !may_head(header)) {
            let field = format!("components[{}].parameters[0].type", components.len());
            return Err(fields.error("unsupported_kind", &field, HEADER_RULE));
        }
        components.push(component);
        check_double(fields, &components)?;
    }
    if !components.iter().any(|component| matches!(component, Component::Header(_))) {
        return Err(fields.error("missing_field", "components", HEADER_RULE));
    }
    Ok(components)
}
