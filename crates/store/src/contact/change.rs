//! A person changed their number: they stay who they are, and whoever has the old number from then on is somebody else.
//! It happens seldom, so it goes statement by statement.

use std::collections::{BTreeMap, BTreeSet};

use domain::address::IdentityKind;
use domain::ids::{AccountId, ContactId, ConversationId, MessageId, SenderId};
use domain::message::Direction;
use domain::time::Timestamp;

use super::merge::{follow, hold_all, merge};
use super::{Identity, Wanted, resolve_all};
use crate::conn::Conn;
use crate::conversation;
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::{Sql, Value};
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
    "SELECT contact_id, seen_at, taken_at, value FROM contact_identity WHERE account_id = $1 AND kind = $2 AND match_key = $3",
);
const FORMER: Sql = Sql::same(
    "SELECT until, contact_id FROM former_identity WHERE account_id = $1 AND kind = $2 AND match_key = $3 ORDER BY until",
);
const GIVE_UP: Sql = Sql::same(
    "INSERT INTO former_identity (account_id, kind, match_key, until, value, contact_id)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, kind, match_key, until) DO NOTHING",
);
const DELETE: Sql = Sql::same("DELETE FROM contact_identity WHERE account_id = $1 AND kind = $2 AND match_key = $3");

const TAKE: Sql = Sql::same(
    "UPDATE contact_identity SET taken_at = $4 WHERE account_id = $1 AND kind = $2 AND match_key = $3
       AND COALESCE(taken_at, 0) < $4",
);

/// Who has the number now.
struct Held {
    contact: ContactId,
    seen_at: Option<Timestamp>,
    taken_at: Option<Timestamp>,
    value: String,
}

/// Notes that somebody changed their number. Reports of one change by several of our numbers, with times a little apart,
/// are one change: the second finds the number given up already.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn change_number(conn: &mut Conn<'_>, change: &NumberChange, now: Timestamp) -> Result<(), StoreError> {
    hold_all(conn).await?;
    let change = &free_new(conn, change, now).await?;
    let account = change.account;
    let wanted = Wanted {
        account,
        identities: change.identities.clone(),
        name: None,
        // The old number is theirs up to and including `at`.
        at: Timestamp::from_micros(change.at.as_micros().saturating_add(1)),
        make: true,
    };
    let taken_at = wanted.at;
    let Some(person) = resolve_all(conn, &[wanted], now).await?.first().copied() else { return Ok(()) };
    for new in change.identities.iter().filter(|identity| identity.kind == IdentityKind::Phone) {
        conn.execute(&TAKE, values![account, new.kind.as_str(), new.match_key.as_str(), taken_at]).await?;
    }
    let former = former(conn, account, &change.old).await?;
    let held = holder(conn, account, &change.old).await?;
    let is_theirs = held.as_ref().is_some_and(|held| held.contact == person);
    if !is_theirs && former.iter().any(|(until, contact)| *until <= change.at && *contact == person) {
        return Ok(());
    }
    let earlier = former.iter().find(|(until, _)| *until >= change.at).map(|(_, contact)| *contact);
    let owner = match (earlier, held) {
        (Some(owner), _) => owner,
        (None, Some(held)) if held.seen_at.is_none_or(|seen| seen <= change.at) => {
            // Who came back to it later has it still.
            if held.taken_at.is_none_or(|taken| taken <= change.at) {
                leave_to_others(conn, change, &change.old, &held, now).await?;
            }
            held.contact
        }
        // Nobody was seen with it before the change, or only somebody who got it afterwards.
        _ => person,
    };
    let owner = merge(conn, account, (owner, person), now).await?;
    give_up(conn, change, &change.old, owner).await
}

/// Whoever had the new number until then is another person, unless an id of the notice leads to them as well. Answers
/// the change, at the time at which it was told first where it was told before.
async fn free_new(conn: &mut Conn<'_>, change: &NumberChange, now: Timestamp) -> Result<NumberChange, StoreError> {
    let mut change = change.clone();
    let account = change.account;
    let gave_up = former(conn, account, &change.old).await?;
    let had_old = gave_up.iter().find(|(until, _)| *until >= change.at).map(|(_, contact)| *contact);
    let mut known: BTreeSet<ContactId> = gave_up.iter().map(|(_, contact)| *contact).collect();
    for identity in change.identities.iter().filter(|identity| !is_number(identity)) {
        known.extend(holder(conn, account, identity).await?.map(|held| held.contact));
    }
    // Who got the old number later is not who changed it.
    let had_it = |held: &Held| had_old.is_none() && held.seen_at.is_none_or(|seen| seen <= change.at);
    known.extend(holder(conn, account, &change.old).await?.filter(had_it).map(|held| held.contact));
    for new in change.identities.clone().iter().filter(|identity| is_number(identity)) {
        let Some(held) = holder(conn, account, new).await? else { continue };
        // What one of our numbers was told of with a later time needs no telling again.
        let told = gave_up.iter().find(|(until, contact)| *until >= change.at && *contact == held.contact);
        change.at = told.map_or(change.at, |(until, _)| *until);
        let is_later = |at: Option<Timestamp>| at.is_some_and(|at| at > change.at);
        if known.contains(&held.contact) || is_later(held.seen_at) || is_later(held.taken_at) {
            continue;
        }
        leave_to_others(conn, &change, new, &held, now).await?;
        give_up(conn, &change, new, held.contact).await?;
    }
    Ok(change)
}

