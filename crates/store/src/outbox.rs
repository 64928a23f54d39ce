//! The outbox: one row per message that is due to be sent, until it is settled. What is scheduled for later waits in it
//! too, see [`crate::scheduled`].

use domain::ids::{AccountId, Epoch, MessageId, SenderId};
use domain::message::Lane;
use domain::scope::AccountScope;
use domain::shard::Shard;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// A message that becomes due.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub message: MessageId,
    /// From which number.
    pub sender: SenderId,
    /// The sender's shard.
    pub shard: Shard,
    /// Where it waits.
    pub lane: Lane,
    /// Not before.
    pub due_at: Timestamp,
    /// Not after.
    pub expires_at: Timestamp,
}

static INSERT: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("message_id", Int),
        ("sender_id", Int),
        ("shard", Int),
        ("lane", Int),
        ("due_at", Int),
        ("expires_at", Int),
    ],
    "INSERT INTO outbox (account_id, message_id, sender_id, shard, lane, state, attempts, epoch, due_at, expires_at)
     SELECT account_id, message_id, sender_id, shard, lane, 0, 0, 0, due_at, expires_at FROM input",
);

/// Puts messages into the outbox.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert_all(conn: &mut Conn<'_>, entries: &[NewEntry]) -> Result<(), StoreError> {
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            let shard = entry.shard.number();
            values![
                entry.account,
                entry.message,
                entry.sender,
                shard,
                entry.lane as i64,
                entry.due_at,
                entry.expires_at
            ]
        })
        .collect();
    conn.batch(&INSERT, &rows).await?;
    Ok(())
}

/// A message that may be sent now, with what it says.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub message: MessageId,
    /// From which number.
    pub sender: SenderId,
    /// The sender's shard.
    pub shard: i64,
    /// How many attempts it had.
    pub attempts: i64,
    /// Not after.
    pub expires_at: Timestamp,
    /// Meta's message object, as JSON text.
    pub content: String,
    /// Kind of the address.
    pub address_kind: String,
    /// Where to.
    pub address: String,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
    /// How it is handed over, as JSON text.
    pub options: Option<String>,
    /// Whether the sandbox sends it.
    pub simulated: bool,
    /// The language a template is to be tried in instead of its own.
    pub language: Option<String>,
}

const READY: Sql = Sql::same(
    "SELECT o.account_id, o.message_id, o.sender_id, o.shard, o.attempts, o.expires_at,
       m.content, m.address_kind, m.address, m.context, m.options, m.simulated, o.language
     FROM outbox o JOIN message m ON m.account_id = o.account_id AND m.id = o.message_id
     WHERE o.state = 0 AND o.shard = $1 AND o.sender_id = $2 AND o.lane = $3 AND o.due_at <= $4
     ORDER BY o.due_at, o.message_id LIMIT $5 + 0",
);

/// Messages of one sender and lane that are due, oldest first.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn ready(
    conn: &mut Conn<'_>,
    sender: (SenderId, Shard),
    lane: Lane,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Ready>, StoreError> {
    let rows = conn.fetch(&READY, values![sender.1.number(), sender.0, lane as i64, now, limit]).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(Ready {
                account: row.read()?,
                message: row.read()?,
                sender: row.read()?,
                shard: row.read()?,
                attempts: row.read()?,
                expires_at: row.read()?,
                content: row.read()?,
                address_kind: row.read()?,
                address: row.read()?,
                context: row.read()?,
                options: row.read()?,
                simulated: row.read()?,
                language: row.read()?,
            })
        })
        .collect()
}

