//! What became of a message of ours.

use super::message::ReportedError;
use super::people::Person;
use crate::attempt::{AttemptStatus, Evidence};
use crate::refusal::Failure;
use crate::time::Timestamp;

/// What became of a message of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusReport {
    /// The provider's id of the message.
    pub external_id: String,
    /// Our own reference, where the provider echoes it.
    pub reference: Option<String>,
    /// What happened.
    pub status: ReportedStatus,
    /// When, in the provider's words, where those are a time at all.
    pub at: Option<Timestamp>,
    /// For [`ReportedStatus::Failed`]: why.
    pub failure: Option<Failure>,
    /// The provider's own words for why.
    pub errors: Vec<ReportedError>,
    /// To whom it went; nobody known for a group.
    pub recipient: Person,
    /// For a message to a group.
    pub group: Option<GroupRecipient>,
    /// The billing window it belongs to, of older versions and free entry points.
    pub conversation: Option<Conversation>,
    /// What it costs.
    pub pricing: Option<Pricing>,
}

impl StatusReport {
    /// What this says about the attempt, if anything. One participant's `read` is not that of a group.
    #[must_use]
    pub fn evidence(&self, received_at: Timestamp) -> Option<Evidence> {
        let status = self.status.reached()?;
        if self.group.as_ref().is_some_and(|group| group.participant.is_known() || status.is_received()) {
            return None;
        }
        Some(Evidence { status, at: self.at.unwrap_or(received_at), failure: self.failure.clone() })
    }
}

/// A status in the provider's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportedStatus {
    /// WhatsApp's servers took it.
    Sent,
    /// It reached a device.
    Delivered,
    /// It was read.
    Read,
    /// A voice message was played for the first time.
    Played,
    /// It was not delivered.
    Failed,
    /// The person deleted it; older versions only.
    Deleted,
    /// It concerns a product that was changed or removed; older versions only.
    Warning,
}

impl ReportedStatus {
    /// The status Meta names so.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "sent" => Self::Sent,
            "delivered" => Self::Delivered,
            "read" => Self::Read,
            "played" => Self::Played,
            "failed" => Self::Failed,
            "deleted" => Self::Deleted,
            "warning" => Self::Warning,
            _ => return None,
        })
    }

    /// Meta's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
            Self::Warning => "warning",
        }
    }

    /// The rank an attempt reached by this.
    #[must_use]
    pub const fn reached(self) -> Option<AttemptStatus> {
        match self {
            Self::Sent => Some(AttemptStatus::Sent),
            Self::Delivered => Some(AttemptStatus::Delivered),
            Self::Read | Self::Played => Some(AttemptStatus::Read),
            Self::Failed => Some(AttemptStatus::Failed),
            Self::Deleted | Self::Warning => None,
        }
    }
}

/// The group a message went to, and whose status this is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRecipient {
    /// The provider's id of the group.
    pub group_id: Option<String>,
    /// Whose status it is; nobody known where it is the group's.
    pub participant: Person,
}

/// A billing window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// Its id; on older versions one per message.
    pub id: Option<String>,
    /// What opened it, such as `service` or `marketing`.
    pub origin: Option<String>,
    /// When it ends; told with `sent` only.
    pub expires_at: Option<Timestamp>,
}

/// What a message costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pricing {
    /// Whether it is charged for.
    pub billable: Option<bool>,
    /// `CBP` by conversation until July 2025, `PMP` by message since.
    pub model: Option<String>,
    /// `regular`, `free_customer_service` or `free_entry_point`.
    pub kind: Option<String>,
    /// Such as `marketing`, `utility`, `authentication-international`, `group_service`.
    pub category: Option<String>,
}