const fn is_number(identity: &Identity) -> bool {
    matches!(identity.kind, IdentityKind::Phone)
}

async fn holder(conn: &mut Conn<'_>, account: AccountId, of: &Identity) -> Result<Option<Held>, StoreError> {
    let key = values![account, of.kind.as_str(), of.match_key.as_str()];
    let Some(row) = conn.fetch_optional(&HOLDER, key).await? else { return Ok(None) };
    let mut row = row.reader();
    Ok(Some(Held { contact: row.read()?, seen_at: row.read()?, taken_at: row.read()?, value: row.read()? }))
}

/// Who gave it up when, the earliest first.
async fn former(
    conn: &mut Conn<'_>,
    account: AccountId,
    of: &Identity,
) -> Result<Vec<(Timestamp, ContactId)>, StoreError> {
    let key = values![account, of.kind.as_str(), of.match_key.as_str()];
    let rows = conn.fetch(&FORMER, key).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok((row.read()?, row.read()?))
        })
        .collect()
}

/// Until the change the number was this contact's.
async fn give_up(
    conn: &mut Conn<'_>,
    change: &NumberChange,
    number: &Identity,
    owner: ContactId,
) -> Result<(), StoreError> {
    let (kind, match_key, value) = (number.kind.as_str(), number.match_key.as_str(), number.value.as_str());
    conn.execute(&GIVE_UP, values![change.account, kind, match_key, change.at, value, owner]).await?;
    Ok(())
}

const WRITTEN_SINCE: Sql = Sql::same(
    "SELECT id, sender_id, conversation_id, direction, created_at, writer_id FROM message
     WHERE account_id = $1 AND contact_id = $2 AND created_at > $3 AND address_kind = 'phone' AND address IN ($4, $5)
     ORDER BY created_at, id",
);
const WRITTEN_BY_ID: Sql = Sql::same(
    "SELECT id, sender_id, conversation_id, direction, created_at, writer_id FROM message
     WHERE account_id = $1 AND contact_id = $2 AND address_kind = 'user_id' AND address = $3
     ORDER BY created_at, id",
);
const TAKE_USER_ID: Sql = Sql::same(
    "UPDATE contact_identity SET contact_id = $4
     WHERE account_id = $1 AND kind = 'user_id' AND match_key = $2 AND contact_id = $3",
);
const PARENTS_SINCE: Sql = Sql::same(
    "SELECT match_key, seen_at FROM contact_identity
     WHERE account_id = $1 AND contact_id = $2 AND kind = 'parent_user_id' AND seen_at > $3",
);
const WRITTEN_AT: Sql = Sql::same(
    "SELECT id FROM message WHERE account_id = $1 AND contact_id = $2 AND created_at = $3 AND direction = $4",
);
const TAKE_PARENT: Sql = Sql::same(
    "UPDATE contact_identity SET contact_id = $3
     WHERE account_id = $1 AND kind = 'parent_user_id' AND match_key = $2",
);
const FORGET_PARENT: Sql =
    Sql::same("DELETE FROM contact_identity WHERE account_id = $1 AND kind = 'parent_user_id' AND match_key = $2");
const INSERT_CONTACT: Sql = Sql::same(
    "INSERT INTO contact (account_id, id, name, name_at, username, username_at, created_at)
     SELECT account_id, CAST($2 AS BIGINT), CASE WHEN name_at > $3 THEN name END, CASE WHEN name_at > $3 THEN name_at END,
       CASE WHEN username_at > $3 THEN username END, CASE WHEN username_at > $3 THEN username_at END,
       CAST($4 AS BIGINT)
     FROM contact WHERE account_id = $1 AND id = $5",
);
const FORGET_NAME: Sql =
    Sql::same("UPDATE contact SET name = NULL, name_at = NULL WHERE account_id = $1 AND id = $2 AND name_at > $3");
