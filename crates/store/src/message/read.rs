//! Messages as they are read: one, and lists.

use domain::address::{Address, IdentityKind};
use domain::attempt::StatusTimes;
use domain::ids::{ContactId, ConversationId, MessageId, SenderId};
use domain::message::{Class, Direction, MessageStatus};
use domain::refusal::Failure;
use domain::scope::AccountScope;
use domain::time::Timestamp;

use super::failure_from;
use crate::conn::{Conn, Row};
use crate::contact;
use crate::error::StoreError;
use crate::scheduled::ScheduledFilter;
use crate::sql::{Sql, Value};
use crate::values;

/// A message as it is read.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Which number.
    pub sender: SenderId,
    /// That number's name.
    pub sender_name: String,
    /// With whom.
    pub contact: ContactId,
    /// Their name, if known.
    pub contact_name: Option<String>,
    /// In which thread.
    pub conversation: Option<ConversationId>,
    /// Sent or received.
    pub direction: Direction,
    /// Kind of its content.
    pub kind: String,
    /// Content as JSON text.
    pub content: String,
    /// One line of it.
    pub excerpt: String,
    /// What it is for.
    pub class: Class,
    /// Its status.
    pub status: MessageStatus,
    /// Grows with every change.
    pub version: i64,
    /// How many attempts it had.
    pub attempts: i64,
    /// Whether the sandbox sent it.
    pub simulated: bool,
    /// Kind of the address.
    pub address_kind: String,
    /// The person's address.
    pub address: String,
    /// The caller's name for it.
    pub reference: Option<String>,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
    /// How it is handed over, as JSON text; `None` where nothing special was asked for.
    pub options: Option<String>,
    /// The provider's id.
    pub external_id: Option<String>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// Not after.
    pub expires_at: Option<Timestamp>,
    /// The earliest time of each status.
    pub times: StatusTimes,
    /// When the person first answered it.
    pub replied_at: Option<Timestamp>,
    /// Where it was written, if neither here nor by the person just now: see [`super::Origin`].
    pub origin: Option<String>,
    /// The provider's id of the message it reacts to, edits or takes back.
    pub target: Option<String>,
    /// The provider's id of the group it was written in.
    pub group: Option<String>,
    /// When the content became what it is now.
    pub edited_at: Option<Timestamp>,
    /// When whoever wrote it took it back. What it said stays stored, and is shown to nobody.
    pub deleted_at: Option<Timestamp>,
    /// What the provider says about its price, as a JSON object.
    pub billing: Option<String>,
}

/// What a list of messages is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct MessageFilter {
    /// Only with this contact.
    pub contact: Option<ContactId>,
    /// Only with whoever has this number.
    pub phone_match_key: Option<String>,
    /// Only over this number.
    pub sender: Option<SenderId>,
    /// Only in this status.
    pub status: Option<MessageStatus>,
    /// Only sent, or only received.
    pub direction: Option<Direction>,
    /// Made at or after.
    pub from: Option<Timestamp>,
    /// Made before.
    pub until: Option<Timestamp>,
}

/// A place in a list that is ordered by time of making, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When the message was made.
    pub created_at: Timestamp,
    /// The message.
    pub id: MessageId,
}

impl Place {
    /// Reads what `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        Some(Self { created_at: Timestamp::from_micros(at.parse().ok()?), id: id.parse().ok()? })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.created_at.as_micros(), self.id)
    }
}

/// Which part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only older than this place.
    pub older_than: Option<Place>,
    /// Only newer than this place; the answer is still newest first.
    pub newer_than: Option<Place>,
    /// At most so many.
    pub limit: i64,
}

macro_rules! select {
    ($rest:expr) => {
        select!("message m", $rest)
    };
    ($from:literal, $rest:expr) => {
        concat!(
            "SELECT m.id, m.sender_id, s.name, m.contact_id, c.name, m.conversation_id, m.direction, m.kind, m.content,
               m.excerpt, m.class, m.status, m.version, m.attempts, m.simulated, m.address_kind, m.address, m.reference,
               m.context, m.options, m.external_id, m.failure, m.created_at, m.send_at, m.expires_at, m.submitted_at,
               m.sent_at, m.failed_at, m.delivered_at, m.read_at, m.replied_at, m.origin, m.target, m.group_id,
               m.edited_at, m.deleted_at, m.billing
             FROM ",
            $from,
            "
             JOIN sender s ON s.id = m.sender_id
             JOIN contact c ON c.account_id = m.account_id AND c.id = m.contact_id
             WHERE m.account_id = $1 ",
            $rest
        )
    };
}

const FIND: Sql = Sql::same(select!("AND m.id = $2"));

/// One message of the account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(conn: &mut Conn<'_>, scope: &AccountScope, id: MessageId) -> Result<Option<Message>, StoreError> {
    let row = conn.fetch_optional(&FIND, values![scope.account(), id]).await?;
    row.as_ref().map(message).transpose()
}

