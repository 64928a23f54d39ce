//! Callers' keys: the same key and body return the first message, another body is a conflict.

use std::time::Duration;

use domain::ids::{AccountId, MessageId};
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// How long a key holds.
pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A key to be taken for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whose.
    pub account: AccountId,
    /// On which surface.
    pub surface: &'static str,
    /// The caller's key.
    pub key: String,
    /// Hash of the body.
    pub fingerprint: String,
    /// The message it would stand for.
    pub message: MessageId,
    /// Now.
    pub at: Timestamp,
}

/// A key that stands for a message already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whose.
    pub account: AccountId,
    /// On which surface.
    pub surface: String,
    /// The caller's key.
    pub key: String,
    /// Hash of the first body.
    pub fingerprint: String,
    /// The first message.
    pub message: MessageId,
}

// An outlived key (24 h, in microseconds) is taken over in place, whether or not the housekeeping has been there.
static TAKE: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("surface", Text),
        ("key", Text),
        ("fingerprint", Text),
        ("message_id", Int),
        ("created_at", Int),
    ],
    "INSERT INTO idempotency (account_id, surface, key, fingerprint, message_id, created_at)
     SELECT account_id, surface, key, fingerprint, message_id, created_at FROM input WHERE TRUE
     ON CONFLICT (account_id, surface, key) DO UPDATE
       SET fingerprint = excluded.fingerprint, message_id = excluded.message_id, created_at = excluded.created_at
       WHERE idempotency.created_at < excluded.created_at - 86400000000
     RETURNING message_id",
);

static READ: Batch = Batch::new(
    &[("account_id", Int), ("surface", Text), ("key", Text)],
    "SELECT k.account_id, k.surface, k.key, k.fingerprint, k.message_id FROM input JOIN idempotency k
     ON k.account_id = input.account_id AND k.surface = input.surface AND k.key = input.key",
);

/// Takes every key that is free and answers the others as they stand. No two of `wanted` may be equal.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn take_all(conn: &mut Conn<'_>, mut wanted: Vec<Wanted>) -> Result<Vec<Taken>, StoreError> {
    wanted.sort_by(|a, b| (a.account, a.surface, &a.key).cmp(&(b.account, b.surface, &b.key)));
    let rows: Vec<_> = wanted
        .iter()
        .map(|w| {
            let (key, print) = (w.key.as_str(), w.fingerprint.as_str());
            values![w.account, w.surface, key, print, w.message, w.at]
        })
        .collect();
    let mut won: Vec<MessageId> = Vec::with_capacity(rows.len());
    for row in conn.batch(&TAKE, &rows).await? {
        won.push(row.reader().read()?);
    }
    let lost = wanted.iter().filter(|w| !won.contains(&w.message));
    let rows: Vec<_> = lost.map(|w| values![w.account, w.surface, w.key.as_str()]).collect();
    let mut taken = Vec::with_capacity(rows.len());
    for row in conn.batch(&READ, &rows).await? {
        let mut row = row.reader();
        taken.push(Taken {
            account: row.read()?,
            surface: row.read()?,
            key: row.read()?,
            fingerprint: row.read()?,
            message: row.read()?,
        });
    }
    Ok(taken)
}

static POINT: Batch = Batch::new(
    &[("account_id", Int), ("surface", Text), ("key", Text), ("message_id", Int)],
    "UPDATE idempotency SET message_id = input.message_id FROM input WHERE idempotency.account_id = input.account_id
       AND idempotency.surface = input.surface AND idempotency.key = input.key",
);

static GIVE_BACK: Batch = Batch::new(
    &[("account_id", Int), ("surface", Text), ("key", Text)],
    "DELETE FROM idempotency WHERE (account_id, surface, key) IN (SELECT account_id, surface, key FROM input)",
);

/// Lets keys that were taken in this transaction stand for another message than was thought, or for none.
pub(crate) async fn correct_all(
    conn: &mut Conn<'_>,
    corrections: &[(AccountId, &str, &str, Option<MessageId>)],
) -> Result<(), StoreError> {
    let (mut pointed, mut given_back) = (Vec::new(), Vec::new());
    for (account, surface, key, message) in corrections {
        match message {
            Some(message) => pointed.push(values![*account, *surface, *key, *message]),
            None => given_back.push(values![*account, *surface, *key]),
        }
    }
    conn.batch(&POINT, &pointed).await?;
    conn.batch(&GIVE_BACK, &given_back).await?;
    Ok(())
}

const DELETE_OLD: Sql = Sql::same("DELETE FROM idempotency WHERE created_at < $1");

/// Forgets keys taken before `before`.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn delete_before(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute(&DELETE_OLD, values![before]).await
}
