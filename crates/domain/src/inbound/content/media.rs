//! Files.

use serde_json::Value;

use super::super::reader::Node;
use super::super::write::Members;

/// The kinds of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A sound or a voice message.
    Audio,
    /// Any other file.
    Document,
    /// A sticker.
    Sticker,
}

impl MediaKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Image, Self::Video, Self::Audio, Self::Document, Self::Sticker];

    /// Meta's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }

    /// Reads Meta's name; `voice` is the older word for a voice message.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "voice" => Some(Self::Audio),
            _ => Self::ALL.into_iter().find(|kind| kind.as_str() == word),
        }
    }
}

/// A file at the provider. Meta keeps it for seven days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// The provider's id of it.
    pub id: String,
    /// Its media type, with parameters.
    pub mime_type: Option<String>,
    /// Its hash: in base64, in hex in the history.
    pub sha256: Option<String>,
    /// Text below it.
    pub caption: Option<String>,
    /// A document's name.
    pub filename: Option<String>,
    /// Of a sound: whether it was spoken into the phone.
    pub voice: Option<bool>,
    /// Of a sticker: whether it moves.
    pub animated: Option<bool>,
    /// Where it can be fetched with the sender's token, for five minutes.
    pub url: Option<String>,
}

impl Media {
    /// A file of which nothing but the id is known.
    #[must_use]
    pub const fn new(kind: MediaKind, id: String) -> Self {
        Self {
            kind,
            id,
            mime_type: None,
            sha256: None,
            caption: None,
            filename: None,
            voice: None,
            animated: None,
            url: None,
        }
    }

    /// Reads Meta's object; `None` without an id.
    #[must_use]
    pub fn read(kind: MediaKind, object: Node<'_>) -> Option<Self> {
        Some(Self {
            kind,
            id: object.text("id")?,
            mime_type: object.text("mime_type"),
            sha256: object.text("sha256"),
            caption: object.text("caption"),
            filename: object.text("filename"),
            voice: object.flag("voice"),
            animated: object.flag("animated"),
            url: object.text("url"),
        })
    }

    pub(super) fn value(&self) -> Value {
        Members::default()
            .text("id", &self.id)
            .put("mime_type", self.mime_type.clone())
            .put("sha256", self.sha256.clone())
            .put("caption", self.caption.clone())
            .put("filename", self.filename.clone())
            .put("voice", self.voice)
            .put("animated", self.animated)
            .put("url", self.url.clone())
            .value()
    }
}
