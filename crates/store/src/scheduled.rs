//! Scheduled messages: rows of the outbox that are not due yet. Until their time they are in a state of their own, which
//! no dispatcher looks at; then they are released and wait as any other.
//!
//! What changes one takes its outbox row first and its message second, as a claim does: of a cancellation and a claim
//! exactly one finds the row in the state it wants.

use domain::ids::{AccountId, ContactId, MessageId, SenderId};
use domain::message::MessageStatus;
use domain::scope::AccountScope;
use domain::time::Timestamp;
use serde_json::json;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::event::{self, MESSAGE_CANCELLED, MESSAGE_RESCHEDULED, MESSAGE_UPDATED, NewEvent};
use crate::message;
use crate::note::{self, NewNote};
use crate::outbox::NewEntry;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// The name under which something is scheduled once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleKey {
    /// The caller's name for it, unique in the account while it is scheduled.
    pub key: String,
    /// Hash of what was asked for.
    pub fingerprint: String,
    /// Whether it takes the place of what is scheduled under that name.
    pub replace: bool,
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
        ("schedule_key", Text),
        ("schedule_print", Text),
    ],
    "INSERT INTO outbox (account_id, message_id, sender_id, shard, lane, state, attempts, epoch, due_at, expires_at,
       schedule_key, schedule_print)
     SELECT account_id, message_id, sender_id, shard, lane, 3, 0, 0, due_at, expires_at, schedule_key, schedule_print
     FROM input WHERE TRUE
     ON CONFLICT (account_id, schedule_key) WHERE state = 3 AND schedule_key IS NOT NULL DO NOTHING
     RETURNING message_id",
);

/// Schedules messages; answers those that are scheduled now. The others found their key taken.
pub(crate) async fn insert_all(
    conn: &mut Conn<'_>,
    entries: &[(NewEntry, Option<&ScheduleKey>)],
) -> Result<Vec<MessageId>, StoreError> {
    let rows: Vec<_> = entries
        .iter()
        .map(|(entry, key)| {
            let (shard, lane) = (entry.shard.number(), entry.lane as i64);
            let (print, key) = (key.map(|key| key.fingerprint.as_str()), key.map(|key| key.key.as_str()));
            let (due_at, expires_at) = (entry.due_at, entry.expires_at);
            values![entry.account, entry.message, entry.sender, shard, lane, due_at, expires_at, key, print]
        })
        .collect();
    let rows = conn.batch(&INSERT, &rows).await?;
    rows.iter().map(|row| row.reader().read()).collect()
}

static TAKEN: Batch = Batch::new(
    &[("account_id", Int), ("schedule_key", Text)],
    "SELECT o.account_id, o.schedule_key, o.schedule_print, o.message_id FROM input JOIN outbox o
     ON o.account_id = input.account_id AND o.schedule_key = input.schedule_key AND o.state = 3",
);

/// A key that something is scheduled under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenKey {
    pub account: AccountId,
    pub key: String,
    pub fingerprint: String,
    pub message: MessageId,
}

/// What is scheduled under these keys.
pub(crate) async fn taken(
    conn: &mut Conn<'_>,
    keys: &[(AccountId, &ScheduleKey)],
) -> Result<Vec<TakenKey>, StoreError> {
    let rows: Vec<_> = keys.iter().map(|(account, key)| values![*account, key.key.as_str()]).collect();
    let rows = conn.batch(&TAKEN, &rows).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(TakenKey { account: row.read()?, key: row.read()?, fingerprint: row.read()?, message: row.read()? })
        })
        .collect()
}

static TAKE_BACK: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int)],
    "DELETE FROM outbox WHERE state = 3 AND (account_id, message_id) IN (SELECT account_id, message_id FROM input)
     RETURNING account_id, message_id",
);

/// Cancels scheduled messages that others take the place of: `(account, old, new)`.
pub(crate) async fn replace_all(
    conn: &mut Conn<'_>,
    replaced: &[(AccountId, MessageId, MessageId)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows: Vec<_> = replaced.iter().map(|(account, old, _)| values![*account, *old]).collect();
    let mut cancelled = Vec::with_capacity(rows.len());
    for row in conn.batch(&TAKE_BACK, &rows).await? {
        let mut row = row.reader();
        let (account, old): (AccountId, MessageId) = (row.read()?, row.read()?);
        let by = replaced.iter().find(|(a, m, _)| (*a, *m) == (account, old)).map(|(_, _, new)| new.0);
        cancelled.push(((account, old), json!({"replaced_by": by})));
    }
    mark_cancelled(conn, cancelled, now).await
}

async fn mark_cancelled(
    conn: &mut Conn<'_>,
    cancelled: Vec<((AccountId, MessageId), serde_json::Value)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let keys: Vec<_> = cancelled.iter().map(|(key, _)| *key).collect();
    let versions = message::set_status(conn, &keys, MessageStatus::Cancelled, None).await?;
    let events: Vec<NewEvent> = versions
        .into_iter()
        .map(|(account, id, version)| NewEvent::message(account, MESSAGE_CANCELLED, id, version))
        .collect();
    event::insert_all(conn, &events, now).await?;
    let notes: Vec<NewNote> = cancelled
        .into_iter()
        .map(|((account, message), details)| NewNote { account, message, kind: note::CANCELLED, details })
        .collect();
    note::insert_all(conn, &notes, now).await
}

const CANCEL: Sql = Sql::same(
    "DELETE FROM outbox WHERE account_id = $1 AND message_id = $2 AND state IN (0, 3) RETURNING state, attempts",
);

/// Takes a message back that is scheduled or waits. `false`: it is not in the outbox, or somebody claimed it.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn cancel(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    id: MessageId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let account = scope.account();
    if conn.fetch_optional(&CANCEL, values![account, id]).await?.is_none() {
        return Ok(false);
    }
    mark_cancelled(conn, vec![((account, id), json!({"by": scope.actor().describe()}))], now).await?;
    Ok(true)
}

