//! How stored messages become what pages show.

use std::time::Duration;

use domain::address::IdentityKind;
use domain::content::{ButtonAction, Component, Content, HeaderParameter, MediaSource};
use domain::inbound::InboundContent;
use domain::message::Direction;
use domain::phone::E164;
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use store::message::Message;

use crate::catalogue::Catalogue;
use crate::views::moment::Moment;
use crate::views::row::MessageRow;
use crate::views::status::{ContentKind, StatusWord, Way};

/// For whom times are written.
#[derive(Clone, Debug)]
pub(super) struct Viewer {
    pub now: Timestamp,
    pub zone: TimeZone,
    pub catalogue: &'static Catalogue,
}

impl Viewer {
    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at, self.now, &self.zone, self.catalogue)
    }

    /// How long something took.
    pub(super) fn length(&self, length: Duration) -> String {
        self.gap(length).trim_start_matches('+').to_owned()
    }

    /// How long after the first thing another happened.
    pub(super) fn gap(&self, length: Duration) -> String {
        let seconds = length.as_secs();
        let text = |number: u64| number.to_string();
        let (days, hours, minutes) = (text(seconds / 86_400), text(seconds / 3_600 % 24), text(seconds / 60 % 60));
        match seconds {
            0..60 => {
                let tenths = length.as_millis() / 100;
                let value = format!("{}.{}", tenths / 10, tenths % 10);
                self.catalogue.tf("time.gap_seconds", &[("seconds", value.as_str())])
            }
            60..3_600 => {
                let rest = text(seconds % 60);
                let values = [("minutes", minutes.as_str()), ("seconds", rest.as_str())];
                self.catalogue.tf("time.gap_minutes", &values)
            }
            3_600..86_400 => {
                let values = [("hours", hours.as_str()), ("minutes", minutes.as_str())];
                self.catalogue.tf("time.gap_hours", &values)
            }
            _ => self.catalogue.tf("time.gap_days", &[("days", days.as_str()), ("hours", hours.as_str())]),
        }
    }
}

/// A message in the list.
pub(super) fn row(message: &Message, viewer: &Viewer) -> MessageRow {
    let kind = if message.is_deleted() { ContentKind::Deleted } else { kind(&message.kind, &message.content) };
    let line = if message.is_deleted() { "" } else { &message.excerpt };
    MessageRow {
        id: message.id.to_string(),
        version: message.version,
        at: viewer.moment(message.created_at),
        way: way(message),
        contact_name: message.contact_name.clone(),
        phone: phone(&message.address_kind, &message.address),
        excerpt: excerpt(line, &message.kind, &kind),
        kind,
        sender_name: message.sender_name.clone(),
        status: status(message),
        failure: message.failure.clone(),
        simulated: message.simulated,
    }
}

const fn way(message: &Message) -> Way {
    match message.direction {
        Direction::Inbound => Way::In,
        Direction::Outbound => Way::Out,
    }
}

fn status(message: &Message) -> StatusWord {
    match message.direction {
        Direction::Inbound => StatusWord::Received,
        Direction::Outbound => message.status.into(),
    }
}

fn phone(address_kind: &str, address: &str) -> Option<String> {
    let is_phone = address_kind == IdentityKind::Phone.as_str();
    is_phone.then(|| E164::try_from(address.to_owned()).map_or_else(|_| address.to_owned(), |phone| phone.formatted()))
}

fn kind(stored: &str, content: &str) -> ContentKind {
    let member = |path: &str| {
        let content: Option<serde_json::Value> = serde_json::from_str(content).ok();
        content.and_then(|content| content.pointer(path)?.as_str().map(ToOwned::to_owned)).unwrap_or_default()
    };
    match stored {
        "text" => ContentKind::Text,
        "template" => ContentKind::Template(member("/template/name")),
        "image" => ContentKind::Image,
        "button" | "button_reply" => ContentKind::Interactive,
        "system" => ContentKind::Notice,
        "order" => ContentKind::Order,
        "request_welcome" => ContentKind::Welcome,
        "call" => ContentKind::Call,
        "edit" => ContentKind::Edit,
        "revoke" => ContentKind::Revoke,
        // The provider's own word for what this version does not read.
        _ => match member("/type").as_str() {
            "video" => ContentKind::Video,
            "audio" | "voice" => ContentKind::Audio,
            "document" => ContentKind::Document,
            "sticker" => ContentKind::Sticker,
            "location" => ContentKind::Location,
            "contacts" => ContentKind::Contacts,
            "reaction" => ContentKind::Reaction,
            "interactive" => ContentKind::Interactive,
            _ => ContentKind::Unsupported,
        },
    }
}

