//! Events: every change of state, written in the change's own transaction, read with a cursor.

use domain::ids::{AccountId, EventId, MessageId};
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::{Conn, Row};
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// A message was made.
pub const MESSAGE_CREATED: &str = "message.created";
/// A message changed.
pub const MESSAGE_UPDATED: &str = "message.updated";
/// Something became known of a number or its business account.
pub const SENDER_UPDATED: &str = "sender.updated";
/// Something became known of a template.
pub const TEMPLATE_UPDATED: &str = "template.updated";
/// A scheduled message got another due time or expiry.
pub const MESSAGE_RESCHEDULED: &str = "message.rescheduled";
/// A message was taken back before it was sent.
pub const MESSAGE_CANCELLED: &str = "message.cancelled";

/// A contact turned out to be another one's person; `into` says whose.
pub const CONTACT_MERGED: &str = "contact.merged";

/// An event to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Whose.
    pub account: AccountId,
    /// What happened, such as [`MESSAGE_CREATED`].
    pub kind: &'static str,
    /// To what, such as `message:17`.
    pub subject: String,
    /// The subject's version after it.
    pub version: i64,
    /// A small JSON object.
    pub payload: String,
}

impl NewEvent {
    /// A message was made or changed.
    #[must_use]
    pub fn message(account: AccountId, kind: &'static str, message: MessageId, version: i64) -> Self {
        Self { account, kind, subject: format!("message:{message}"), version, payload: "{}".to_owned() }
    }
}

/// A stored event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the order of commits.
    pub cursor: Cursor,
    /// What happened.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// The subject's version after it.
    pub version: i64,
}

/// A place in an account's events. On PostgreSQL the transaction comes first, since ids become visible out of order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// The transaction; 0 on SQLite, whose one writer makes ids enough.
    pub xact: i64,
    /// The event.
    pub id: i64,
}

impl Cursor {
    /// Reads what `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (xact, id) = text.split_once('-')?;
        Some(Self { xact: xact.parse().ok()?, id: id.parse().ok()? })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.xact, self.id)
    }
}

static INSERT: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("id", Int),
        ("kind", Text),
        ("subject", Text),
        ("version", Int),
        ("payload", Text),
        ("created_at", Int),
    ],
    "INSERT INTO event (account_id, id, kind, subject, version, visibility, payload, created_at)
     SELECT account_id, id, kind, subject, version, 'account', payload, created_at FROM input",
);

/// Writes events in their order.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert_all(conn: &mut Conn<'_>, events: &[NewEvent], now: Timestamp) -> Result<(), StoreError> {
    let ids = ids::take(conn, Sequence::Event, events.len()).await?;
    let rows: Vec<_> = events
        .iter()
        .zip(ids)
        .map(|(event, id)| {
            let (subject, payload) = (event.subject.as_str(), event.payload.as_str());
            values![event.account, id, event.kind, subject, event.version, payload, now]
        })
        .collect();
    conn.batch(&INSERT, &rows).await?;
    Ok(())
}

// Only rows below the oldest running transaction: by id alone a late commit would be jumped over. SQLite does not follow
// a row value that ends in the table's own key into an index, and would read every event from the first on.
const AFTER: Sql = Sql::split(
    "SELECT xact, id, kind, subject, version FROM event
     WHERE account_id = $1 AND xact = 0 AND $2 <= 0 AND id > $3 ORDER BY id LIMIT $4 + 0",
    "SELECT xact, id, kind, subject, version FROM event
     WHERE account_id = $1 AND (xact, id) > ($2, $3) AND xact < pg_snapshot_xmin(pg_current_snapshot())::TEXT::BIGINT
     ORDER BY xact, id LIMIT $4 + 0",
);

/// The account's events behind `after`, at most `limit`.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn after(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    after: Cursor,
    limit: i64,
) -> Result<Vec<Event>, StoreError> {
    let rows = conn.fetch(&AFTER, values![scope.account(), after.xact, after.id, limit]).await?;
    rows.iter().map(event).collect()
}

fn event(row: &Row) -> Result<Event, StoreError> {
    let mut row = row.reader();
    let cursor = Cursor { xact: row.read()?, id: row.read::<EventId>()?.0 };
    Ok(Event { cursor, kind: row.read()?, subject: row.read()?, version: row.read()? })
}

// The newest end obeys the same rule as [`AFTER`], else a cursor that starts there would jump over a late commit.
const ENDS: Sql = Sql::split(
    "SELECT xact, id FROM (SELECT xact, id FROM event WHERE account_id = $1 ORDER BY xact DESC, id DESC LIMIT 1) AS newest
     UNION ALL
     SELECT xact, id FROM (SELECT xact, id FROM event WHERE account_id = $1 ORDER BY xact, id LIMIT 1) AS oldest",
    "SELECT xact, id FROM (SELECT xact, id FROM event WHERE account_id = $1
       AND xact < pg_snapshot_xmin(pg_current_snapshot())::TEXT::BIGINT ORDER BY xact DESC, id DESC LIMIT 1) AS newest
     UNION ALL
     SELECT xact, id FROM (SELECT xact, id FROM event WHERE account_id = $1
       AND xact < pg_snapshot_xmin(pg_current_snapshot())::TEXT::BIGINT ORDER BY xact, id LIMIT 1) AS oldest",
);

/// The newest and the oldest kept event of the account; both zero when there is none.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn ends(conn: &mut Conn<'_>, scope: &AccountScope) -> Result<(Cursor, Cursor), StoreError> {
    let mut ends = Vec::with_capacity(2);
    for row in conn.fetch(&ENDS, values![scope.account()]).await? {
        let mut row = row.reader();
        ends.push(Cursor { xact: row.read()?, id: row.read()? });
    }
    let newest = ends.iter().max().copied().unwrap_or_default();
    let oldest = ends.iter().min().copied().unwrap_or_default();
    Ok((newest, oldest))
}

// By id, in rounds: an index on the time would cost every write, and one long delete would hold SQLite's only writer.
const DELETE_OLD: Sql = Sql::same("DELETE FROM event WHERE created_at < $1 AND id < (SELECT MIN(id) FROM event) + $2");

/// How many events one round of forgetting takes at most.
pub const DELETED_PER_ROUND: i64 = 5_000;

/// Forgets some of the events made before `before`, oldest first, and tells how many; a reader whose cursor lies there
/// is told to reload. Call it again, in another transaction, until it finds none.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn delete_before(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute(&DELETE_OLD, values![before, DELETED_PER_ROUND]).await
}
