//! Jobs: work outside a request, stored in the transaction that asks for it.

use domain::ids::AccountId;
use domain::time::Timestamp;

use crate::conn::{Conn, Row};
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// A job to be stored.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// For which account, if any.
    pub account: Option<AccountId>,
    /// Name of its kind.
    pub kind: &'static str,
    /// The job as JSON.
    pub payload: &'a str,
    /// A second one with this key is not stored.
    pub unique_key: &'a str,
    /// Not before.
    pub run_at: Timestamp,
}

// `created_at` is when it was last asked for, or for when: it grows with each asking, so whoever runs the job can tell at
// its end whether it was asked for meanwhile. A run that began before may not have seen what is to be done.
const INSERT: Sql = Sql::same(
    "INSERT INTO job (id, account_id, kind, payload, unique_key, state, attempts, run_at, created_at)
     VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7)
     ON CONFLICT (kind, unique_key) DO UPDATE SET state = 0, payload = excluded.payload,
       attempts = CASE WHEN job.state = 2 THEN 0 ELSE job.attempts END,
       run_at = CASE WHEN job.state = 2 THEN excluded.run_at ELSE job.run_at END,
       last_error = CASE WHEN job.state = 2 THEN NULL ELSE job.last_error END,
       created_at = CASE WHEN excluded.run_at > job.created_at THEN excluded.run_at ELSE job.created_at + 1 END",
);

/// Stores a job, unless one with its key waits already; one that is being run is run once more after that, and one that
/// failed for good gets a new chance.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert(conn: &mut Conn<'_>, job: &NewJob<'_>, now: Timestamp) -> Result<(), StoreError> {
    let id = ids::take_one(conn, Sequence::Job).await?;
    let values = values![id, job.account, job.kind, job.payload, job.unique_key, job.run_at, now];
    conn.execute(&INSERT, values).await?;
    Ok(())
}

static INSERT_ALL: Batch = Batch::new(
    &[
        ("id", Int),
        ("account_id", Int),
        ("kind", Text),
        ("payload", Text),
        ("unique_key", Text),
        ("run_at", Int),
        ("created_at", Int),
    ],
    "INSERT INTO job (id, account_id, kind, payload, unique_key, state, attempts, run_at, created_at)
     SELECT id, account_id, kind, payload, unique_key, 0, 0, run_at, created_at FROM input WHERE TRUE
     ON CONFLICT (kind, unique_key) DO NOTHING",
);

/// Stores jobs of one kind that are due now, each with its account, its payload and its key; a job whose key is there
/// already is not stored.
pub(crate) async fn insert_all(
    conn: &mut Conn<'_>,
    kind: &'static str,
    jobs: &[(AccountId, String, String)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids = ids::take(conn, Sequence::Job, jobs.len()).await?;
    let rows: Vec<_> = jobs
        .iter()
        .zip(ids)
        .map(|((account, payload, key), id)| values![id, *account, kind, payload.as_str(), key.as_str(), now, now])
        .collect();
    conn.batch(&INSERT_ALL, &rows).await?;
    Ok(())
}

/// A job that is being run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: i64,
    /// For which account, if any.
    pub account: Option<AccountId>,
    /// Name of its kind.
    pub kind: String,
    /// The job as JSON.
    pub payload: String,
    /// How often it was begun, this time included.
    pub attempts: i64,
    /// When it was last asked for, as far as its runner knows.
    pub asked_at: Timestamp,
}

const ANY_DUE: Sql = Sql::same("SELECT id FROM job WHERE state = 0 AND run_at <= $1 ORDER BY run_at LIMIT 1");

/// Whether a job is due.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn any_due(conn: &mut Conn<'_>, now: Timestamp) -> Result<bool, StoreError> {
    Ok(conn.fetch_optional(&ANY_DUE, values![now]).await?.is_some())
}

// `run_at` becomes the end of the claim: a job whose runner died is begun again after it.
const CLAIM: Sql = Sql::split(
    "UPDATE job SET attempts = attempts + 1, run_at = $2
     WHERE id IN (SELECT id FROM job WHERE state = 0 AND run_at <= $1 AND kind <> $4 ORDER BY run_at LIMIT $3 + 0)
     RETURNING id, account_id, kind, payload, attempts, created_at",
    "UPDATE job SET attempts = attempts + 1, run_at = $2
     WHERE id IN (SELECT id FROM job WHERE state = 0 AND run_at <= $1 AND kind <> $4 ORDER BY run_at LIMIT $3 + 0
       FOR UPDATE SKIP LOCKED)
     RETURNING id, account_id, kind, payload, attempts, created_at",
);

