//! A person changed their number: they stay who they are, and whoever has the old number from then on is somebody else.
//! It happens seldom, so it goes statement by statement.

use std::collections::BTreeMap;

use domain::address::IdentityKind;
use domain::ids::{AccountId, ContactId, ConversationId, MessageId, SenderId};
use domain::time::Timestamp;

use super::merge::{follow, hold_all, merge};
use super::{Identity, Wanted, resolve_all};
use crate::conn::Conn;
use crate::conversation;
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Sql;
use crate::values;

/// A person changed their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberChange {
    /// Whose contact.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// The number until then.
    pub old: Identity,
    /// What they are known by from then on, and ids that did not change: at least one.
    pub identities: Vec<Identity>,
}

const HOLDER: Sql = Sql::same(
    "SELECT contact_id, seen_at, value FROM contact_identity WHERE account_id = $1 AND kind = $2 AND match_key = $3",
);
const FORMER: Sql = Sql::same(
    "SELECT until, contact_id FROM former_identity WHERE account_id = $1 AND kind = $2 AND match_key = $3 ORDER BY until",
);
const GIVE_UP: Sql = Sql::same(
    "INSERT INTO former_identity (account_id, kind, match_key, until, value, contact_id)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, kind, match_key, until) DO NOTHING",
);
const DELETE: Sql =
    Sql::same("DELETE FROM contact_identity WHERE account_id = $1 AND kind = $2 AND match_key = $3");

/// Notes that somebody changed their number. Reports of one change by several of our numbers, with times a little apart,
/// are one change: the second finds the number given up already.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn change_number(conn: &mut Conn<'_>, change: &NumberChange, now: Timestamp) -> Result<(), StoreError> {
    hold_all(conn).await?;
    let account = change.account;
    let wanted = Wanted {
        account,
        identities: change.identities.clone(),
        name: None,
        // The old number is theirs up to and including `at`.
        at: Timestamp::from_micros(change.at.as_micros().saturating_add(1)),
        make: true,
    };
    let Some(person) = resolve_all(conn, &[wanted], now).await?.first().copied() else { return Ok(()) };
    let key = || values![account, change.old.kind.as_str(), change.old.match_key.as_str()];
    let mut former: Vec<(Timestamp, ContactId)> = Vec::new();
    for row in conn.fetch(&FORMER, key()).await? {
        let mut row = row.reader();
        former.push((row.read()?, row.read()?));
    }
    let held = match conn.fetch_optional(&HOLDER, key()).await? {
        None => None,
        Some(row) => {
            let mut row = row.reader();
            Some((row.read::<ContactId>()?, row.read::<Option<Timestamp>>()?, row.read::<String>()?))
        }
    };
    let is_theirs = held.as_ref().is_some_and(|(contact, ..)| *contact == person);
    if !is_theirs && former.iter().any(|(until, contact)| *until <= change.at && *contact == person) {
        return Ok(());
    }
    let earlier = former.iter().find(|(until, _)| *until >= change.at).map(|(_, contact)| *contact);
    let owner = match (earlier, held) {
        (Some(owner), _) => owner,
        (None, Some((owner, seen_at, value))) if seen_at.is_none_or(|seen| seen <= change.at) => {
            conn.execute(&DELETE, key()).await?;
            leave_to_others(conn, change, (owner, person), &value, now).await?;
            owner
        }
        // Nobody was seen with it before the change, or only somebody who got it afterwards.
        _ => person,
    };
    let owner = merge(conn, account, (owner, person), now).await?;
    let (kind, match_key, value) = (change.old.kind.as_str(), change.old.match_key.as_str(), change.old.value.as_str());
    conn.execute(&GIVE_UP, values![account, kind, match_key, change.at, value, owner]).await?;
    Ok(())
}

