//! Calls to providers and the attempts that are their parts.

use domain::attempt::{AttemptState, AttemptStatus, StatusTimes};
use domain::ids::{AccountId, CallId, Epoch, InletId, MessageId, SenderId};
use domain::message::MessageStatus;
use domain::refusal::Failure;
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::{Conn, Reader};
use crate::error::StoreError;
use crate::message::{failure_from, failure_text};
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::trace::TraceLine;
use crate::values;

/// A call that is about to be made, for one message.
#[derive(Clone, Debug)]
pub(crate) struct NewCall<'a> {
    pub account: AccountId,
    pub id: CallId,
    pub sender: SenderId,
    pub provider: &'a str,
    pub epoch: Epoch,
    pub node: &'a str,
    pub path: &'a str,
    pub payload: &'a str,
    pub note: Option<&'a str>,
    pub message: MessageId,
    pub number: i64,
    pub at: Timestamp,
}

static INSERT: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("id", Int),
        ("sender_id", Int),
        ("provider", Text),
        ("epoch", Int),
        ("node", Text),
        ("path", Text),
        ("payload", Text),
        ("started_at", Int),
    ],
    "INSERT INTO provider_call (account_id, id, sender_id, provider, epoch, node, path, payload, started_at)
     SELECT account_id, id, sender_id, provider, epoch, node, path, payload, started_at FROM input",
);

static INSERT_ATTEMPT: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int), ("number", Int), ("call_id", Int), ("started_at", Int), ("note", Text)],
    "INSERT INTO attempt (account_id, message_id, number, call_id, position, status, started_at, note)
     SELECT account_id, message_id, number, call_id, 0, 1, started_at, note FROM input",
);

/// Writes calls with their attempts, in status `calling`.
pub(crate) async fn insert_all(conn: &mut Conn<'_>, calls: &[NewCall<'_>]) -> Result<(), StoreError> {
    let rows: Vec<_> = calls
        .iter()
        .map(|c| values![c.account, c.id, c.sender, c.provider, c.epoch, c.node, c.path, c.payload, c.at])
        .collect();
    conn.batch(&INSERT, &rows).await?;
    let rows: Vec<_> = calls.iter().map(|c| values![c.account, c.message, c.number, c.id, c.at, c.note]).collect();
    conn.batch(&INSERT_ATTEMPT, &rows).await?;
    Ok(())
}

/// What came back from a call.
#[derive(Clone, Debug)]
pub(crate) struct CallEnd<'a> {
    pub account: AccountId,
    pub id: CallId,
    pub at: Timestamp,
    pub http_status: Option<i64>,
    pub answer: Option<&'a str>,
    pub note: Option<&'a str>,
}

static FINISH: Batch = Batch::new(
    &[("account_id", Int), ("id", Int), ("finished_at", Int), ("http_status", Int), ("answer", Text), ("note", Text)],
    "UPDATE provider_call SET finished_at = input.finished_at, http_status = input.http_status, answer = input.answer,
       note = input.note
     FROM input WHERE provider_call.account_id = input.account_id AND provider_call.id = input.id",
);

/// Writes what came back.
pub(crate) async fn finish_all(conn: &mut Conn<'_>, ends: &[CallEnd<'_>]) -> Result<(), StoreError> {
    let rows: Vec<_> = ends.iter().map(|e| values![e.account, e.id, e.at, e.http_status, e.answer, e.note]).collect();
    conn.batch(&FINISH, &rows).await?;
    Ok(())
}

/// One attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey {
    /// Whose.
    pub account: AccountId,
    /// Of which message.
    pub message: MessageId,
    /// Which, from 1.
    pub number: i64,
}

/// An attempt with the message it belongs to, read to be changed.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub key: AttemptKey,
    pub state: AttemptState,
    pub sender: SenderId,
    pub message_status: MessageStatus,
    pub message_version: i64,
    pub message_attempts: i64,
    pub message_times: StatusTimes,
    pub message_failure: Option<Failure>,
    /// Whether the business sent it by other means.
    pub is_from_elsewhere: bool,
    pub message_billing: Option<String>,
    /// How many bytes its trace has.
    pub trace_length: i64,
}

