//! What providers told about accounts, numbers and templates, as a list.

use domain::ids::{AccountId, SenderId};
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::{Conn, Row};
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Sql;
use crate::values;

/// How much somebody should care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look at it.
    Warning,
    /// Messages do not go out, or will not soon.
    Critical,
}

impl Severity {
    /// Every severity.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// As stored and answered.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text)
    }
}

/// An event to be written.
#[derive(Clone, Debug)]
pub struct NewAccountEvent {
    /// Whose.
    pub account: AccountId,
    /// The number it concerns, where it is one.
    pub sender: Option<SenderId>,
    /// The provider's id of the business account.
    pub business_account_id: Option<String>,
    /// The provider's name of its family.
    pub field: String,
    /// The provider's word for it.
    pub event: String,
    /// How much somebody should care.
    pub severity: Severity,
    /// What happened.
    pub sentence: String,
    /// What helps, where something is to be done.
    pub remedy: Option<String>,
    /// What came, as JSON.
    pub value: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
    /// The same for every delivery of the same event.
    pub fingerprint: String,
}

/// An event as it is read.
#[derive(Clone, Debug)]
pub struct AccountEvent {
    /// Its id.
    pub id: i64,
    /// The number it concerns; all of the business account's where there is none.
    pub sender: Option<SenderId>,
    /// That number's name.
    pub sender_name: Option<String>,
    /// The provider's id of the business account.
    pub business_account_id: Option<String>,
    /// The provider's name of its family.
    pub field: String,
    /// The provider's word for it.
    pub event: String,
    /// How much somebody should care.
    pub severity: Severity,
    /// What happened.
    pub sentence: String,
    /// What helps, where something is to be done.
    pub remedy: Option<String>,
    /// What came, as JSON.
    pub value: String,
    /// When it happened.
    pub at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
}

/// A place in the list, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPlace {
    /// When the event happened.
    pub at: Timestamp,
    /// The event.
    pub id: i64,
}

impl EventPlace {
    /// Reads what `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('-')?;
        Some(Self { at: Timestamp::from_micros(at.parse().ok()?), id: id.parse().ok()? })
    }
}

impl std::fmt::Display for EventPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.at.as_micros(), self.id)
    }
}

impl AccountEvent {
    /// Its place in the list.
    #[must_use]
    pub const fn place(&self) -> EventPlace {
        EventPlace { at: self.at, id: self.id }
    }
}

/// What the list is narrowed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only about this number, and about all of its business account.
    pub sender: Option<SenderId>,
    /// Only this severity.
    pub severity: Option<Severity>,
    /// Only older than this place.
    pub older_than: Option<EventPlace>,
}

const INSERT: Sql = Sql::same(
    "INSERT INTO account_event (account_id, id, sender_id, business_account_id, field, event, severity, sentence, remedy,
       value, at, received_at, fingerprint)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT (account_id, fingerprint) DO NOTHING RETURNING id",
);

/// Writes an event; `false` if it was written before.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert(conn: &mut Conn<'_>, new: &NewAccountEvent) -> Result<bool, StoreError> {
    let id = ids::take_one(conn, Sequence::AccountEvent).await?;
    let values = values![
        new.account,
        id,
        new.sender.map(|id| id.0),
        new.business_account_id.as_deref(),
        new.field.as_str(),
        new.event.as_str(),
        new.severity.as_str(),
        new.sentence.as_str(),
        new.remedy.as_deref(),
        new.value.as_str(),
        new.at,
        new.received_at,
        new.fingerprint.as_str()
    ];
    Ok(conn.fetch_optional(&INSERT, values).await?.is_some())
}

// `-1` and an empty text stand for "any". What concerns all of a business account concerns each of its numbers.
const LIST: Sql = Sql::same(
    "SELECT e.id, e.sender_id, s.name, e.business_account_id, e.field, e.event, e.severity, e.sentence, e.remedy,
       e.value, e.at, e.received_at
     FROM account_event e LEFT JOIN sender s ON s.id = e.sender_id
     WHERE e.account_id = $1 AND (e.at, e.id) < ($2, $3) AND ($4 = '' OR e.severity = $4)
       AND ($5 < 0 OR e.sender_id = $5 OR e.sender_id IS NULL AND e.business_account_id =
         (SELECT o.business_account_id FROM sender o WHERE o.id = $5 AND o.account_id = $1))
     ORDER BY e.at DESC, e.id DESC LIMIT $6 + 0",
);

/// Events of the account, newest first.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn list(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    filter: EventFilter,
    limit: i64,
) -> Result<Vec<AccountEvent>, StoreError> {
    let end = EventPlace { at: Timestamp::from_micros(i64::MAX), id: i64::MAX };
    let below = filter.older_than.unwrap_or(end);
    let severity = filter.severity.map_or("", Severity::as_str);
    let sender = filter.sender.map_or(-1, |id| id.0);
    let rows = conn.fetch(&LIST, values![scope.account(), below.at, below.id, severity, sender, limit]).await?;
    rows.iter().map(account_event).collect()
}

fn account_event(row: &Row) -> Result<AccountEvent, StoreError> {
    let mut row = row.reader();
    Ok(AccountEvent {
        id: row.read()?,
        sender: row.read()?,
        sender_name: row.read()?,
        business_account_id: row.read()?,
        field: row.read()?,
        event: row.read()?,
        severity: Severity::parse(&row.read::<String>()?)
            .ok_or_else(|| StoreError::Corrupt("account_event.severity holds an unknown value".to_owned()))?,
        sentence: row.read()?,
        remedy: row.read()?,
        value: row.read()?,
        at: row.read()?,
        received_at: row.read()?,
    })
}
