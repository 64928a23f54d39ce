//! Who has which identity, as far as a batch of people is concerned: read once, decided in memory, written once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::address::IdentityKind;
use domain::ids::{AccountId, ContactId};
use domain::time::Timestamp;

use super::{Key, Wanted, keys, merge};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Batch;
use crate::sql::Column::{Int, Text};
use crate::values;

static FIND: Batch = Batch::new(
    &[("account_id", Int), ("kind", Text), ("match_key", Text)],
    "SELECT input.account_id, input.kind, input.match_key, i.contact_id, i.seen_at, NULL AS until
     FROM input JOIN contact_identity i ON i.account_id = input.account_id AND i.kind = input.kind
       AND i.match_key = input.match_key
     UNION ALL
     SELECT input.account_id, input.kind, input.match_key, f.contact_id, NULL, f.until
     FROM input JOIN former_identity f ON f.account_id = input.account_id AND f.kind = input.kind
       AND f.match_key = input.match_key",
);

static INSERT: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("name", Text), ("name_at", Int), ("created_at", Int)],
    "INSERT INTO contact (account_id, id, name, name_at, created_at)
     SELECT account_id, id, name, name_at, created_at FROM input",
);

const IDENTITY: &[(&str, crate::sql::Column)] = &[
    ("account_id", Int),
    ("kind", Text),
    ("match_key", Text),
    ("value", Text),
    ("contact_id", Int),
    ("created_at", Int),
    ("seen_at", Int),
];

static INSERT_IDENTITY: Batch = Batch::new(
    IDENTITY,
    "INSERT INTO contact_identity (account_id, kind, match_key, value, contact_id, created_at, seen_at)
     SELECT account_id, kind, match_key, value, contact_id, created_at, seen_at FROM input WHERE TRUE
     ON CONFLICT (account_id, kind, match_key) DO NOTHING RETURNING contact_id",
);

static PASS_USERNAME: Batch = Batch::new(
    IDENTITY,
    "INSERT INTO contact_identity (account_id, kind, match_key, value, contact_id, created_at, seen_at)
     SELECT account_id, kind, match_key, value, contact_id, created_at, seen_at FROM input WHERE TRUE
     ON CONFLICT (account_id, kind, match_key) DO UPDATE SET value = excluded.value,
       contact_id = excluded.contact_id, seen_at = excluded.seen_at
     WHERE contact_identity.seen_at IS NULL OR contact_identity.seen_at < excluded.seen_at",
);

static SEEN_EARLIER: Batch = Batch::new(
    &[("account_id", Int), ("kind", Text), ("match_key", Text), ("seen_at", Int)],
    "UPDATE contact_identity SET seen_at = input.seen_at FROM input
     WHERE contact_identity.account_id = input.account_id AND contact_identity.kind = input.kind
       AND contact_identity.match_key = input.match_key AND contact_identity.seen_at > input.seen_at",
);

/// Who has an identity now.
#[derive(Clone, Debug)]
struct Held {
    contact: ContactId,
    seen_at: Option<Timestamp>,
    change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    None,
    /// Not stored yet; the address itself.
    New(String),
    /// Seen earlier than is stored.
    Earlier,
    /// A username that passed to this contact.
    Passed(String),
}

/// Who has an identity, and who had it until when.
#[derive(Clone, Debug, Default)]
struct Holders {
    now: Option<Held>,
    /// Ascending.
    former: Vec<(Timestamp, ContactId)>,
}

impl Holders {
    fn at(&self, at: Timestamp) -> Option<ContactId> {
        self.formerly(at).or_else(|| self.now.as_ref().map(|held| held.contact))
    }

    fn formerly(&self, at: Timestamp) -> Option<ContactId> {
        self.former.iter().find(|(until, _)| *until >= at).map(|(_, contact)| *contact)
    }
}

/// What one batch of people reads, decides and writes.
#[derive(Debug, Default)]
pub(super) struct Book<'w> {
    // In ascending order of keys, so that two nodes never wait for each other.
    holders: BTreeMap<Key, Holders>,
    /// From a contact to the one it is the same person as.
    same: HashMap<ContactId, ContactId>,
    made: BTreeMap<ContactId, &'w Wanted>,
    /// Stored contacts that are one person, the one that stays first.
    merges: Vec<(AccountId, ContactId, ContactId)>,
}

impl<'w> Book<'w> {
    pub(super) async fn read(conn: &mut Conn<'_>, keys: impl Iterator<Item = Key>) -> Result<Self, StoreError> {
        let keys: BTreeSet<Key> = keys.collect();
        let rows: Vec<_> =
            keys.iter().map(|(account, kind, key)| values![*account, kind.as_str(), key.as_str()]).collect();
        let mut book = Self::default();
        for row in conn.batch(&FIND, &rows).await? {
            let mut row = row.reader();
            let key: Key = (row.read()?, kind_of(&row.read::<String>()?)?, row.read()?);
            let (contact, seen_at, until) = (row.read()?, row.read()?, row.read::<Option<Timestamp>>()?);
            let holders = book.holders.entry(key).or_default();
            match until {
                Some(until) => holders.former.push((until, contact)),
                None => holders.now = Some(Held { contact, seen_at, change: Change::None }),
            }
        }
        book.holders.values_mut().for_each(|holders| holders.former.sort_unstable());
        Ok(book)
    }

    fn holder(&self, key: &Key, at: Timestamp) -> Option<ContactId> {
        self.holders.get(key)?.at(at).map(|contact| self.root(contact))
    }

