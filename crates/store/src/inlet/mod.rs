//! The inlet: raw callback bodies, stored before the 200 is answered, kept by day apart from everything else.

mod files;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::ids::InletId;
use domain::time::Timestamp;

pub use files::Days;

use crate::conn::{Conn, Row};
use crate::error::StoreError;
use crate::group::{Commands, Group};
use crate::pools::Pools;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// What became of a stored body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum InletState {
    /// Not looked at yet.
    Pending = 0,
    /// Everything in it was applied.
    Applied = 1,
    /// It is none of the provider's shapes.
    Undecodable = 2,
    /// It names numbers that are not of the application that signed it; they were not touched.
    Foreign = 3,
    /// The store refused it.
    Refused = 4,
}

impl InletState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Applied, Self::Undecodable, Self::Foreign, Self::Refused];

    /// As shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Undecodable => "undecodable",
            Self::Foreign => "foreign",
            Self::Refused => "refused",
        }
    }

    fn from_stored(number: i64) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|state| *state as i64 == number);
        found.ok_or_else(|| StoreError::Corrupt("inlet.state holds an unknown value".to_owned()))
    }
}

/// A body to be stored.
#[derive(Clone, Debug)]
pub struct Record {
    /// When it came.
    pub received_at: Timestamp,
    /// The path it came on and the application whose signature it bears.
    pub route: String,
    /// The headers worth keeping, as JSON.
    pub headers: String,
    /// The exact bytes.
    pub body: Vec<u8>,
}

/// A stored body.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its id.
    pub id: InletId,
    /// When it came.
    pub received_at: Timestamp,
    /// The path it came on and the application whose signature it bears.
    pub route: String,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// What became of it.
    pub state: InletState,
    /// In words, where there is something to say.
    pub note: Option<String>,
}

/// What became of a body.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Which.
    pub id: InletId,
    /// What.
    pub state: InletState,
    /// In words.
    pub note: Option<String>,
}

static INSERT: Batch = Batch::new(
    &[("id", Int), ("received_at", Int), ("route", Text), ("headers", Text), ("body", Text), ("encoding", Text)],
    "INSERT INTO inlet (id, received_at, route, headers, body, encoding, state)
     SELECT id, received_at, route, headers, body, encoding, 0 FROM input",
);

// A file's ids begin with its day, so that an id leads to its file.
const NEXT_IDS: Sql = Sql::split(
    "SELECT COALESCE(MAX(id), $1) + 1 FROM inlet WHERE $2 > 0",
    "SELECT nextval('inlet_id_seq')::BIGINT FROM generate_series(1, $2) WHERE $1 >= 0",
);

/// Ids of one day of the embedded inlet.
const IDS_PER_DAY: i64 = 10_000_000_000;
const MICROS_PER_DAY: i64 = 24 * 60 * 60 * 1_000_000;

fn day_number(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(MICROS_PER_DAY)
}

impl Commands for Record {
    type Answer = InletId;
    const NAME: &'static str = "inlet";

    fn bytes(&self) -> usize {
        256 + self.body.len()
    }

    async fn run(conn: &mut Conn<'_>, records: &[Self]) -> Result<Vec<InletId>, StoreError> {
        let Some(first) = records.first() else { return Ok(Vec::new()) };
        let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
        let base = day_number(first.received_at).max(0) * IDS_PER_DAY;
        let rows = conn.fetch(&NEXT_IDS, values![base, count]).await?;
        let mut ids: Vec<i64> = rows.iter().map(|row| row.reader().read()).collect::<Result<_, _>>()?;
        if let [first] = ids.as_slice() {
            ids = (*first..*first + count).collect();
        }
        let rows: Vec<_> = records
            .iter()
            .zip(&ids)
            .map(|(record, id)| {
                let (body, encoding) = encode(&record.body);
                values![*id, record.received_at, record.route.as_str(), record.headers.as_str(), body, encoding]
            })
            .collect();
        conn.batch(&INSERT, &rows).await?;
        Ok(ids.into_iter().map(InletId).collect())
    }
}

/// Bodies are text; the odd one that is not, or holds a NUL (which PostgreSQL's TEXT cannot), is kept in base 64.
fn encode(body: &[u8]) -> (String, &'static str) {
    match std::str::from_utf8(body) {
        Ok(text) if !text.contains('\0') => (text.to_owned(), "utf8"),
        _ => (STANDARD.encode(body), "base64"),
    }
}

fn decode(body: String, encoding: &str) -> Result<Vec<u8>, StoreError> {
    if encoding == "utf8" {
        return Ok(body.into_bytes());
    }
    STANDARD.decode(body).map_err(|error| StoreError::Corrupt(format!("a stored body: {error}")))
}

/// The inlet as it is handed around.
#[derive(Clone, Debug)]
pub struct Inlet {
    group: Group<Record>,
    days: Arc<Days>,
    /// About how many bytes are stored; measured now and then, counted in between.
    size: Arc<AtomicU64>,
    bytes_max: Option<u64>,
}

