//! The inlet's days: a file each on SQLite, a partition each on PostgreSQL.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::ids::InletId;
use domain::time::Timestamp;
use tokio::sync::Mutex;

use super::{IDS_PER_DAY, MICROS_PER_DAY, Mark, Record, day_number};
use crate::error::StoreError;
use crate::group::Connect;
use crate::migrate;
use crate::pools::Pools;
use crate::sql::Sql;
use crate::values;

/// Where the days are.
#[derive(Debug)]
pub enum Days {
    /// SQLite: `YYYY-MM-DD.db` in a folder, opened when needed.
    Files {
        /// The folder.
        folder: PathBuf,
        /// Open files by day number.
        open: Mutex<BTreeMap<i64, Pools>>,
    },
    /// PostgreSQL: partitions of one table.
    Partitions(Pools),
}

impl Days {
    /// The files of `folder`; those of earlier days are opened too, since they may hold bodies nobody looked at.
    ///
    /// # Errors
    /// `Open`.
    pub async fn files(folder: &Path) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::Open(format!("cannot use {}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut open = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if let Some(day) = day_of(&path) {
                open.insert(day, open_file(&path).await?);
            }
        }
        Ok(Self::Files { folder: folder.to_owned(), open: Mutex::new(open) })
    }

    async fn day(&self, day: i64) -> Result<Pools, StoreError> {
        match self {
            Self::Partitions(pools) => Ok(pools.clone()),
            Self::Files { folder, open } => {
                let mut open = open.lock().await;
                if let Some(pools) = open.get(&day) {
                    return Ok(pools.clone());
                }
                let name = Timestamp::from_micros(day.saturating_mul(MICROS_PER_DAY)).utc_day();
                let pools = open_file(&folder.join(format!("{name}.db"))).await?;
                open.insert(day, pools.clone());
                Ok(pools)
            }
        }
    }

    pub(super) async fn oldest_first(&self) -> Result<Vec<Pools>, StoreError> {
        Ok(match self {
            Self::Partitions(pools) => vec![pools.clone()],
            Self::Files { open, .. } => open.lock().await.values().cloned().collect(),
        })
    }

    pub(super) async fn by_day<'m>(&self, marks: &'m [Mark]) -> Result<Vec<(Pools, Vec<&'m Mark>)>, StoreError> {
        let mut days: BTreeMap<i64, Vec<&Mark>> = BTreeMap::new();
        for mark in marks {
            let day = match self {
                Self::Partitions(_) => 0,
                Self::Files { .. } => mark.id.0.div_euclid(IDS_PER_DAY),
            };
            days.entry(day).or_default().push(mark);
        }
        let mut found = Vec::with_capacity(days.len());
        for (day, marks) in days {
            found.push((self.day(day).await?, marks));
        }
        Ok(found)
    }

    /// Where a body is, if its day is still kept.
    pub(super) async fn kept(&self, id: InletId) -> Option<Pools> {
        match self {
            Self::Partitions(pools) => Some(pools.clone()),
            Self::Files { open, .. } => open.lock().await.get(&id.0.div_euclid(IDS_PER_DAY)).cloned(),
        }
    }

    pub(super) async fn turn(&self, now: Timestamp, before: Timestamp) -> Result<usize, StoreError> {
        match self {
            Self::Partitions(pools) => {
                make_partitions(pools, now).await?;
                drop_partitions(pools, before).await
            }
            Self::Files { folder, open } => drop_files(folder, open, before).await,
        }
    }

    /// How many bytes the days take.
    pub(super) async fn size(&self) -> Result<u64, StoreError> {
        match self {
            Self::Partitions(pools) => {
                let mut reading = pools.read().await?;
                let row = reading.conn().fetch_one(&SIZE, Vec::new()).await?;
                Ok(u64::try_from(row.reader().read::<i64>()?).unwrap_or(0))
            }
            Self::Files { folder, .. } => {
                let failed =
                    |error: std::io::Error| StoreError::Unavailable(format!("cannot measure the inlet: {error}"));
                let mut size = 0;
                for entry in std::fs::read_dir(folder).map_err(failed)? {
                    // A file that goes away meanwhile counts nothing.
                    size += entry.map_err(failed)?.metadata().map_or(0, |metadata| metadata.len());
                }
                Ok(size)
            }
        }
    }

    /// Closes every file.
    pub async fn close(&self) {
        if let Self::Files { open, .. } = self {
            for pools in std::mem::take(&mut *open.lock().await).into_values() {
                pools.close().await;
            }
        }
    }
}

