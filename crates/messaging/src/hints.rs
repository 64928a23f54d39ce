//! Hints: somebody has work, an account's screen changed. They may be lost or doubled; a poll stands behind them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::{AccountId, SenderId};
use tokio::sync::{Notify, watch};

/// What callbacks told of a number since it was last asked; its pace follows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages that came in, which count against the number's rate too.
    pub received: u32,
    /// Whether the provider told that the number is over its rate.
    pub limited: bool,
}

/// Hints within this process.
#[derive(Clone, Debug, Default)]
pub struct Hints(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    senders: Mutex<HashSet<SenderId>>,
    outbox: Notify,
    inlet: Notify,
    jobs: Notify,
    traffic: Mutex<HashMap<SenderId, Traffic>>,
    screens: Mutex<HashMap<AccountId, watch::Sender<u64>>>,
}

impl Hints {
    /// A sender has something to send.
    pub fn sender_has_work(&self, sender: SenderId) {
        self.0.senders.lock().unwrap_or_else(PoisonError::into_inner).insert(sender);
        self.0.outbox.notify_one();
    }

    /// Waits for senders with work; answers at once if there are some.
    pub async fn senders_with_work(&self) -> HashSet<SenderId> {
        loop {
            let found = std::mem::take(&mut *self.0.senders.lock().unwrap_or_else(PoisonError::into_inner));
            if !found.is_empty() {
                return found;
            }
            self.0.outbox.notified().await;
        }
    }

    /// Something came in over a sender, or the provider told of its limit.
    pub fn sender_has_traffic(&self, sender: SenderId, traffic: Traffic) {
        let mut all = self.0.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(sender).or_default();
        known.received = known.received.saturating_add(traffic.received);
        known.limited |= traffic.limited;
    }

    /// What came in since this was last asked.
    #[must_use]
    pub fn sender_traffic(&self) -> HashMap<SenderId, Traffic> {
        std::mem::take(&mut *self.0.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The inlet has a new body.
    pub fn inlet_has_work(&self) {
        self.0.inlet.notify_one();
    }

    /// Waits for a new body.
    pub async fn inlet_work(&self) {
        self.0.inlet.notified().await;
    }

    /// A job was stored.
    pub fn jobs_have_work(&self) {
        self.0.jobs.notify_one();
    }

    /// Waits for a job.
    pub async fn job_work(&self) {
        self.0.jobs.notified().await;
    }

    /// Something of the account changed.
    pub fn account_changed(&self, account: AccountId) {
        if let Some(screen) = self.0.screens.lock().unwrap_or_else(PoisonError::into_inner).get(&account) {
            screen.send_modify(|version| *version = version.wrapping_add(1));
        }
    }

    /// Hears of changes of the account.
    #[must_use]
    pub fn watch_account(&self, account: AccountId) -> watch::Receiver<u64> {
        let mut screens = self.0.screens.lock().unwrap_or_else(PoisonError::into_inner);
        // Accounts nobody watches any more are forgotten when somebody new comes.
        screens.retain(|id, screen| *id == account || screen.receiver_count() > 0);
        screens.entry(account).or_default().subscribe()
    }
}