const FIND: Sql = Sql::split(
    "SELECT due_at, expires_at FROM outbox WHERE account_id = $1 AND message_id = $2 AND state = 3",
    "SELECT due_at, expires_at FROM outbox WHERE account_id = $1 AND message_id = $2 AND state = 3 FOR UPDATE",
);

/// When a scheduled message is due, and until when it may be sent; held until the transaction ends.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    id: MessageId,
) -> Result<Option<(Timestamp, Timestamp)>, StoreError> {
    let Some(row) = conn.fetch_optional(&FIND, values![scope.account(), id]).await? else { return Ok(None) };
    let mut row = row.reader();
    Ok(Some((row.read()?, row.read()?)))
}

const MOVE: Sql = Sql::same(
    "UPDATE outbox SET due_at = $3, expires_at = $4 WHERE account_id = $1 AND message_id = $2 AND state = 3
     RETURNING message_id",
);

const MOVE_MESSAGE: Sql = Sql::same(
    "UPDATE message SET send_at = $3, expires_at = $4, version = version + 1 WHERE account_id = $1 AND id = $2
     RETURNING version",
);

/// Gives a scheduled message another due time and expiry. `false`: it is not scheduled any more.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn reschedule(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    id: MessageId,
    (due_at, expires_at): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<bool, StoreError> {
    let account = scope.account();
    let Some((due_before, expires_before)) = find(conn, scope, id).await? else { return Ok(false) };
    let moved = || values![account, id, due_at, expires_at];
    if conn.fetch_optional(&MOVE, moved()).await?.is_none() {
        return Ok(false);
    }
    let version = conn.fetch_one(&MOVE_MESSAGE, moved()).await?.reader().read()?;
    event::insert_all(conn, &[NewEvent::message(account, MESSAGE_RESCHEDULED, id, version)], now).await?;
    let details = json!({
        "by": scope.actor().describe(),
        "send_at": due_at, "expires_at": expires_at,
        "send_at_before": due_before, "expires_at_before": expires_before,
    });
    note::insert_all(conn, &[NewNote { account, message: id, kind: note::RESCHEDULED, details }], now).await?;
    Ok(true)
}

const ANY_DUE: Sql =
    Sql::same("SELECT message_id FROM outbox WHERE state = 3 AND due_at <= $1 ORDER BY due_at LIMIT 1");

/// Whether anything scheduled is due.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn any_due(conn: &mut Conn<'_>, now: Timestamp) -> Result<bool, StoreError> {
    Ok(conn.fetch_optional(&ANY_DUE, values![now]).await?.is_some())
}

// What another node releases at the same time is left to it.
const RELEASE: Sql = Sql::split(
    "UPDATE outbox SET state = 0 WHERE state = 3 AND (account_id, message_id) IN (
       SELECT account_id, message_id FROM outbox WHERE state = 3 AND due_at <= $1 ORDER BY due_at LIMIT $2 + 0)
     RETURNING account_id, message_id, sender_id",
    "UPDATE outbox SET state = 0 WHERE state = 3 AND (account_id, message_id) IN (
       SELECT account_id, message_id FROM outbox WHERE state = 3 AND due_at <= $1 ORDER BY due_at LIMIT $2 + 0
       FOR UPDATE SKIP LOCKED)
     RETURNING account_id, message_id, sender_id",
);

/// Lets what is due wait for its turn, at most `limit` at once; answers whose it is and over which senders it goes.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn release_due(
    conn: &mut Conn<'_>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(AccountId, SenderId)>, StoreError> {
    let (mut released, mut owners) = (Vec::new(), Vec::new());
    for row in conn.fetch(&RELEASE, values![now, limit]).await? {
        let mut row = row.reader();
        let (account, id): (AccountId, MessageId) = (row.read()?, row.read()?);
        released.push((account, id));
        owners.push((account, row.read()?));
    }
    let versions = message::set_status(conn, &released, MessageStatus::Queued, None).await?;
    let events: Vec<NewEvent> = versions
        .into_iter()
        .map(|(account, id, version)| NewEvent::message(account, MESSAGE_UPDATED, id, version))
        .collect();
    event::insert_all(conn, &events, now).await?;
    let notes: Vec<NewNote> = released
        .into_iter()
        .map(|(account, message)| NewNote { account, message, kind: note::RELEASED, details: json!({}) })
        .collect();
    note::insert_all(conn, &notes, now).await?;
    Ok(owners)
}

/// What a list of scheduled messages is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ScheduledFilter {
    /// Only over this number.
    pub sender: Option<SenderId>,
    /// Only to this contact.
    pub contact: Option<ContactId>,
    /// Only to whoever has this number.
    pub phone_match_key: Option<String>,
    /// Due at or after.
    pub from: Option<Timestamp>,
    /// Due before.
    pub until: Option<Timestamp>,
}
