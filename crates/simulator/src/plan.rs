//! How statuses follow a message: delays, doubles, disorder, losses.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

/// A status Meta reports about a message of the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// On its way to the phone.
    Sent,
    /// On the phone.
    Delivered,
    /// Seen by the customer.
    Read,
    /// It will never arrive.
    Failed,
}

impl Status {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// How the statuses of accepted messages are sent.
#[derive(Clone, Debug)]
pub struct StatusPlan {
    /// From acceptance to `sent`.
    pub sent: Duration,
    /// From `sent` to `delivered`, on a phone that is on.
    pub delivered: Duration,
    /// From `delivered` to `read` without anybody opening the chat; `None`: only a phone page reads.
    pub auto_read: Option<Duration>,
    /// Extra copies of every status.
    pub duplicate: u32,
    /// Whether the moments of a message's statuses are dealt out in random order.
    pub shuffle: bool,
    /// The probability that a status is never told.
    pub drop: BTreeMap<Status, f64>,
    /// Whether the first status of a message is delivered before the send is answered.
    pub before_answer: bool,
    /// Whether statuses are held back until this is `false` again.
    pub paused: bool,
    /// Whether free text to somebody who has not written for 24 hours fails with 131047.
    pub enforce_window: bool,
    /// Up to so many statuses share one callback; 1: each has its own. Meta sends up to 1,000.
    pub batch: usize,
    /// Statuses as v23.0 and older tell them: with `conversation`, priced per conversation.
    pub old_shapes: bool,
    /// The wait before a refused callback is tried again; it doubles each time, up to a minute.
    pub retry_first: Duration,
    /// How long a callback is tried at all.
    pub retry_total: Duration,
}

impl Default for StatusPlan {
    fn default() -> Self {
        Self {
            sent: Duration::from_millis(30),
            delivered: Duration::from_millis(120),
            auto_read: None,
            duplicate: 0,
            shuffle: false,
            drop: BTreeMap::new(),
            before_answer: false,
            paused: false,
            enforce_window: false,
            batch: 1,
            old_shapes: false,
            retry_first: Duration::from_millis(500),
            retry_total: Duration::from_secs(600),
        }
    }
}

/// One status to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    /// When it is told, counted from acceptance.
    pub(crate) told_after: Duration,
    /// When it happens in the customer's world; differs only when shuffled.
    pub(crate) happens_after: Duration,
    pub(crate) status: Status,
    /// The error of a failure.
    pub(crate) code: Option<u32>,
    /// Happens, but is never told.
    pub(crate) silent: bool,
}

impl StatusPlan {
    /// The statuses of a message that goes well.
    pub(crate) fn journey(&self, rng: &mut StdRng) -> Vec<Planned> {
        let mut moments = vec![(self.sent, Status::Sent), (self.sent + self.delivered, Status::Delivered)];
        if let Some(read) = self.auto_read {
            moments.push((self.sent + self.delivered + read, Status::Read));
        }
        let mut told: Vec<Duration> = moments.iter().map(|(after, _)| *after).collect();
        if self.shuffle {
            told.shuffle(rng);
        }
        let planned = moments.into_iter().zip(told);
        let mut planned: Vec<Planned> = planned
            .map(|((happens_after, status), told_after)| {
                let silent = self.is_dropped(status, rng);
                Planned { told_after, happens_after, status, code: None, silent }
            })
            .collect();
        planned.sort_by_key(|one| one.told_after);
        planned
    }

    /// The statuses of a message that fails with `code`.
    pub(crate) fn failure(&self, code: u32, rng: &mut StdRng) -> Vec<Planned> {
        let silent = self.is_dropped(Status::Failed, rng);
        vec![Planned {
            told_after: self.sent,
            happens_after: self.sent,
            status: Status::Failed,
            code: Some(code),
            silent,
        }]
    }

    pub(crate) fn is_dropped(&self, status: Status, rng: &mut StdRng) -> bool {
        self.drop.get(&status).is_some_and(|probability| rng.random::<f64>() < *probability)
    }
}
