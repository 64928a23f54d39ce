//! Messages: one row for every send and every receive.

use domain::address::{Address, IdentityKind};
use domain::attempt::StatusTimes;
use domain::ids::{AccountId, ContactId, ConversationId, MessageId, SenderId};
use domain::message::{Class, Direction, MessageStatus};
use domain::refusal::Failure;
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::{Conn, Row};
use crate::error::StoreError;
use crate::sql::Column::{Bool, Int, Text};
use crate::sql::{Batch, Sql, Value};
use crate::values;

/// A message to be written.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Whose.
    pub account: AccountId,
    /// Its id, taken before.
    pub id: MessageId,
    /// Which number sends or received it.
    pub sender: SenderId,
    /// With whom.
    pub contact: ContactId,
    /// In which thread, if any.
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
    /// Where it starts.
    pub status: MessageStatus,
    /// Whether the sandbox sends it.
    pub simulated: bool,
    /// The person's address.
    pub address: Address,
    /// The caller's name for it.
    pub reference: Option<String>,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
    /// The provider's id, where it is known already.
    pub external_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// Not after.
    pub expires_at: Option<Timestamp>,
    /// When it reached us, for inbound.
    pub delivered_at: Option<Timestamp>,
}

static INSERT: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("id", Int),
        ("sender_id", Int),
        ("contact_id", Int),
        ("conversation_id", Int),
        ("direction", Int),
        ("kind", Text),
        ("content", Text),
        ("excerpt", Text),
        ("class", Int),
        ("status", Int),
        ("simulated", Bool),
        ("address_kind", Text),
        ("address", Text),
        ("reference", Text),
        ("context", Text),
        ("external_id", Text),
        ("created_at", Int),
        ("send_at", Int),
        ("expires_at", Int),
        ("delivered_at", Int),
    ],
    "INSERT INTO message (account_id, id, sender_id, contact_id, conversation_id, direction, kind, content, excerpt, class,
       status, simulated, address_kind, address, reference, context, external_id, created_at, send_at, expires_at,
       delivered_at, version, attempts)
     SELECT account_id, id, sender_id, contact_id, conversation_id, direction, kind, content, excerpt, class,
       status, simulated, address_kind, address, reference, context, external_id, created_at, send_at, expires_at,
       delivered_at, 1, 0 FROM input",
);

/// Writes messages.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert_all(conn: &mut Conn<'_>, messages: &[NewMessage]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = messages
        .iter()
        .map(|m| {
            values![
                m.account,
                m.id,
                m.sender,
                m.contact,
                m.conversation,
                m.direction as i64,
                m.kind.as_str(),
                m.content.as_str(),
                m.excerpt.as_str(),
                m.class as i64,
                m.status.code(),
                m.simulated,
                m.address.kind().as_str(),
                m.address.value(),
                m.reference.as_deref(),
                m.context.as_deref(),
                m.external_id.as_deref(),
                m.created_at,
                m.send_at,
                m.expires_at,
                m.delivered_at
            ]
        })
        .collect();
    conn.batch(&INSERT, &rows).await?;
    Ok(())
}

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
               m.context, m.external_id, m.failure, m.created_at, m.send_at, m.expires_at, m.submitted_at, m.sent_at,
               m.failed_at, m.delivered_at, m.read_at, m.replied_at
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

const LIST: Sql = Sql::same(list!("message m", "ORDER BY m.created_at DESC, m.id DESC LIMIT $9"));
const LIST_UPWARD: Sql = Sql::same(list!("message m", "ORDER BY m.created_at, m.id LIMIT $9"));
const LIST_OF_CONTACT: Sql =
    list_of_contact!("AND m.contact_id = $10 ORDER BY m.created_at DESC, m.id DESC LIMIT $9");
const LIST_OF_CONTACT_UPWARD: Sql = list_of_contact!("AND m.contact_id = $10 ORDER BY m.created_at, m.id LIMIT $9");

const CONTACT_BY_PHONE: Sql =
    Sql::same("SELECT contact_id FROM contact_identity WHERE account_id = $1 AND kind = 'phone' AND match_key = $2");

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
    let mut contact = filter.contact;
    if let Some(key) = &filter.phone_match_key {
        let row = conn.fetch_optional(&CONTACT_BY_PHONE, values![scope.account(), key.as_str()]).await?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let owner: ContactId = row.reader().read()?;
        if contact.is_some_and(|wanted| wanted != owner) {
            return Ok(Vec::new());
        }
        contact = Some(owner);
    }
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
    })
}

fn corrupt(column: &str) -> StoreError {
    StoreError::Corrupt(format!("message.{column} holds an unknown value"))
}

/// Reads a stored failure.
pub(crate) fn failure_from(text: Option<String>) -> Result<Option<Failure>, StoreError> {
    let parsed = text.map(|text| serde_json::from_str(&text)).transpose();
    parsed.map_err(|error| StoreError::Corrupt(format!("a stored failure: {error}")))
}

/// Writes a failure for storing.
pub(crate) fn failure_text(failure: Option<&Failure>) -> Option<String> {
    // A struct of strings and an enum always serializes.
    failure.and_then(|failure| serde_json::to_string(failure).ok())
}