    /// Whoever this contact turned out to be.
    pub(super) fn root(&self, mut contact: ContactId) -> ContactId {
        while let Some(same) = self.same.get(&contact) {
            contact = *same;
        }
        contact
    }

    /// Whether an id may be needed for them.
    pub(super) fn is_new(&self, person: &Wanted) -> bool {
        person.make
            && !keys(person).any(|key| self.holder(&key, person.at).is_some() && key.1 != IdentityKind::Username)
    }

    /// Finds or makes a person, and notes what is new about them.
    pub(super) fn place(&mut self, person: &'w Wanted, ids: &mut impl Iterator<Item = ContactId>) -> Option<ContactId> {
        let (usernames, strong): (Vec<Key>, Vec<Key>) =
            keys(person).partition(|(_, kind, _)| *kind == IdentityKind::Username);
        let named = if strong.is_empty() { &usernames } else { &strong };
        let found: BTreeSet<ContactId> = named.iter().filter_map(|key| self.holder(key, person.at)).collect();
        let contact = match found.first() {
            Some(first) => *first,
            None if person.make => {
                let id = ids.next()?;
                self.made.insert(id, person);
                id
            }
            None => return None,
        };
        for other in found.iter().skip(1) {
            self.join(person.account, contact, *other);
        }
        for (key, identity) in keys(person).zip(&person.identities) {
            self.note(key, &identity.value, contact, person.at);
        }
        Some(contact)
    }

    /// The smaller id is the older contact's.
    fn join(&mut self, account: AccountId, winner: ContactId, loser: ContactId) {
        self.same.insert(loser, winner);
        if self.made.remove(&loser).is_none() {
            self.merges.push((account, winner, loser));
        }
    }

    fn note(&mut self, key: Key, value: &str, contact: ContactId, at: Timestamp) {
        let is_username = key.1 == IdentityKind::Username;
        let holder = self.holder(&key, Timestamp::from_micros(i64::MAX));
        let holders = self.holders.entry(key).or_default();
        if holders.formerly(at).is_some() {
            return;
        }
        match &mut holders.now {
            None => holders.now = Some(Held { contact, seen_at: Some(at), change: Change::New(value.to_owned()) }),
            Some(held) if is_username && holder != Some(contact) => {
                if held.seen_at.is_none_or(|seen| seen < at) {
                    *held = Held { contact, seen_at: Some(at), change: Change::Passed(value.to_owned()) };
                }
            }
            Some(held) => {
                if held.seen_at.is_some_and(|seen| at < seen) {
                    held.seen_at = Some(at);
                    if held.change == Change::None {
                        held.change = Change::Earlier;
                    }
                }
            }
        }
    }

    pub(super) async fn write(&mut self, conn: &mut Conn<'_>, now: Timestamp) -> Result<(), StoreError> {
        let name_at = |person: &Wanted| person.name.as_ref().map(|_| person.at);
        let rows: Vec<_> = self
            .made
            .iter()
            .map(|(id, person)| values![person.account, *id, person.name.as_deref(), name_at(person), now])
            .collect();
        conn.batch(&INSERT, &rows).await?;
        let (mut fresh, mut earlier, mut passed) = (Vec::new(), Vec::new(), Vec::new());
        for ((account, kind, key), holders) in &self.holders {
            let Some(held) = &holders.now else { continue };
            let row = |value: &str| {
                let contact = self.root(held.contact);
                values![*account, kind.as_str(), key.as_str(), value, contact, now, held.seen_at]
            };
            match &held.change {
                Change::None => {}
                Change::New(value) => fresh.push(row(value)),
                Change::Passed(value) => passed.push(row(value)),
                Change::Earlier => earlier.push(values![*account, kind.as_str(), key.as_str(), held.seen_at]),
            }
        }
        let inserted = conn.batch(&INSERT_IDENTITY, &fresh).await?.len();
        conn.batch(&PASS_USERNAME, &passed).await?;
        conn.batch(&SEEN_EARLIER, &earlier).await?;
        if inserted < fresh.len() {
            self.give_way(conn).await?;
        }
        for (account, winner, loser) in std::mem::take(&mut self.merges) {
            merge::merge(conn, account, (winner, loser), now).await?;
        }
        Ok(())
    }

    /// Another node was faster with an identity: its contact is taken. Ours, if made just now, goes.
    async fn give_way(&mut self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let is_new = |holders: &Holders| matches!(&holders.now, Some(Held { change: Change::New(_), .. }));
        let fresh: Vec<Key> =
            self.holders.iter().filter(|(_, holders)| is_new(holders)).map(|(key, _)| key.clone()).collect();
        let stored = Book::read(conn, fresh.iter().cloned()).await?;
        for key in &fresh {
            let theirs = stored.holders.get(key).and_then(|holders| holders.now.as_ref()).map(|held| held.contact);
            let ours = self.holder(key, Timestamp::from_micros(i64::MAX));
            let (Some(theirs), Some(ours)) = (theirs.map(|contact| self.root(contact)), ours) else { continue };
            // A username that passed to somebody else meanwhile says nothing about who they are.
            if theirs == ours || key.1 == IdentityKind::Username {
                continue;
            }
            if self.made.remove(&ours).is_some() {
                merge::replace(conn, key.0, ours, theirs).await?;
                self.same.insert(ours, theirs);
            } else {
                self.join(key.0, ours.min(theirs), ours.max(theirs));
            }
        }
        Ok(())
    }
}

fn kind_of(text: &str) -> Result<IdentityKind, StoreError> {
    IdentityKind::parse(text).ok_or_else(|| StoreError::Corrupt(format!("unknown kind of identity {text}")))
}
