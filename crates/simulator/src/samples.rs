//! The media customers send: a small sample of each kind, and the files somebody picks instead.

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A kind of medium a customer can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediumKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A voice note, or a sound file.
    Audio,
    /// Any file.
    Document,
    /// A sticker.
    Sticker,
}

/// A file a customer sends instead of the sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediumFile {
    /// Such as `image/jpeg`.
    pub mime_type: String,
    /// The name a document shows.
    pub filename: Option<String>,
    /// The file itself.
    pub bytes: Vec<u8>,
}

/// A medium behind a media id.
#[derive(Clone, Debug)]
pub(crate) struct Medium {
    /// The business number it was sent to.
    pub(crate) number: usize,
    pub(crate) mime_type: String,
    pub(crate) filename: Option<String>,
    pub(crate) bytes: Bytes,
}

impl MediumKind {
    /// Meta's `type`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }

    /// The kind of that name.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Image, Self::Video, Self::Audio, Self::Document, Self::Sticker]
            .into_iter()
            .find(|kind| kind.word() == word)
    }

    /// The kind a phone makes of a file of this type.
    #[must_use]
    pub fn of(mime_type: &str) -> Self {
        match mime_type.split(';').next().unwrap_or_default() {
            "image/jpeg" | "image/png" => Self::Image,
            "image/webp" => Self::Sticker,
            "video/mp4" | "video/3gpp" => Self::Video,
            kind if kind.starts_with("audio/") => Self::Audio,
            _ => Self::Document,
        }
    }

    /// Whether words can stand under it.
    pub(crate) const fn has_caption(self) -> bool {
        matches!(self, Self::Image | Self::Video | Self::Document)
    }

    /// What is sent if no file is given.
    pub(crate) fn sample(self, number: usize) -> Medium {
        let (mime_type, filename, bytes): (_, _, &'static [u8]) = match self {
            Self::Image => ("image/png", None, include_bytes!("../assets/picture.png")),
            Self::Video => ("video/mp4", None, include_bytes!("../assets/clip.mp4")),
            Self::Audio => ("audio/ogg; codecs=opus", None, include_bytes!("../assets/voice.ogg")),
            Self::Document => ("application/pdf", Some("receipt.pdf"), include_bytes!("../assets/receipt.pdf")),
            Self::Sticker => ("image/webp", None, include_bytes!("../assets/sticker.webp")),
        };
        let filename = filename.map(str::to_owned);
        Medium { number, mime_type: mime_type.to_owned(), filename, bytes: Bytes::from_static(bytes) }
    }
}

impl Medium {
    pub(crate) fn of(file: MediumFile, number: usize) -> Self {
        let MediumFile { mime_type, filename, bytes } = file;
        Self { number, mime_type, filename, bytes: Bytes::from(bytes) }
    }

    /// The members every kind of medium has in a callback.
    pub(crate) fn to_json(&self, id: &str, url: &str) -> Value {
        let sha256 = STANDARD.encode(Sha256::digest(&self.bytes));
        json!({"id": id, "mime_type": self.mime_type, "sha256": sha256, "url": url})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_what_they_say() {
        for (kind, magic) in [
            (MediumKind::Image, b"\x89PNG".as_slice()),
            (MediumKind::Audio, b"OggS"),
            (MediumKind::Document, b"%PDF"),
            (MediumKind::Sticker, b"RIFF"),
        ] {
            let sample = kind.sample(0);
            assert!(sample.bytes.starts_with(magic), "{}", kind.word());
            assert_eq!(MediumKind::of(&sample.mime_type), kind);
        }
        let clip = MediumKind::Video.sample(0);
        assert_eq!(clip.bytes.get(4..8), Some(b"ftyp".as_slice()));
        assert_eq!(MediumKind::of(&clip.mime_type), MediumKind::Video);
        assert_eq!(MediumKind::of("text/html"), MediumKind::Document);
    }
}