const FORGET_USERNAME: Sql = Sql::same(
    "UPDATE contact SET username = NULL, username_at = NULL WHERE account_id = $1 AND id = $2 AND username_at > $3",
);
const INSERT_IDENTITY: Sql = Sql::same(
    "INSERT INTO contact_identity (account_id, kind, match_key, value, contact_id, created_at, seen_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const MOVE: Sql =
    Sql::same("UPDATE message SET contact_id = $3, conversation_id = $4 WHERE account_id = $1 AND id = $2");

/// A message from a number.
struct Line {
    id: MessageId,
    sender: SenderId,
    conversation: Option<ConversationId>,
    direction: i64,
    at: Timestamp,
    writer: Option<String>,
}

async fn read_lines(conn: &mut Conn<'_>, statement: &Sql, values: Vec<Value>) -> Result<Vec<Line>, StoreError> {
    let rows = conn.fetch(statement, values).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            let (id, sender, conversation) = (row.read()?, row.read()?, row.read()?);
            Ok(Line { id, sender, conversation, direction: row.read()?, at: row.read()?, writer: row.read()? })
        })
        .collect()
}

/// The number is nobody's again. What was written from it since the change is another person's, whom the holder was taken
/// for; and so is what was written under the ids that came with it.
async fn leave_to_others(
    conn: &mut Conn<'_>,
    change: &NumberChange,
    number: &Identity,
    held: &Held,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (account, owner, value) = (change.account, held.contact, held.value.as_str());
    let key = values![account, number.kind.as_str(), number.match_key.as_str()];
    conn.execute(&DELETE, key).await?;
    let since = values![account, owner, change.at, value, number.value.as_str()];
    let mut lines = read_lines(conn, &WRITTEN_SINCE, since).await?;
    let first = lines.iter().find(|line| line.direction == Direction::Inbound as i64);
    // Without a line of theirs nobody is known to have the number.
    let Some(first_seen) = first.map(|line| line.at) else { return Ok(()) };
    let other = ContactId(ids::take_one(conn, Sequence::Contact).await?);
    conn.execute(&INSERT_CONTACT, values![account, other, change.at, now, owner]).await?;
    for statement in [&FORGET_NAME, &FORGET_USERNAME] {
        conn.execute(statement, values![account, owner, change.at]).await?;
    }
    let identity = values![account, number.kind.as_str(), number.match_key.as_str(), value, other, now, first_seen];
    conn.execute(&INSERT_IDENTITY, identity).await?;
    let writers: BTreeSet<String> = lines.iter().filter_map(|line| line.writer.clone()).collect();
    for writer in writers {
        if change.identities.iter().any(|identity| identity.match_key == writer) {
            continue;
        }
        conn.execute(&TAKE_USER_ID, values![account, writer.as_str(), owner, other]).await?;
        lines.extend(read_lines(conn, &WRITTEN_BY_ID, values![account, owner, writer.as_str()]).await?);
    }
    let said = lines.iter().filter(|line| line.direction == Direction::Inbound as i64);
    let said: BTreeSet<Timestamp> = said.map(|line| line.at).collect();
    move_lines(conn, account, other, lines, now).await?;
    part_parents(conn, change, (owner, other), &said).await?;
    conversation::recount(conn, account, owner).await?;
    conversation::recount(conn, account, other).await
}

/// Lines do not keep the id that a portfolio has for their writer. One that came with a line of the other's goes with it;
/// where that cannot be told nobody has it until it is told again, for it would make the two one person.
async fn part_parents(
    conn: &mut Conn<'_>,
    change: &NumberChange,
    (owner, other): (ContactId, ContactId),
    said: &BTreeSet<Timestamp>,
) -> Result<(), StoreError> {
    let account = change.account;
    let is_named = |key: &str| {
        let mut parents = change.identities.iter().filter(|identity| identity.kind == IdentityKind::ParentUserId);
        parents.any(|identity| identity.match_key == key)
    };
    for row in conn.fetch(&PARENTS_SINCE, values![account, owner, change.at]).await? {
        let mut row = row.reader();
        let (key, seen_at): (String, Timestamp) = (row.read()?, row.read()?);
        if is_named(&key) {
            continue;
        }
        let at = values![account, owner, seen_at, Direction::Inbound as i64];
        if said.contains(&seen_at) && conn.fetch(&WRITTEN_AT, at).await?.is_empty() {
            conn.execute(&TAKE_PARENT, values![account, key.as_str(), other]).await?;
        } else {
            conn.execute(&FORGET_PARENT, values![account, key.as_str()]).await?;
        }
    }
    Ok(())
}

async fn move_lines(
    conn: &mut Conn<'_>,
    account: AccountId,
    to: ContactId,
    lines: Vec<Line>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut threads: BTreeMap<SenderId, ConversationId> = BTreeMap::new();
    for line in lines {
        if line.conversation.is_some() && !threads.contains_key(&line.sender) {
            let wanted =
                conversation::Wanted { account, sender: line.sender, contact: to, at: line.at, opens_window: true };
            if let Some(opened) = conversation::resolve(conn, &[wanted], now).await?.first() {
                threads.insert(line.sender, *opened);
            }
        }
        let thread = line.conversation.and_then(|_| threads.get(&line.sender).copied());
        conn.execute(&MOVE, values![account, line.id, to, thread]).await?;
    }
    Ok(())
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