const WRITTEN_SINCE: Sql = Sql::same(
    "SELECT id, sender_id, conversation_id, direction, created_at FROM message
     WHERE account_id = $1 AND contact_id = $2 AND created_at > $3 AND address_kind = 'phone' AND address IN ($4, $5)
     ORDER BY created_at, id",
);
const TAKE_IDENTITIES: Sql = Sql::same(
    "UPDATE contact_identity SET contact_id = $4 WHERE account_id = $1 AND contact_id = $2 AND seen_at > $3
       AND kind IN ('user_id', 'parent_user_id')",
);
const INSERT_CONTACT: Sql = Sql::same("INSERT INTO contact (account_id, id, created_at) VALUES ($1, $2, $3)");
const INSERT_IDENTITY: Sql = Sql::same(
    "INSERT INTO contact_identity (account_id, kind, match_key, value, contact_id, created_at, seen_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const MOVE: Sql = Sql::same(
    "UPDATE message SET contact_id = $3, conversation_id = $4 WHERE account_id = $1 AND id = $2",
);

/// What was written from the number since it was given up is another person's, whom the owner was taken for.
async fn leave_to_others(
    conn: &mut Conn<'_>,
    change: &NumberChange,
    (owner, person): (ContactId, ContactId),
    value: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let account = change.account;
    let since = values![account, owner, change.at, value, change.old.value.as_str()];
    let rows = conn.fetch(&WRITTEN_SINCE, since).await?;
    let mut lines: Vec<(MessageId, SenderId, Option<ConversationId>, Timestamp)> = Vec::new();
    let mut first_seen: Option<Timestamp> = None;
    for row in &rows {
        let mut row = row.reader();
        let (id, sender, conversation) = (row.read()?, row.read()?, row.read()?);
        let (direction, at): (i64, Timestamp) = (row.read()?, row.read()?);
        if direction == domain::message::Direction::Inbound as i64 {
            first_seen = first_seen.or(Some(at));
        }
        lines.push((id, sender, conversation, at));
    }
    // Without a line of theirs nobody is known to have the number.
    let Some(first_seen) = first_seen else { return Ok(()) };
    let other = ContactId(ids::take_one(conn, Sequence::Contact).await?);
    conn.execute(&INSERT_CONTACT, values![account, other, now]).await?;
    let kind = IdentityKind::Phone.as_str();
    let identity = values![account, kind, change.old.match_key.as_str(), value, other, now, first_seen];
    conn.execute(&INSERT_IDENTITY, identity).await?;
    if owner != person {
        conn.execute(&TAKE_IDENTITIES, values![account, owner, change.at, other]).await?;
    }
    let mut threads: BTreeMap<SenderId, ConversationId> = BTreeMap::new();
    for (id, sender, conversation, at) in lines {
        if conversation.is_some() && !threads.contains_key(&sender) {
            let wanted = conversation::Wanted { account, sender, contact: other, at, opens_window: true };
            if let Some(opened) = conversation::resolve(conn, &[wanted], now).await?.first() {
                threads.insert(sender, *opened);
            }
        }
        let thread = conversation.and_then(|_| threads.get(&sender).copied());
        conn.execute(&MOVE, values![account, id, other, thread]).await?;
    }
    conversation::recount(conn, account, owner).await?;
    conversation::recount(conn, account, other).await
}

/// The contact behind an identity now, else whoever gave it up last.
///
/// # Errors
/// As classified by [`StoreError`].
pub(super) async fn owner(
    conn: &mut Conn<'_>,
    account: AccountId,
    (kind, match_key): (IdentityKind, &str),
) -> Result<Option<ContactId>, StoreError> {
    let key = || values![account, kind.as_str(), match_key];
    let mut found = None;
    if let Some(row) = conn.fetch_optional(&HOLDER, key()).await? {
        found = Some(row.reader().read()?);
    } else if let Some(row) = conn.fetch(&FORMER, key()).await?.last() {
        let mut row = row.reader();
        let _: Timestamp = row.read()?;
        found = Some(row.read()?);
    }
    match found {
        Some(contact) => Ok(Some(follow(conn, account, contact).await?)),
        None => Ok(None),
    }
}
