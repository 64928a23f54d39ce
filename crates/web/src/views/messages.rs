//! The list of messages, and the page of one message.

use std::fmt::Write as _;

use askama::Template;
use domain::message::{Direction, MessageStatus};
use domain::refusal::Failure;

use super::bubble::Bubble;
use super::compose::{ComposeForm, ComposeKind};
use super::moment::Moment;
use super::row::MessageRow;
use super::shell::Shell;
use super::status::{ContentKind, StatusWord, Way, refusal_key};
use super::step::MessageStep;
use super::{Samples, Words, awkward, isolated};
use crate::catalogue::Catalogue;

/// What the list is narrowed to; lives in the address as `q`, `status` and `direction`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// A phone number, as it was typed.
    pub query: String,
    /// Only this status.
    pub status: Option<StatusWord>,
    /// Only this direction.
    pub way: Option<Way>,
}

impl MessageFilter {
    /// Whether anything is left out.
    #[must_use]
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }

    fn has_status(&self, status: &StatusWord) -> bool {
        self.status == Some(*status)
    }

    fn has_way(&self, way: &Way) -> bool {
        self.way == Some(*way)
    }

    /// The part of an address behind `?`, with one more pair.
    fn address(&self, name: &str, value: &str) -> String {
        let pairs = [
            ("q", self.query.as_str()),
            ("status", self.status.map_or("", StatusWord::as_str)),
            ("direction", self.way.map_or("", Way::as_str)),
            (name, value),
        ];
        let filled = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        filled.map(|(name, value)| format!("{name}={}", percent_encode(value))).collect::<Vec<_>>().join("&")
    }
}

fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// `GET {base}/messages`: the list, newest first, with the sheet that sends a message.
#[derive(Debug, Template)]
#[template(path = "messages/list.html")]
pub struct MessagesPage {
    /// The frame.
    pub shell: Shell,
    /// What the list is narrowed to.
    pub filter: MessageFilter,
    /// The messages, newest first.
    pub rows: Vec<MessageRow>,
    /// Cursor of the page with newer messages; none on the first page.
    pub newer: Option<String>,
    /// Cursor of the page with older messages.
    pub older: Option<String>,
    /// The form in the sheet.
    pub form: ComposeForm,
    /// Whether the sheet is open from the start: `?compose=1`, or a refused form without JavaScript.
    pub composing: bool,
}

impl MessagesPage {
    /// New messages may be put on top: nothing is left out and nothing newer is on another page.
    fn grows(&self) -> bool {
        self.newer.is_none() && !self.filter.is_active()
    }

    fn messages(&self) -> String {
        self.shell.messages()
    }

    fn newer_link(&self) -> Option<String> {
        self.newer.as_ref().map(|cursor| format!("{}?{}", self.messages(), self.filter.address("after", cursor)))
    }

    fn older_link(&self) -> Option<String> {
        self.older.as_ref().map(|cursor| format!("{}?{}", self.messages(), self.filter.address("before", cursor)))
    }
}

impl Words for MessagesPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

/// What may still be changed about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changeable {
    /// It waits for its time: both when it goes and whether.
    Time,
    /// It waits for its turn: whether it goes.
    Leaving,
    /// Nothing.
    Nothing,
}

impl Changeable {
    /// Of a message that stands so.
    #[must_use]
    pub const fn of(status: MessageStatus, direction: Direction) -> Self {
        match (direction, status) {
            (Direction::Outbound, MessageStatus::Scheduled) => Self::Time,
            (Direction::Outbound, MessageStatus::Queued) => Self::Leaving,
            _ => Self::Nothing,
        }
    }

    const fn can_move(self) -> bool {
        matches!(self, Self::Time)
    }

    const fn can_cancel(self) -> bool {
        matches!(self, Self::Time | Self::Leaving)
    }
}

/// `GET {base}/messages/{id}`: the life of one message.
#[derive(Debug, Template)]
#[template(path = "messages/page.html")]
pub struct MessagePage {
    /// The frame.
    pub shell: Shell,
    /// The message as the list shows it.
    pub row: MessageRow,
    /// What it says.
    pub bubble: Bubble,
    /// What it waits for now, as a sentence.
    pub waits: Option<String>,
    /// What may still be changed.
    pub changeable: Changeable,
    /// When it is, or was, due, if that was chosen.
    pub send_at: Option<Moment>,
    /// Until when it may be sent.
    pub expires_at: Option<Moment>,
    /// What happened, oldest first.
    pub steps: Vec<MessageStep>,
    /// How many attempts there were.
    pub attempts: u32,
    /// The provider's id.
    pub external_id: Option<String>,
}

impl MessagePage {
    fn messages(&self) -> String {
        self.shell.messages()
    }

