//! Contacts and their identities: whoever writes or is written to is found, or made, by any of them.

use std::collections::{BTreeMap, HashMap};

use domain::address::{Address, IdentityKind};
use domain::ids::{AccountId, ContactId};
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Batch;
use crate::sql::Column::{Int, Text};
use crate::values;

/// One thing a person is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// Which kind.
    pub kind: IdentityKind,
    /// What finds the person.
    pub match_key: String,
    /// The address itself.
    pub value: String,
}

impl From<&Address> for Identity {
    fn from(address: &Address) -> Self {
        let match_key = match address {
            Address::Phone(number) => number.match_key(),
            Address::UserId(id) => id.as_str().to_owned(),
            Address::Group(id) => id.as_str().to_owned(),
        };
        Self { kind: address.kind(), match_key, value: address.value().to_owned() }
    }
}

/// A person to be found or made. The first identity is the one that decides when two lead to different contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whose contact.
    pub account: AccountId,
    /// At least one.
    pub identities: Vec<Identity>,
    /// A name for a contact that is made.
    pub name: Option<String>,
}

type Key = (AccountId, IdentityKind, String);

static FIND: Batch = Batch::new(
    &[("account_id", Int), ("kind", Text), ("match_key", Text)],
    "SELECT input.account_id, input.kind, input.match_key, contact_identity.contact_id
     FROM input JOIN contact_identity ON contact_identity.account_id = input.account_id
       AND contact_identity.kind = input.kind AND contact_identity.match_key = input.match_key",
);

static INSERT: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("name", Text), ("created_at", Int)],
    "INSERT INTO contact (account_id, id, name, created_at) SELECT account_id, id, name, created_at FROM input",
);

static INSERT_IDENTITY: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("kind", Text),
        ("match_key", Text),
        ("value", Text),
        ("contact_id", Int),
        ("created_at", Int),
    ],
    "INSERT INTO contact_identity (account_id, kind, match_key, value, contact_id, created_at)
     SELECT account_id, kind, match_key, value, contact_id, created_at FROM input WHERE TRUE
     ON CONFLICT (account_id, kind, match_key) DO NOTHING RETURNING contact_id",
);

static DELETE_ORPHANS: Batch = Batch::new(
    &[("account_id", Int), ("id", Int)],
    "DELETE FROM contact WHERE (account_id, id) IN (SELECT account_id, id FROM input)
     AND NOT EXISTS (SELECT 1 FROM contact_identity i WHERE i.account_id = contact.account_id AND i.contact_id = contact.id)",
);

static NAME: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("name", Text)],
    "UPDATE contact SET name = input.name FROM input
     WHERE contact.account_id = input.account_id AND contact.id = input.id AND contact.name IS NULL",
);

/// Finds or makes every person, in their order. Equal identities of one batch are one contact.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn resolve(conn: &mut Conn<'_>, wanted: &[Wanted], now: Timestamp) -> Result<Vec<ContactId>, StoreError> {
    let stored = find(conn, wanted.iter().flat_map(keys)).await?;
    let unknown = wanted.iter().filter(|person| !keys(person).any(|key| stored.contains_key(&key))).count();
    let mut ids = ids::take(conn, Sequence::Contact, unknown).await?.into_iter().map(ContactId);
    let mut known = stored;
    let mut made = Vec::new();
    // In ascending order of keys, so that two nodes never wait for each other.
    let mut fresh: BTreeMap<Key, (&str, ContactId)> = BTreeMap::new();
    for person in wanted {
        let contact = match keys(person).find_map(|key| known.get(&key).copied()) {
            Some(contact) => contact,
            None => {
                let Some(id) = ids.next() else { break };
                made.push((person, id));
                id
            }
        };
        for (key, identity) in keys(person).zip(&person.identities) {
            if !known.contains_key(&key) {
                known.insert(key.clone(), contact);
                fresh.insert(key, (identity.value.as_str(), contact));
            }
        }
    }
    let rows: Vec<_> =
        made.iter().map(|(person, id)| values![person.account, *id, person.name.as_deref(), now]).collect();
    conn.batch(&INSERT, &rows).await?;
    insert_identities(conn, &fresh, &mut known, now).await?;
    wanted.iter().map(|person| contact_of(person, &known)).collect()
}

/// Stores identities; where another node was faster with one, its contact is taken and ours, left alone, deleted.
async fn insert_identities(
    conn: &mut Conn<'_>,
    fresh: &BTreeMap<Key, (&str, ContactId)>,
    known: &mut HashMap<Key, ContactId>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows: Vec<_> = fresh
        .iter()
        .map(|((account, kind, key), (value, contact))| {
            values![*account, kind.as_str(), key.as_str(), *value, *contact, now]
        })
        .collect();
    let inserted = conn.batch(&INSERT_IDENTITY, &rows).await?.len();
    if inserted < rows.len() {
        known.extend(find(conn, fresh.keys().cloned()).await?);
        let rows: Vec<_> = fresh.iter().map(|((account, ..), (_, contact))| values![*account, *contact]).collect();
        conn.batch(&DELETE_ORPHANS, &rows).await?;
    }
    Ok(())
}

/// Gives a name to contacts that have none.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn name_all(conn: &mut Conn<'_>, names: &[(AccountId, ContactId, String)]) -> Result<(), StoreError> {
    let rows: Vec<_> = names.iter().map(|(account, id, name)| values![*account, *id, name.as_str()]).collect();
    conn.batch(&NAME, &rows).await?;
    Ok(())
}

fn keys(person: &Wanted) -> impl Iterator<Item = Key> {
    person.identities.iter().map(|identity| (person.account, identity.kind, identity.match_key.clone()))
}

fn contact_of(person: &Wanted, known: &HashMap<Key, ContactId>) -> Result<ContactId, StoreError> {
    let found = keys(person).find_map(|key| known.get(&key).copied());
    found.ok_or_else(|| StoreError::Corrupt("a contact was neither found nor made".to_owned()))
}

async fn find(conn: &mut Conn<'_>, keys: impl Iterator<Item = Key>) -> Result<HashMap<Key, ContactId>, StoreError> {
    let mut keys: Vec<Key> = keys.collect();
    keys.sort();
    keys.dedup();
    let rows: Vec<_> = keys.iter().map(|(account, kind, key)| values![*account, kind.as_str(), key.as_str()]).collect();
    let mut known = HashMap::with_capacity(keys.len());
    for row in conn.batch(&FIND, &rows).await? {
        let mut row = row.reader();
        let key = (row.read()?, kind_of(&row.read::<String>()?)?, row.read()?);
        known.insert(key, row.read()?);
    }
    Ok(known)
}

fn kind_of(text: &str) -> Result<IdentityKind, StoreError> {
    [IdentityKind::Phone, IdentityKind::UserId, IdentityKind::Username, IdentityKind::Group]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| StoreError::Corrupt(format!("unknown kind of identity {text}")))
}
