//! The kinds of message, each with its own checks.

mod carousel;
mod contacts;
mod flow;
mod interactive;
mod media;
mod order;
mod plain;
mod products;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::fields::Fields;
use super::{GraphError, template};
use crate::content::RenderedTemplate;
use crate::shared::Shared;
use crate::templates::Category;

pub(super) use media::source as media_source;
pub(super) use plain::location_fields;
pub(super) use products::sections as product_sections;

/// The words `type` may be.
pub(super) const KINDS: &[&str] = &[
    "text",
    "template",
    "image",
    "video",
    "audio",
    "document",
    "sticker",
    "location",
    "contacts",
    "reaction",
    "interactive",
];

/// A medium a message uses; whether it is there is asked after the shape of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaUse {
    /// Its kind, or `voice` for a sound shown as a voice note.
    pub(crate) kind: &'static str,
    pub(crate) source: Source,
}

impl MediaUse {
    /// The member of the message it stands in.
    pub(crate) fn member(&self) -> &'static str {
        if self.kind == "voice" { "audio" } else { self.kind }
    }
}

/// Where a medium comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Id(String),
    Link(String),
}

/// Content that passed its checks.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) category: Category,
    pub(super) template: Option<RenderedTemplate>,
    pub(super) media: Vec<MediaUse>,
    /// The message a reaction is for.
    pub(super) target: Option<String>,
    /// How long it is tried to be delivered, if the template says so.
    pub(super) lifetime: Option<Duration>,
    /// A template so new that the Marketing Messages API does not know it yet.
    pub(super) is_syncing: bool,
    /// The id of a template whose messages are held back.
    pub(super) held_by: Option<Arc<str>>,
}

impl Checked {
    pub(super) fn service() -> Self {
        Self {
            category: Category::Service,
            template: None,
            media: Vec::new(),
            target: None,
            lifetime: None,
            is_syncing: false,
            held_by: None,
        }
    }

    fn with_media(media: impl IntoIterator<Item = MediaUse>) -> Self {
        Self { media: media.into_iter().collect(), ..Self::service() }
    }
}

/// Checks the member named after the kind.
pub(super) fn check(app: &Shared, kind: &str, value: &Value) -> Result<Checked, GraphError> {
    match kind {
        "text" => plain::text(value),
        "location" => plain::location(value),
        "reaction" => plain::reaction(value),
        "contacts" => contacts::check(value),
        "interactive" => interactive::check(app, value),
        "template" => template::check(app, value),
        _ => media::check(kind, value),
    }
}

/// `{"text": ...}`, as bodies and footers are written.
fn text_object<'a>(fields: &Fields<'a>, name: &str, max: usize) -> Result<Option<&'a str>, GraphError> {
    fields.object(name, &["text"])?.map(|object| object.words("text", max)).transpose()
}
