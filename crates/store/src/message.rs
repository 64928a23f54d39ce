//! Messages: one row for every send and every receive.

mod around;
mod read;

use domain::address::Address;
use domain::attempt::StatusTimes;
use domain::ids::{AccountId, ContactId, ConversationId, MessageId, SenderId};
use domain::message::{Class, Direction, MessageStatus};
use domain::refusal::Failure;
use domain::scope::AccountScope;
use domain::time::Timestamp;

pub use around::{Around, Quoted, Reaction, around};
pub use read::{DuePlace, Message, MessageFilter, Page, Place, find, find_by_external_id, list, scheduled};

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
    /// How it is handed over, as JSON text; `None` where nothing special was asked for.
    pub options: Option<String>,
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
    /// What is different about messages that were not written here.
    pub elsewhere: Elsewhere,
}

/// What a message that comes from the provider may have, and one that was written here has not.
#[derive(Clone, Debug, Default)]
pub struct Elsewhere {
    /// Where it was written, if neither here nor by the person just now.
    pub origin: Option<Origin>,
    /// The provider's id of the message it reacts to, edits or takes back.
    pub target: Option<String>,
    /// The provider's id of the group it was written in.
    pub group: Option<String>,
    /// The user id of whoever wrote it, where it is known.
    pub writer: Option<String>,
    /// When it was sent, for what the business sent elsewhere: it counts as one attempt.
    pub sent_at: Option<Timestamp>,
}

/// Where a message was written that came to us by other means than a person's own callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The WhatsApp Business app on a phone.
    PhoneApp,
    /// Another application on the same number.
    OtherApplication,
    /// The app's history from before we were connected.
    History,
}

impl Origin {
    /// As stored, and as the API answers it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PhoneApp => "phone_app",
            Self::OtherApplication => "other_application",
            Self::History => "history",
        }
    }
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
        ("options", Text),
        ("external_id", Text),
        ("created_at", Int),
        ("send_at", Int),
        ("expires_at", Int),
        ("delivered_at", Int),
        ("origin", Text),
        ("target", Text),
        ("group_id", Text),
        ("writer_id", Text),
        ("sent_at", Int),
        ("attempts", Int),
    ],
    "INSERT INTO message (account_id, id, sender_id, contact_id, conversation_id, direction, kind, content, excerpt, class,
       status, simulated, address_kind, address, reference, context, options, external_id, created_at, send_at,
       expires_at, delivered_at, origin, target, group_id, writer_id, sent_at, attempts, version)
     SELECT account_id, id, sender_id, contact_id, conversation_id, direction, kind, content, excerpt, class,
       status, simulated, address_kind, address, reference, context, options, external_id, created_at, send_at,
       expires_at, delivered_at, origin, target, group_id, writer_id, sent_at, attempts, 1 FROM input",
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
                m.options.as_deref(),
                m.external_id.as_deref(),
                m.created_at,
                m.send_at,
                m.expires_at,
                m.delivered_at,
                m.elsewhere.origin.map(Origin::as_str),
                m.elsewhere.target.as_deref(),
                m.elsewhere.group.as_deref(),
                m.elsewhere.writer.as_deref(),
                m.elsewhere.sent_at,
                i64::from(m.elsewhere.sent_at.is_some())
            ]
        })
        .collect();
    conn.batch(&INSERT, &rows).await?;
    Ok(())
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
    pub billing: Option<String>,
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
        ("billing", Text),
    ],
    "UPDATE message SET status = input.status, version = input.version, submitted_at = input.submitted_at,
       sent_at = input.sent_at, failed_at = input.failed_at, delivered_at = input.delivered_at, read_at = input.read_at,
       failure = input.failure, external_id = COALESCE(message.external_id, input.external_id), billing = input.billing
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
                c.external_id.as_deref(),
                c.billing.as_deref()
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

// Codes 3, 4, 6 and 7: what nobody has taken cannot be answered, nor what was sent later. Providers tell whole seconds.
static REPLIED: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("sender_id", Int),
        ("contact_id", Int),
        ("kind", Text),
        ("context", Text),
        ("quoted_only", Bool),
        ("at", Int),
    ],
    "UPDATE message SET replied_at = reply.at, version = message.version + 1 FROM (
       SELECT account_id, id, MIN(at) AS at FROM (
         SELECT input.account_id, input.at, COALESCE(
           (SELECT e.message_id FROM message_external_id e WHERE e.account_id = input.account_id
              AND e.sender_id = input.sender_id AND e.kind = input.kind AND e.value = input.context),
           CASE WHEN input.quoted_only THEN NULL ELSE
           (SELECT o.id FROM message o WHERE o.account_id = input.account_id AND o.contact_id = input.contact_id
              AND o.sender_id = input.sender_id AND o.direction = 1 AND o.status IN (3, 4, 6, 7)
              AND o.kind NOT IN ('reaction', 'edit', 'revoke') AND o.created_at < input.at + 1000000
            ORDER BY o.created_at DESC, o.id DESC LIMIT 1) END) AS id
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
    /// Kind of the provider's ids.
    pub kind: &'static str,
    pub context: Option<String>,
    /// Whether it answers what it quotes and nothing else.
    pub quoted_only: bool,
    pub at: Timestamp,
}

/// Notes on the quoted message, else on the newest one that went to that person, that it was answered: the first answer
/// counts. Answers the versions of those that changed.
pub(crate) async fn mark_replied(
    conn: &mut Conn<'_>,
    replies: &[Reply],
) -> Result<Vec<(AccountId, MessageId, i64)>, StoreError> {
    let rows: Vec<_> = replies
        .iter()
        .map(|r| values![r.account, r.sender, r.contact, r.kind, r.context.as_deref(), r.quoted_only, r.at])
        .collect();
    versions(conn.batch(&REPLIED, &rows).await?)
}

static TOUCH_ALL: Batch = Batch::new(
    &[("account_id", Int), ("id", Int)],
    "UPDATE message SET version = message.version + 1
     FROM input WHERE message.account_id = input.account_id AND message.id = input.id
     RETURNING message.account_id, message.id, message.version",
);

/// Something that is read with the messages changed; answers their versions.
pub(crate) async fn touch_all(
    conn: &mut Conn<'_>,
    messages: &[(AccountId, MessageId)],
) -> Result<Vec<(AccountId, MessageId, i64)>, StoreError> {
    let rows: Vec<_> = messages.iter().map(|(account, id)| values![*account, *id]).collect();
    versions(conn.batch(&TOUCH_ALL, &rows).await?)
}

const TOUCH: Sql =
    Sql::same("UPDATE message SET version = version + 1 WHERE account_id = $1 AND id = $2 RETURNING version");

/// Something that belongs to the message changed: answers its new version, if the message is there.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn touch(conn: &mut Conn<'_>, scope: &AccountScope, id: MessageId) -> Result<Option<i64>, StoreError> {
    let row = conn.fetch_optional(&TOUCH, values![scope.account(), id]).await?;
    row.map(|row| row.reader().read()).transpose()
}

pub(crate) fn versions(rows: Vec<Row>) -> Result<Vec<(AccountId, MessageId, i64)>, StoreError> {
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok((row.read()?, row.read()?, row.read()?))
        })
        .collect()
}
