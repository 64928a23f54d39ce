//! Media: one type for every place of a message that holds one.

use std::fmt;

use serde_json::{Value, json};

use super::object;
use crate::fields::{FieldError, Fields};

/// Meta: a caption has at most 1,024 characters.
pub const CAPTION_CHARS_MAX: usize = 1024;

/// The kinds of medium, as Meta names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A JPEG or PNG picture.
    Image,
    /// A film: MP4 or 3GPP.
    Video,
    /// A short film that plays by itself, in headers of marketing templates only. It is an MP4, so the rules of a
    /// film hold for it, with a smaller size.
    Gif,
    /// Sound.
    Audio,
    /// Any file.
    Document,
    /// A WebP picture.
    Sticker,
}

impl MediaKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Image, Self::Video, Self::Gif, Self::Audio, Self::Document, Self::Sticker];

    /// As Meta writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Gif => "gif",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A medium: uploaded, or fetched by the provider from a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Where it comes from.
    pub source: MediaSource,
    /// What its kind can say beside that.
    pub details: MediaDetails,
}

/// Exactly one of the two that Meta takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaSource {
    /// Id of an uploaded medium: at most 128 characters of any form.
    Id(String),
    /// A public link that the provider fetches.
    Link(String),
}

/// The kind of a medium with what this kind can say, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaDetails {
    /// See [`MediaKind::Image`].
    Image {
        /// Text below it.
        caption: Option<String>,
    },
    /// See [`MediaKind::Video`].
    Video {
        /// Text below it.
        caption: Option<String>,
    },
    /// See [`MediaKind::Gif`].
    Gif,
    /// See [`MediaKind::Audio`].
    Audio {
        /// Whether it shows as a voice note, which needs OGG with OPUS. Absent is `false` to Meta.
        voice: Option<bool>,
    },
    /// See [`MediaKind::Document`].
    Document {
        /// Text below it.
        caption: Option<String>,
        /// The name that the file shows, whose ending chooses the icon.
        filename: Option<String>,
    },
    /// See [`MediaKind::Sticker`].
    Sticker,
}

/// Where in a message a medium stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaPlace {
    /// It is the message.
    Message,
    /// It is the header of one, where a text of its own cannot stand below it.
    Header,
}

impl Media {
    /// Which kind of medium it is.
    #[must_use]
    pub const fn kind(&self) -> MediaKind {
        match self.details {
            MediaDetails::Image { .. } => MediaKind::Image,
            MediaDetails::Video { .. } => MediaKind::Video,
            MediaDetails::Gif => MediaKind::Gif,
            MediaDetails::Audio { .. } => MediaKind::Audio,
            MediaDetails::Document { .. } => MediaKind::Document,
            MediaDetails::Sticker => MediaKind::Sticker,
        }
    }

    /// Text below it.
    #[must_use]
    pub fn caption(&self) -> Option<&str> {
        match &self.details {
            MediaDetails::Image { caption }
            | MediaDetails::Video { caption }
            | MediaDetails::Document { caption, .. } => caption.as_deref(),
            MediaDetails::Gif | MediaDetails::Audio { .. } | MediaDetails::Sticker => None,
        }
    }

    /// The name that the file shows.
    #[must_use]
    pub fn filename(&self) -> Option<&str> {
        match &self.details {
            MediaDetails::Document { filename, .. } => filename.as_deref(),
            _ => None,
        }
    }

    /// Reads the object named after `kind`.
    pub(super) fn read(mut fields: Fields<'_>, kind: MediaKind, place: MediaPlace) -> Result<Self, FieldError> {
        let source = read_source(&mut fields)?;
        let details = match kind {
            MediaKind::Image => MediaDetails::Image { caption: read_caption(&mut fields, place)? },
            MediaKind::Video => MediaDetails::Video { caption: read_caption(&mut fields, place)? },
            MediaKind::Gif => MediaDetails::Gif,
            MediaKind::Audio => MediaDetails::Audio { voice: fields.optional_boolean("voice")? },
            MediaKind::Document => {
                let caption = read_caption(&mut fields, place)?;
                let filename = fields.optional_filled("filename", 240)?.map(ToOwned::to_owned);
                MediaDetails::Document { caption, filename }
            }
            MediaKind::Sticker => MediaDetails::Sticker,
        };
        fields.finish()?;
        Ok(Self { source, details })
    }

    /// Meta's object.
    pub(super) fn to_value(&self) -> Value {
        let voice = match self.details {
            MediaDetails::Audio { voice } => voice,
            _ => None,
        };
        let (id, link) = match &self.source {
            MediaSource::Id(id) => (Some(json!(id)), None),
            MediaSource::Link(link) => (None, Some(json!(link))),
        };
        object([
            ("id", id),
            ("link", link),
            ("caption", self.caption().map(Value::from)),
            ("filename", self.filename().map(Value::from)),
            ("voice", voice.map(Value::from)),
        ])
    }
}

fn read_source(fields: &mut Fields<'_>) -> Result<MediaSource, FieldError> {
    let id = fields.optional_filled("id", 128)?;
    let link = fields.optional_filled("link", 2048)?;
    match (id, link) {
        (Some(id), None) => Ok(MediaSource::Id(id.to_owned())),
        (None, Some(link)) if is_web_address(link) => Ok(MediaSource::Link(link.to_owned())),
        (None, Some(_)) => Err(fields.error("invalid_url", "link", "expected an http or https address")),
        _ => Err(fields.error("exactly_one", "id", "give exactly one of `id` and `link`")),
    }
}

fn read_caption(fields: &mut Fields<'_>, place: MediaPlace) -> Result<Option<String>, FieldError> {
    if place == MediaPlace::Header {
        fields.refuse("caption", "a medium in a header has no caption; say it in the body")?;
        return Ok(None);
    }
    Ok(fields.optional_text_within("caption", CAPTION_CHARS_MAX)?.map(ToOwned::to_owned))
}

/// Whether the provider could fetch it: http or https, with a host and no white space.
pub(super) fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
}
