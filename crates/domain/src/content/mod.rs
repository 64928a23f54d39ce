//! What an outgoing message says, one file per family. Content comes into being by [`Content::read`] alone, so what
//! exists keeps Meta's rules; what is stored and sent is Meta's own object.

mod contacts;
mod interactive;
mod location;
mod media;
mod number;
mod products;
mod reaction;
mod template;

use serde_json::{Map, Value, json};

pub use contacts::{CONTACTS_MAX, ContactCard};
pub use interactive::{
    Action, AddressRequest, Card, CardAction, Flow, FlowReference, Header, Interactive, Link, ListSection,
    OrderDetails, OrderStatus, ReplyButton, Row,
};
pub use location::Location;
pub use media::{CAPTION_CHARS_MAX, Media, MediaDetails, MediaKind, MediaSource};
pub use number::{Index, Whole};
pub use products::ProductSection;
pub use reaction::Reaction;
pub use template::{Button, ButtonAction, Component, DateTime, HeaderParameter, Parameter, Template, TemplateCard};

use crate::fields::{FieldError, Fields, nearest};

/// Meta: `text.body` has at most 4,096 characters.
pub const TEXT_CHARS_MAX: usize = 4096;

/// Every kind, as Meta's `type` names it.
pub const KINDS: &[&str] = &[
    "text",
    "template",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "reaction",
];

/// What an outgoing message says. Only well-formed content can be built.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Free text, inside the service window.
    Text {
        /// The text, with WhatsApp's formatting.
        body: String,
        /// Whether WhatsApp previews the first link. Absent is `false` to Meta.
        preview_url: Option<bool>,
    },
    /// A pre-approved template with its parameters.
    Template(Template),
    /// A picture, film, sound, file or sticker.
    Media(Media),
    /// A place on the map.
    Location(Location),
    /// Contact cards.
    Contacts(Vec<ContactCard>),
    /// Buttons, a list, a form, products, and what else is tapped.
    Interactive(Interactive),
    /// A sign on a message of the other side.
    Reaction(Reaction),
}

/// A medium of a message, where it stands.
#[derive(Debug)]
pub struct MediumMut<'a> {
    /// Path of its object within the message, such as `template.components[0].parameters[0].image`.
    pub path: String,
    /// The medium.
    pub media: &'a mut Media,
}

impl Content {
    /// The kind, as Meta's `type`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Template(_) => "template",
            Self::Media(media) => media.kind().as_str(),
            Self::Location(_) => "location",
            Self::Contacts(_) => "contacts",
            Self::Interactive(_) => "interactive",
            Self::Reaction(_) => "reaction",
        }
    }

    /// Reads `type` and the member of that name from Meta's message object.
    ///
    /// # Errors
    /// The field that is missing, of the wrong type, too long, or not supported.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let kind = fields.text("type")?;
        // The members of the other kinds count as unknown fields; that is what they are to Meta beside this type.
        match kind {
            "text" => read_text(fields.object("text")?),
            "template" => Template::read(fields.object("template")?).map(Self::Template),
            "image" => read_media(fields, "image", MediaKind::Image),
            "video" => read_media(fields, "video", MediaKind::Video),
            "audio" => read_media(fields, "audio", MediaKind::Audio),
            "document" => read_media(fields, "document", MediaKind::Document),
            "sticker" => read_media(fields, "sticker", MediaKind::Sticker),
            "location" => Location::read(fields.object("location")?).map(Self::Location),
            "contacts" => {
                let cards = fields.objects_within("contacts", 1..=CONTACTS_MAX)?;
                cards.into_iter().map(ContactCard::read).collect::<Result<_, _>>().map(Self::Contacts)
            }
            "interactive" => Interactive::read(fields.object("interactive")?).map(Self::Interactive),
            "reaction" => Reaction::read(fields.object("reaction")?).map(Self::Reaction),
            other => Err(unsupported(fields, "type", other, KINDS)),
        }
    }

    /// Reads back what [`Self::to_object`] wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn from_stored(text: &str) -> Result<Self, FieldError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| FieldError::new("invalid_json", "content", error.to_string()))?;
        Self::read(&mut Fields::of(&value, "content")?)
    }

    /// Meta's own object: `type` and the member of that name.
    #[must_use]
    pub fn to_object(&self) -> Map<String, Value> {
        let body = match self {
            Self::Text { body, preview_url } => {
                object([("body", Some(json!(body))), ("preview_url", preview_url.map(Value::from))])
            }
            Self::Template(template) => template.to_value(),
            Self::Media(media) => media.to_value(),
            Self::Location(location) => location.to_value(),
            Self::Contacts(cards) => cards.iter().map(ContactCard::to_value).collect(),
            Self::Interactive(interactive) => interactive.to_value(),
            Self::Reaction(reaction) => reaction.to_value(),
        };
        Map::from_iter([("type".to_owned(), json!(self.kind())), (self.kind().to_owned(), body)])
    }

    /// Every medium of the message with its path, so that an id of ours can be exchanged for the provider's: the
    /// message itself, headers of templates and interactive messages, and headers of cards.
    pub fn media_mut(&mut self) -> Vec<MediumMut<'_>> {
        match self {
            Self::Media(media) => vec![MediumMut { path: media.kind().to_string(), media }],
            Self::Template(template) => template.media_mut(),
            Self::Interactive(interactive) => interactive.media_mut(),
            Self::Text { .. } | Self::Location(_) | Self::Contacts(_) | Self::Reaction(_) => Vec::new(),
        }
    }

    /// One line for lists: the text, the caption, the place, the names, the sign, or the template's name.
    #[must_use]
    pub fn excerpt(&self) -> String {
        let text = match self {
            Self::Text { body, .. } => body.clone(),
            Self::Template(template) => template.excerpt(),
            Self::Media(media) => media.caption().or_else(|| media.filename()).unwrap_or_default().to_owned(),
            Self::Location(location) => location.excerpt(),
            Self::Contacts(cards) => cards.iter().map(ContactCard::name).collect::<Vec<_>>().join(", "),
            Self::Interactive(interactive) => interactive.excerpt().to_owned(),
            Self::Reaction(reaction) => reaction.emoji().unwrap_or_default().to_owned(),
        };
        excerpt(&text)
    }
}

/// The first 120 characters of the first line that says something.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(120).collect()
}

fn read_text(mut fields: Fields<'_>) -> Result<Content, FieldError> {
    let body = fields.text_within("body", TEXT_CHARS_MAX)?.to_owned();
    let preview_url = fields.optional_boolean("preview_url")?;
    fields.finish()?;
    Ok(Content::Text { body, preview_url })
}

fn read_media(fields: &mut Fields<'_>, key: &'static str, kind: MediaKind) -> Result<Content, FieldError> {
    Media::read(fields.object(key)?, kind, media::MediaPlace::Message).map(Content::Media)
}

/// An object of the members that are there.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(members.collect())
}

/// The error for a kind that nobody knows.
fn unsupported(fields: &Fields<'_>, key: &str, found: &str, known: &[&str]) -> FieldError {
    let near = nearest(found, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let detail = format!("`{found}` is not supported{near} (known are {})", known.join(", "));
    fields.error("unsupported_kind", key, detail)
}

/// The first value that was there before, by its place.
fn first_double<'a>(values: impl IntoIterator<Item = &'a str>) -> Option<usize> {
    let mut seen = std::collections::HashSet::new();
    values.into_iter().position(|value| !seen.insert(value))
}

#[cfg(test)]
mod tests;