macro_rules! load {
    ($lock:literal) => {
        concat!(
            "SELECT a.account_id, a.message_id, a.number, a.status, a.submitted_at, a.sent_at, a.failed_at,
               a.delivered_at, a.read_at, a.failure, m.sender_id, m.status, m.version, m.attempts,
               m.submitted_at, m.sent_at, m.failed_at, m.delivered_at, m.read_at, m.failure, m.origin, m.billing,
               CAST(COALESCE(LENGTH(a.trace), 0) AS BIGINT)
             FROM input
             JOIN attempt a ON a.account_id = input.account_id AND a.message_id = input.message_id
               AND a.number = input.number
             JOIN message m ON m.account_id = a.account_id AND m.id = a.message_id
             ORDER BY a.account_id, a.message_id, a.number ",
            $lock
        )
    };
}

// Rows are locked in ascending order, so that two nodes never wait for each other.
static LOAD: Batch =
    Batch::split(&[("account_id", Int), ("message_id", Int), ("number", Int)], load!(""), load!("FOR UPDATE OF a, m"));

/// Reads attempts with their messages and holds them until the transaction ends.
pub(crate) async fn load_all(conn: &mut Conn<'_>, keys: &[AttemptKey]) -> Result<Vec<Loaded>, StoreError> {
    let mut keys = keys.to_vec();
    keys.sort();
    keys.dedup();
    let rows: Vec<_> = keys.iter().map(|k| values![k.account, k.message, k.number]).collect();
    let rows = conn.batch(&LOAD, &rows).await?;
    rows.iter().map(|row| loaded(row.reader())).collect()
}

fn loaded(mut row: Reader<'_>) -> Result<Loaded, StoreError> {
    let corrupt = |what: &str| StoreError::Corrupt(format!("{what} holds an unknown status"));
    let key = AttemptKey { account: row.read()?, message: row.read()?, number: row.read()? };
    let status = AttemptStatus::from_rank(row.read()?).ok_or_else(|| corrupt("attempt"))?;
    let times = times(&mut row)?;
    let failure = failure_from(row.read()?)?;
    Ok(Loaded {
        key,
        state: AttemptState { status, times, failure },
        sender: row.read()?,
        message_status: MessageStatus::from_code(row.read()?).ok_or_else(|| corrupt("message"))?,
        message_version: row.read()?,
        message_attempts: row.read()?,
        message_times: self::times(&mut row)?,
        message_failure: failure_from(row.read()?)?,
        is_from_elsewhere: row.read::<Option<String>>()?.is_some(),
        message_billing: row.read()?,
        trace_length: row.read()?,
    })
}

fn times(row: &mut Reader<'_>) -> Result<StatusTimes, StoreError> {
    Ok(StatusTimes {
        submitted: row.read()?,
        sent: row.read()?,
        failed: row.read()?,
        delivered: row.read()?,
        read: row.read()?,
    })
}

static UPDATE: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("message_id", Int),
        ("number", Int),
        ("status", Int),
        ("submitted_at", Int),
        ("sent_at", Int),
        ("failed_at", Int),
        ("delivered_at", Int),
        ("read_at", Int),
        ("failure", Text),
        ("trace", Text),
    ],
    "UPDATE attempt SET status = input.status, submitted_at = input.submitted_at, sent_at = input.sent_at,
       failed_at = input.failed_at, delivered_at = input.delivered_at, read_at = input.read_at, failure = input.failure,
       trace = COALESCE(attempt.trace, '') || input.trace
     FROM input WHERE attempt.account_id = input.account_id AND attempt.message_id = input.message_id
       AND attempt.number = input.number",
);

/// Writes attempts back, with what is to be added to their traces.
pub(crate) async fn update_all(
    conn: &mut Conn<'_>,
    attempts: &[(AttemptKey, AttemptState, String)],
) -> Result<(), StoreError> {
    let rows: Vec<_> = attempts
        .iter()
        .map(|(key, state, trace)| {
            let (t, failure) = (&state.times, failure_text(state.failure.as_ref()));
            values![
                key.account,
                key.message,
                key.number,
                state.status.rank(),
                t.submitted,
                t.sent,
                t.failed,
                t.delivered,
                t.read,
                failure,
                trace.as_str()
            ]
        })
        .collect();
    conn.batch(&UPDATE, &rows).await?;
    Ok(())
}