impl Connect<Record> for std::sync::Arc<Days> {
    async fn pools(&self, records: &[Record]) -> Result<Pools, StoreError> {
        self.day(records.first().map_or(0, |record| day_number(record.received_at))).await
    }
}

async fn open_file(path: &Path) -> Result<Pools, StoreError> {
    let pools = Pools::sqlite(path, 2).await?;
    migrate::run_inlet(&pools).await?;
    Ok(pools)
}

/// The day number in a file's name; `None` for anything else in the folder.
fn day_of(path: &Path) -> Option<i64> {
    if path.extension()? != "db" {
        return None;
    }
    let midnight = format!("{}T00:00:00Z", path.file_stem()?.to_str()?);
    Timestamp::parse(&midnight).ok().map(day_number)
}

async fn drop_files(folder: &Path, open: &Mutex<BTreeMap<i64, Pools>>, before: Timestamp) -> Result<usize, StoreError> {
    let first_kept = day_number(before);
    let dropped: Vec<(i64, Pools)> = {
        let mut open = open.lock().await;
        let kept = open.split_off(&first_kept);
        std::mem::replace(&mut *open, kept).into_iter().collect()
    };
    for (day, pools) in &dropped {
        pools.close().await;
        let name = Timestamp::from_micros(day.saturating_mul(MICROS_PER_DAY)).utc_day();
        for end in ["db", "db-wal", "db-shm"] {
            match std::fs::remove_file(folder.join(format!("{name}.{end}"))) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StoreError::Unavailable(format!("cannot drop the inlet of {name}: {error}")));
                }
                _ => {}
            }
        }
    }
    Ok(dropped.len())
}

/// How many days ahead partitions are made, so that a node that stands still over a week-end finds its days.
const DAYS_AHEAD: i64 = 7;

async fn make_partitions(pools: &Pools, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = pools.begin().await?;
    // Two nodes that start at once would both find a day missing and both make it.
    tx.conn().fetch(&LOCK, Vec::new()).await?;
    for day in day_number(now)..=day_number(now) + DAYS_AHEAD {
        let (from, to) = (day * MICROS_PER_DAY, (day + 1) * MICROS_PER_DAY);
        // A day of which the default partition holds bodies already stays there: PostgreSQL would refuse to make it.
        if tx.conn().fetch_optional(&IN_DEFAULT, values![from, to]).await?.is_none() {
            tx.conn()
                .execute_made(format!(
                    "CREATE TABLE IF NOT EXISTS inlet_{day} PARTITION OF inlet FOR VALUES FROM ({from}) TO ({to})"
                ))
                .await?;
        }
    }
    tx.commit().await
}

const LOCK: Sql = Sql::same("SELECT pg_advisory_xact_lock(hashtext('waypost.inlet'))");
const IN_DEFAULT: Sql = Sql::same("SELECT 1 FROM inlet_default WHERE received_at >= $1 AND received_at < $2 LIMIT 1");
const DELETE_DEFAULT: Sql = Sql::same("DELETE FROM inlet_default WHERE received_at < $1");

const SIZE: Sql = Sql::same(
    "SELECT CAST(COALESCE(SUM(pg_total_relation_size(inhrelid)), 0) AS BIGINT) FROM pg_inherits
     WHERE inhparent = 'inlet'::REGCLASS",
);

const PARTITIONS: Sql = Sql::same(
    "SELECT c.relname::TEXT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'inlet'::REGCLASS AND c.relname <> $1",
);

async fn drop_partitions(pools: &Pools, before: Timestamp) -> Result<usize, StoreError> {
    let mut dropped = 0;
    let mut tx = pools.begin().await?;
    for row in tx.conn().fetch(&PARTITIONS, values!["inlet_default"]).await? {
        let name: String = row.reader().read()?;
        let day = name.strip_prefix("inlet_").and_then(|day| day.parse::<i64>().ok());
        if let Some(day) = day.filter(|day| *day < day_number(before)) {
            tx.conn().execute_made(format!("DROP TABLE inlet_{day}")).await?;
            dropped += 1;
        }
    }
    let first_kept = Timestamp::from_micros(day_number(before) * MICROS_PER_DAY);
    tx.conn().execute(&DELETE_DEFAULT, values![first_kept]).await?;
    tx.commit().await?;
    Ok(dropped)
}
