//! News about the business account, its numbers, templates and flows.

use super::number::{NameDecision, NumberQuality, NumberSettings, UsernameChange};
use super::template::{TemplateEvent, TemplateNews};
use super::update::AccountUpdate;

/// Something became of the business account, its numbers or its templates.
#[derive(Clone, Debug, PartialEq)]
pub enum AccountEvent {
    /// A template.
    Template(TemplateEvent),
    /// A number's limits or standing.
    NumberQuality(NumberQuality),
    /// A number's name was decided about.
    NumberName(NameDecision),
    /// A number's username.
    Username(UsernameChange),
    /// A number's settings.
    Settings(NumberSettings),
    /// A number's two-step PIN.
    Security(Security),
    /// The account as a whole.
    Update(Box<AccountUpdate>),
    /// A warning or a notice.
    Alert(AlertDetails),
    /// The account's review came to a decision: `APPROVED`, `REJECTED`, `PENDING`, `DEFERRED`.
    Review(String),
    /// What the business may do.
    Capability(Capability),
    /// A flow.
    Flow(FlowEvent),
}

impl AccountEvent {
    /// Its name, for notes: the family, and the provider's word.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Template(template) => match &template.news {
                TemplateNews::Status { event, .. } => format!("template {event}"),
                TemplateNews::Quality { current, .. } => format!("template quality {current}"),
                TemplateNews::Components { .. } => "template components".to_owned(),
                TemplateNews::Category { .. } => "template category".to_owned(),
                TemplateNews::Misuse { .. } => "template misuse".to_owned(),
                TemplateNews::Unread => "template".to_owned(),
            },
            Self::NumberQuality(quality) => format!("number quality {}", quality.event),
            Self::NumberName(name) => format!("number name {}", name.decision),
            Self::Username(_) => "number username".to_owned(),
            Self::Settings(_) => "number settings".to_owned(),
            Self::Security(security) => format!("security {}", security.event),
            Self::Update(update) => update.event.clone(),
            Self::Alert(alert) => format!("alert {}", alert.kind.as_deref().unwrap_or_default()),
            Self::Review(decision) => format!("review {decision}"),
            Self::Capability(_) => "capability".to_owned(),
            Self::Flow(flow) => format!("flow {}", flow.event),
        }
    }
}

/// A warning or a notice (`account_alerts`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertDetails {
    /// What it concerns: `BUSINESS`, `PHONE_NUMBER`, `WABA`.
    pub entity_type: Option<String>,
    /// The provider's id of that.
    pub entity_id: Option<String>,
    /// `CRITICAL`, `WARNING`, `INFORMATIONAL`.
    pub severity: Option<String>,
    /// `ACTIVE`, `NONE` and so on.
    pub status: Option<String>,
    /// Such as `OBA_APPROVED`, `PROFILE_PICTURE_LOST`.
    pub kind: Option<String>,
    /// In a sentence.
    pub description: Option<String>,
}

/// What the business may do (`business_capability_update`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capability {
    /// How many people it may write to first in 24 hours: a tier such as `TIER_2K`, or a number.
    pub daily_conversations: Option<String>,
    /// The same per number, as older versions tell it.
    pub daily_conversations_per_number: Option<String>,
    /// How many numbers the portfolio may have.
    pub numbers_per_business: Option<i64>,
    /// How many numbers the account may have.
    pub numbers_per_account: Option<i64>,
}

/// A number's two-step PIN (`security`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// `PIN_CHANGED`, `PIN_RESET_REQUEST`, `PIN_REQUEST_SUCCESS`.
    pub event: String,
    /// The provider's id of who asked for it.
    pub requester: Option<String>,
}

/// News about a flow (`flows`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowEvent {
    /// `FLOW_STATUS_CHANGE`, `CLIENT_ERROR_RATE`, `ENDPOINT_LATENCY` and so on.
    pub event: String,
    /// The provider's id of it.
    pub flow_id: Option<String>,
    /// In a sentence.
    pub message: Option<String>,
    /// A warning about its version.
    pub warning: Option<String>,
    /// The status until now.
    pub old_status: Option<String>,
    /// The status from now on.
    pub new_status: Option<String>,
    /// `ACTIVATED` or `DEACTIVATED`.
    pub alert_state: Option<String>,
    /// The limit that was crossed: percent, or milliseconds for latency.
    pub threshold: Option<f64>,
    /// Share of requests with an error, in percent.
    pub error_rate: Option<f64>,
    /// Share of requests that the endpoint answered, in percent.
    pub availability: Option<f64>,
    /// Half of the requests took at most this long, in milliseconds.
    pub latency_p50_ms: Option<f64>,
    /// Nine in ten requests took at most this long, in milliseconds.
    pub latency_p90_ms: Option<f64>,
    /// How many requests that was.
    pub requests: Option<i64>,
    /// The errors by kind.
    pub errors: Vec<FlowError>,
}

/// Errors of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlowError {
    /// Such as `TIMEOUT`.
    pub kind: Option<String>,
    /// Their share in percent.
    pub rate: Option<f64>,
    /// How many.
    pub count: Option<i64>,
}
