//! How stored messages become what pages show.

use std::time::Duration;

use domain::address::IdentityKind;
use domain::attempt::AttemptStatus;
use domain::inbound::InboundContent;
use domain::message::{Content, Direction, MessageStatus, Parameter};
use domain::phone::E164;
use domain::refusal::Failure;
use domain::time::Timestamp;
use jiff::tz::TimeZone;
use store::call::AttemptView;
use store::message::Message;

use super::calls;
use crate::catalogue::Catalogue;
use crate::views::messages::MessageStep;
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
    fn gap(&self, length: Duration) -> String {
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
        Ok(Content::Image(media)) => Said { text: media.caption.unwrap_or_default(), ..Said::default() },
        Ok(Content::Template(template)) => {
            let parameters = template.components.into_iter().flat_map(|component| component.parameters);
            let language = Some(template.language);
            Said { text: String::new(), language, parameters: parameters.map(parameter).collect() }
        }
        // What an older version stored is still listed.
        Err(_) => Said::default(),
    }
}

fn parameter(parameter: Parameter) -> String {
    match parameter {
        Parameter::Text { text, name: None } => text,
        Parameter::Text { text, name: Some(name) } => format!("{name}: {text}"),
        Parameter::Payload(text) | Parameter::CouponCode(text) => text,
        Parameter::Image(media) => match media.source {
            domain::message::MediaSource::Id(text) | domain::message::MediaSource::Link(text) => text,
        },
    }
}

fn received(content: &str) -> Said {
    let text = match serde_json::from_str(content) {
        Ok(InboundContent::Other { .. }) | Err(_) => String::new(),
        Ok(content) => content.text(),
    };
    Said { text, ..Said::default() }
}

/// What happened to a message, oldest first.
pub(super) fn steps(message: &Message, attempts: &[AttemptView], viewer: &Viewer) -> Vec<MessageStep> {
    let mut happened = match message.direction {
        Direction::Inbound => vec![Happened::new(message.created_at, StatusWord::Received)],
        Direction::Outbound => life(message, attempts),
    };
    // Stable: of what happened at the same time, what comes first in a life stays first.
    happened.sort_by_key(|happened| happened.at);
    let first = happened.first().map_or(message.created_at, |happened| happened.at);
    let step = |(place, happened): (usize, Happened<'_>)| MessageStep {
        status: happened.status,
        at: viewer.moment(happened.at),
        gap: (place > 0).then(|| viewer.gap(happened.at.since(first))),
        failure: happened.failure,
        call: happened.attempt.map(|attempt| calls::call(attempt, message.simulated, viewer)),
    };
    happened.into_iter().enumerate().map(step).collect()
}

#[derive(Clone, Debug)]
struct Happened<'a> {
    at: Timestamp,
    status: StatusWord,
    failure: Option<Failure>,
    attempt: Option<&'a AttemptView>,
}

impl<'a> Happened<'a> {
    const fn new(at: Timestamp, status: StatusWord) -> Self {
        Self { at, status, failure: None, attempt: None }
    }

    fn because(self, failure: Option<&Failure>) -> Self {
        Self { failure: failure.cloned(), ..self }
    }

    fn attempt(attempt: &'a AttemptView) -> Self {
        Self { attempt: Some(attempt), ..Self::new(attempt.started_at, StatusWord::Calling) }
    }
}

fn life<'a>(message: &Message, attempts: &'a [AttemptView]) -> Vec<Happened<'a>> {
    let start = if message.send_at.is_some() { StatusWord::Scheduled } else { StatusWord::Queued };
    let mut happened = vec![Happened::new(message.created_at, start)];
    for attempt in attempts {
        happened.push(Happened::attempt(attempt));
        let ended = attempt.finished_at.unwrap_or(attempt.started_at);
        match attempt.status {
            AttemptStatus::Unknown => happened.push(Happened::new(ended, StatusWord::Unknown)),
            AttemptStatus::Failed => {
                // The message keeps the time of one failure; it is exact where there was one attempt.
                let at = message.times.failed.filter(|_| attempts.len() == 1).unwrap_or(ended);
                happened.push(Happened::new(at, StatusWord::Failed).because(attempt.failure.as_ref()));
            }
            _ => {}
        }
    }
    let times = &message.times;
    let known = |word: StatusWord, at: Option<Timestamp>| at.map(|at| Happened::new(at, word));
    happened.extend(known(StatusWord::Submitted, times.submitted));
    happened.extend(known(StatusWord::Sent, times.sent));
    let why = message.failure.as_ref();
    if !happened.iter().any(|happened| happened.status == StatusWord::Failed) {
        happened.extend(known(StatusWord::Failed, times.failed).map(|happened| happened.because(why)));
    }
    happened.extend(known(StatusWord::Delivered, times.delivered));
    happened.extend(known(StatusWord::Read, times.read));
    if message.status == MessageStatus::Expired {
        happened.extend(known(StatusWord::Expired, message.expires_at).map(|happened| happened.because(why)));
    }
    happened
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
