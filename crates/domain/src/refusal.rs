//! Why a provider did not take a message, and whether trying again can help.

use serde::{Deserialize, Serialize};

/// What kind of refusal it was; decides back-off and remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The provider had a passing fault and said that nothing was sent.
    Transient,
    /// The number, application or account is over its rate.
    SenderRate,
    /// Too many messages to one person.
    PairRate,
    /// The token is missing, expired or lacks a right.
    Authentication,
    /// The template is missing, paused or filled wrongly.
    Template,
    /// This person cannot be reached.
    Recipient,
    /// A rule of WhatsApp forbids it now (window, marketing cap, account restriction).
    Policy,
    /// The request is wrong and stays wrong.
    Permanent,
}

impl RefusalKind {
    /// Every kind, for tests and tables.
    pub const ALL: [Self; 8] = [
        Self::Transient,
        Self::SenderRate,
        Self::PairRate,
        Self::Authentication,
        Self::Template,
        Self::Recipient,
        Self::Policy,
        Self::Permanent,
    ];

    /// Whether the same message may be tried again by itself.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::SenderRate | Self::PairRate)
    }

    /// Whether the refusal is a limit, which slows a message down but never fails it before its expiry.
    #[must_use]
    pub const fn is_limit(self) -> bool {
        matches!(self, Self::SenderRate | Self::PairRate)
    }

    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::SenderRate => "sender_rate",
            Self::PairRate => "pair_rate",
            Self::Authentication => "authentication",
            Self::Template => "template",
            Self::Recipient => "recipient",
            Self::Policy => "policy",
            Self::Permanent => "permanent",
        }
    }
}

/// Why a message failed, in words for people beside the code that can be searched for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// The provider's code, or ours where no provider was asked.
    pub code: String,
    /// What kind of refusal it is.
    pub kind: RefusalKind,
    /// What happened.
    pub reason: String,
    /// What helps.
    pub remedy: String,
}

/// Code of a failure where no connection to the provider came about: nothing was sent.
pub const NOT_CONNECTED: &str = "not_connected";
/// Code of a failure where the sender moved to another node before the request was written: nothing was sent.
pub const LEASE_LOST: &str = "lease_lost";

impl Failure {
    /// Whether nothing was written to the provider, so that the message is not at fault and no attempt is used up.
    #[must_use]
    pub fn never_left(&self) -> bool {
        [NOT_CONNECTED, LEASE_LOST].contains(&self.code.as_str())
    }

    /// A failure that was reported without saying why.
    #[must_use]
    pub fn without_reason() -> Self {
        Self {
            code: "no_reason".to_owned(),
            kind: RefusalKind::Permanent,
            reason: "The provider reported a failure and gave no reason.".to_owned(),
            remedy: "Try another way to reach this person, or ask the provider with the message's id.".to_owned(),
        }
    }
}
