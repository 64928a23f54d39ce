//! Statuses: an attempt's status is a rank that evidence only raises.
//!
//! Providers repeat, delay and reorder callbacks, so nothing here may depend on the order of evidence: the result for
//! a multiset of evidence is the maximum by rank, and each time the earliest reported for its status.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, MessageId};
use crate::refusal::Failure;
use crate::time::Timestamp;

/// Status of one attempt, ordered by rank: delivery beats failure, failure beats sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i64)]
pub enum AttemptStatus {
    /// Waits in the outbox.
    Queued = 0,
    /// A request is, or was, on its way to the provider.
    Calling = 1,
    /// The request left us and no answer came; it may have been sent.
    Unknown = 2,
    /// The provider accepted it.
    Submitted = 3,
    /// WhatsApp's servers took it.
    Sent = 4,
    /// It was not delivered.
    Failed = 5,
    /// It reached a device.
    Delivered = 6,
    /// It was read, or played.
    Read = 7,
}

impl AttemptStatus {
    /// Every status by rank.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Calling,
        Self::Unknown,
        Self::Submitted,
        Self::Sent,
        Self::Failed,
        Self::Delivered,
        Self::Read,
    ];

    /// The stored rank, 0 to 7.
    #[must_use]
    pub const fn rank(self) -> i64 {
        self as i64
    }

    /// Reads back a stored rank.
    #[must_use]
    pub fn from_rank(rank: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.rank() == rank)
    }

    /// Whether the person has the message, which nothing can take back.
    #[must_use]
    pub const fn is_received(self) -> bool {
        matches!(self, Self::Delivered | Self::Read)
    }
}

/// What somebody reported about an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The status reported.
    pub status: AttemptStatus,
    /// When it happened, in the reporter's words.
    pub at: Timestamp,
    /// For [`AttemptStatus::Failed`]: why.
    pub failure: Option<Failure>,
}

/// The earliest time reported for each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusTimes {
    /// The provider accepted it.
    pub submitted: Option<Timestamp>,
    /// WhatsApp's servers took it.
    pub sent: Option<Timestamp>,
    /// It failed.
    pub failed: Option<Timestamp>,
    /// It reached a device.
    pub delivered: Option<Timestamp>,
    /// It was read.
    pub read: Option<Timestamp>,
}

impl StatusTimes {
    fn slot(&mut self, status: AttemptStatus) -> Option<&mut Option<Timestamp>> {
        match status {
            AttemptStatus::Queued | AttemptStatus::Calling | AttemptStatus::Unknown => None,
            AttemptStatus::Submitted => Some(&mut self.submitted),
            AttemptStatus::Sent => Some(&mut self.sent),
            AttemptStatus::Failed => Some(&mut self.failed),
            AttemptStatus::Delivered => Some(&mut self.delivered),
            AttemptStatus::Read => Some(&mut self.read),
        }
    }

    fn note(&mut self, status: AttemptStatus, at: Timestamp) {
        if let Some(slot) = self.slot(status) {
            *slot = Some(slot.map_or(at, |known| known.min(at)));
        }
    }

    /// When it reached the person: `read` without `delivered` counts as delivered.
    #[must_use]
    pub fn received(&self) -> Option<Timestamp> {
        match (self.delivered, self.read) {
            (Some(delivered), Some(read)) => Some(delivered.min(read)),
            (delivered, read) => delivered.or(read),
        }
    }

    /// The earlier of both, status by status.
    #[must_use]
    pub fn merge(mut self, mut other: Self) -> Self {
        for status in AttemptStatus::ALL {
            if let Some(at) = other.slot(status).and_then(|slot| *slot) {
                self.note(status, at);
            }
        }
        self
    }
}

/// Where an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptState {
    /// Its status.
    pub status: AttemptStatus,
    /// When each status was reached.
    pub times: StatusTimes,
    /// Why it failed, if a failure was reported and no delivery beat it.
    pub failure: Option<Failure>,
}

impl AttemptState {
    /// A new attempt.
    #[must_use]
    pub fn new(status: AttemptStatus) -> Self {
        Self { status, times: StatusTimes::default(), failure: None }
    }

    /// Takes in one piece of evidence: the only transition there is.
    #[must_use]
    pub fn on(mut self, evidence: &Evidence) -> Self {
        self.keep_failure(evidence);
        self.times.note(evidence.status, evidence.at);
        self.status = self.status.max(evidence.status);
        self
    }

    /// Of several failure reports the earliest is kept, and of equal times the smaller text, so that order is nothing.
    /// A report without a reason is one of its own, else the time of the earliest and the reason kept would part.
    fn keep_failure(&mut self, evidence: &Evidence) {
        if evidence.status != AttemptStatus::Failed {
            return;
        }
        let reported = evidence.failure.clone().unwrap_or_else(Failure::without_reason);
        let known = self.failure.as_ref().map(|failure| (self.times.failed, failure));
        if known.is_none_or(|known| (Some(evidence.at), &reported) < known) {
            self.failure = Some(reported);
        }
    }
}

/// Our name for an attempt, which Meta echoes in every status callback (`biz_opaque_callback_data`): the one thread
/// that survives a lost answer. It carries the installation, since two of them may share a business account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttemptReference {
    /// The installation that sent it: letters and digits.
    pub installation: String,
    /// The account.
    pub account: AccountId,
    /// The message.
    pub message: MessageId,
    /// Which attempt, from 1.
    pub number: i64,
}

/// A text that is not one of our references.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a reference of a Waypost attempt")]
pub struct ForeignReference;

impl fmt::Display for AttemptReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wp1.{}.{}.{}.{}", self.installation, self.account, self.message, self.number)
    }
}

impl FromStr for AttemptReference {
    type Err = ForeignReference;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(ForeignReference);
        if next()? != "wp1" {
            return Err(ForeignReference);
        }
        let installation = next()?.to_owned();
        let account = next()?.parse().map_err(|_| ForeignReference)?;
        let message = next()?.parse().map_err(|_| ForeignReference)?;
        let number = next()?.parse().map_err(|_| ForeignReference)?;
        if parts.next().is_some() {
            return Err(ForeignReference);
        }
        Ok(Self { installation, account, message, number })
    }
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
