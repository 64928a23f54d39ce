//! What providers told about accounts, numbers and templates.

use askama::Template;
use store::account_event::Severity;

use super::code::Code;
use super::moment::Moment;
use super::shell::{Area, Shell};
use super::{Samples, Words, awkward};
use crate::catalogue::Catalogue;

/// A number the list can be narrowed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderChoice {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What the list is narrowed to; lives in the address as `sender` and `severity`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventsFilter {
    /// Only about this number.
    pub sender: Option<String>,
    /// Only this severity.
    pub severity: Option<Severity>,
}

impl EventsFilter {
    /// Whether anything is left out.
    #[must_use]
    pub fn is_active(&self) -> bool {
        *self != Self::default()
    }

    fn has_sender(&self, choice: &SenderChoice) -> bool {
        self.sender.as_ref() == Some(&choice.id)
    }

    fn has_severity(&self, severity: &Severity) -> bool {
        self.severity == Some(*severity)
    }

    /// The part of an address behind `?`, with the place of a page.
    fn address(&self, before: &str) -> String {
        let severity = self.severity.map_or("", Severity::as_str);
        let pairs =
            [("sender", self.sender.as_deref().unwrap_or_default()), ("severity", severity), ("before", before)];
        let filled = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        filled.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
    }
}

/// An event.
#[derive(Clone, Debug)]
pub struct EventItem {
    /// Its id.
    pub id: String,
    /// When it happened.
    pub at: Moment,
    /// How much somebody should care.
    pub severity: Severity,
    /// What happened.
    pub sentence: String,
    /// What helps.
    pub remedy: Option<String>,
    /// The number it concerns.
    pub sender_name: Option<String>,
    /// The business account.
    pub business_account: Option<String>,
    /// The provider's name of its family.
    pub field: String,
    /// The provider's word for it.
    pub event: String,
    /// What came.
    pub value: Code,
}

impl EventItem {
    fn tone(&self) -> &'static str {
        match self.severity {
            Severity::Info => "info",
            Severity::Warning => "warn",
            Severity::Critical => "bad",
        }
    }

    fn icon(&self) -> &'static str {
        match self.severity {
            Severity::Info => "info",
            Severity::Warning => "bell",
            Severity::Critical => "failed",
        }
    }
}

/// `GET {base}/account-events`
#[derive(Debug, Template)]
#[template(path = "account_events/list.html")]
pub struct AccountEventsPage {
    /// The frame.
    pub shell: Shell,
    /// What the list is narrowed to.
    pub filter: EventsFilter,
    /// The numbers it can be narrowed to.
    pub senders: Vec<SenderChoice>,
    /// The events, newest first.
    pub items: Vec<EventItem>,
    /// Whether this is not the first page.
    pub is_later: bool,
    /// Place of the page with older events.
    pub older: Option<String>,
}

impl AccountEventsPage {
    fn here(&self) -> String {
        self.shell.account_events()
    }

    fn older_link(&self) -> Option<String> {
        self.older.as_ref().map(|place| format!("{}?{}", self.here(), self.filter.address(place)))
    }

    fn first_link(&self) -> String {
        format!("{}?{}", self.here(), self.filter.address(""))
    }

    fn severity_key(&self, severity: &Severity) -> &'static str {
        match severity {
            Severity::Info => "severity.info",
            Severity::Warning => "severity.warning",
            Severity::Critical => "severity.critical",
        }
    }
}

impl Words for AccountEventsPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

impl EventItem {
    fn sample(number: i64, severity: Severity, sentence: &str, remedy: &str) -> Self {
        let value = br#"{"display_phone_number":"97245550110","event":"DOWNGRADE","current_limit":"TIER_250"}"#;
        Self {
            id: number.to_string(),
            at: Moment::sample(number * 190),
            severity,
            sentence: sentence.to_owned(),
            remedy: Some(remedy.to_owned()).filter(|remedy| !remedy.is_empty()),
            sender_name: (number % 2 == 1).then(|| "Front desk".to_owned()),
            business_account: Some("102290129340398".to_owned()),
            field: "phone_number_quality_update".to_owned(),
            event: "DOWNGRADE".to_owned(),
            value: Code::new(value, 4096, Catalogue::get("en")),
        }
    }

    fn assortment() -> Vec<Self> {
        vec![
            Self::sample(
                1,
                Severity::Critical,
                "WhatsApp restricted the business account: writing to people first (until 2026-11-24).",
                "Open the account in WhatsApp Manager under Account quality, read the reason, and ask for a review.",
            ),
            Self::sample(
                2,
                Severity::Warning,
                "The template season_offer (en_US) is paused for three hours, for the first time: people did not like it, \
                 and it cannot be sent.",
                "Send it to people who expect it, or change its words, before it is disabled for good.",
            ),
            Self::sample(3, Severity::Info, "The number may send and receive 1,000 messages per second now.", ""),
            Self::sample(9, Severity::Info, awkward::RIGHT_TO_LEFT, ""),
        ]
    }
}

impl Samples for AccountEventsPage {
    fn samples() -> Vec<Self> {
        let page = |shell, items| Self {
            shell: Shell { area: Area::AccountEvents, ..shell },
            filter: EventsFilter::default(),
            senders: vec![SenderChoice { id: "1".to_owned(), name: "Front desk".to_owned() }],
            items,
            is_later: false,
            older: None,
        };
        let narrowed = || EventsFilter { sender: Some("1".to_owned()), severity: Some(Severity::Critical) };
        let much = |number| EventItem {
            sender_name: Some(awkward::long_name()),
            event: awkward::MARKUP.to_owned(),
            ..EventItem::sample(number, Severity::Warning, &awkward::long_name(), awkward::MARKUP)
        };
        vec![
            page(Shell::sample(), EventItem::assortment()),
            page(Shell::sample(), Vec::new()),
            Self { filter: narrowed(), ..page(Shell::sample(), Vec::new()) },
            Self {
                filter: narrowed(),
                is_later: true,
                older: Some("1795168800000000-17".to_owned()),
                ..page(Shell::too_much(), (1..50).map(much).collect())
            },
            page(Shell::right_to_left(), EventItem::assortment()),
        ]
    }
}