// One step per sender through the index instead of a scan of a long queue. The `+` takes the affinity from what SQLite
// compares with, without which it would follow only the shard into the index.
const SENDERS: Sql = Sql::same(
    "WITH RECURSIVE step (shard, sender_id) AS (
       SELECT shard, sender_id FROM (
         SELECT shard, sender_id FROM outbox WHERE state = 0 AND shard >= 0 ORDER BY shard, sender_id LIMIT 1) AS first
       UNION ALL
       SELECT (SELECT o.shard FROM outbox o
               WHERE o.state = 0 AND (o.shard, o.sender_id) > (+step.shard, +step.sender_id)
               ORDER BY o.shard, o.sender_id LIMIT 1),
              (SELECT o.sender_id FROM outbox o
               WHERE o.state = 0 AND (o.shard, o.sender_id) > (+step.shard, +step.sender_id)
               ORDER BY o.shard, o.sender_id LIMIT 1)
       FROM step WHERE step.shard IS NOT NULL
     ) SELECT shard, sender_id FROM step WHERE shard IS NOT NULL",
);

/// Every sender that has messages waiting, due or not.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn senders_waiting(conn: &mut Conn<'_>) -> Result<Vec<SenderId>, StoreError> {
    let rows = conn.fetch(&SENDERS, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            row.read::<i64>()?;
            row.read()
        })
        .collect()
}

const ABANDONED: Sql = Sql::same(
    "UPDATE outbox SET state = 2 WHERE state = 1 AND shard = $1 AND epoch < $2
     RETURNING account_id, message_id, attempts",
);

/// A message whose call was claimed by an owner that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abandoned {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub message: MessageId,
    /// Which attempt, from 1.
    pub number: i64,
}

/// Marks what was claimed under an older epoch as unknown: it may have been sent, so it is never queued again by itself.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn abandon_older(conn: &mut Conn<'_>, shard: i64, epoch: Epoch) -> Result<Vec<Abandoned>, StoreError> {
    let rows = conn.fetch(&ABANDONED, values![shard, epoch]).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(Abandoned { account: row.read()?, message: row.read()?, number: row.read()? })
        })
        .collect()
}

const ANY_EXPIRED: Sql =
    Sql::same("SELECT message_id FROM outbox WHERE state = 0 AND expires_at <= $1 ORDER BY expires_at LIMIT 1");

/// Whether anything that waits outlived its expiry.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn any_expired(conn: &mut Conn<'_>, now: Timestamp) -> Result<bool, StoreError> {
    Ok(conn.fetch_optional(&ANY_EXPIRED, values![now]).await?.is_some())
}

const EXPIRED: Sql = Sql::same(
    "DELETE FROM outbox WHERE state = 0 AND (account_id, message_id) IN (
       SELECT account_id, message_id FROM outbox WHERE state = 0 AND expires_at <= $1 ORDER BY expires_at LIMIT $2 + 0)
     RETURNING account_id, message_id",
);

/// Takes what outlived its expiry out of the outbox.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn take_expired(
    conn: &mut Conn<'_>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(AccountId, MessageId)>, StoreError> {
    let rows = conn.fetch(&EXPIRED, values![now, limit]).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok((row.read()?, row.read()?))
        })
        .collect()
}

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET state = 1, attempts = outbox.attempts + 1, epoch = input.epoch
             FROM input
             WHERE outbox.account_id = input.account_id AND outbox.message_id = input.message_id
               AND outbox.state = 0 AND outbox.attempts = input.attempts
               AND EXISTS (SELECT 1 FROM shard_lease l WHERE l.shard = outbox.shard AND l.epoch = input.epoch ",
            $lock,
            ") RETURNING outbox.account_id, outbox.message_id, outbox.attempts - 1, outbox.epoch"
        )
    };
}

// The lease is held until the claim commits: a new owner takes it after, and finds the claim, or before, and no claim
// passes. SQLite's one writer needs no lock.
static CLAIM: Batch = Batch::split(
    &[("account_id", Int), ("message_id", Int), ("attempts", Int), ("epoch", Int)],
    claim!(""),
    claim!("FOR SHARE"),
);

/// A message to be claimed: only if it still waits, with that many attempts, under the epoch that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedClaim {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub message: MessageId,
    /// Attempts before this one.
    pub attempts: i64,
    /// The owner's epoch.
    pub epoch: Epoch,
}

