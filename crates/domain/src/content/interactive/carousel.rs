//! Cards side by side.

use serde_json::{Value, json};

use super::super::media::MediaPlace;
use super::super::{Index, Media, MediaKind, object};
use super::{Link, ReplyButton, medium_to_value, read_part};
use crate::fields::{FieldError, Fields};

/// Meta: a carousel has two to ten cards.
const CARDS_MAX: usize = 10;
/// Meta: the text of a card has at most two line breaks.
const LINE_BREAKS_MAX: usize = 2;

/// One card; all cards of a message have the same buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    index: Index,
    header: Media,
    body: Option<String>,
    action: CardAction,
}

/// What can be done with a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardAction {
    /// Opens an address.
    Link(Link),
    /// Answers.
    Replies(Vec<ReplyButton>),
}

impl Card {
    /// The picture or film.
    #[must_use]
    pub const fn header(&self) -> &Media {
        &self.header
    }

    /// The text.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// What can be done with it.
    #[must_use]
    pub const fn action(&self) -> &CardAction {
        &self.action
    }

    pub(super) const fn header_mut(&mut self) -> &mut Media {
        &mut self.header
    }

    pub(super) fn read_all(fields: &mut Fields<'_>) -> Result<Vec<Self>, FieldError> {
        let mut cards: Vec<Self> = Vec::new();
        for mut item in fields.objects_within("cards", 2..=CARDS_MAX)? {
            let card = Self::read(&mut item, cards.len())?;
            if cards.first().is_some_and(|first| first.action.shape() != card.action.shape()) {
                let detail = "all cards have the same kind and number of buttons as the first one";
                return Err(item.error("mismatch", "action", detail));
            }
            item.finish()?;
            cards.push(card);
        }
        Ok(cards)
    }

    fn read(fields: &mut Fields<'_>, position: usize) -> Result<Self, FieldError> {
        let index = read_card_index(fields, position, CARDS_MAX)?;
        // The one value that Meta's documents show, for cards with answers too.
        fields.word("type", &["cta_url"])?;
        let mut header = fields.object("header")?;
        let kind = header.word("type", &["image", "video"])?;
        let medium = MediaKind::parse(kind).unwrap_or(MediaKind::Image);
        let media = Media::read(header.object(kind)?, medium, MediaPlace::Header)?;
        header.finish()?;
        let body = read_part(fields, "body", 160)?;
        if body.as_ref().is_some_and(|body| body.matches('\n').count() > LINE_BREAKS_MAX) {
            let detail = format!("the text of a card has at most {LINE_BREAKS_MAX} line breaks");
            return Err(fields.error("invalid_text", "body.text", detail));
        }
        let action = CardAction::read(fields.object("action")?)?;
        Ok(Self { index, header: media, body, action })
    }

    pub(super) fn to_value(&self) -> Value {
        object([
            ("card_index", Some(self.index.to_value())),
            ("type", Some(json!("cta_url"))),
            ("header", Some(medium_to_value(&self.header))),
            ("body", self.body().map(|text| json!({"text": text}))),
            ("action", Some(self.action.to_value())),
        ])
    }
}

/// The position that a card says of itself, which is where it stands.
pub(in crate::content) fn read_card_index(
    fields: &mut Fields<'_>,
    position: usize,
    count: usize,
) -> Result<Index, FieldError> {
    let index = Index::read(fields, "card_index", count)?;
    if index.position() == position {
        return Ok(index);
    }
    let detail = format!("expected {position}: cards are numbered from 0 in their order");
    Err(fields.error("invalid_value", "card_index", detail))
}

impl CardAction {
    fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let action = if fields.optional("buttons").is_some() {
            Self::Replies(ReplyButton::read_all(&mut fields, "quick_reply", 1..=3)?)
        } else {
            Self::Link(Link::read(&mut fields)?)
        };
        fields.finish()?;
        Ok(action)
    }

    /// Zero answers for a link.
    const fn shape(&self) -> usize {
        match self {
            Self::Link(_) => 0,
            Self::Replies(buttons) => buttons.len(),
        }
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Link(link) => link.to_value(),
            Self::Replies(buttons) => json!({"buttons": ReplyButton::to_values(buttons, "quick_reply")}),
        }
    }
}
