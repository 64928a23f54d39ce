//! How the content of a stored message becomes a bubble.

mod parts;
mod received;
mod sent;

use domain::content::{Content, MediaSource};
use domain::ids::MediaId;
use domain::inbound::InboundContent;
use domain::message::Direction;
use serde_json::Value;
use store::media::Medium;
use store::message::Message;

use super::rows::{self, Viewer};
use crate::views::bubble::{Advertisement, Bubble, Card, Choice, Label, Menu, Part, Quote, Reaction};
use crate::views::code::Code;

/// How much of an object that this version does not read is shown.
const RAW_BYTES_MAX: usize = 16 * 1024;

/// What a bubble needs beside its message.
#[derive(Debug)]
pub(super) struct Around<'a> {
    /// For whom it is drawn.
    pub viewer: &'a Viewer,
    /// Where the account's pages are.
    pub base: &'a str,
    /// The media that came with it, and those of ours that it names.
    pub media: &'a [Medium],
    /// The message it points to, where that one is known, and the reactions to it.
    pub around: &'a store::message::Around,
}

/// What a content is drawn as.
#[derive(Debug, Default)]
struct Drawn {
    labels: Vec<Label>,
    parts: Vec<Part>,
    choices: Vec<Choice>,
    menu: Option<Menu>,
    cards: Vec<Card>,
    /// Why a message is quoted, where that is not that it is answered.
    quotes: Option<&'static str>,
}

impl Drawn {
    fn of(parts: Vec<Part>) -> Self {
        Self { parts, ..Self::default() }
    }
}

impl Around<'_> {
    fn t(&self, key: &'static str) -> String {
        self.viewer.catalogue.t(key).to_owned()
    }

    fn tf(&self, key: &'static str, values: &[(&str, &str)]) -> String {
        self.viewer.catalogue.tf(key, values)
    }

    fn label(&self, icon: &'static str, key: &'static str) -> Label {
        Label { icon, text: self.t(key) }
    }

    /// An object that this version does not read.
    fn raw(&self, object: &Value) -> Part {
        Part::Raw(Code::new(object.to_string().as_bytes(), RAW_BYTES_MAX, self.viewer.catalogue))
    }
}

/// The message as a bubble.
pub(super) fn bubble(message: &Message, around: &Around<'_>) -> Bubble {
    let (mut drawn, advertisement) = drawn(message, around);
    if drawn.parts.is_empty() && drawn.choices.is_empty() && drawn.menu.is_none() && drawn.cards.is_empty() {
        drawn.parts.push(Part::Note(around.label("info", "bubble.nothing")));
    }
    let quote = quote(message, drawn.quotes, around);
    Bubble {
        way: rows::way(message),
        at: around.viewer.moment(message.created_at),
        status: rows::status(message),
        labels: drawn.labels,
        advertisement,
        quote,
        parts: drawn.parts,
        choices: drawn.choices,
        menu: drawn.menu,
        cards: drawn.cards,
        reactions: around.around.reactions.iter().map(|one| reaction(one, around)).collect(),
        is_edited: message.edited_at.is_some() && !message.is_deleted(),
        is_deleted: message.is_deleted(),
    }
}

fn drawn(message: &Message, around: &Around<'_>) -> (Drawn, Option<Advertisement>) {
    if message.is_deleted() {
        // What it said stays stored for the business's own records, and is shown to nobody.
        return (Drawn::of(vec![Part::Note(around.label("trash", "bubble.deleted"))]), None);
    }
    let object: Value = serde_json::from_str(&message.content).unwrap_or(Value::Null);
    match (message.direction, message.origin.as_deref()) {
        (Direction::Outbound, None) => (sent(&message.content, &object, around), None),
        // What the business wrote elsewhere comes in the words of what people write.
        (Direction::Outbound, Some(origin)) => {
            let (mut drawn, advertisement) = received::message(&object, around);
            drawn.labels.insert(0, around.label("phone", origin_key(origin)));
            (drawn, advertisement)
        }
        (Direction::Inbound, _) => received::message(&object, around),
    }
}

fn origin_key(origin: &str) -> &'static str {
    match origin {
        "phone_app" => "bubble.from_phone_app",
        "history" => "bubble.from_history",
        _ => "bubble.from_elsewhere",
    }
}

fn sent(stored: &str, object: &Value, around: &Around<'_>) -> Drawn {
    match Content::from_stored(stored) {
        Ok(content) => sent::content(&content, around),
        // What an older version stored is still shown.
        Err(_) => received::unread(object.get("type").and_then(Value::as_str).unwrap_or_default(), object, around),
    }
}

fn quote(message: &Message, quotes: Option<&'static str>, around: &Around<'_>) -> Option<Quote> {
    if message.is_deleted() || (message.context.is_none() && message.target.is_none() && quotes.is_none()) {
        return None;
    }
    let label = around.t(quotes.unwrap_or("bubble.answers"));
    let quote = match &around.around.quoted {
        None => Quote { label, text: around.t("bubble.quoted_unknown"), page: None },
        Some(quoted) => {
            let text = match quoted.excerpt.as_deref() {
                None => around.t("bubble.taken_back"),
                Some("") => around.t("bubble.no_words"),
                Some(excerpt) => excerpt.to_owned(),
            };
            Quote { label, text, page: Some(format!("{}/messages/{}", around.base, quoted.id)) }
        }
    };
    Some(quote)
}

fn reaction(reaction: &store::message::Reaction, around: &Around<'_>) -> Reaction {
    let is_theirs = reaction.direction == Direction::Inbound.as_str();
    let by = around.t(if is_theirs { "bubble.reaction_theirs" } else { "bubble.reaction_ours" });
    Reaction { emoji: reaction.emoji.clone(), by }
}

/// The media of ours that a message names.
pub(super) fn own_media(message: &Message) -> Vec<MediaId> {
    if message.direction == Direction::Inbound || message.origin.is_some() {
        return Vec::new();
    }
    let Ok(mut content) = Content::from_stored(&message.content) else { return Vec::new() };
    let ids = content.media_mut().into_iter().filter_map(|medium| match &medium.media.source {
        MediaSource::Id(id) => MediaId::parse_public(id),
        MediaSource::Link(_) => None,
    });
    ids.collect()
}

/// What was received, or written by the business elsewhere, without what stands around it.
fn read(object: &Value) -> InboundContent {
    InboundContent::from(object.clone())
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