static INSERT_ELSEWHERE: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int), ("status", Int), ("at", Int)],
    "INSERT INTO attempt (account_id, message_id, number, call_id, position, status, started_at, sent_at)
     SELECT account_id, message_id, 1, 0, 0, status, at, at FROM input",
);

/// Writes the attempts of messages that the business sent by other means: nobody called a provider for them.
pub(crate) async fn insert_elsewhere(
    conn: &mut Conn<'_>,
    attempts: &[(AccountId, MessageId, AttemptStatus, Timestamp)],
) -> Result<(), StoreError> {
    let rows: Vec<_> = attempts.iter().map(|(a, m, status, at)| values![*a, *m, status.rank(), *at]).collect();
    conn.batch(&INSERT_ELSEWHERE, &rows).await?;
    Ok(())
}

static EXTERNAL_INSERT: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("sender_id", Int),
        ("kind", Text),
        ("value", Text),
        ("message_id", Int),
        ("attempt", Int),
        ("inlet_id", Int),
    ],
    "INSERT INTO message_external_id (account_id, sender_id, kind, value, message_id, attempt, inlet_id)
     SELECT account_id, sender_id, kind, value, message_id, attempt, inlet_id FROM input WHERE TRUE
     ON CONFLICT (account_id, sender_id, kind, value) DO NOTHING RETURNING message_id",
);

/// A provider's id of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewExternalId {
    pub account: AccountId,
    pub sender: SenderId,
    pub kind: &'static str,
    pub value: String,
    pub message: MessageId,
    pub attempt: Option<i64>,
    /// The stored body that told it.
    pub inlet: Option<InletId>,
}

/// Writes provider ids; answers the messages whose id was new.
pub(crate) async fn insert_external_ids(
    conn: &mut Conn<'_>,
    ids: &[NewExternalId],
) -> Result<Vec<MessageId>, StoreError> {
    let mut sorted: Vec<&NewExternalId> = ids.iter().collect();
    sorted.sort_by(|a, b| (a.account, a.sender, a.kind, &a.value).cmp(&(b.account, b.sender, b.kind, &b.value)));
    let rows: Vec<_> = sorted
        .iter()
        .map(|id| {
            let inlet = id.inlet.map(|id| id.0);
            values![id.account, id.sender, id.kind, id.value.as_str(), id.message, id.attempt, inlet]
        })
        .collect();
    let rows = conn.batch(&EXTERNAL_INSERT, &rows).await?;
    rows.iter().map(|row| row.reader().read()).collect()
}

static EXTERNAL_FIND: Batch = Batch::new(
    &[("account_id", Int), ("sender_id", Int), ("kind", Text), ("value", Text)],
    "SELECT e.sender_id, e.value, e.account_id, e.message_id, e.attempt FROM input
     JOIN message_external_id e ON e.account_id = input.account_id AND e.sender_id = input.sender_id
       AND e.kind = input.kind AND e.value = input.value
     WHERE e.attempt IS NOT NULL",
);

/// Finds the attempts that provider ids belong to.
pub(crate) async fn find_by_external_ids(
    conn: &mut Conn<'_>,
    wanted: &[(AccountId, SenderId, &str, &str)],
) -> Result<Vec<(SenderId, String, AttemptKey)>, StoreError> {
    let rows: Vec<_> = wanted.iter().map(|(a, s, kind, value)| values![*a, *s, *kind, *value]).collect();
    let rows = conn.batch(&EXTERNAL_FIND, &rows).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            let (sender, value) = (row.read()?, row.read()?);
            Ok((sender, value, AttemptKey { account: row.read()?, message: row.read()?, number: row.read()? }))
        })
        .collect()
}

