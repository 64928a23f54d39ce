//! Housekeeping: what outlived its time expires or is forgotten.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::ids::{AccountId, MessageId};
use domain::message::MessageStatus;
use domain::refusal::{Failure, RefusalKind};
use domain::time::Timestamp;
use store::event::{self, MESSAGE_UPDATED, NewEvent};
use store::note::{self, NewNote};
use store::pause::{self, Held};
use store::pools::Tx;
use store::{StoreError, access, idempotency, message, outbox, schedule};
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::metric::Metric;
use crate::sender_state;

/// How many messages expire in one transaction.
const EXPIRED_PER_ROUND: i64 = 500;
/// Name of the schedule that forgets.
const FORGET: &str = "forget";
/// How often it runs, in seconds.
const FORGET_EVERY_SECONDS: i64 = 60 * 60;
/// How often the inlet's size is measured; in between it is counted.
const MEASURED_EVERY: Duration = Duration::from_secs(60);
/// How long events are kept for readers that come back.
const EVENTS_KEPT: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// How long a status waits for its message: Meta tries a callback again for up to seven days.
const EARLY_STATUSES_KEPT: Duration = Duration::from_secs(8 * 24 * 60 * 60);
/// How long reports of runs are kept.
const RUNS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Keeps house until it is told to stop.
pub async fn run(core: Core, stop: CancellationToken) {
    if let Err(error) = register(&core).await {
        tracing::error!(%error, "The housekeeping could not be scheduled: {error}");
    }
    if let Err(error) = sender_state::begin(&core).await {
        tracing::error!(%error, "Providers could not be asked how their numbers stand: {error}");
    }
    let mut measured = Instant::now();
    while !stop.is_cancelled() {
        // Before anything expires: what was due while the server stood still is due first.
        if let Err(error) = crate::scheduled::release_due(&core).await {
            tracing::error!(%error, "Scheduled messages that are due could not be released: {error}");
        }
        if let Err(error) = expire(&core).await {
            tracing::error!(%error, "Messages that are past their time could not be expired: {error}");
        }
        if let Err(error) = measure_if_due(&core, &mut measured).await {
            tracing::error!(%error, "The inlet could not be measured: {error}");
        }
        if let Err(error) = forget_if_due(&core).await {
            tracing::error!(%error, "What is past its time could not be forgotten: {error}");
        }
        if let Err(error) = sender_state::ask_if_due(&core).await {
            tracing::error!(%error, "Providers could not be asked how their numbers stand: {error}");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(core.settings.poll_interval) => {}
        }
    }
}

async fn measure_if_due(core: &Core, measured: &mut Instant) -> Result<(), StoreError> {
    if measured.elapsed() >= MEASURED_EVERY {
        *measured = Instant::now();
        let size = core.store.inlet().measure().await?;
        keep_within_quota(core, size).await?;
    }
    Ok(())
}

/// An inlet near its quota gives up its oldest days, applied as they are, rather than refuse new callbacks. Days with
/// bodies that nobody looked at stay, and so do the last two.
async fn keep_within_quota(core: &Core, mut size: u64) -> Result<(), StoreError> {
    let Some(quota) = core.store.inlet().bytes_max() else { return Ok(()) };
    let (now, day) = (core.now(), Duration::from_secs(24 * 60 * 60));
    let oldest_pending = core.store.inlet().pending(1).await?.first().map(|stored| stored.received_at);
    let mut kept = core.settings.inlet_retention;
    while size > quota / 10 * 9 && kept > 2 * day {
        kept -= day;
        let before = now.minus(kept);
        if oldest_pending.is_some_and(|pending| pending < before) {
            break;
        }
        if core.store.inlet().turn_days(now, before).await? > 0 {
            tracing::warn!(%before, "The inlet is near its quota; callbacks from before {before} were dropped");
            size = core.store.inlet().measure().await?;
        }
    }
    Ok(())
}

async fn register(core: &Core) -> Result<(), StoreError> {
    let mut tx = core.store.begin().await?;
    schedule::ensure(&mut tx.conn(), FORGET, FORGET_EVERY_SECONDS, core.now()).await?;
    tx.commit().await
}

async fn any_expired(core: &Core, now: Timestamp) -> Result<bool, StoreError> {
    let mut reading = core.store.read().await?;
    outbox::any_expired(&mut reading.conn(), now).await
}

async fn expire(core: &Core) -> Result<(), StoreError> {
    let now = core.now();
    // A look through a reader first: the writer is for those who have something to write.
    while any_expired(core, now).await? {
        let mut tx = core.store.begin().await?;
        let expired = outbox::take_expired(&mut tx.conn(), now, EXPIRED_PER_ROUND).await?;
        let accounts = mark_expired(core, &mut tx, &expired, now).await?;
        tx.commit().await?;
        Metric::MessagesExpired.add(expired.len() as u64, "cause", "waited");
        for account in accounts {
            core.hints.account_changed(account);
        }
        if expired.is_empty() {
            break;
        }
    }
    Ok(())
}