const FIND_EXTERNAL: Sql = Sql::same(select!(
    "AND m.id = (SELECT e.message_id FROM message_external_id e
       WHERE e.account_id = $1 AND e.sender_id = $2 AND e.kind = $3 AND e.value = $4)"
));

/// The message a provider's id belongs to.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_by_external_id(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    sender: SenderId,
    external: (&str, &str),
) -> Result<Option<Message>, StoreError> {
    let row = conn.fetch_optional(&FIND_EXTERNAL, values![scope.account(), sender, external.0, external.1]).await?;
    row.as_ref().map(message).transpose()
}

// A list of one contact walks that contact's index, any other the account's by time; `-1` stands for "any".
macro_rules! list {
    ($from:literal, $rest:literal) => {
        select!(
            $from,
            concat!(
                "AND ($2 < 0 OR m.sender_id = $2) AND ($3 < 0 OR m.status = $3) AND ($4 < 0 OR m.direction = $4)
                 AND (m.created_at, m.id) < ($5, $6) AND (m.created_at, m.id) > ($7, $8) ",
                $rest
            )
        )
    };
}

macro_rules! list_of_contact {
    ($order:literal) => {
        Sql::split(
            // Without statistics SQLite holds both indexes for equal and takes the account's.
            list!("message m INDEXED BY message_by_contact", $order),
            list!("message m", $order),
        )
    };
}

const LIST: Sql = Sql::same(list!("message m", "ORDER BY m.created_at DESC, m.id DESC LIMIT $9 + 0"));
const LIST_UPWARD: Sql = Sql::same(list!("message m", "ORDER BY m.created_at, m.id LIMIT $9 + 0"));
const LIST_OF_CONTACT: Sql =
    list_of_contact!("AND m.contact_id = $10 ORDER BY m.created_at DESC, m.id DESC LIMIT $9 + 0");
const LIST_OF_CONTACT_UPWARD: Sql = list_of_contact!("AND m.contact_id = $10 ORDER BY m.created_at, m.id LIMIT $9 + 0");

/// Messages of the account, newest first.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn list(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    filter: &MessageFilter,
    page: Page,
) -> Result<Vec<Message>, StoreError> {
    let Some(contact) = contact_of(conn, scope, filter.contact, filter.phone_match_key.as_deref()).await? else {
        return Ok(Vec::new());
    };
    let mut values = list_values(scope, filter, page);
    let upward = page.newer_than.is_some() && page.older_than.is_none();
    let statement = match (contact, upward) {
        (None, false) => &LIST,
        (None, true) => &LIST_UPWARD,
        (Some(_), false) => &LIST_OF_CONTACT,
        (Some(_), true) => &LIST_OF_CONTACT_UPWARD,
    };
    values.extend(contact.map(Value::from));
    let rows = conn.fetch(statement, values).await?;
    let mut messages: Vec<Message> = rows.iter().map(message).collect::<Result<_, _>>()?;
    if upward {
        messages.reverse();
    }
    Ok(messages)
}

/// A place in the list of scheduled messages, which is ordered by due time, the next one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DuePlace {
    /// When the message is due.
    pub due_at: Timestamp,
    /// The message.
    pub id: MessageId,
}

impl DuePlace {
    /// Reads what `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Place::parse(text).map(|place| Self { due_at: place.created_at, id: place.id })
    }
}

impl std::fmt::Display for DuePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.due_at.as_micros(), self.id)
    }
}

macro_rules! scheduled {
    ($from:literal) => {
        select!(
            $from,
            "AND q.account_id = $1 AND q.state = 3 AND ($2 < 0 OR q.sender_id = $2)
             AND (q.due_at, q.message_id) > ($3, $4) AND q.due_at < $5
             ORDER BY q.due_at, q.message_id LIMIT $6 + 0"
        )
    };
}

macro_rules! scheduled_for_contact {
    ($from:literal) => {
        select!(
            $from,
            "AND m.contact_id = $7 AND m.status = 10 AND ($2 < 0 OR m.sender_id = $2)
             AND (m.send_at, m.id) > ($3, $4) AND m.send_at < $5 ORDER BY m.send_at, m.id LIMIT $6 + 0"
        )
    };
}

const SCHEDULED: Sql = Sql::split(
    scheduled!(
        "outbox q INDEXED BY outbox_scheduled JOIN message m ON m.account_id = q.account_id AND m.id = q.message_id"
    ),
    scheduled!("outbox q JOIN message m ON m.account_id = q.account_id AND m.id = q.message_id"),
);

// One person's messages are few, so theirs need no index by due time.
const SCHEDULED_FOR_CONTACT: Sql =
    Sql::split(scheduled_for_contact!("message m INDEXED BY message_by_contact"), scheduled_for_contact!("message m"));

