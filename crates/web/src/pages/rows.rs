//! How stored messages become what pages show.

use std::time::Duration;

use domain::address::IdentityKind;
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

pub(super) const fn way(message: &Message) -> Way {
    match message.direction {
        Direction::Inbound => Way::In,
        Direction::Outbound => Way::Out,
    }
}

pub(super) fn status(message: &Message) -> StatusWord {
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
        "video" => ContentKind::Video,
        "audio" => ContentKind::Audio,
        "document" => ContentKind::Document,
        "sticker" => ContentKind::Sticker,
        "location" => ContentKind::Location,
        "contacts" => ContentKind::Contacts,
        "reaction" => ContentKind::Reaction,
        "interactive" => ContentKind::Interactive,
        "button" | "button_reply" => ContentKind::ButtonReply,
        "list_reply" => ContentKind::ListReply,
        "flow_reply" => ContentKind::FlowReply,
        "call_permission_reply" => ContentKind::CallPermission,
        "system" => ContentKind::Notice,
        "order" => ContentKind::Order,
        "request_welcome" => ContentKind::Welcome,
        "call" => ContentKind::Call,
        "edit" => ContentKind::Edit,
        "revoke" => ContentKind::Revoke,
        "media_placeholder" => ContentKind::MediaPlaceholder,
        "unsupported" | "unknown" => ContentKind::Unsupported,
        // The provider's own word for what this version does not read.
        _ => ContentKind::Other(member("/type")),
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

#[cfg(test)]
#[path = "rows_tests.rs"]
pub(super) mod tests;