/// Begins jobs that are due, all but those of one kind; until `claimed_until` nobody else does.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn claim(
    conn: &mut Conn<'_>,
    (now, claimed_until): (Timestamp, Timestamp),
    except: &str,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let rows = conn.fetch(&CLAIM, values![now, claimed_until, limit, except]).await?;
    rows.iter().map(read).collect()
}

/// How many accounts can be passed over.
pub const PASSED_OVER_MAX: usize = 3;

// Due jobs are found by their time; `|| ''` keeps the kind's index, which knows no time, out of it.
const CLAIM_ONE: Sql = Sql::split(
    "UPDATE job SET attempts = attempts + 1, run_at = $2
     WHERE id IN (SELECT id FROM job WHERE state = 0 AND run_at <= $1 AND kind || '' = $3
       AND account_id NOT IN ($4, $5, $6) ORDER BY run_at LIMIT 1)
     RETURNING id, account_id, kind, payload, attempts, created_at",
    "UPDATE job SET attempts = attempts + 1, run_at = $2
     WHERE id IN (SELECT id FROM job WHERE state = 0 AND run_at <= $1 AND kind || '' = $3
       AND account_id NOT IN ($4, $5, $6) ORDER BY run_at LIMIT 1 FOR UPDATE SKIP LOCKED)
     RETURNING id, account_id, kind, payload, attempts, created_at",
);

/// Begins the job of this kind that is due longest, of any account but these; until `claimed_until` nobody else does.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn claim_one(
    conn: &mut Conn<'_>,
    (now, claimed_until): (Timestamp, Timestamp),
    kind: &str,
    passed_over: [Option<AccountId>; PASSED_OVER_MAX],
) -> Result<Option<Job>, StoreError> {
    // No account has the id 0.
    let [first, second, third] = passed_over.map(|account| account.map_or(0, |account| account.0));
    let row = conn.fetch_optional(&CLAIM_ONE, values![now, claimed_until, kind, first, second, third]).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Job, StoreError> {
    let mut row = row.reader();
    let (id, account, kind) = (row.read()?, row.read()?, row.read()?);
    Ok(Job { id, account, kind, payload: row.read()?, attempts: row.read()?, asked_at: row.read()? })
}

// Only the claim itself: a job that has ended may wait for its next try already.
const RENEW: Sql = Sql::same("UPDATE job SET run_at = $3 WHERE id = $1 AND run_at = $2");

/// A job that was begun goes on: its claim until `old` now ends with `new`.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn renew(conn: &mut Conn<'_>, id: i64, (old, new): (Timestamp, Timestamp)) -> Result<(), StoreError> {
    conn.execute(&RENEW, values![id, old, new]).await?;
    Ok(())
}

const DELETE: Sql = Sql::same("DELETE FROM job WHERE id = $1 AND created_at = $2");
const AGAIN: Sql = Sql::same(
    "UPDATE job SET state = 0, attempts = 0, run_at = created_at, last_error = $3 WHERE id = $1 AND created_at <> $2",
);
const RETRY: Sql = Sql::same("UPDATE job SET run_at = $2, last_error = $3 WHERE id = $1");
const GIVE_UP: Sql =
    Sql::same("UPDATE job SET state = 2, run_at = $3, last_error = $4 WHERE id = $1 AND created_at = $2");

/// The job is done, unless it was asked for since it was begun.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn finish(conn: &mut Conn<'_>, job: &Job) -> Result<(), StoreError> {
    if conn.execute(&DELETE, values![job.id, job.asked_at]).await? == 0 {
        conn.execute(&AGAIN, values![job.id, job.asked_at, None::<&str>]).await?;
    }
    Ok(())
}

/// The job failed: again at the given time, or never, unless it was asked for since it was begun.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn fail(
    conn: &mut Conn<'_>,
    job: &Job,
    retry_at: Option<Timestamp>,
    error: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(retry_at) = retry_at {
        conn.execute(&RETRY, values![job.id, retry_at, error]).await?;
    } else if conn.execute(&GIVE_UP, values![job.id, job.asked_at, now, error]).await? == 0 {
        conn.execute(&AGAIN, values![job.id, job.asked_at, error]).await?;
    }
    Ok(())
}