/// Claims; answers those that were claimed, one per message, as they were wanted.
///
/// # Errors
/// As classified by [`StoreError`].
pub(crate) async fn claim_all(conn: &mut Conn<'_>, wanted: &[WantedClaim]) -> Result<Vec<WantedClaim>, StoreError> {
    let rows: Vec<_> = wanted.iter().map(|w| values![w.account, w.message, w.attempts, w.epoch]).collect();
    let mut claimed = Vec::with_capacity(rows.len());
    for row in conn.batch(&CLAIM, &rows).await? {
        let mut row = row.reader();
        claimed.push(WantedClaim {
            account: row.read()?,
            message: row.read()?,
            attempts: row.read()?,
            epoch: row.read()?,
        });
    }
    Ok(claimed)
}

static RESCHEDULE: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int), ("epoch", Int), ("due_at", Int), ("language", Text)],
    "UPDATE outbox SET state = 0, lane = 4, due_at = input.due_at,
       language = COALESCE(input.language, outbox.language) FROM input
     WHERE outbox.account_id = input.account_id AND outbox.message_id = input.message_id AND outbox.epoch = input.epoch",
);

static MARK_UNKNOWN: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int), ("epoch", Int)],
    "UPDATE outbox SET state = 2 FROM input
     WHERE outbox.account_id = input.account_id AND outbox.message_id = input.message_id AND outbox.epoch = input.epoch",
);

// Only while the attempt is the newest: a late answer must not take away the row of the next one.
static REMOVE: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int), ("number", Int)],
    "DELETE FROM outbox WHERE (account_id, message_id, attempts) IN (SELECT account_id, message_id, number FROM input)",
);

static REMOVE_UNKNOWN: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int)],
    "DELETE FROM outbox WHERE state <> 1 AND (account_id, message_id) IN (SELECT account_id, message_id FROM input)",
);

/// A claimed message that is tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Again<'a> {
    pub account: AccountId,
    pub message: MessageId,
    pub epoch: Epoch,
    pub due_at: Timestamp,
    /// In another language from now on.
    pub language: Option<&'a str>,
}

/// Back to waiting, in the retry lane, until the given time.
pub(crate) async fn reschedule(conn: &mut Conn<'_>, entries: &[Again<'_>]) -> Result<(), StoreError> {
    let rows: Vec<_> = entries.iter().map(|e| values![e.account, e.message, e.epoch, e.due_at, e.language]).collect();
    conn.batch(&RESCHEDULE, &rows).await?;
    Ok(())
}

/// A message that goes back to the outbox although it had been settled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requeued {
    pub account: AccountId,
    pub message: MessageId,
    pub sender: SenderId,
    pub shard: Shard,
    /// The attempts it had.
    pub attempts: i64,
    pub due_at: Timestamp,
}

// What is waiting or being called has its row; the end of that call settles it.
static REQUEUE: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("message_id", Int),
        ("sender_id", Int),
        ("shard", Int),
        ("attempts", Int),
        ("due_at", Int),
        ("now", Int),
    ],
    "INSERT INTO outbox (account_id, message_id, sender_id, shard, lane, state, attempts, epoch, due_at, expires_at)
     SELECT input.account_id, input.message_id, input.sender_id, input.shard, 4, 0, input.attempts, 0, input.due_at,
       COALESCE(m.expires_at, input.now)
     FROM input JOIN message m ON m.account_id = input.account_id AND m.id = input.message_id
     WHERE m.status NOT IN (6, 7)
     ON CONFLICT (account_id, message_id) DO UPDATE SET state = 0, lane = 4, due_at = excluded.due_at
     WHERE outbox.state = 2",
);

/// Back to waiting, in the retry lane; what outlived its expiry expires from there.
pub(crate) async fn requeue(conn: &mut Conn<'_>, entries: &[Requeued], now: Timestamp) -> Result<(), StoreError> {
    let rows: Vec<_> = entries
        .iter()
        .map(|e| values![e.account, e.message, e.sender, e.shard.number(), e.attempts, e.due_at, now])
        .collect();
    conn.batch(&REQUEUE, &rows).await?;
    Ok(())
}

