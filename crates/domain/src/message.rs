//! What a message is beside its content: its class, its lane, its direction, its status.

use serde::{Deserialize, Serialize};

use crate::attempt::AttemptStatus;

/// What a message is for; decides lane, default expiry and later the rules that apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum Class {
    /// A code somebody waits for.
    Authentication = 0,
    /// Something the person's own act caused.
    Transactional = 1,
    /// An answer in a conversation.
    Conversational = 2,
    /// Everything else.
    Marketing = 3,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Authentication, Self::Transactional, Self::Conversational, Self::Marketing];

    /// As written in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Transactional => "transactional",
            Self::Conversational => "conversational",
            Self::Marketing => "marketing",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }

    /// Reads back the stored number.
    #[must_use]
    pub fn from_stored(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as i64 == number)
    }

    /// How long it is worth sending.
    #[must_use]
    pub const fn default_lifetime(self) -> std::time::Duration {
        match self {
            Self::Authentication => std::time::Duration::from_secs(10 * 60),
            Self::Transactional | Self::Conversational | Self::Marketing => {
                std::time::Duration::from_secs(24 * 60 * 60)
            }
        }
    }
}

/// Where a message waits; the smaller, the sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i64)]
pub enum Lane {
    /// Somebody waits for the answer.
    Interactive = 0,
    /// Transactional messages.
    Transactional = 1,
    /// Conversations.
    Conversational = 2,
    /// Marketing.
    Marketing = 3,
    /// Attempts after the first.
    Retry = 4,
}

impl Lane {
    /// The lane of a first attempt.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        match class {
            Class::Authentication => Self::Interactive,
            Class::Transactional => Self::Transactional,
            Class::Conversational => Self::Conversational,
            Class::Marketing => Self::Marketing,
        }
    }

    /// As shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Transactional => "transactional",
            Self::Conversational => "conversational",
            Self::Marketing => "marketing",
            Self::Retry => "retry",
        }
    }
}

/// Sent by us or received from a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum Direction {
    /// From a person.
    Inbound = 0,
    /// To a person.
    Outbound = 1,
}

impl Direction {
    /// As written in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound].into_iter().find(|direction| direction.as_str() == text)
    }
}

/// Status of a message: its newest attempt's, where delivered or read of any attempt wins; or one of the four that no
/// attempt has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum MessageStatus {
    /// See [`AttemptStatus::Queued`].
    Queued = 0,
    /// See [`AttemptStatus::Calling`].
    Calling = 1,
    /// See [`AttemptStatus::Unknown`].
    Unknown = 2,
    /// See [`AttemptStatus::Submitted`].
    Submitted = 3,
    /// See [`AttemptStatus::Sent`].
    Sent = 4,
    /// See [`AttemptStatus::Failed`].
    Failed = 5,
    /// See [`AttemptStatus::Delivered`].
    Delivered = 6,
    /// See [`AttemptStatus::Read`].
    Read = 7,
    /// Due later.
    Scheduled = 10,
    /// Taken back before it was sent.
    Cancelled = 11,
    /// A rule forbade it.
    Refused = 12,
    /// Its time passed before it could be sent.
    Expired = 13,
}

impl MessageStatus {
    /// Every status.
    pub const ALL: [Self; 12] = [
        Self::Queued,
        Self::Calling,
        Self::Unknown,
        Self::Submitted,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Read,
        Self::Scheduled,
        Self::Cancelled,
        Self::Refused,
        Self::Expired,
    ];

    /// As written in requests and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Calling => "calling",
            Self::Unknown => "unknown",
            Self::Submitted => "submitted",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Scheduled => "scheduled",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::Expired => "expired",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The stored number.
    #[must_use]
    pub const fn code(self) -> i64 {
        self as i64
    }

    /// Reads back the stored number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Whether the person has the message.
    #[must_use]
    pub const fn is_received(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }

    /// The message's status after one of its attempts came to stand at `attempt`.
    #[must_use]
    pub fn on(self, attempt: AttemptStatus, is_newest: bool) -> Self {
        let reported = Self::from(attempt);
        if attempt.is_received() {
            return if self.is_received() && self.code() > reported.code() { self } else { reported };
        }
        if is_newest && !self.is_received() { reported } else { self }
    }
}

impl From<AttemptStatus> for MessageStatus {
    fn from(status: AttemptStatus) -> Self {
        match status {
            AttemptStatus::Queued => Self::Queued,
            AttemptStatus::Calling => Self::Calling,
            AttemptStatus::Unknown => Self::Unknown,
            AttemptStatus::Submitted => Self::Submitted,
            AttemptStatus::Sent => Self::Sent,
            AttemptStatus::Failed => Self::Failed,
            AttemptStatus::Delivered => Self::Delivered,
            AttemptStatus::Read => Self::Read,
        }
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