/// One attempt as the page of a message shows it.
#[derive(Clone, Debug)]
pub struct AttemptView {
    /// Which, from 1.
    pub number: i64,
    /// Its status.
    pub status: AttemptStatus,
    /// When its call was claimed.
    pub started_at: Timestamp,
    /// Where the request went.
    pub path: String,
    /// The exact request, without secrets.
    pub payload: String,
    /// The answer's status line.
    pub http_status: Option<i64>,
    /// The answer.
    pub answer: Option<String>,
    /// What we noted where there was no answer.
    pub note: Option<String>,
    /// What was decided before the call: why the request differs from the message.
    pub decision: Option<String>,
    /// When the answer came.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Name of the provider.
    pub provider: String,
    /// Which node made the call, if that is known.
    pub node: Option<String>,
    /// Under which ownership of the sender's shard.
    pub epoch: Epoch,
    /// Each piece of evidence about it, as it came to be known.
    pub trace: Vec<TraceLine>,
}

const OF_MESSAGE: Sql = Sql::same(
    "SELECT a.number, a.status, a.started_at, c.path, c.payload, c.http_status, c.answer, c.note, a.note, c.finished_at,
       a.failure, c.provider, c.node, c.epoch, a.trace
     FROM attempt a JOIN provider_call c ON c.account_id = a.account_id AND c.id = a.call_id
     WHERE a.account_id = $1 AND a.message_id = $2 ORDER BY a.number",
);

/// The attempts of a message with their calls, first to last.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_message(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    message: MessageId,
) -> Result<Vec<AttemptView>, StoreError> {
    let rows = conn.fetch(&OF_MESSAGE, values![scope.account(), message]).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(AttemptView {
                number: row.read()?,
                status: AttemptStatus::from_rank(row.read()?)
                    .ok_or_else(|| StoreError::Corrupt("attempt.status holds an unknown value".to_owned()))?,
                started_at: row.read()?,
                path: row.read()?,
                payload: row.read()?,
                http_status: row.read()?,
                answer: row.read()?,
                note: row.read()?,
                decision: row.read()?,
                finished_at: row.read()?,
                failure: failure_from(row.read()?)?,
                provider: row.read()?,
                node: row.read()?,
                epoch: row.read()?,
                trace: row.read::<Option<String>>()?.map_or_else(Vec::new, |trace| TraceLine::read_all(&trace)),
            })
        })
        .collect()
}

const ELSEWHERE: Sql = Sql::same("SELECT trace FROM attempt WHERE account_id = $1 AND message_id = $2 AND call_id = 0");

/// The evidence about a message that the business sent by other means, as it came to be known. Nobody here called a
/// provider for it, so it is not among [`of_message`].
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn trace_elsewhere(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    message: MessageId,
) -> Result<Vec<TraceLine>, StoreError> {
    let row = conn.fetch_optional(&ELSEWHERE, values![scope.account(), message]).await?;
    let trace = row.map(|row| row.reader().read::<Option<String>>()).transpose()?.flatten();
    Ok(trace.map_or_else(Vec::new, |trace| TraceLine::read_all(&trace)))
}

const INLET_OF: Sql = Sql::same(
    "SELECT inlet_id FROM message_external_id
     WHERE account_id = $1 AND sender_id = $2 AND kind = $3 AND value = $4",
);

/// The stored body in which a message came.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn inlet_of(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    sender: SenderId,
    external: (&str, &str),
) -> Result<Option<InletId>, StoreError> {
    let values = values![scope.account(), sender, external.0, external.1];
    let row = conn.fetch_optional(&INLET_OF, values).await?;
    Ok(row.map(|row| row.reader().read::<Option<InletId>>()).transpose()?.flatten())
}

static ABANDON: Batch = Batch::new(
    &[("account_id", Int), ("message_id", Int), ("number", Int)],
    "UPDATE attempt SET status = 2 FROM input WHERE attempt.account_id = input.account_id
       AND attempt.message_id = input.message_id AND attempt.number = input.number AND attempt.status < 2
     RETURNING attempt.account_id, attempt.message_id, attempt.number",
);

/// Attempts whose answer nobody will read: they become unknown, unless evidence says more already. Answers those that
/// became unknown.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn abandon_all(conn: &mut Conn<'_>, keys: &[AttemptKey]) -> Result<Vec<AttemptKey>, StoreError> {
    let rows: Vec<_> = keys.iter().map(|k| values![k.account, k.message, k.number]).collect();
    let rows = conn.batch(&ABANDON, &rows).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(AttemptKey { account: row.read()?, message: row.read()?, number: row.read()? })
        })
        .collect()
}