    fn heading(&self) -> String {
        let name = isolated(self.row.person().unwrap_or_else(|| self.t("messages.unknown_contact")));
        let values = [("name", name.as_str())];
        if self.row.way.is_out() { self.tf("message.to", &values) } else { self.tf("message.from", &values) }
    }

    fn refusal(&self, failure: &Failure) -> &'static str {
        self.catalogue().t(refusal_key(failure.kind))
    }
}

impl Words for MessagePage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

impl Samples for MessagesPage {
    fn samples() -> Vec<Self> {
        let usual = |shell| Self {
            shell,
            filter: MessageFilter::default(),
            rows: MessageRow::assortment(),
            newer: None,
            older: Some("878".to_owned()),
            form: ComposeForm::sample(),
            composing: false,
        };
        let filter = MessageFilter {
            query: format!("{}&q=1 ", awkward::MARKUP),
            status: Some(StatusWord::Failed),
            way: Some(Way::Out),
        };
        let empty = Self { rows: Vec::new(), older: None, ..usual(Shell::sample()) };
        let much = (0..50).map(|id| if id % 5 == 0 { MessageRow::too_much(id) } else { MessageRow::sample(id) });
        vec![
            usual(Shell::sample()),
            empty,
            Self { rows: Vec::new(), older: None, filter: filter.clone(), ..usual(Shell::sample()) },
            Self { rows: much.collect(), filter, newer: Some("<9>".to_owned()), ..usual(Shell::too_much()) },
            usual(Shell::right_to_left()),
            Self { composing: true, ..usual(Shell::sample()) },
            Self {
                composing: true,
                form: ComposeForm::refused(ComposeKind::Template),
                ..usual(Shell::right_to_left())
            },
            Self { composing: true, form: ComposeForm::refused(ComposeKind::Text), ..usual(Shell::sample()) },
            Self { composing: true, form: ComposeForm::default(), ..usual(Shell::sample()) },
        ]
    }
}

impl Samples for MessagePage {
    fn samples() -> Vec<Self> {
        let usual = |shell| Self {
            shell,
            row: MessageRow::sample(900),
            bubble: Bubble::text_sample(
                Way::Out,
                "Hello *Yael*, your room 512 is ready.\nYour key is waiting at the front desk.",
            ),
            waits: None,
            changeable: Changeable::Nothing,
            send_at: None,
            expires_at: Some(Moment::sample(-24 * 60)),
            steps: MessageStep::life(),
            attempts: 2,
            external_id: Some("wamid.HBgMOTcyNTQ1NTUwMTI4FQIAERgSQjE2".to_owned()),
        };
        let received = Self {
            row: MessageRow::right_to_left(899),
            bubble: Bubble::text_sample(Way::In, "תודה רבה! אפשר גם מיטת תינוק?"),
            steps: MessageStep::received(),
            attempts: 0,
            expires_at: None,
            ..usual(Shell::right_to_left())
        };
        let much = Self {
            row: MessageRow::too_much(7),
            waits: Some(awkward::long_name()),
            steps: MessageStep::too_much(),
            bubble: Bubble::too_much(),
            ..usual(Shell::too_much())
        };
        let scheduled = |shell| Self {
            row: MessageRow { status: StatusWord::Scheduled, version: 2, ..MessageRow::sample(901) },
            waits: Some("It waits for its time, 21 Nov 2026, 09:00.".to_owned()),
            changeable: Changeable::Time,
            send_at: Some(Moment::sample(-21 * 60)),
            steps: MessageStep::scheduled(),
            attempts: 0,
            external_id: None,
            ..usual(shell)
        };
        let kept = Self {
            row: MessageRow {
                simulated: true,
                excerpt: String::new(),
                kind: ContentKind::Template("hello_world".to_owned()),
                way: Way::Out,
                status: StatusWord::Delivered,
                ..MessageRow::right_to_left(12)
            },
            bubble: Bubble::full(Way::Out),
            ..usual(Shell::right_to_left())
        };
        let bare = MessageRow { contact_name: None, phone: None, ..MessageRow::sample(3) };
        let waiting = MessageRow { status: StatusWord::Queued, ..MessageRow::sample(902) };
        vec![
            usual(Shell::sample()),
            Self { row: MessageRow::failed(896), steps: MessageStep::failing(), ..usual(Shell::sample()) },
            Self {
                row: bare,
                bubble: Bubble::full(Way::In),
                steps: Vec::new(),
                external_id: None,
                ..usual(Shell::sample())
            },
            much,
            received,
            kept,
            scheduled(Shell::sample()),
            scheduled(Shell::right_to_left()),
            Self { row: waiting, changeable: Changeable::Leaving, ..scheduled(Shell::sample()) },
        ]
    }
}
