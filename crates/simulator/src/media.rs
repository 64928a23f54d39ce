//! The media behind media ids, in both directions, and what goes wrong when one is fetched.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::Bytes;
use domain::clock::SharedClock;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::samples::Medium;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long Meta keeps what a business uploaded, and what a customer sent.
const UPLOADED_DAYS: u32 = 30;
const RECEIVED_DAYS: u32 = 7;

/// A medium put on the simulator's shelf by a test or a demo.
#[derive(Clone, Debug, Default)]
pub struct NewMedium {
    /// Such as `image/jpeg`.
    pub mime_type: String,
    /// The name a document shows.
    pub filename: Option<String>,
    /// The file itself.
    pub bytes: Vec<u8>,
    /// The business number it belongs to; the first one if `None`.
    pub phone_number_id: Option<String>,
    /// Forces an id; decimal digits.
    pub id: Option<String>,
    /// Uploaded by the business (kept for 30 days) instead of sent by a customer (7 days).
    pub uploaded: bool,
}

/// Which links in messages are really fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPolicy {
    /// Those that lead to this machine; others are believed.
    #[default]
    Loopback,
    /// All of them.
    All,
    /// None: every link is believed.
    Never,
}

/// What goes wrong when a medium is fetched from its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MediaFault {
    /// 404, as for an address older than five minutes.
    Expired,
    /// The answer takes longer.
    Slow {
        /// By how much.
        ms: u64,
    },
    /// The connection ends after half of the bytes.
    Truncated,
    /// A web page instead of the file, with status 200.
    Html,
}

/// A fault of downloads and when it strikes.
#[derive(Clone, Debug, Serialize)]
pub struct MediaFaultRule {
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: MediaFault,
    /// Only for this medium.
    pub media_id: Option<String>,
    /// At most this many times.
    pub times: Option<u32>,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct MediaFaults(Vec<MediaFaultRule>);

impl MediaFaults {
    pub(crate) const fn new(rules: Vec<MediaFaultRule>) -> Self {
        Self(rules)
    }

    pub(crate) fn rules(&self) -> Vec<MediaFaultRule> {
        self.0.clone()
    }

    /// What happens to this download; the first rule that fits wins.
    pub(crate) fn judge(&mut self, media_id: &str) -> Option<MediaFault> {
        let fits = |rule: &&mut MediaFaultRule| {
            rule.media_id.as_deref().is_none_or(|id| id == media_id) && rule.times != Some(0)
        };
        let rule = self.0.iter_mut().find(fits)?;
        rule.times = rule.times.map(|times| times - 1);
        Some(rule.fault.clone())
    }
}

/// A medium with what the Graph API tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Shelved {
    pub(crate) medium: Medium,
    pub(crate) expires_at: Timestamp,
    pub(crate) sha256: [u8; 32],
}

/// All media by id.
#[derive(Debug)]
pub(crate) struct Shelf {
    clock: SharedClock,
    media: HashMap<String, Shelved>,
}

/// Whether a medium can be used.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Here(Shelved),
    Expired,
    Missing,
}

impl Shelf {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self { clock, media: HashMap::new() }
    }

    /// Keeps what a customer sent.
    pub(crate) fn insert(&mut self, id: String, medium: Medium) {
        self.keep(id, medium, RECEIVED_DAYS);
    }

    /// Keeps what the business uploaded.
    pub(crate) fn upload(&mut self, id: String, medium: Medium) {
        self.keep(id, medium, UPLOADED_DAYS);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Medium> {
        self.media.get(id).map(|shelved| &shelved.medium)
    }

    pub(crate) fn find(&self, id: &str) -> Found {
        match self.media.get(id) {
            None => Found::Missing,
            Some(shelved) if shelved.expires_at <= self.clock.now() => Found::Expired,
            Some(shelved) => Found::Here(shelved.clone()),
        }
    }

    pub(crate) fn remove(&mut self, id: &str) -> bool {
        self.media.remove(id).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.media.clear();
    }

    fn keep(&mut self, id: String, medium: Medium, days: u32) {
        let sha256 = Sha256::digest(&medium.bytes).into();
        self.media.insert(id, Shelved { expires_at: self.clock.now().plus(DAY * days), sha256, medium });
    }
}

