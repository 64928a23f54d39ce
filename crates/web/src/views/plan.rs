//! The pages that ask before a waiting message is moved or taken back. They work without a script.

use askama::Template;

use super::compose::Field;
use super::moment::Moment;
use super::row::MessageRow;
use super::shell::Shell;
use super::status::StatusWord;
use super::{Samples, Words, isolated};
use crate::catalogue::Catalogue;

/// `GET {base}/messages/{id}/reschedule`: when a message goes.
#[derive(Debug, Template)]
#[template(path = "messages/reschedule.html")]
pub struct ReschedulePage {
    /// The frame.
    pub shell: Shell,
    /// The message as the list shows it.
    pub row: MessageRow,
    /// When it is due, as an input of local time has it.
    pub send_at: Field,
    /// Until when it may be sent; empty moves it with the due time.
    pub expires_at: Field,
    /// Why it cannot be moved at all.
    pub trouble: Option<String>,
}

impl ReschedulePage {
    fn messages(&self) -> String {
        self.shell.messages()
    }

    fn name(&self) -> String {
        isolated(self.row.person().unwrap_or_else(|| self.t("messages.unknown_contact")))
    }
}

impl Words for ReschedulePage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

/// `GET {base}/messages/{id}/cancel`: whether a message goes.
#[derive(Debug, Template)]
#[template(path = "messages/cancel.html")]
pub struct CancelPage {
    /// The frame.
    pub shell: Shell,
    /// The message as the list shows it.
    pub row: MessageRow,
    /// When it is due, if that was chosen.
    pub due: Option<Moment>,
    /// Why it cannot be taken back.
    pub trouble: Option<String>,
}

impl CancelPage {
    fn messages(&self) -> String {
        self.shell.messages()
    }

    fn name(&self) -> String {
        isolated(self.row.person().unwrap_or_else(|| self.t("messages.unknown_contact")))
    }
}

impl Words for CancelPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

fn scheduled(row: MessageRow) -> MessageRow {
    MessageRow { status: StatusWord::Scheduled, ..row }
}

impl Samples for ReschedulePage {
    fn samples() -> Vec<Self> {
        let usual = |shell, row| Self {
            shell,
            row: scheduled(row),
            send_at: Field::new("2026-11-21T09:00"),
            expires_at: Field::default(),
            trouble: None,
        };
        let error =
            |value: &str, key| Field { value: value.to_owned(), error: Some(Catalogue::get("en").t(key).to_owned()) };
        let wrong = Self {
            send_at: error("2026-11-19T09:00", "scheduled_problem.send_at"),
            expires_at: error("2026-11-18T09:00", "scheduled_problem.expires_at"),
            ..usual(Shell::right_to_left(), MessageRow::sample(901))
        };
        vec![
            usual(Shell::sample(), MessageRow::sample(901)),
            wrong,
            Self {
                trouble: Some(Catalogue::get("en").t("scheduled_problem.not_scheduled").to_owned()),
                ..usual(Shell::too_much(), MessageRow::too_much(7))
            },
        ]
    }
}

impl Samples for CancelPage {
    fn samples() -> Vec<Self> {
        let due = Some(Moment::sample(-21 * 60));
        let usual = |shell, row| Self { shell, row: scheduled(row), due: due.clone(), trouble: None };
        vec![
            usual(Shell::sample(), MessageRow::sample(901)),
            Self { due: None, ..usual(Shell::right_to_left(), MessageRow::sample(901)) },
            Self {
                trouble: Some(Catalogue::get("en").t("scheduled_problem.not_cancellable").to_owned()),
                ..usual(Shell::too_much(), MessageRow::too_much(7))
            },
        ]
    }
}
