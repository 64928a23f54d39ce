//! Ownership of shards: lease rows, kept by this node, renewed on a monotonic clock.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::ids::Epoch;
use domain::message::MessageStatus;
use domain::time::Timestamp;
use store::StoreError;
use store::call::AttemptKey;
use store::event::{self, MESSAGE_UPDATED, NewEvent};
use store::lease::{self, Owned};
use store::note::{self, NewNote};
use store::{call, message, outbox};
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::metric::Metric;

/// How long a lease lasts.
pub const LEASE: Duration = Duration::from_secs(12);
/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(2);

/// The shards this node owns now.
#[derive(Clone, Debug, Default)]
pub struct Ownership(Arc<RwLock<Held>>);

#[derive(Debug, Default)]
struct Held {
    epochs: HashMap<i64, Epoch>,
    until: Option<Instant>,
}

impl Ownership {
    /// The epoch under which the shard is ours, if our lease lasts at least `for_at_least` longer.
    #[must_use]
    pub fn epoch(&self, shard: i64, for_at_least: Duration) -> Option<Epoch> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let lasts = held.until.is_some_and(|until| until.saturating_duration_since(Instant::now()) >= for_at_least);
        if lasts { held.epochs.get(&shard).copied() } else { None }
    }

    fn hold(&self, owned: &[Owned], until: Instant) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        held.epochs = owned.iter().map(|owned| (owned.shard, owned.epoch)).collect();
        held.until = Some(until);
    }

    /// Takes what is free and settles what its former owner left behind.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn take(&self, core: &Core) -> Result<usize, StoreError> {
        // Counted from before the statement, so that ours ends before the row's does.
        let (started, now) = (Instant::now(), core.now());
        let mut tx = core.store.begin().await?;
        let taken = lease::take(&mut tx.conn(), core.store.node(), now, now.plus(LEASE)).await?;
        let abandoned = settle_abandoned(&mut tx.conn(), &taken, now).await?;
        tx.commit().await?;
        if abandoned > 0 {
            tracing::warn!(
                abandoned,
                "{abandoned} messages were being sent when their owner stopped; whether they were is unknown"
            );
            Metric::AttemptsAbandoned.add(abandoned as u64, "cause", "owner_gone");
        }
        self.hold(&taken, started + LEASE);
        Ok(taken.len())
    }

    async fn renew(&self, core: &Core) -> Result<(), StoreError> {
        let started = Instant::now();
        let mut tx = core.store.begin().await?;
        let owned = lease::renew(&mut tx.conn(), core.store.node(), core.now().plus(LEASE)).await?;
        tx.commit().await?;
        self.hold(&owned, started + LEASE);
        Ok(())
    }

    async fn release(&self, core: &Core) -> Result<(), StoreError> {
        self.hold(&[], Instant::now());
        let mut tx = core.store.begin().await?;
        lease::release(&mut tx.conn(), core.store.node()).await?;
        tx.commit().await
    }
}

/// Renews the leases until it is told to stop, then gives them back. Stop it after everything that needs them.
pub async fn run(core: Core, ownership: Ownership, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(RENEWAL) => {}
        }
        if let Err(error) = ownership.renew(&core).await {
            tracing::error!(%error, "The leases on shards could not be renewed: {error}");
        }
    }
    if let Err(error) = ownership.release(&core).await {
        tracing::warn!(%error, "The leases on shards could not be given back: {error}");
    }
}

/// What was claimed under an older epoch may have been sent: it becomes unknown, and evidence or a person settles it.
async fn settle_abandoned(
    conn: &mut store::conn::Conn<'_>,
    taken: &[Owned],
    now: Timestamp,
) -> Result<usize, StoreError> {
    let mut keys = Vec::new();
    for owned in taken {
        for abandoned in outbox::abandon_older(conn, owned.shard, owned.epoch).await? {
            keys.push(AttemptKey { account: abandoned.account, message: abandoned.message, number: abandoned.number });
        }
    }
    let unknown = call::abandon_all(conn, &keys).await?;
    // A callback may have told of an attempt before its answer could be written: that one is settled.
    let settled: Vec<_> =
        keys.iter().filter(|key| !unknown.contains(key)).map(|key| (key.account, key.message)).collect();
    let waiting = outbox::return_queued(conn, &settled, now).await?;
    let settled: Vec<_> = settled.into_iter().filter(|entry| !waiting.contains(entry)).collect();
    outbox::remove_settled_by_evidence(conn, &settled).await?;
    let messages: Vec<_> = unknown.iter().map(|key| (key.account, key.message)).collect();
    let versions = message::set_status(conn, &messages, MessageStatus::Unknown, None).await?;
    let events: Vec<NewEvent> = versions
        .iter()
        .map(|(account, id, version)| NewEvent::message(*account, MESSAGE_UPDATED, *id, *version))
        .collect();
    event::insert_all(conn, &events, now).await?;
    let changed =
        |key: &AttemptKey| versions.iter().any(|(account, id, _)| (*account, *id) == (key.account, key.message));
    let notes: Vec<NewNote> = unknown
        .iter()
        .map(|key| {
            let status = changed(key).then_some(MessageStatus::Unknown.as_str());
            let details = serde_json::json!({"attempt": key.number, "status": status});
            NewNote { account: key.account, message: key.message, kind: note::ABANDONED, details }
        })
        .collect();
    note::insert_all(conn, &notes, now).await?;
    Ok(unknown.len())
}
