//! Two contacts that are one person become one. It happens seldom, so it goes statement by statement.

use domain::ids::{AccountId, ContactId, ConversationId};
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::event::{self, CONTACT_MERGED, NewEvent};
use crate::sql::{Engine, Sql};
use crate::values;

/// PostgreSQL's advisory lock that keeps a contact where it is found until its message is written. Whoever merges holds
/// it alone: else a message of another node, written meanwhile, would stay with the contact that is no more.
const WHEREABOUTS: i64 = 0x7761_7970_6f73_7401;

// SQLite has one writer, which needs no lock.
const STAY: Sql = Sql::split("SELECT $1", "SELECT pg_advisory_xact_lock_shared($1)");
const MOVE: Sql = Sql::split("SELECT $1", "SELECT pg_advisory_xact_lock($1)");

/// Until the end of the transaction nobody else merges contacts.
pub(super) async fn stay(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    if conn.engine() == Engine::Postgres {
        conn.execute(&STAY, values![WHEREABOUTS]).await?;
    }
    Ok(())
}

/// Until the end of the transaction nobody else finds contacts in order to write.
pub(super) async fn hold_all(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    if conn.engine() == Engine::Postgres {
        conn.execute(&MOVE, values![WHEREABOUTS]).await?;
    }
    Ok(())
}

const MERGED_INTO: Sql = Sql::same("SELECT COALESCE(merged_into, id) FROM contact WHERE account_id = $1 AND id = $2");

/// Whoever a contact turned out to be.
pub(super) async fn follow(conn: &mut Conn<'_>, account: AccountId, id: ContactId) -> Result<ContactId, StoreError> {
    let row = conn.fetch_optional(&MERGED_INTO, values![account, id]).await?;
    row.map_or(Ok(id), |row| row.reader().read())
}

const MOVE_IDENTITIES: Sql =
    Sql::same("UPDATE contact_identity SET contact_id = $3 WHERE account_id = $1 AND contact_id = $2");
const DELETE: Sql = Sql::same("DELETE FROM contact WHERE account_id = $1 AND id = $2");

/// A contact that was made just now and of which nothing is written yet becomes another one.
pub(super) async fn replace(
    conn: &mut Conn<'_>,
    account: AccountId,
    made: ContactId,
    by: ContactId,
) -> Result<(), StoreError> {
    conn.execute(&MOVE_IDENTITIES, values![account, made, by]).await?;
    conn.execute(&DELETE, values![account, made]).await?;
    Ok(())
}

const OPEN_TWICE: Sql = Sql::same(
    "SELECT loser.id, winner.id FROM conversation loser JOIN conversation winner
       ON winner.account_id = loser.account_id AND winner.sender_id = loser.sender_id
     WHERE loser.account_id = $1 AND loser.contact_id = $2 AND loser.open AND winner.contact_id = $3 AND winner.open",
);
const MOVE_THREAD: Sql = Sql::same(
    "UPDATE message SET conversation_id = $4 WHERE account_id = $1 AND contact_id = $2 AND conversation_id = $3",
);
const CLOSE: Sql = Sql::split(
    "UPDATE conversation SET open = 0, merged_into = $3 WHERE account_id = $1 AND id = $2",
    "UPDATE conversation SET open = FALSE, merged_into = $3 WHERE account_id = $1 AND id = $2",
);
const TAKE_TIMES: Sql = Sql::same(
    "UPDATE conversation SET
       last_activity_at = (SELECT MAX(c.last_activity_at) FROM conversation c
         WHERE c.account_id = $1 AND c.id IN ($2, $3)),
       last_inbound_at = (SELECT MAX(c.last_inbound_at) FROM conversation c
         WHERE c.account_id = $1 AND c.id IN ($2, $3))
     WHERE account_id = $1 AND id = $2",
);
const MOVE_CONVERSATIONS: Sql =
    Sql::same("UPDATE conversation SET contact_id = $3 WHERE account_id = $1 AND contact_id = $2");
const MOVE_MESSAGES: Sql = Sql::same("UPDATE message SET contact_id = $3 WHERE account_id = $1 AND contact_id = $2");
const MOVE_FORMER: Sql =
    Sql::same("UPDATE former_identity SET contact_id = $3 WHERE account_id = $1 AND contact_id = $2");
const MOVE_CONSENT: Sql =
    Sql::same("UPDATE consent_event SET contact_id = $3 WHERE account_id = $1 AND contact_id = $2");
const TAKE_NAME: Sql = Sql::same(
    "UPDATE contact SET name = loser.name, name_at = loser.name_at FROM contact AS loser
     WHERE contact.account_id = $1 AND contact.id = $3 AND loser.account_id = $1 AND loser.id = $2
       AND loser.name IS NOT NULL AND (contact.name IS NULL
         OR COALESCE(loser.name_at, 0) > COALESCE(contact.name_at, 0)
         OR COALESCE(loser.name_at, 0) = COALESCE(contact.name_at, 0) AND loser.name > contact.name)",
);
const TAKE_USERNAME: Sql = Sql::same(
    "UPDATE contact SET username = loser.username, username_at = loser.username_at FROM contact AS loser
     WHERE contact.account_id = $1 AND contact.id = $3 AND loser.account_id = $1 AND loser.id = $2
       AND loser.username IS NOT NULL AND (contact.username IS NULL
         OR COALESCE(loser.username_at, 0) > COALESCE(contact.username_at, 0)
         OR COALESCE(loser.username_at, 0) = COALESCE(contact.username_at, 0) AND loser.username > contact.username)",
);
const LEAD_ON: Sql =
    Sql::same("UPDATE contact SET merged_into = $3 WHERE account_id = $1 AND (id = $2 OR merged_into = $2)");

/// The second contact becomes the first, the older one; at most one conversation of each number stays open. Answers the
/// contact that stays.
pub(super) async fn merge(
    conn: &mut Conn<'_>,
    account: AccountId,
    (winner, loser): (ContactId, ContactId),
    now: Timestamp,
) -> Result<ContactId, StoreError> {
    hold_all(conn).await?;
    let (one, other) = (follow(conn, account, winner).await?, follow(conn, account, loser).await?);
    let (winner, loser) = (one.min(other), one.max(other));
    if winner == loser {
        return Ok(winner);
    }
    let between = || values![account, loser, winner];
    for row in conn.fetch(&OPEN_TWICE, between()).await? {
        let mut row = row.reader();
        let (closed, kept): (ConversationId, ConversationId) = (row.read()?, row.read()?);
        conn.execute(&MOVE_THREAD, values![account, loser, closed, kept]).await?;
        conn.execute(&TAKE_TIMES, values![account, kept, closed]).await?;
        conn.execute(&CLOSE, values![account, closed, kept]).await?;
    }
    for statement in [
        &MOVE_CONVERSATIONS,
        &MOVE_MESSAGES,
        &MOVE_IDENTITIES,
        &MOVE_FORMER,
        &MOVE_CONSENT,
        &TAKE_NAME,
        &TAKE_USERNAME,
        &LEAD_ON,
    ] {
        conn.execute(statement, between()).await?;
    }
    let event = NewEvent {
        account,
        kind: CONTACT_MERGED,
        subject: format!("contact:{loser}"),
        version: 1,
        payload: format!("{{\"into\":{winner}}}"),
    };
    event::insert_all(conn, &[event], now).await?;
    Ok(winner)
}