/// How many bodies are looked up at once: one message has few.
const FOUND_MAX: usize = 100;

const FIND: Sql = Sql::same("SELECT id, received_at, route, body, encoding, state, note FROM inlet WHERE id = $1");

const PENDING: Sql = Sql::same(
    "SELECT id, received_at, route, body, encoding, state, note FROM inlet WHERE state = 0 ORDER BY id LIMIT $1 + 0",
);
const ODD: Sql = Sql::same(
    "SELECT id, received_at, route, body, encoding, state, note FROM inlet WHERE state > 1 ORDER BY id DESC LIMIT $1 + 0",
);

// `state > 1` says again what `state = 4` says already, so that the partial index of what is odd serves it.
const RETRY: Sql = Sql::same("UPDATE inlet SET state = 0, note = NULL WHERE state > 1 AND state = 4 AND route = $1");

static MARK: Batch = Batch::new(
    &[("id", Int), ("state", Int), ("note", Text)],
    "UPDATE inlet SET state = input.state, note = input.note FROM input WHERE inlet.id = input.id",
);

impl Inlet {
    pub(crate) fn new(group: Group<Record>, days: Arc<Days>, bytes_max: Option<u64>) -> Self {
        Self { group, days, size: Arc::default(), bytes_max }
    }

    /// Stores a body; when this answers, it is durable.
    ///
    /// # Errors
    /// `Unavailable`: it was not stored, the provider shall try again. Also when the inlet's quota is used up, so that
    /// callbacks nobody could apply do not fill the disk.
    pub async fn record(&self, record: Record) -> Result<InletId, StoreError> {
        let size = self.size.fetch_add(record.body.len() as u64, Ordering::Relaxed);
        if self.bytes_max.is_some_and(|bytes_max| size >= bytes_max) {
            return Err(StoreError::Unavailable("the inlet's quota is used up".to_owned()));
        }
        self.group.commit(record).await
    }

    /// How many bytes may be stored.
    #[must_use]
    pub const fn bytes_max(&self) -> Option<u64> {
        self.bytes_max
    }

    /// Gives bodies that the store refused, or whose application was not configured, another chance.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn retry_refused(&self, route: &str) -> Result<(), StoreError> {
        for pools in self.days.oldest_first().await? {
            let mut tx = pools.begin().await?;
            tx.conn().execute(&RETRY, values![route]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Measures how much is stored.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn measure(&self) -> Result<u64, StoreError> {
        let size = self.days.size().await?;
        self.size.store(size, Ordering::Relaxed);
        Ok(size)
    }

    /// The oldest bodies that nobody looked at, at most `limit`.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn pending(&self, limit: i64) -> Result<Vec<Stored>, StoreError> {
        self.read(&PENDING, limit, self.days.oldest_first().await?).await
    }

    /// The newest bodies that were not simply applied, at most `limit`.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn odd(&self, limit: i64) -> Result<Vec<Stored>, StoreError> {
        let mut days = self.days.oldest_first().await?;
        days.reverse();
        self.read(&ODD, limit, days).await
    }

    /// The bodies with these ids, as far as their days are still kept; of no more than `FOUND_MAX` of them.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn find(&self, ids: &[InletId]) -> Result<Vec<Stored>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for id in ids.iter().take(FOUND_MAX) {
            let Some(pools) = self.days.kept(*id).await else { continue };
            let mut reading = pools.read().await?;
            if let Some(row) = reading.conn().fetch_optional(&FIND, values![*id]).await? {
                found.push(stored(&row)?);
            }
        }
        Ok(found)
    }

    async fn read(&self, sql: &Sql, limit: i64, days: Vec<Pools>) -> Result<Vec<Stored>, StoreError> {
        let mut found = Vec::new();
        for pools in days {
            let missing = limit - i64::try_from(found.len()).unwrap_or(limit);
            if missing <= 0 {
                break;
            }
            let mut reading = pools.read().await?;
            for row in reading.conn().fetch(sql, values![missing]).await? {
                found.push(stored(&row)?);
            }
        }
        Ok(found)
    }

    /// Notes what became of bodies.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn mark(&self, marks: &[Mark]) -> Result<(), StoreError> {
        for (pools, marks) in self.days.by_day(marks).await? {
            let rows: Vec<_> = marks.iter().map(|m| values![m.id, m.state as i64, m.note.as_deref()]).collect();
            let mut tx = pools.begin().await?;
            tx.conn().batch(&MARK, &rows).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes ready what the coming days need, and drops what came before `before` as whole days.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn turn_days(&self, now: Timestamp, before: Timestamp) -> Result<usize, StoreError> {
        self.days.turn(now, before).await
    }
}

fn stored(row: &Row) -> Result<Stored, StoreError> {
    let mut row = row.reader();
    let (id, received_at, route) = (row.read()?, row.read()?, row.read()?);
    let (body, encoding): (String, String) = (row.read()?, row.read()?);
    let state = InletState::from_stored(row.read()?)?;
    Ok(Stored { id, received_at, route, body: decode(body, &encoding)?, state, note: row.read()? })
}
