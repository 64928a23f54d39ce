//! Conversations: threads with one contact on one sender, numbered per account.

use std::collections::{BTreeMap, HashMap};

use domain::ids::{AccountId, ContactId, ConversationId, SenderId};
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Column::Int;
use crate::sql::{Batch, Sql};
use crate::values;

/// A thread to be found or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whose.
    pub account: AccountId,
    /// Over which number.
    pub sender: SenderId,
    /// With whom.
    pub contact: ContactId,
    /// When it was written.
    pub at: Timestamp,
    /// Whether it opens the service window: a person wrote, or called.
    pub opens_window: bool,
}

type Key = (AccountId, SenderId, ContactId);

static FIND_OPEN: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("contact_id", Int)],
    "SELECT c.account_id, c.sender_id, c.contact_id, c.id FROM input JOIN conversation c
     ON c.account_id = input.account_id AND c.sender_id = input.sender_id AND c.contact_id = input.contact_id
     WHERE c.open",
);

static INSERT: Batch = Batch::split(
    OPEN_COLUMNS,
    "INSERT INTO conversation (account_id, id, number, sender_id, contact_id, open, created_at, last_activity_at)
     SELECT account_id, id, number, sender_id, contact_id, 1, created_at, 0 FROM input WHERE TRUE
     ON CONFLICT (account_id, sender_id, contact_id) WHERE open DO NOTHING",
    "INSERT INTO conversation (account_id, id, number, sender_id, contact_id, open, created_at, last_activity_at)
     SELECT account_id, id, number, sender_id, contact_id, TRUE, created_at, 0 FROM input
     ON CONFLICT (account_id, sender_id, contact_id) WHERE open DO NOTHING",
);

const OPEN_COLUMNS: &[(&str, crate::sql::Column)] =
    &[("account_id", Int), ("id", Int), ("number", Int), ("sender_id", Int), ("contact_id", Int), ("created_at", Int)];

// Whoever opens the window is active, so one condition is enough where both times grow.
static TOUCH: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("active_at", Int), ("inbound_at", Int)],
    "UPDATE conversation SET
       last_activity_at = CASE WHEN conversation.last_activity_at < input.active_at THEN input.active_at
         ELSE conversation.last_activity_at END,
       last_inbound_at = CASE WHEN input.inbound_at IS NULL OR conversation.last_inbound_at >= input.inbound_at
         THEN conversation.last_inbound_at ELSE input.inbound_at END
     FROM input WHERE conversation.account_id = input.account_id AND conversation.id = input.id
       AND (conversation.last_activity_at < input.active_at OR COALESCE(conversation.last_inbound_at, -1) < input.inbound_at)",
);

const TAKE_NUMBERS: Sql = Sql::same(
    "INSERT INTO account_counter (account_id, name, next) VALUES ($1, 'conversation', $2 + 1)
     ON CONFLICT (account_id, name) DO UPDATE SET next = account_counter.next + $2 RETURNING next - $2",
);

/// Finds the open thread of each, or opens one, and notes when something was written in it.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn resolve(
    conn: &mut Conn<'_>,
    wanted: &[Wanted],
    now: Timestamp,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut known = find_open(conn, wanted).await?;
    let missing: BTreeMap<Key, ()> =
        wanted.iter().map(key).filter(|key| !known.contains_key(key)).map(|key| (key, ())).collect();
    if !missing.is_empty() {
        open(conn, missing.into_keys().collect(), now).await?;
        known = find_open(conn, wanted).await?;
    }
    let found: Option<Vec<ConversationId>> = wanted.iter().map(|w| known.get(&key(w)).copied()).collect();
    let found = found.ok_or_else(|| StoreError::Corrupt("a conversation was not opened".to_owned()))?;
    let mut latest: BTreeMap<(AccountId, ConversationId), (Timestamp, Option<Timestamp>)> = BTreeMap::new();
    for (wanted, id) in wanted.iter().zip(&found) {
        let (active, inbound) = latest.entry((wanted.account, *id)).or_insert((wanted.at, None));
        *active = wanted.at.max(*active);
        *inbound = (*inbound).max(wanted.opens_window.then_some(wanted.at));
    }
    let rows: Vec<_> =
        latest.into_iter().map(|((account, id), (active, inbound))| values![account, id, active, inbound]).collect();
    conn.batch(&TOUCH, &rows).await?;
    Ok(found)
}

const fn key(wanted: &Wanted) -> Key {
    (wanted.account, wanted.sender, wanted.contact)
}

async fn find_open(conn: &mut Conn<'_>, wanted: &[Wanted]) -> Result<HashMap<Key, ConversationId>, StoreError> {
    let rows: Vec<_> = wanted.iter().map(|w| values![w.account, w.sender, w.contact]).collect();
    let rows = conn.batch(&FIND_OPEN, &rows).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(((row.read()?, row.read()?, row.read()?), row.read()?))
        })
        .collect()
}

async fn open(conn: &mut Conn<'_>, keys: Vec<Key>, now: Timestamp) -> Result<(), StoreError> {
    let ids = ids::take(conn, Sequence::Conversation, keys.len()).await?;
    let mut per_account: BTreeMap<AccountId, i64> = BTreeMap::new();
    for (account, ..) in &keys {
        *per_account.entry(*account).or_default() += 1;
    }
    let mut next: HashMap<AccountId, i64> = HashMap::new();
    for (account, count) in per_account {
        let row = conn.fetch_one(&TAKE_NUMBERS, values![account, count]).await?;
        next.insert(account, row.reader().read()?);
    }
    let rows: Vec<_> = keys
        .into_iter()
        .zip(ids)
        .map(|((account, sender, contact), id)| {
            let number = next.entry(account).or_insert(1);
            *number += 1;
            values![account, id, *number - 1, sender, contact, now]
        })
        .collect();
    conn.batch(&INSERT, &rows).await?;
    Ok(())
}

const RECOUNT: Sql = Sql::same(
    "UPDATE conversation SET last_inbound_at = (SELECT MAX(m.created_at) FROM message m
       WHERE m.account_id = $1 AND m.contact_id = $2 AND m.conversation_id = conversation.id AND m.direction = 0
         AND m.origin IS NULL AND m.kind NOT IN ('system', 'reaction', 'edit', 'revoke'))
     WHERE account_id = $1 AND contact_id = $2",
);

/// Reads again when the contact last wrote in each thread, after messages of it were moved.
pub(crate) async fn recount(conn: &mut Conn<'_>, account: AccountId, contact: ContactId) -> Result<(), StoreError> {
    conn.execute(&RECOUNT, values![account, contact]).await?;
    Ok(())
}
