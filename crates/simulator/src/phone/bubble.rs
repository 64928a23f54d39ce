//! The entries of a chat: bubbles, and the lines between them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;

use super::parts::{self, Part, text_at};
use super::richtext;
use crate::content::Content;
use crate::world::{Message, Side, Stage, Ticks, World};

const ENTRIES_MAX: usize = 200;
const QUOTE_MAX: usize = 120;

/// A line of the chat.
#[derive(Debug)]
pub(super) enum Entry {
    Bubble(Box<Bubble>),
    /// Something that happened, in words.
    Notice {
        id: String,
        text: String,
    },
}

/// A message as it is drawn.
#[derive(Debug)]
pub(super) struct Bubble {
    pub(super) id: String,
    pub(super) side: &'static str,
    pub(super) first: bool,
    /// The kind of look it needs: `wide`, `sticker`, or nothing.
    pub(super) look: &'static str,
    pub(super) forwarded: Option<&'static str>,
    pub(super) advertisement: Option<(String, String)>,
    pub(super) quote: Option<Quote>,
    pub(super) parts: Vec<Part>,
    pub(super) is_deleted: bool,
    pub(super) is_edited: bool,
    /// The words that can be changed, of the customer's own.
    pub(super) editable: Option<String>,
    pub(super) at: String,
    pub(super) clock: String,
    pub(super) tick: Option<Tick>,
    pub(super) reactions: Vec<String>,
    /// Whether the customer's own reaction is among them.
    pub(super) has_own_reaction: bool,
}

#[derive(Debug)]
pub(super) struct Quote {
    pub(super) by: String,
    pub(super) text: String,
}

#[derive(Debug)]
pub(super) struct Tick {
    pub(super) state: &'static str,
    pub(super) label: &'static str,
    pub(super) icon: &'static str,
}

/// What later messages did to earlier ones.
#[derive(Debug, Default)]
pub(super) struct Marks<'a> {
    by_business: HashMap<&'a str, &'a str>,
    by_customer: HashMap<&'a str, &'a str>,
    edits: HashMap<&'a str, &'a Value>,
    revoked: HashSet<&'a str>,
}

