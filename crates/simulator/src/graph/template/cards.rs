//! The cards of a carousel template.

use serde_json::Value;

use super::{Filling, buttons, components, count};
use crate::content::RenderedCard;
use crate::graph::GraphError;
use crate::graph::fields::{Fields, number_of};
use crate::templates::{Card, Text};

const CARD_BODY_MAX: usize = 160;

pub(super) fn fill(
    filling: &mut Filling,
    cards: &[Card],
    given: Option<&[Value]>,
) -> Result<Vec<RenderedCard>, GraphError> {
    let given = given.unwrap_or_default();
    count("carousel", cards.len(), given.len())?;
    let mut rendered = Vec::with_capacity(cards.len());
    for (at, card) in cards.iter().enumerate() {
        let is_meant = |one: &&Value| one.get("card_index").and_then(number_of) == u64::try_from(at).ok();
        let Some(value) = given.iter().find(is_meant) else {
            return Err(GraphError::new(132_000, format!("carousel: no card has the card_index {at}")));
        };
        let fields = Fields::of(format!("cards[{at}]"), value, &["card_index", "components"])?;
        rendered.push(one(filling, card, fields.list("components")?)?);
    }
    Ok(rendered)
}

fn one(filling: &mut Filling, card: &Card, components: &[Value]) -> Result<RenderedCard, GraphError> {
    let given = components::sort(components)?;
    if given.carousel.is_some() || given.offer.is_some() {
        return Err(GraphError::new(132_012, "A card has no cards and no offer of its own"));
    }
    let header = components::header(filling, card.header.as_ref(), given.header)?;
    let empty = Text::default();
    let body = card.body.as_ref().unwrap_or(&empty);
    let text = components::text(filling, "card body", body, given.body, CARD_BODY_MAX)?;
    let buttons = buttons::fill(&card.buttons, &given.buttons)?;
    Ok(RenderedCard { header, text, buttons })
}