/// The kinds of medium with their types and the largest size in bytes, as Meta documents them.
const KINDS: &[(&str, &[&str], usize)] = &[
    ("image", &["image/jpeg", "image/png"], 5 << 20),
    ("video", &["video/mp4", "video/3gpp"], 16 << 20),
    ("audio", &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"], 16 << 20),
    ("sticker", &["image/webp"], 500 << 10),
    (
        "document",
        &[
            "text/plain",
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ],
        DOCUMENT_MAX,
    ),
];

const DOCUMENT_MAX: usize = 100 << 20;
const STILL_STICKER_MAX: usize = 100 << 10;

/// A type without its parameters, such as `audio/ogg` of `audio/ogg; codecs=opus`.
pub(crate) fn bare_type(mime_type: &str) -> String {
    mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The largest size of a medium of this type; `None` if it is no type. What is nothing else is a document.
pub(crate) fn size_max(mime_type: &str, bytes: &Bytes) -> Option<usize> {
    let bare = bare_type(mime_type);
    if !is_type(&bare) {
        return None;
    }
    Some(match KINDS.iter().find(|(_, types, _)| types.contains(&bare.as_str())) {
        Some(("sticker", ..)) if !is_animated(bytes) => STILL_STICKER_MAX,
        Some((_, _, max)) => *max,
        None => DOCUMENT_MAX,
    })
}

/// Two names of RFC 6838 with a slash between them.
fn is_type(bare: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    bare.split_once('/').is_some_and(|(kind, name)| is_name(kind) && is_name(name))
}

/// Ogg with Opus in it; a type that names no codec is believed.
fn is_voice(mime_type: &str) -> bool {
    let mut parameters = mime_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let codecs = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("codecs"));
    bare_type(mime_type) == "audio/ogg"
        && codecs.is_none_or(|(_, codec)| codec.trim().trim_matches('"').eq_ignore_ascii_case("opus"))
}

/// Whether a message of this kind can carry a medium of this type; `voice` is a sound shown as a voice note. Documents
/// are not checked further.
pub(crate) fn fits(kind: &str, mime_type: &str) -> bool {
    let bare = bare_type(mime_type);
    if kind == "voice" {
        return is_voice(mime_type);
    }
    kind == "document" || KINDS.iter().any(|(known, types, _)| *known == kind && types.contains(&bare.as_str()))
}

/// The animation chunk of a WebP file stands among the first ones.
fn is_animated(bytes: &Bytes) -> bool {
    bytes.get(..64).unwrap_or(bytes).windows(4).any(|window| window == b"ANIM")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_still_sticker_is_smaller_than_an_animated_one() {
        let still = Bytes::from_static(b"RIFF\0\0\0\0WEBPVP8 ");
        let animated = Bytes::from_static(b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\0\0\0\0\0\0ANIM");
        assert_eq!(size_max("image/webp", &still), Some(100 << 10));
        assert_eq!(size_max("image/webp", &animated), Some(500 << 10));
        assert_eq!(size_max("image/gif", &still), Some(100 << 20));
        for no_type in ["gif", "image/", "/gif", "image/g if", "image/gif/a", ""] {
            assert_eq!(size_max(no_type, &still), None, "{no_type}");
        }
        assert_eq!(size_max("audio/ogg; codecs=opus", &still), Some(16 << 20));
        assert!(
            fits("audio", "audio/ogg; codecs=opus")
                && fits("audio", "audio/mpeg")
                && !fits("image", "image/webp")
                && fits("document", "image/gif")
        );
        for (mime_type, is_fit) in [
            ("audio/ogg", true),
            ("audio/ogg; codecs=opus", true),
            ("audio/ogg;codecs=\"opus\"", true),
            ("audio/ogg; codecs=vorbis", false),
            ("audio/mpeg", false),
        ] {
            assert_eq!(fits("voice", mime_type), is_fit, "{mime_type}");
        }
    }
}