impl<'a> Marks<'a> {
    /// The last word counts, so the messages come oldest first.
    pub(super) fn of(messages: &[&'a Message]) -> Self {
        let mut marks = Self::default();
        for message in messages {
            let object = &message.content.object;
            match (message.content.kind.as_str(), &message.side) {
                ("reaction", side) => {
                    let by = match side {
                        Side::Business(_) => &mut marks.by_business,
                        Side::Customer(_) => &mut marks.by_customer,
                    };
                    by.insert(text_at(object, "/message_id"), text_at(object, "/emoji"));
                }
                ("edit", _) => {
                    marks.edits.extend(object.get("message").map(|new| (text_at(object, "/original_message_id"), new)));
                }
                ("revoke", _) => {
                    marks.revoked.insert(text_at(object, "/original_message_id"));
                }
                _ => {}
            }
        }
        marks
    }

    /// One line of what the message says by now.
    pub(super) fn summary(&self, message: &Message) -> String {
        if self.revoked.contains(message.id.as_ref()) {
            return "Deleted message".to_owned();
        }
        self.edited(message).map_or_else(|| parts::summary(&message.content), |content| parts::summary(&content))
    }

    /// The words it was changed to.
    fn edited(&self, message: &Message) -> Option<Content> {
        let new = self.edits.get(message.id.as_ref())?;
        let kind = text_at(new, "/type");
        Some(Content::new(kind, new.get(kind).cloned().unwrap_or_default()))
    }
}

/// The entries of one chat, oldest first.
pub(super) fn chat(world: &World, digits: &str, number: usize, business: &str) -> Vec<Entry> {
    let Some(phone) = world.phones.get(digits) else {
        return Vec::new();
    };
    let messages = phone.chat.iter().rev().filter_map(|id: &Arc<str>| world.messages.get(id));
    let mut shown: Vec<&Message> =
        messages.filter(|message| message.number == number && is_on_phone(message)).take(ENTRIES_MAX).collect();
    shown.reverse();
    let marks = Marks::of(&shown);
    let mut before = "";
    let mut entries = Vec::with_capacity(shown.len());
    for message in shown {
        if matches!(message.content.kind.as_str(), "reaction" | "edit" | "revoke") {
            continue;
        }
        if let Some(text) = notice(&message.content, business) {
            entries.push(Entry::Notice { id: message.id.as_ref().to_owned(), text });
            before = "";
            continue;
        }
        let quoted = message.context.as_deref().and_then(|id| world.messages.get(id));
        let quoted = quoted.map(|quoted| quote(quoted, &marks, (&phone.owner.name, business)));
        let bubble = bubble(message, &marks, quoted, before);
        before = bubble.side;
        entries.push(Entry::Bubble(Box::new(bubble)));
    }
    entries
}

/// A message is on the phone once it is delivered; of a reaction no more is told than that it was sent.
pub(super) fn is_on_phone(message: &Message) -> bool {
    match &message.side {
        Side::Business(outgoing) if message.content.kind == "reaction" => {
            matches!(outgoing.stage, Stage::Sent | Stage::Delivered | Stage::Read)
        }
        Side::Business(outgoing) => matches!(outgoing.stage, Stage::Delivered | Stage::Read),
        Side::Customer(_) => true,
    }
}

/// What is told in the middle of the chat and is nobody's message.
fn notice(content: &Content, business: &str) -> Option<String> {
    match content.kind.as_str() {
        "system" => Some(text_at(&content.object, "/body").to_owned()),
        "request_welcome" => Some(format!("You opened the chat with {business}")),
        "user_preferences" if text_at(&content.object, "/value") == "stop" => {
            Some(format!("You stopped offers and announcements from {business}"))
        }
        "user_preferences" => Some(format!("You resumed offers and announcements from {business}")),
        _ => None,
    }
}

/// What stands above an answer of the message it answers.
pub(super) fn quote(quoted: &Message, marks: &Marks<'_>, (owner, business): (&str, &str)) -> Quote {
    let by = match quoted.side {
        Side::Business(_) => business,
        Side::Customer(_) => owner,
    };
    let text = marks.summary(quoted).chars().take(QUOTE_MAX).collect();
    Quote { by: by.to_owned(), text }
}

fn bubble(message: &Message, marks: &Marks<'_>, quote: Option<Quote>, before: &str) -> Bubble {
    let id = message.id.as_ref();
    let (side, tick, chosen) = match &message.side {
        Side::Business(outgoing) => ("in", None, outgoing.chosen),
        Side::Customer(ticks) => ("out", Some(tick(*ticks)), None),
    };
    let is_deleted = marks.revoked.contains(id);
    let edited = marks.edited(message);
    let content = edited.as_ref().unwrap_or(&message.content);
    let own_reaction = marks.by_customer.get(id).copied().filter(|emoji| !emoji.is_empty());
    let reactions = [marks.by_business.get(id).copied(), own_reaction].into_iter().flatten();
    let at = message.at.to_string();
    let is_editable = side == "out" && matches!(content.kind.as_str(), "text" | "image" | "video" | "document");
    let context = |name: &str| message.extra.get("context").is_some_and(|context| context.get(name).is_some());
    Bubble {
        id: id.to_owned(),
        side,
        first: side != before,
        look: look(content, is_deleted),
        forwarded: match () {
            () if context("frequently_forwarded") => Some("Forwarded many times"),
            () if context("forwarded") => Some("Forwarded"),
            () => None,
        },
        advertisement: message.extra.get("referral").map(|referral| {
            let headline = text_at(referral, "/headline");
            let headline = if headline.is_empty() { "Advertisement" } else { headline };
            (headline.to_owned(), text_at(referral, "/body").to_owned())
        }),
        quote: quote.filter(|_| !is_deleted),
        parts: if is_deleted {
            vec![Part::Text(richtext::render("_You deleted this message_"))]
        } else {
            parts::of(content, chosen)
        },
        is_deleted,
        is_edited: edited.is_some() && !is_deleted,
        editable: (is_editable && !is_deleted).then(|| {
            let words = if content.kind == "text" { "/body" } else { "/caption" };
            text_at(&content.object, words).to_owned()
        }),
        clock: at.get(11..16).unwrap_or_default().to_owned(),
        at,
        tick,
        reactions: reactions.filter(|emoji| !emoji.is_empty()).map(str::to_owned).collect(),
        has_own_reaction: own_reaction.is_some(),
    }
}

fn look(content: &Content, is_deleted: bool) -> &'static str {
    let header = content.template.as_ref().and_then(|template| template.header.as_ref());
    let has_wide_header = matches!(header, Some(crate::content::RenderedHeader::Object { .. }));
    match content.kind.as_str() {
        _ if is_deleted => "",
        "sticker" if content.object.get("id").is_some() => "sticker",
        "image" | "video" | "audio" | "document" | "location" | "contacts" | "order" => "wide",
        "interactive" if text_at(&content.object, "/type") == "carousel" => "wide",
        "interactive" if content.object.pointer("/header/type").is_some_and(|kind| kind != "text") => "wide",
        "template" if has_wide_header => "wide",
        "template" if content.template.as_ref().is_some_and(|template| !template.cards.is_empty()) => "wide",
        _ => "",
    }
}

const fn tick(ticks: Ticks) -> Tick {
    match ticks {
        Ticks::Sent => Tick { state: "sent", label: "Sent", icon: "tick-one" },
        Ticks::Delivered => Tick { state: "delivered", label: "Delivered", icon: "tick-two" },
        Ticks::Read => Tick { state: "read", label: "Read", icon: "tick-two" },
    }
}
