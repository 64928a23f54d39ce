//! The cards of a carousel message.

use super::interactive::{header, link_button, reply};
use super::{Fields, MediaUse, text_object};
use crate::graph::GraphError;

const CARD_BODY_MAX: usize = 160;
const LINE_BREAKS_MAX: usize = 2;

pub(super) fn action(fields: &Fields<'_>) -> Result<Vec<MediaUse>, GraphError> {
    let action = fields.required_object("action", &["cards"])?;
    let list = action.counted("cards", 2..=10)?;
    let mut media = Vec::new();
    let mut first: Option<Vec<&str>> = None;
    for (at, card) in
        action.entries("cards", list, &["card_index", "type", "header", "body", "action"])?.into_iter().enumerate()
    {
        match card.number("card_index")? {
            None => return Err(card.missing("card_index")),
            Some(index) if u64::try_from(at) == Ok(index) => {}
            Some(_) => return Err(card.invalid("card_index", &format!("must be {at}: cards are counted from zero"))),
        }
        card.one_of("type", &["cta_url", "quick_reply"])?;
        if !card.has("header") {
            return Err(card.missing("header"));
        }
        media.extend(header(&card, &["image", "video"])?);
        if let Some(text) = text_object(&card, "body", CARD_BODY_MAX)?
            && text.matches('\n').count() > LINE_BREAKS_MAX
        {
            return Err(card.invalid("body", "has more than two line breaks"));
        }
        let buttons = buttons(&card)?;
        if first.get_or_insert_with(|| buttons.clone()) != &buttons {
            return Err(card.invalid("action", "must have the same kinds and number of buttons as the other cards"));
        }
    }
    Ok(media)
}

/// The kinds of the buttons of a card.
fn buttons(card: &Fields<'_>) -> Result<Vec<&'static str>, GraphError> {
    let action = card.required_object("action", &["name", "parameters", "buttons"])?;
    if !action.has("buttons") {
        link_button(&action)?;
        return Ok(vec!["cta_url"]);
    }
    if action.has("name") || action.has("parameters") {
        return Err(GraphError::new(100, format!("Param {} must stand alone", action.name_of("buttons"))));
    }
    let list = action.counted("buttons", 1..=3)?;
    for button in action.entries("buttons", list, &["type", "quick_reply"])? {
        button.exactly("type", "quick_reply")?;
        reply(&button, "quick_reply")?;
    }
    Ok(vec!["quick_reply"; list.len()])
}