/// The account's scheduled messages behind `after`, the next due first, at most `limit`.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn scheduled(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    filter: &ScheduledFilter,
    after: Option<DuePlace>,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let Some(contact) = contact_of(conn, scope, filter.contact, filter.phone_match_key.as_deref()).await? else {
        return Ok(Vec::new());
    };
    // What is due exactly at `from` belongs to the list, so the walk starts before every message of that time.
    let start = DuePlace { due_at: filter.from.unwrap_or(Timestamp::from_micros(0)), id: MessageId(i64::MIN) };
    let after = after.filter(|after| after.due_at >= start.due_at).unwrap_or(start);
    let until = filter.until.unwrap_or(Timestamp::from_micros(i64::MAX));
    let mut values =
        values![scope.account(), filter.sender.map_or(-1, |id| id.0), after.due_at, after.id, until, limit];
    let statement = if contact.is_some() { &SCHEDULED_FOR_CONTACT } else { &SCHEDULED };
    values.extend(contact.map(Value::from));
    conn.fetch(statement, values).await?.iter().map(message).collect()
}

/// The contact a list is narrowed to, if to any; `None` when no contact can match.
async fn contact_of(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    contact: Option<ContactId>,
    phone_match_key: Option<&str>,
) -> Result<Option<Option<ContactId>>, StoreError> {
    let contact = match contact {
        // Whoever they turned out to be.
        Some(contact) => Some(contact::find(conn, scope, contact).await?),
        None => None,
    };
    let Some(key) = phone_match_key else { return Ok(Some(contact)) };
    let owner = contact::find_by_identity(conn, scope, IdentityKind::Phone, key).await?;
    let Some(owner) = owner else { return Ok(None) };
    Ok((contact.is_none_or(|wanted| wanted == owner)).then_some(Some(owner)))
}

fn list_values(scope: &AccountScope, filter: &MessageFilter, page: Page) -> Vec<Value> {
    // Times become places before every message of that time, so that one bound on each side leads into the index: of
    // two, SQLite would take the first and read every page from the list's end on.
    let place = |created_at| Place { created_at, id: MessageId(i64::MIN) };
    let until = place(filter.until.unwrap_or(Timestamp::from_micros(i64::MAX)));
    let from = place(filter.from.unwrap_or(Timestamp::from_micros(i64::MIN)));
    let below = page.older_than.map_or(until, |page| page.min(until));
    let above = page.newer_than.map_or(from, |page| page.max(from));
    values![
        scope.account(),
        filter.sender.map_or(-1, |id| id.0),
        filter.status.map_or(-1, MessageStatus::code),
        filter.direction.map_or(-1, |direction| direction as i64),
        below.created_at,
        below.id,
        above.created_at,
        above.id,
        page.limit
    ]
}

fn message(row: &Row) -> Result<Message, StoreError> {
    let mut row = row.reader();
    Ok(Message {
        id: row.read()?,
        sender: row.read()?,
        sender_name: row.read()?,
        contact: row.read()?,
        contact_name: row.read()?,
        conversation: row.read()?,
        direction: if row.read::<i64>()? == Direction::Inbound as i64 {
            Direction::Inbound
        } else {
            Direction::Outbound
        },
        kind: row.read()?,
        content: row.read()?,
        excerpt: row.read()?,
        class: Class::from_stored(row.read()?).ok_or_else(|| corrupt("class"))?,
        status: MessageStatus::from_code(row.read()?).ok_or_else(|| corrupt("status"))?,
        version: row.read()?,
        attempts: row.read()?,
        simulated: row.read()?,
        address_kind: row.read()?,
        address: row.read()?,
        reference: row.read()?,
        context: row.read()?,
        options: row.read()?,
        external_id: row.read()?,
        failure: failure_from(row.read()?)?,
        created_at: row.read()?,
        send_at: row.read()?,
        expires_at: row.read()?,
        times: StatusTimes {
            submitted: row.read()?,
            sent: row.read()?,
            failed: row.read()?,
            delivered: row.read()?,
            read: row.read()?,
        },
        replied_at: row.read()?,
        origin: row.read()?,
        target: row.read()?,
        group: row.read()?,
        edited_at: row.read()?,
        deleted_at: row.read()?,
        billing: row.read()?,
    })
}

fn corrupt(column: &str) -> StoreError {
    StoreError::Corrupt(format!("message.{column} holds an unknown value"))
}

impl Message {
    /// The person's address as its type; `None` if the row holds what this version cannot read.
    #[must_use]
    pub fn to(&self) -> Option<Address> {
        Address::from_stored(&self.address_kind, &self.address)
    }

    /// Whether whoever wrote it took it back.
    #[must_use]
    pub const fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether the address is a telephone number.
    #[must_use]
    pub fn is_phone(&self) -> bool {
        self.address_kind == IdentityKind::Phone.as_str()
    }

    /// Its place in a list.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place { created_at: self.created_at, id: self.id }
    }
}
