//! The parts that both directions share: media, places, numbers.

use domain::ids::MediaId;
use store::media::{MediaState, Medium as StoredMedium};

use super::Around;
use crate::views::bubble::{Label, Link, Medium, MediumState, Part, Person, Place, Shape};
use crate::views::code;
use crate::views::rich::Rich;

/// What is told of a medium in a message.
#[derive(Debug, Default)]
pub(super) struct Told<'a> {
    pub filename: Option<&'a str>,
    pub mime_type: Option<&'a str>,
    pub is_voice: bool,
}

/// Its shape and the key of its name.
pub(super) fn shape(kind: &str, is_voice: bool) -> (Shape, &'static str) {
    match kind {
        "image" => (Shape::Image, "kind.image"),
        "sticker" => (Shape::Sticker, "kind.sticker"),
        "video" => (Shape::Video, "kind.video"),
        "gif" => (Shape::Video, "bubble.gif"),
        "audio" if is_voice => (Shape::Sound, "bubble.voice"),
        "audio" => (Shape::Sound, "bubble.sound"),
        _ => (Shape::File, "kind.document"),
    }
}

impl Around<'_> {
    /// A medium whose bytes are ours, or are to be.
    pub(super) fn stored(&self, kind: &str, told: &Told<'_>, stored: Option<&StoredMedium>) -> Part {
        let (shape, key) = shape(kind, told.is_voice);
        let mime_type = told.mime_type.or_else(|| stored?.mime_type.as_deref());
        let bytes = stored.and_then(|medium| medium.stored.as_ref()).and_then(|stored| stored.bytes.try_into().ok());
        let size = bytes.map(|bytes: usize| code::size(bytes, self.viewer.catalogue));
        let detail = [mime_type.map(short_type), size].into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let name = told.filename.or_else(|| stored?.filename.as_deref());
        let name = name.map_or_else(|| self.t(key), ToOwned::to_owned);
        Part::Medium(Medium { shape, name, detail, state: self.state(stored) })
    }

    fn state(&self, stored: Option<&StoredMedium>) -> MediumState {
        let missing = |icon, key, reason: Option<&String>| MediumState::Missing {
            label: self.label(icon, key),
            reason: reason.cloned(),
        };
        let Some(medium) = stored else { return missing("help", "bubble.medium_unknown", None) };
        match medium.state {
            MediaState::Stored => MediumState::Shown(self.medium_address(medium.id)),
            MediaState::Pending => missing("clock", "bubble.medium_pending", medium.reason.as_ref()),
            MediaState::Failed => missing("failed", "bubble.medium_failed", medium.reason.as_ref()),
            MediaState::Gone => missing("trash", "bubble.medium_gone", medium.reason.as_ref()),
        }
    }

    fn medium_address(&self, id: MediaId) -> String {
        format!("{}/media/{}", self.base, id.public())
    }

    /// A place, with a link to a map that asks nobody before it is opened.
    pub(super) fn place(&self, (latitude, longitude): (f64, f64), texts: [Option<&str>; 3]) -> Part {
        let [name, address, url] = texts;
        let map =
            format!("https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}#map=16/{latitude}/{longitude}");
        let links = [Link::to(&map, &self.t("bubble.map")), url.and_then(|url| Link::to(url, url))];
        Part::Place(Place {
            name: name.unwrap_or_default().to_owned(),
            address: address.unwrap_or_default().to_owned(),
            degrees: format!("{latitude}, {longitude}"),
            links: links.into_iter().flatten().collect(),
        })
    }
}

/// `image/jpeg; charset=x` as `JPEG`.
fn short_type(mime_type: &str) -> String {
    let essence = mime_type.split(';').next().unwrap_or_default().trim();
    let (_, kind) = essence.split_once('/').unwrap_or(("", essence));
    if kind.len() <= 8 { kind.to_uppercase() } else { essence.to_owned() }
}

pub(super) fn text(words: &str) -> Part {
    Part::Text(Rich::of(words))
}

pub(super) fn some_text(words: Option<&str>) -> Option<Part> {
    words.filter(|words| !words.trim().is_empty()).map(text)
}

pub(super) fn label(icon: &'static str, text: String) -> Label {
    Label { icon, text }
}

pub(super) fn person(name: String, lines: Vec<String>) -> Part {
    let letters = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let initials = letters.take(2).flat_map(char::to_uppercase).collect();
    Part::Person(Person { initials, name, lines })
}