/// What a message's row becomes after evidence about one of its attempts.
#[derive(Clone, Debug)]
pub(crate) struct MessageChange {
    pub account: AccountId,
    pub id: MessageId,
    pub status: MessageStatus,
    pub version: i64,
    pub times: StatusTimes,
    pub failure: Option<Failure>,
    pub external_id: Option<String>,
}

static UPDATE: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("id", Int),
        ("status", Int),
        ("version", Int),
        ("submitted_at", Int),
        ("sent_at", Int),
        ("failed_at", Int),
        ("delivered_at", Int),
        ("read_at", Int),
        ("failure", Text),
        ("external_id", Text),
    ],
    "UPDATE message SET status = input.status, version = input.version, submitted_at = input.submitted_at,
       sent_at = input.sent_at, failed_at = input.failed_at, delivered_at = input.delivered_at, read_at = input.read_at,
       failure = input.failure, external_id = COALESCE(message.external_id, input.external_id)
     FROM input WHERE message.account_id = input.account_id AND message.id = input.id",
);

/// Writes changed messages back.
pub(crate) async fn update_all(conn: &mut Conn<'_>, changes: &[MessageChange]) -> Result<(), StoreError> {
    let rows: Vec<_> = changes
        .iter()
        .map(|c| {
            let times = &c.times;
            values![
                c.account,
                c.id,
                c.status.code(),
                c.version,
                times.submitted,
                times.sent,
                times.failed,
                times.delivered,
                times.read,
                failure_text(c.failure.as_ref()),
                c.external_id.as_deref()
            ]
        })
        .collect();
    conn.batch(&UPDATE, &rows).await?;
    Ok(())
}

static CLAIM: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("attempts", Int)],
    "UPDATE message SET status = 1, attempts = input.attempts, version = message.version + 1, failure = NULL
     FROM input WHERE message.account_id = input.account_id AND message.id = input.id
     RETURNING message.account_id, message.id, message.version",
);

/// The messages' newest attempt is being called; answers their versions.
pub(crate) async fn mark_calling(
    conn: &mut Conn<'_>,
    claimed: &[(AccountId, MessageId, i64)],
) -> Result<Vec<(AccountId, MessageId, i64)>, StoreError> {
    let rows: Vec<_> = claimed.iter().map(|(account, id, number)| values![*account, *id, *number]).collect();
    versions(conn.batch(&CLAIM, &rows).await?)
}

static STATUS: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("status", Int), ("failure", Text)],
    "UPDATE message SET status = input.status, failure = input.failure, version = message.version + 1
     FROM input WHERE message.account_id = input.account_id AND message.id = input.id AND message.status NOT IN (6, 7)
     RETURNING message.account_id, message.id, message.version",
);

/// Puts messages into a status that no evidence brings: expired, unknown after a change of owner. Never one that was
/// received. Answers the versions of those that changed.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn set_status(
    conn: &mut Conn<'_>,
    messages: &[(AccountId, MessageId)],
    status: MessageStatus,
    failure: Option<&Failure>,
) -> Result<Vec<(AccountId, MessageId, i64)>, StoreError> {
    let failure = failure_text(failure);
    let rows: Vec<_> = messages.iter().map(|(a, m)| values![*a, *m, status.code(), failure.as_deref()]).collect();
    versions(conn.batch(&STATUS, &rows).await?)
}

static REPLIED: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("contact_id", Int), ("context", Text), ("at", Int)],
    "UPDATE message SET replied_at = reply.at, version = message.version + 1 FROM (
       SELECT account_id, id, MIN(at) AS at FROM (
         SELECT input.account_id, input.at, COALESCE(
           (SELECT e.message_id FROM message_external_id e WHERE e.account_id = input.account_id
              AND e.sender_id = input.sender_id AND e.kind = 'wamid' AND e.value = input.context),
           (SELECT o.id FROM message o WHERE o.account_id = input.account_id AND o.contact_id = input.contact_id
              AND o.sender_id = input.sender_id AND o.direction = 1 ORDER BY o.created_at DESC, o.id DESC LIMIT 1)) AS id
         FROM input) AS answered
       GROUP BY account_id, id) AS reply
     WHERE message.account_id = reply.account_id AND message.id = reply.id AND message.replied_at IS NULL
       AND message.direction = 1
     RETURNING message.account_id, message.id, message.version",
);

/// An inbound message that answers something.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub account: AccountId,
    pub sender: SenderId,
    pub contact: ContactId,
    pub context: Option<String>,
    pub at: Timestamp,
}

/// Notes on the quoted message, else on the newest one sent to that person, that it was answered: the first answer
/// counts. Answers the versions of those that changed.
pub(crate) async fn mark_replied(
    conn: &mut Conn<'_>,
    replies: &[Reply],
) -> Result<Vec<(AccountId, MessageId, i64)>, StoreError> {
    let rows: Vec<_> =
        replies.iter().map(|r| values![r.account, r.sender, r.contact, r.context.as_deref(), r.at]).collect();
    versions(conn.batch(&REPLIED, &rows).await?)
}

fn versions(rows: Vec<Row>) -> Result<Vec<(AccountId, MessageId, i64)>, StoreError> {
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok((row.read()?, row.read()?, row.read()?))
        })
        .collect()
}

impl Message {
    /// The person's address as its type; `None` if the row holds what this version cannot read.
    #[must_use]
    pub fn to(&self) -> Option<Address> {
        Address::from_stored(&self.address_kind, &self.address)
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
