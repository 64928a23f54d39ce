//! The list of messages that wait for their time.

use askama::Template;

use super::moment::Moment;
use super::row::MessageRow;
use super::shell::Shell;
use super::status::StatusWord;
use super::{Samples, Words, awkward};
use crate::catalogue::Catalogue;

/// One message that waits for its time.
#[derive(Clone, Debug)]
pub struct ScheduledRow {
    /// The message as every list shows it.
    pub row: MessageRow,
    /// When it is due.
    pub due: Moment,
    /// Until when it may be sent.
    pub expires: Option<Moment>,
}

/// `GET {base}/scheduled`: the next due first.
#[derive(Debug, Template)]
#[template(path = "messages/scheduled.html")]
pub struct ScheduledPage {
    /// The frame.
    pub shell: Shell,
    /// A phone number, as it was typed.
    pub query: String,
    /// The messages, the next due first.
    pub rows: Vec<ScheduledRow>,
    /// Whether this is not the first page.
    pub is_later: bool,
    /// Address of the page with what is due later.
    pub later: Option<String>,
}

impl ScheduledPage {
    fn messages(&self) -> String {
        self.shell.messages()
    }
}

impl Words for ScheduledPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

impl Samples for ScheduledPage {
    fn samples() -> Vec<Self> {
        let scheduled = |row: MessageRow, hours: i64| ScheduledRow {
            row: MessageRow { status: StatusWord::Scheduled, ..row },
            due: Moment::sample(-60 * hours),
            expires: Some(Moment::sample(-60 * (hours + 24))),
        };
        let usual = |shell| Self {
            shell,
            query: String::new(),
            rows: (1..9).map(|n| scheduled(MessageRow::sample(900 + n), n * 5)).collect(),
            is_later: false,
            later: None,
        };
        let much = (0..25).map(|n| scheduled(MessageRow::too_much(n), n)).collect();
        vec![
            usual(Shell::sample()),
            Self { rows: Vec::new(), ..usual(Shell::sample()) },
            Self { rows: Vec::new(), query: awkward::MARKUP.to_owned(), ..usual(Shell::sample()) },
            usual(Shell::right_to_left()),
            Self { rows: much, is_later: true, later: Some("?after=1-2".to_owned()), ..usual(Shell::too_much()) },
        ]
    }
}
