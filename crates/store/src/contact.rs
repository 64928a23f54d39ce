//! Contacts and their identities: whoever writes or is written to is found, or made, by any of them. Two contacts that
//! turn out to be one person are merged; a number that somebody gave up stays theirs for the time before.

mod book;
mod change;
mod merge;
mod read;

use std::collections::HashMap;

use domain::address::{Address, IdentityKind};
use domain::ids::{AccountId, ContactId};
use domain::inbound::Person;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Batch;
use crate::sql::Column::{Int, Text};
use crate::values;

pub use change::{NumberChange, change_number};
pub use read::{ContactView, describe_all, find, find_by_identity};

use book::Book;

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

impl Identity {
    /// Everything that a provider names a person by, the strongest first.
    #[must_use]
    pub fn of_person(person: &Person) -> Vec<Self> {
        let exact = |kind, text: &str| Self { kind, match_key: text.to_owned(), value: text.to_owned() };
        let phone = person.phone.iter().map(|phone| Self::from(&Address::Phone(phone.clone())));
        let user_id = person.user_id.iter().map(|id| exact(IdentityKind::UserId, id.as_str()));
        let parent = person.parent_user_id.iter().map(|id| exact(IdentityKind::ParentUserId, id.as_str()));
        let username = person.username.iter().map(|name| Self {
            kind: IdentityKind::Username,
            // WhatsApp's usernames do not differ by case.
            match_key: name.to_lowercase(),
            value: name.clone(),
        });
        phone.chain(user_id).chain(parent).chain(username).collect()
    }

    /// A group, which is a contact of its own.
    #[must_use]
    pub fn of_group(id: &str) -> Self {
        Self { kind: IdentityKind::Group, match_key: id.to_owned(), value: id.to_owned() }
    }
}

/// A person to be found, or made. If two identities lead to two contacts, they are one person.
///
/// A username leads to a contact only where nothing else is told: it may have passed to somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whose contact.
    pub account: AccountId,
    /// At least one.
    pub identities: Vec<Identity>,
    /// What they call themselves.
    pub name: Option<String>,
    /// When they were seen under these identities.
    pub at: Timestamp,
    /// Whether a person whom nobody knows becomes a contact.
    pub make: bool,
}

type Key = (AccountId, IdentityKind, String);

/// Finds every person, in their order, or makes them where that is wanted. What is new about them is kept.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn resolve(
    conn: &mut Conn<'_>,
    wanted: &[Wanted],
    now: Timestamp,
) -> Result<Vec<Option<ContactId>>, StoreError> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    merge::stay(conn).await?;
    let mut book = Book::read(conn, wanted.iter().flat_map(keys)).await?;
    let unknown = wanted.iter().filter(|person| book.is_new(person)).count();
    let mut ids = ids::take(conn, Sequence::Contact, unknown).await?.into_iter().map(ContactId);
    let found: Vec<Option<ContactId>> = wanted.iter().map(|person| book.place(person, &mut ids)).collect();
    book.write(conn, now).await?;
    let found: Vec<Option<ContactId>> = found.into_iter().map(|contact| contact.map(|id| book.root(id))).collect();
    learn_names(conn, wanted, &found).await?;
    Ok(found)
}

/// As [`resolve`], for people who all become contacts.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn resolve_all(conn: &mut Conn<'_>, wanted: &[Wanted], now: Timestamp) -> Result<Vec<ContactId>, StoreError> {
    let found: Option<Vec<ContactId>> = resolve(conn, wanted, now).await?.into_iter().collect();
    found.ok_or_else(|| StoreError::Corrupt("a contact was neither found nor made".to_owned()))
}

fn keys(person: &Wanted) -> impl Iterator<Item = Key> {
    person.identities.iter().map(|identity| (person.account, identity.kind, identity.match_key.clone()))
}

// The same name again writes nothing: a message costs no row of its writer.
static NAME: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("name", Text), ("at", Int)],
    "UPDATE contact SET name = input.name, name_at = input.at FROM input
     WHERE contact.account_id = input.account_id AND contact.id = input.id
       AND (contact.name IS NULL OR contact.name <> input.name AND (contact.name_at IS NULL
         OR contact.name_at < input.at OR contact.name_at = input.at AND contact.name < input.name))",
);

static USERNAME: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("username", Text), ("at", Int)],
    "UPDATE contact SET username = input.username, username_at = input.at FROM input
     WHERE contact.account_id = input.account_id AND contact.id = input.id
       AND (contact.username IS NULL OR contact.username <> input.username AND (contact.username_at < input.at
         OR contact.username_at = input.at AND contact.username < input.username))",
);

/// Keeps what people call themselves now.
async fn learn_names(conn: &mut Conn<'_>, wanted: &[Wanted], contacts: &[Option<ContactId>]) -> Result<(), StoreError> {
    type Latest<'w> = HashMap<(AccountId, ContactId), (Timestamp, &'w str)>;
    let (mut names, mut usernames) = (Latest::new(), Latest::new());
    for (person, contact) in wanted.iter().zip(contacts) {
        let Some(contact) = contact else { continue };
        let username = person.identities.iter().find(|identity| identity.kind == IdentityKind::Username);
        let username = username.map(|identity| identity.value.as_str());
        for (latest, told) in [(&mut names, person.name.as_deref()), (&mut usernames, username)] {
            let Some(told) = told else { continue };
            let known = latest.entry((person.account, *contact)).or_insert((person.at, told));
            *known = (person.at, told).max(*known);
        }
    }
    for (statement, latest) in [(&NAME, names), (&USERNAME, usernames)] {
        let mut rows: Vec<_> = latest.into_iter().collect();
        rows.sort_unstable();
        let rows: Vec<_> = rows.into_iter().map(|((account, id), (at, told))| values![account, id, told, at]).collect();
        conn.batch(statement, &rows).await?;
    }
    Ok(())
}
