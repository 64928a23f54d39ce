//! The numbers of the account, and how they stand at their providers.

use askama::Template;
use domain::sender_state::Property;

use super::badge::Badge;
use super::moment::Moment;
use super::shell::{Area, Shell};
use super::{Samples, Words, awkward};
use crate::catalogue::Catalogue;

/// Something that is known of a number.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Key of its name.
    pub key: &'static str,
    /// In the provider's words.
    pub value: String,
    /// Since when, or when it was asked.
    pub at: Moment,
    /// Key of where it came from.
    pub source: &'static str,
}

/// Something that keeps a number from sending, or soon will.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// Its `data-tone`.
    pub tone: &'static str,
    /// What it is.
    pub title: String,
    /// More, where there is more.
    pub text: String,
}

/// The newest event about a number.
#[derive(Clone, Debug)]
pub struct LastEvent {
    /// What happened.
    pub sentence: String,
    /// When.
    pub at: Moment,
}

/// A number.
#[derive(Clone, Debug)]
pub struct SenderRow {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The number, formatted for its country.
    pub phone: Option<String>,
    /// Name of its provider.
    pub provider: String,
    /// Whether it has credentials.
    pub is_connected: bool,
    /// How it stands, if known.
    pub status: Option<Badge>,
    /// Its quality.
    pub quality: Option<Badge>,
    /// Messages per second.
    pub throughput: Option<String>,
    /// How many people may be written to first in a day.
    pub limit: Option<String>,
    /// What is wrong with it.
    pub troubles: Vec<Trouble>,
    /// The newest event about it.
    pub last: Option<LastEvent>,
    /// Everything that is known.
    pub facts: Vec<Fact>,
    /// When something became known last.
    pub observed_at: Option<Moment>,
}

/// `GET {base}/senders`
#[derive(Debug, Template)]
#[template(path = "senders/list.html")]
pub struct SendersPage {
    /// The frame.
    pub shell: Shell,
    /// The numbers.
    pub rows: Vec<SenderRow>,
}

impl SendersPage {
    fn events(&self, row: &SenderRow) -> String {
        format!("{}?sender={}", self.shell.account_events(), row.id)
    }
}

impl Words for SendersPage {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

impl SenderRow {
    fn sample(id: i64, name: &str) -> Self {
        let catalogue = Catalogue::get("en");
        let fact = |key, value: &str, minutes| Fact {
            key,
            value: value.to_owned(),
            at: Moment::sample(minutes),
            source: if minutes > 30 { "source.callback" } else { "source.asked" },
        };
        Self {
            id: id.to_string(),
            name: name.to_owned(),
            phone: Some("+972 4-555-0110".to_owned()),
            provider: "Meta Cloud API".to_owned(),
            is_connected: true,
            status: Some(Badge::number_status("CONNECTED", catalogue)),
            quality: Some(Badge::quality(Some("GREEN"), catalogue)),
            throughput: Some("80".to_owned()),
            limit: Some("2,000".to_owned()),
            troubles: Vec::new(),
            last: Some(LastEvent {
                sentence: "The messaging limit was raised. It may write first to 2,000 people in 24 hours.".to_owned(),
                at: Moment::sample(200),
            }),
            facts: vec![
                fact("property.verified_name", "Carmel View Hotel", 12),
                fact("property.quality", "GREEN", 12),
                fact("property.throughput", "STANDARD", 12),
                fact("property.messaging_limit", "TIER_2K", 200),
            ],
            observed_at: Some(Moment::sample(12)),
        }
    }

    fn troubled() -> Self {
        let catalogue = Catalogue::get("en");
        let trouble = |tone, title: &str, text: &str| Trouble { tone, title: title.to_owned(), text: text.to_owned() };
        Self {
            status: Some(Badge::number_status("RESTRICTED", catalogue)),
            quality: Some(Badge::quality(Some("RED"), catalogue)),
            throughput: Some("20".to_owned()),
            limit: Some("250".to_owned()),
            troubles: vec![
                trouble("bad", "Restricted: RESTRICTED_BIZ_INITIATED_MESSAGING until 24 Nov 2026", ""),
                trouble(
                    "warn",
                    "WhatsApp says that it can send with limits",
                    "Your display name has not been approved yet.",
                ),
            ],
            ..Self::sample(2, "Spa & Events")
        }
    }

    fn unknown() -> Self {
        Self {
            phone: None,
            provider: "Sandbox".to_owned(),
            is_connected: false,
            status: None,
            quality: None,
            throughput: None,
            limit: None,
            last: None,
            facts: Vec::new(),
            observed_at: None,
            ..Self::sample(3, "Sandbox")
        }
    }
}

impl Samples for SendersPage {
    fn samples() -> Vec<Self> {
        let page = |shell, rows| Self { shell: Shell { area: Area::Senders, ..shell }, rows };
        let much = |id| SenderRow {
            name: awkward::long_name(),
            last: Some(LastEvent { sentence: awkward::MARKUP.to_owned(), at: Moment::sample(9) }),
            troubles: vec![Trouble { tone: "bad", title: awkward::long_name(), text: awkward::MARKUP.to_owned() }],
            ..SenderRow::sample(id, "")
        };
        let usual = || vec![SenderRow::sample(1, "Front desk"), SenderRow::troubled(), SenderRow::unknown()];
        vec![
            page(Shell::sample(), usual()),
            page(Shell::sample(), Vec::new()),
            page(Shell::too_much(), (10..40).map(much).collect()),
            page(Shell::right_to_left(), usual()),
        ]
    }
}

/// Key of a property's name.
#[must_use]
pub const fn property_key(property: Property) -> &'static str {
    match property {
        Property::VerifiedName => "property.verified_name",
        Property::DisplayPhone => "property.display_phone",
        Property::NameStatus => "property.name_status",
        Property::RequestedName => "property.requested_name",
        Property::Quality => "property.quality",
        Property::Throughput => "property.throughput",
        Property::OnPhoneApp => "property.on_phone_app",
        Property::MessagingLimit => "property.messaging_limit",
        Property::Status => "property.status",
        Property::Standing => "property.standing",
        Property::Restrictions => "property.restrictions",
        Property::Ban => "property.ban",
        Property::Violation => "property.violation",
        Property::Review => "property.review",
        Property::Health => "property.health",
        Property::HealthNote => "property.health_note",
        Property::Platform => "property.platform",
        Property::AccountMode => "property.account_mode",
        Property::CodeVerification => "property.code_verification",
        Property::Official => "property.official",
        Property::PinSet => "property.pin_set",
        Property::Security => "property.security",
        Property::Username => "property.username",
        Property::UsernameStatus => "property.username_status",
        Property::Settings => "property.settings",
    }
}
