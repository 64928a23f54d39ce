//! News about a business number.

use serde_json::Value;

use crate::time::Timestamp;

/// A number's limits or standing changed (`phone_number_quality_update`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberQuality {
    /// `ONBOARDING`, `THROUGHPUT_UPGRADE`; older `FLAGGED`, `UNFLAGGED`, `UPGRADE`, `DOWNGRADE`.
    pub event: String,
    /// The limit now, such as `TIER_1K`.
    pub current_limit: Option<String>,
    /// The limit before.
    pub old_limit: Option<String>,
    /// How many people the portfolio may write to first in 24 hours: a tier, or a number.
    pub daily_conversations: Option<String>,
}

/// A name was decided about (`phone_number_name_update`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameDecision {
    /// `APPROVED`, `REJECTED`, `DEFERRED`, `PENDING`.
    pub decision: String,
    /// The name that was asked for.
    pub requested_name: Option<String>,
    /// Why not, such as `NAME_EMPLOYEE_ISSUE`.
    pub reason: Option<String>,
}

/// The number's username changed (`business_username_update`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsernameChange {
    /// The username, without `@`.
    pub username: Option<String>,
    /// `approved`, `reserved`, `deleted`.
    pub status: Option<String>,
}

/// A number's settings were changed (`account_settings_update`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberSettings {
    /// Which: `PHONE_NUMBER_SETTINGS`.
    pub kind: Option<String>,
    /// The new settings without the number's id, as the provider writes them.
    pub settings: Option<Value>,
    /// When.
    pub at: Option<Timestamp>,
}
