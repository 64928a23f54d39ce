//! Beats of what happens, so that a kill can wait for the next one.

use std::time::Duration;

use tokio::sync::watch;

/// Something that happens again and again.
#[derive(Debug)]
pub(super) struct Pulse(watch::Sender<u64>);

impl Default for Pulse {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Pulse {
    /// It happened.
    pub(super) fn beat(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    /// How often it happened.
    pub(super) fn count(&self) -> u64 {
        *self.0.borrow()
    }

    /// Waits until it happens, at most `patience`; answers whether it did.
    pub(super) async fn next(&self, patience: Duration) -> bool {
        let mut beats = self.0.subscribe();
        tokio::time::timeout(patience, beats.changed()).await.is_ok()
    }
}

/// What kills wait for.
#[derive(Debug, Default)]
pub(super) struct Pulses {
    /// A send was answered with 202.
    pub accepted: Pulse,
    /// A send was answered with 202 that an earlier try had stored, and whose answer the kill took away.
    pub repeated: Pulse,
    /// A call to the provider arrived.
    pub call: Pulse,
    /// A call was answered by the provider, and the answer is held up.
    pub held: Pulse,
    /// A callback about a customer's message is being posted.
    pub posting: Pulse,
    /// Such a callback was answered 200.
    pub taken: Pulse,
    /// A send or a callback got no answer, or 503.
    pub broken: Pulse,
}
