//! One message in the list, also as the fragment that a live page fetches.

use askama::Template;
use domain::refusal::{Failure, RefusalKind};

use super::moment::Moment;
use super::shell::Shell;
use super::status::{ContentKind, StatusWord, Way};
use super::{Samples, Words, awkward};
use crate::catalogue::Catalogue;

/// One message as a list shows it.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Its id.
    pub id: String,
    /// Grows with every change; a page takes only what is newer than what it shows.
    pub version: i64,
    /// When it was asked for, or came in.
    pub at: Moment,
    /// Who wrote it.
    pub way: Way,
    /// Name of the contact.
    pub contact_name: Option<String>,
    /// Their number, formatted for its country.
    pub phone: Option<String>,
    /// The beginning of the text: 200 characters are enough.
    pub excerpt: String,
    /// What it consists of.
    pub kind: ContentKind,
    /// Name of our number.
    pub sender_name: String,
    /// Where it stands.
    pub status: StatusWord,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Whether it went to the simulator instead of a phone.
    pub simulated: bool,
}

impl MessageRow {
    /// What to call the person: name, else number, else nothing.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.contact_name.as_deref().or(self.phone.as_deref())
    }
}

/// Answer to `GET {base}/messages/{id}/row`: a `<tr>`.
#[derive(Debug, Template)]
#[template(path = "messages/row.html")]
pub struct MessageRowFragment {
    /// The texts of the viewer.
    pub catalogue: &'static Catalogue,
    /// Where the account's messages are ([`Shell::messages`]).
    pub messages: String,
    /// The message.
    pub row: MessageRow,
}

impl MessageRowFragment {
    fn messages(&self) -> &str {
        &self.messages
    }
}

impl Words for MessageRowFragment {
    fn catalogue(&self) -> &'static Catalogue {
        self.catalogue
    }
}

impl MessageRow {
    /// The message most samples start from.
    pub(crate) fn sample(id: i64) -> Self {
        Self {
            id: id.to_string(),
            version: 3,
            at: Moment::sample(0),
            way: Way::Out,
            contact_name: Some("Yael Ben-David".to_owned()),
            phone: Some("+972 54-555-0128".to_owned()),
            excerpt: "Hello Yael, your room 512 is ready. Your key is waiting at the front desk.".to_owned(),
            kind: ContentKind::Template("room_ready".to_owned()),
            sender_name: "Front desk".to_owned(),
            status: StatusWord::Read,
            failure: None,
            simulated: false,
        }
    }

    /// A failed one.
    pub(crate) fn failed(id: i64) -> Self {
        Self {
            contact_name: Some("Dr Samir Nasser".to_owned()),
            phone: Some("+972 52-555-0104".to_owned()),
            excerpt: "12 missed calls since yesterday evening. Open the list to call them back.".to_owned(),
            kind: ContentKind::Template("missed_calls_alert".to_owned()),
            status: StatusWord::Failed,
            failure: Some(Failure {
                code: "131026".to_owned(),
                kind: RefusalKind::Recipient,
                reason: "The number has no WhatsApp, or has not accepted its new terms.".to_owned(),
                remedy: "Call them, or check the number with them.".to_owned(),
            }),
            at: Moment::sample(64),
            ..Self::sample(id)
        }
    }

    /// One that came in, written from right to left.
    pub(crate) fn right_to_left(id: i64) -> Self {
        Self {
            contact_name: Some(awkward::RIGHT_TO_LEFT.to_owned()),
            excerpt: "תודה רבה! אפשר גם מיטת תינוק? (room 512)".to_owned(),
            kind: ContentKind::Text,
            way: Way::In,
            status: StatusWord::Received,
            at: Moment::sample(5),
            ..Self::sample(id)
        }
    }

    /// One of which everything is too long, or markup.
    pub(crate) fn too_much(id: i64) -> Self {
        Self {
            contact_name: Some(awkward::long_name()),
            excerpt: format!("{} {}", awkward::MARKUP, "wordwithoutanend".repeat(40)),
            kind: ContentKind::Template("autumn_weekend_offer_".repeat(24)),
            sender_name: awkward::long_name(),
            status: StatusWord::Refused,
            failure: Some(Failure {
                code: awkward::MARKUP.to_owned(),
                kind: RefusalKind::Policy,
                reason: awkward::long_name(),
                remedy: awkward::long_name(),
            }),
            at: Moment::sample(400 * 24 * 60),
            simulated: true,
            ..Self::sample(id)
        }
    }

    /// One of each status, and the odd ones.
    pub(crate) fn assortment() -> Vec<Self> {
        let mut rows = vec![
            Self::sample(900),
            Self::right_to_left(899),
            Self {
                contact_name: None,
                phone: None,
                excerpt: String::new(),
                kind: ContentKind::Image,
                way: Way::In,
                status: StatusWord::Received,
                at: Moment::sample(12),
                ..Self::sample(898)
            },
            Self {
                contact_name: None,
                kind: ContentKind::Text,
                excerpt: "And a table for two on the terrace, 20:30?".to_owned(),
                simulated: true,
                status: StatusWord::Queued,
                at: Moment::sample(20),
                ..Self::sample(897)
            },
            Self::failed(896),
        ];
        let others = StatusWord::ALL.into_iter().zip(1..).map(|(status, number)| Self {
            contact_name: Some(
                ["Michal Peretz", "Galil Plastics Ltd", "Oren Mizrahi", "Tamar Gabay"][number as usize % 4].to_owned(),
            ),
            phone: Some(format!("+972 53-555-01{number:02}")),
            status,
            at: Moment::sample(number * 190),
            ..Self::sample(895 - number)
        });
        rows.extend(others);
        rows
    }
}

impl Samples for MessageRowFragment {
    fn samples() -> Vec<Self> {
        let shell = Shell::sample();
        let fragment = |row| Self { catalogue: shell.document.catalogue, messages: shell.messages(), row };
        MessageRow::assortment().into_iter().chain([MessageRow::too_much(5)]).map(fragment).collect()
    }
}