async fn mark_expired(
    core: &Core,
    tx: &mut Tx,
    expired: &[(AccountId, MessageId)],
    now: Timestamp,
) -> Result<Vec<AccountId>, StoreError> {
    let mut conn = tx.conn();
    let held = pause::held(&mut conn, expired).await?;
    let (mut causes, mut notes) = (HashMap::<Failure, Vec<_>>::new(), Vec::with_capacity(held.len()));
    for held in held {
        let cause = Cause::of(core, &held, now);
        let details = serde_json::json!({
            "expires_at": held.expires_at, "held_by": cause.held_by, "failure": cause.failure,
        });
        notes.push(NewNote { account: held.account, message: held.message, kind: note::EXPIRED, details });
        causes.entry(cause.into_failure()).or_default().push((held.account, held.message));
    }
    let mut versions = Vec::with_capacity(expired.len());
    for (failure, messages) in causes {
        versions.extend(message::set_status(&mut conn, &messages, MessageStatus::Expired, Some(&failure)).await?);
    }
    let events: Vec<NewEvent> = versions
        .iter()
        .map(|(account, id, version)| NewEvent::message(*account, MESSAGE_UPDATED, *id, *version))
        .collect();
    event::insert_all(&mut conn, &events, now).await?;
    note::insert_all(&mut conn, &notes, now).await?;
    let mut accounts: Vec<AccountId> = versions.into_iter().map(|(account, ..)| account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    Ok(accounts)
}

/// What kept a message until its expiry.
struct Cause {
    held_by: &'static str,
    failure: Option<Failure>,
}

impl Cause {
    fn of(core: &Core, held: &Held, now: Timestamp) -> Self {
        let paused = held.paused.clone().filter(|(until, _)| *until > now).map(|(_, reason)| reason);
        let (held_by, failure) = if core.lines.provider(held.sender, held.simulated).is_none() {
            ("not_connected", None)
        } else if held.refused.is_some() {
            ("refusal", held.refused.clone())
        } else if paused.is_some() {
            ("sender_pause", paused)
        } else {
            ("turn", None)
        };
        Self { held_by, failure }
    }

    fn into_failure(self) -> Failure {
        let text = "The message could not be sent before its expiry.";
        let (why, kind, remedy) = match (self.held_by, self.failure) {
            (_, Some(failure)) => {
                (format!(" It was held by {}: {}", failure.code, failure.reason), failure.kind, failure.remedy)
            }
            ("not_connected", None) => (
                " Its sender had no connection.".to_owned(),
                RefusalKind::Policy,
                "Connect the sender, then send it again if it still matters.".to_owned(),
            ),
            (_, None) => (
                String::new(),
                RefusalKind::Policy,
                "Send it again if it still matters, with a later expires_at.".to_owned(),
            ),
        };
        Failure { code: "expired".to_owned(), kind, reason: format!("{text}{why}"), remedy }
    }
}

async fn forget_if_due(core: &Core) -> Result<(), StoreError> {
    let now = core.now();
    let is_due = {
        let mut reading = core.store.read().await?;
        schedule::is_due(&mut reading.conn(), FORGET, now).await?
    };
    if !is_due {
        return Ok(());
    }
    let mut tx = core.store.begin().await?;
    let begun = schedule::begin_due(&mut tx.conn(), FORGET, now).await?;
    tx.commit().await?;
    let Some(occurrence) = begun else { return Ok(()) };
    let report = forget(core, now).await?;
    let mut tx = core.store.begin().await?;
    schedule::finish(&mut tx.conn(), (FORGET, occurrence), core.now(), &report).await?;
    tx.commit().await
}

/// In short transactions, so that nobody waits long for the writer.
async fn forget_events(core: &Core, before: Timestamp) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    loop {
        let mut tx = core.store.begin().await?;
        let round = event::delete_before(&mut tx.conn(), before).await?;
        tx.commit().await?;
        forgotten += round;
        if round == 0 {
            return Ok(forgotten);
        }
    }
}

/// In short transactions too.
async fn forget_uploads(core: &Core, before: Timestamp) -> Result<u64, StoreError> {
    let mut forgotten = 0;
    loop {
        let mut tx = core.store.begin().await?;
        let round = store::media::delete_uploads_before(&mut tx.conn(), before).await?;
        tx.commit().await?;
        forgotten += round;
        if round == 0 {
            return Ok(forgotten);
        }
    }
}

async fn forget(core: &Core, now: Timestamp) -> Result<String, StoreError> {
    let days = core.store.inlet().turn_days(now, now.minus(core.settings.inlet_retention)).await?;
    let events = forget_events(core, now.minus(EVENTS_KEPT)).await?;
    let uploads = forget_uploads(core, now).await?;
    let files = core.store.sweep_files().await?;
    let mut tx = core.store.begin().await?;
    let mut conn = tx.conn();
    let keys = idempotency::delete_before(&mut conn, now.minus(idempotency::LIFETIME)).await?;
    let sessions = access::delete_sessions_before(&mut conn, now).await?;
    let early = store::hot::early::delete_before(&mut conn, now.minus(EARLY_STATUSES_KEPT)).await?;
    schedule::delete_runs_before(&mut conn, now.minus(RUNS_KEPT)).await?;
    tx.commit().await?;
    Ok(serde_json::json!({
        "idempotency_keys": keys, "sessions": sessions, "events": events, "early_statuses": early, "inlet_days": days,
        "media_uploads": uploads, "media_files": files,
    })
    .to_string())
}