static RETURN_QUEUED: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int), ("due_at", Int)],
    "UPDATE outbox SET state = 0, lane = 4, due_at = input.due_at
     FROM input JOIN message m ON m.account_id = input.account_id AND m.id = input.message_id AND m.status = 0
     WHERE outbox.account_id = input.account_id AND outbox.message_id = input.message_id AND outbox.state = 2
     RETURNING outbox.account_id, outbox.message_id",
);

/// Of messages whose owner is gone, those that evidence queued again while they were being called: they wait again.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn return_queued(
    conn: &mut Conn<'_>,
    entries: &[(AccountId, MessageId)],
    now: Timestamp,
) -> Result<Vec<(AccountId, MessageId)>, StoreError> {
    let rows: Vec<_> = entries.iter().map(|(a, m)| values![*a, *m, now]).collect();
    let rows = conn.batch(&RETURN_QUEUED, &rows).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok((row.read()?, row.read()?))
        })
        .collect()
}

/// Nobody knows whether it was sent.
pub(crate) async fn mark_unknown(
    conn: &mut Conn<'_>,
    entries: &[(AccountId, MessageId, Epoch)],
) -> Result<(), StoreError> {
    let rows: Vec<_> = entries.iter().map(|(a, m, e)| values![*a, *m, *e]).collect();
    conn.batch(&MARK_UNKNOWN, &rows).await?;
    Ok(())
}

/// Settled by the attempt of that number.
pub(crate) async fn remove(conn: &mut Conn<'_>, entries: &[(AccountId, MessageId, i64)]) -> Result<(), StoreError> {
    let rows: Vec<_> = entries.iter().map(|(a, m, number)| values![*a, *m, *number]).collect();
    conn.batch(&REMOVE, &rows).await?;
    Ok(())
}

/// Settled by evidence; a call that is under way settles itself.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn remove_settled_by_evidence(
    conn: &mut Conn<'_>,
    entries: &[(AccountId, MessageId)],
) -> Result<(), StoreError> {
    let rows: Vec<_> = entries.iter().map(|(a, m)| values![*a, *m]).collect();
    conn.batch(&REMOVE_UNKNOWN, &rows).await?;
    Ok(())
}

const WAITING: Sql = Sql::same("SELECT state, due_at FROM outbox WHERE account_id = $1 AND message_id = $2");

/// How a message stands in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// For its due time.
    Scheduled {
        /// When it is due.
        due_at: Timestamp,
    },
    /// For its turn.
    Queued {
        /// Not before.
        due_at: Timestamp,
    },
    /// For the provider's answer.
    Calling,
    /// For evidence of what became of it.
    Unknown,
}

/// What the outbox knows of a message; `None` when it is settled.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn waiting(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    message: MessageId,
) -> Result<Option<Waiting>, StoreError> {
    let Some(row) = conn.fetch_optional(&WAITING, values![scope.account(), message]).await? else { return Ok(None) };
    let mut row = row.reader();
    let (state, due_at): (i64, Timestamp) = (row.read()?, row.read()?);
    match state {
        0 => Ok(Some(Waiting::Queued { due_at })),
        1 => Ok(Some(Waiting::Calling)),
        2 => Ok(Some(Waiting::Unknown)),
        3 => Ok(Some(Waiting::Scheduled { due_at })),
        _ => Err(StoreError::Corrupt("outbox.state holds an unknown value".to_owned())),
    }
}

const COUNTS: Sql = Sql::same("SELECT state, COUNT(*) FROM outbox GROUP BY state");

/// How many messages wait, are being called, and are unknown. Counts rows: for tests and operators, not for pages.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn counts(conn: &mut Conn<'_>) -> Result<[i64; 3], StoreError> {
    let mut counts = [0; 3];
    for row in conn.fetch(&COUNTS, Vec::new()).await? {
        let mut row = row.reader();
        let state: i64 = row.read()?;
        if let Some(slot) = usize::try_from(state).ok().and_then(|state| counts.get_mut(state)) {
            *slot = row.read()?;
        }
    }
    Ok(counts)
}
