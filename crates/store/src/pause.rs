//! Pauses: until when a sender sends nothing, and why. For those who ask; the dispatcher that pauses it knows by itself.

use std::collections::BTreeMap;

use domain::ids::{AccountId, MessageId, SenderId};
use domain::refusal::Failure;
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::message::{failure_from, failure_text};
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// A sender is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPause {
    /// Which.
    pub sender: SenderId,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: Failure,
}

static INSERT: Batch = Batch::new(
    &[("sender_id", Int), ("since", Int), ("until", Int), ("reason", Text)],
    "INSERT INTO sender_pause (sender_id, since, until, reason)
     SELECT sender_id, since, until, reason FROM input WHERE TRUE
     ON CONFLICT (sender_id) DO UPDATE SET since = excluded.since, until = excluded.until, reason = excluded.reason
       WHERE sender_pause.until < excluded.until",
);

/// Notes pauses; of several for one sender the longest.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn note_all(conn: &mut Conn<'_>, pauses: Vec<NewPause>, now: Timestamp) -> Result<(), StoreError> {
    // In the order of senders, so that two nodes never wait for each other.
    let mut longest: BTreeMap<SenderId, NewPause> = BTreeMap::new();
    for pause in pauses {
        if longest.get(&pause.sender).is_none_or(|known| known.until < pause.until) {
            longest.insert(pause.sender, pause);
        }
    }
    let rows: Vec<_> = longest
        .into_values()
        .map(|pause| values![pause.sender, now, pause.until, failure_text(Some(&pause.reason))])
        .collect();
    conn.batch(&INSERT, &rows).await?;
    Ok(())
}

/// A pause that was noted; it may be over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: Failure,
}

static HELD: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int)],
    "SELECT m.account_id, m.id, m.sender_id, m.simulated, m.expires_at, m.failure, p.until, p.reason
     FROM input JOIN message m ON m.account_id = input.account_id AND m.id = input.message_id
     LEFT JOIN sender_pause p ON p.sender_id = m.sender_id",
);

/// What is known about why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub message: MessageId,
    /// Over which number.
    pub sender: SenderId,
    /// Whether the sandbox would have sent it.
    pub simulated: bool,
    /// Not after.
    pub expires_at: Option<Timestamp>,
    /// The last refusal, if it was tried.
    pub refused: Option<Failure>,
    /// The sender's last pause: until when, and why.
    pub paused: Option<(Timestamp, Failure)>,
}

/// What is known about why these messages were not sent.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn held(conn: &mut Conn<'_>, messages: &[(AccountId, MessageId)]) -> Result<Vec<Held>, StoreError> {
    let rows: Vec<_> = messages.iter().map(|(account, message)| values![*account, *message]).collect();
    let rows = conn.batch(&HELD, &rows).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            let held = Held {
                account: row.read()?,
                message: row.read()?,
                sender: row.read()?,
                simulated: row.read()?,
                expires_at: row.read()?,
                refused: failure_from(row.read()?)?,
                paused: None,
            };
            let until: Option<Timestamp> = row.read()?;
            let reason = failure_from(row.read()?)?;
            Ok(Held { paused: until.zip(reason), ..held })
        })
        .collect()
}

// Through the message, since the sender may be another account's that shares it.
const OF_MESSAGE: Sql = Sql::same(
    "SELECT p.since, p.until, p.reason FROM message m JOIN sender_pause p ON p.sender_id = m.sender_id
     WHERE m.account_id = $1 AND m.id = $2",
);

/// The newest pause of the sender of a message, if it ever had one.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_message(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    message: MessageId,
) -> Result<Option<Pause>, StoreError> {
    let Some(row) = conn.fetch_optional(&OF_MESSAGE, values![scope.account(), message]).await? else {
        return Ok(None);
    };
    let mut row = row.reader();
    let (since, until) = (row.read()?, row.read()?);
    let reason = failure_from(row.read()?)?;
    Ok(Some(Pause { since, until, reason: reason.unwrap_or_else(Failure::without_reason) }))
}