/// The stored line without what the kind beside it says already: the template's name, the provider's word.
fn excerpt(line: &str, stored_kind: &str, kind: &ContentKind) -> String {
    let name = kind.template_name();
    if !name.is_empty() {
        let rest = line.strip_prefix(name).unwrap_or(line);
        return rest.strip_prefix(": ").unwrap_or(rest).to_owned();
    }
    if stored_kind == "other" { String::new() } else { line.to_owned() }
}

/// What the page of one message says about its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub text: String,
    pub language: Option<String>,
    pub parameters: Vec<String>,
}

pub(super) fn said(message: &Message) -> Said {
    if message.is_deleted() {
        return Said::default();
    }
    match message.direction {
        // What the business wrote elsewhere comes in the words of what people write.
        Direction::Outbound if message.origin.is_some() => received(&message.content),
        Direction::Outbound => sent(&message.content),
        Direction::Inbound => received(&message.content),
    }
}

fn sent(content: &str) -> Said {
    match Content::from_stored(content) {
        Ok(Content::Text { body, .. }) => Said { text: body, ..Said::default() },
        Ok(Content::Media(media)) => Said { text: media.caption().unwrap_or_default().to_owned(), ..Said::default() },
        Ok(Content::Interactive(interactive)) => {
            Said { text: interactive.body().unwrap_or_default().to_owned(), ..Said::default() }
        }
        Ok(Content::Template(template)) => {
            let parameters = template.components().iter().flat_map(parameters).collect();
            Said { text: String::new(), language: Some(template.language().to_owned()), parameters }
        }
        Ok(other) => Said { text: other.excerpt(), ..Said::default() },
        // What an older version stored is still listed.
        Err(_) => Said::default(),
    }
}

fn parameters(component: &Component) -> Vec<String> {
    match component {
        Component::Header(header) => vec![header_parameter(header)],
        Component::Body(parameters) => {
            parameters.iter().map(|parameter| named(parameter.name(), parameter.shown())).collect()
        }
        Component::Button(button) => match button.action() {
            ButtonAction::QuickReply(text) | ButtonAction::CopyCode(text) | ButtonAction::Url(text) => {
                vec![text.clone()]
            }
            _ => Vec::new(),
        },
        Component::Carousel(cards) => {
            cards.iter().flat_map(|card| card.components().iter().flat_map(parameters)).collect()
        }
        Component::LimitedTimeOffer(_) => Vec::new(),
    }
}

fn header_parameter(header: &HeaderParameter) -> String {
    match header {
        HeaderParameter::Text { text, name } => named(name.as_deref(), text),
        HeaderParameter::Media(media) => match &media.source {
            MediaSource::Id(text) | MediaSource::Link(text) => text.clone(),
        },
        HeaderParameter::Location(location) => {
            location.name().map_or_else(|| format!("{}, {}", location.latitude(), location.longitude()), str::to_owned)
        }
        HeaderParameter::Product { retailer_id, .. } => retailer_id.clone(),
    }
}

fn named(name: Option<&str>, text: &str) -> String {
    name.map_or_else(|| text.to_owned(), |name| format!("{name}: {text}"))
}

fn received(content: &str) -> Said {
    let text = match serde_json::from_str(content) {
        Ok(InboundContent::Other { .. }) | Err(_) => String::new(),
        Ok(content) => content.text(),
    };
    Said { text, ..Said::default() }
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
