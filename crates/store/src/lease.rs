//! Leases on shards: who may dispatch and apply, until when, in which epoch.

use domain::ids::Epoch;
use domain::shard::SHARD_COUNT;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Sql;
use crate::values;

const SEED: Sql = Sql::split(
    "WITH RECURSIVE n (shard) AS (SELECT 0 UNION ALL SELECT shard + 1 FROM n WHERE shard + 1 < $1)
     INSERT INTO shard_lease (shard, owner, epoch, until) SELECT shard, '', 0, 0 FROM n WHERE TRUE
     ON CONFLICT (shard) DO NOTHING",
    "INSERT INTO shard_lease (shard, owner, epoch, until) SELECT n, '', 0, 0 FROM generate_series(0, $1 - 1) AS n
     ON CONFLICT (shard) DO NOTHING",
);

// A lease under our own name is of a process that is gone: the data folder's lock proves it.
const TAKE: Sql = Sql::same(
    "UPDATE shard_lease SET owner = $1, epoch = epoch + 1, until = $3 WHERE until < $2 OR owner = $1
     RETURNING shard, epoch",
);

const RENEW: Sql = Sql::same("UPDATE shard_lease SET until = $2 WHERE owner = $1 RETURNING shard, epoch");

const RELEASE: Sql = Sql::same("UPDATE shard_lease SET until = 0, owner = '' WHERE owner = $1");

/// A shard that is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Its number.
    pub shard: i64,
    /// Under which epoch.
    pub epoch: Epoch,
}

/// Takes every shard that is free, each under a new epoch.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn take(
    conn: &mut Conn<'_>,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<Owned>, StoreError> {
    conn.execute(&SEED, values![SHARD_COUNT]).await?;
    owned(conn, &TAKE, values![owner, now, until]).await
}

/// Prolongs our leases; answers those we still have.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn renew(conn: &mut Conn<'_>, owner: &str, until: Timestamp) -> Result<Vec<Owned>, StoreError> {
    owned(conn, &RENEW, values![owner, until]).await
}

/// Gives every shard back.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn release(conn: &mut Conn<'_>, owner: &str) -> Result<(), StoreError> {
    conn.execute(&RELEASE, values![owner]).await?;
    Ok(())
}

async fn owned(conn: &mut Conn<'_>, statement: &Sql, values: Vec<crate::sql::Value>) -> Result<Vec<Owned>, StoreError> {
    let rows = conn.fetch(statement, values).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(Owned { shard: row.read()?, epoch: row.read()? })
        })
        .collect()
}
