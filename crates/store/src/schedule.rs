//! Schedules: recurring work, one run per occurrence, whoever starts it.

use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Sql;
use crate::values;

const ENSURE: Sql = Sql::same(
    "INSERT INTO schedule (name, every_seconds, next_run_at) VALUES ($1, $2, $3)
     ON CONFLICT (name) DO UPDATE SET every_seconds = excluded.every_seconds",
);

/// Registers a schedule; one that is there keeps its next run.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn ensure(conn: &mut Conn<'_>, name: &str, every_seconds: i64, first: Timestamp) -> Result<(), StoreError> {
    conn.execute(&ENSURE, values![name, every_seconds, first]).await?;
    Ok(())
}

const DUE: Sql = Sql::same("SELECT next_run_at, every_seconds FROM schedule WHERE name = $1 AND next_run_at <= $2");
const BEGIN: Sql = Sql::same(
    "INSERT INTO schedule_run (name, occurrence, started_at) VALUES ($1, $2, $3)
     ON CONFLICT (name, occurrence) DO NOTHING RETURNING occurrence",
);
const ADVANCE: Sql = Sql::same("UPDATE schedule SET next_run_at = $2 WHERE name = $1 AND next_run_at < $2");
const FINISH: Sql =
    Sql::same("UPDATE schedule_run SET finished_at = $3, report = $4 WHERE name = $1 AND occurrence = $2");
const FORGET: Sql = Sql::same("DELETE FROM schedule_run WHERE started_at < $1");

/// Whether an occurrence is due.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn is_due(conn: &mut Conn<'_>, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(conn.fetch_optional(&DUE, values![name, now]).await?.is_some())
}

/// Begins the occurrence that is due, if any, and if nobody began it. Missed occurrences are one.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn begin_due(conn: &mut Conn<'_>, name: &str, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let Some(row) = conn.fetch_optional(&DUE, values![name, now]).await? else { return Ok(None) };
    let mut row = row.reader();
    let (occurrence, every): (Timestamp, i64) = (row.read()?, row.read()?);
    let every = std::time::Duration::from_secs(u64::try_from(every.max(1)).unwrap_or(1));
    conn.execute(&ADVANCE, values![name, now.plus(every)]).await?;
    let begun = conn.fetch_optional(&BEGIN, values![name, occurrence, now]).await?;
    Ok(begun.map(|_| occurrence))
}

/// Notes what a run did.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn finish(
    conn: &mut Conn<'_>,
    (name, occurrence): (&str, Timestamp),
    now: Timestamp,
    report: &str,
) -> Result<(), StoreError> {
    conn.execute(&FINISH, values![name, occurrence, now, report]).await?;
    Ok(())
}

/// Forgets runs begun before `before`.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn delete_runs_before(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute(&FORGET, values![before]).await
}
