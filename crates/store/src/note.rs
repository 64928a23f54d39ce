//! Notes: what was decided about a message apart from its attempts, written in the decision's own transaction and kept
//! as long as the message. Events are for readers who follow along and are forgotten after days; notes explain.

use domain::ids::{AccountId, MessageId};
use domain::scope::AccountScope;
use domain::time::Timestamp;
use serde_json::Value as Json;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// It was scheduled: `send_at`, `expires_at`, `schedule_key`.
pub const SCHEDULED: &str = "scheduled";
/// It got another due time or expiry.
pub const RESCHEDULED: &str = "rescheduled";
/// Its time came.
pub const RELEASED: &str = "released";
/// It was taken back.
pub const CANCELLED: &str = "cancelled";
/// Its expiry came first.
pub const EXPIRED: &str = "expired";
/// The owner of its call was gone before it noted an answer.
pub const ABANDONED: &str = "abandoned";
/// The request came again and made nothing new.
pub const REPEATED: &str = "repeated";

/// A note to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewNote {
    /// Whose.
    pub account: AccountId,
    /// About which message.
    pub message: MessageId,
    /// What, such as [`SCHEDULED`].
    pub kind: &'static str,
    /// An object.
    pub details: Json,
}

// A caller that repeats its request for ever is told apart from one that did so once, and no further.
static INSERT: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int), ("id", Int), ("kind", Text), ("details", Text), ("at", Int)],
    "INSERT INTO message_note (account_id, message_id, id, kind, details, at)
     SELECT account_id, message_id, id, kind, details, at FROM input WHERE kind <> 'repeated' OR (
       SELECT COUNT(*) FROM message_note n WHERE n.account_id = input.account_id AND n.message_id = input.message_id) < 50",
);

/// Writes notes in their order.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert_all(conn: &mut Conn<'_>, notes: &[NewNote], at: Timestamp) -> Result<(), StoreError> {
    if notes.is_empty() {
        return Ok(());
    }
    let ids = ids::take(conn, Sequence::Note, notes.len()).await?;
    let rows: Vec<_> = notes
        .iter()
        .zip(ids)
        .map(|(note, id)| values![note.account, note.message, id, note.kind, note.details.to_string(), at])
        .collect();
    conn.batch(&INSERT, &rows).await?;
    Ok(())
}

/// A stored note.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What.
    pub kind: String,
    /// An object.
    pub details: Json,
    /// When.
    pub at: Timestamp,
}

const OF_MESSAGE: Sql =
    Sql::same("SELECT kind, details, at FROM message_note WHERE account_id = $1 AND message_id = $2 ORDER BY id");

/// The notes about a message, first to last.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_message(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    message: MessageId,
) -> Result<Vec<Note>, StoreError> {
    let rows = conn.fetch(&OF_MESSAGE, values![scope.account(), message]).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            let (kind, details): (String, String) = (row.read()?, row.read()?);
            let details = serde_json::from_str(&details)
                .map_err(|error| StoreError::Corrupt(format!("the details of a note: {error}")))?;
            Ok(Note { kind, details, at: row.read()? })
        })
        .collect()
}
