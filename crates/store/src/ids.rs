//! Ids from the database, taken before the rows are written, so that a batch knows which row is whose.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::{Engine, Sql};
use crate::values;

/// What is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// `account.id`
    Account,
    /// `app_user.id`
    User,
    /// `session.id`
    Session,
    /// `access_token.id`
    Token,
    /// `sender.id`
    Sender,
    /// `contact.id`
    Contact,
    /// `conversation.id`
    Conversation,
    /// `message.id`
    Message,
    /// `provider_call.id`
    Call,
    /// `event.id`
    Event,
    /// `job.id`
    Job,
    /// `audit.id`
    Audit,
    /// `account_event.id`
    AccountEvent,
    /// `message_note.id`
    Note,
    /// `media.id`
    Media,
}

impl Sequence {
    const fn name(self) -> &'static str {
        match self {
            Self::Account => "account_id_seq",
            Self::User => "app_user_id_seq",
            Self::Session => "session_id_seq",
            Self::Token => "access_token_id_seq",
            Self::Sender => "sender_id_seq",
            Self::Contact => "contact_id_seq",
            Self::Conversation => "conversation_id_seq",
            Self::Message => "message_id_seq",
            Self::Call => "provider_call_id_seq",
            Self::Event => "event_id_seq",
            Self::Job => "job_id_seq",
            Self::Audit => "audit_id_seq",
            Self::AccountEvent => "account_event_id_seq",
            Self::Note => "message_note_id_seq",
            Self::Media => "media_id_seq",
        }
    }
}

// PostgreSQL's sequences are outside transactions, so nodes do not wait for each other's commits; SQLite has one writer
// and counts in a row. PostgreSQL answers one row per id, SQLite the first of a block.
const TAKE: Sql = Sql::split(
    "UPDATE id_sequence SET next = next + $2 WHERE name = $1 RETURNING next - $2",
    "SELECT nextval($1::REGCLASS)::BIGINT FROM generate_series(1, $2)",
);

/// Takes `count` ids, in ascending order.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn take(conn: &mut Conn<'_>, sequence: Sequence, count: usize) -> Result<Vec<i64>, StoreError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let wanted = i64::try_from(count).map_err(|_| StoreError::Statement("too many ids at once".to_owned()))?;
    let rows = conn.fetch(&TAKE, values![sequence.name(), wanted]).await?;
    let ids: Vec<i64> = rows.iter().map(|row| row.reader().read()).collect::<Result<_, _>>()?;
    match (conn.engine(), ids.first()) {
        (Engine::Sqlite, Some(first)) => Ok((*first..first + wanted).collect()),
        (Engine::Postgres, Some(_)) if ids.len() == count => Ok(ids),
        _ => Err(StoreError::Corrupt(format!("the sequence {} is missing", sequence.name()))),
    }
}

/// Takes one id.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn take_one(conn: &mut Conn<'_>, sequence: Sequence) -> Result<i64, StoreError> {
    let ids = take(conn, sequence, 1).await?;
    ids.first().copied().ok_or_else(|| StoreError::Corrupt(format!("the sequence {} is missing", sequence.name())))
}
