//! How the last reading of each business account's templates went.

use domain::ids::AccountId;
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Sql;
use crate::values;

/// The last reading of a business account's templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncState {
    /// The provider's id of the business account.
    pub business_account_id: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When the last whole reading ended.
    pub finished_at: Option<Timestamp>,
    /// Why the last one did not come to its end.
    pub problem: Option<String>,
}

const BEGIN: Sql = Sql::same(
    "INSERT INTO template_sync (account_id, business_account_id, began_at) VALUES ($1, $2, $3)
     ON CONFLICT (account_id, business_account_id) DO UPDATE SET began_at = excluded.began_at",
);

/// Notes that a reading begins.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn begin_sync(
    conn: &mut Conn<'_>,
    (account, business_account_id): (AccountId, &str),
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(&BEGIN, values![account, business_account_id, now]).await?;
    Ok(())
}

const FINISH: Sql = Sql::same(
    "UPDATE template_sync SET finished_at = COALESCE($3, finished_at), problem = $4
     WHERE account_id = $1 AND business_account_id = $2",
);

/// Notes how a reading ended: `Ok` when everything was read, `Err` with the reason otherwise.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn finish_sync(
    conn: &mut Conn<'_>,
    (account, business_account_id): (AccountId, &str),
    ended: Result<Timestamp, &str>,
) -> Result<(), StoreError> {
    conn.execute(&FINISH, values![account, business_account_id, ended.ok(), ended.err()]).await?;
    Ok(())
}

const OF_ACCOUNT: Sql = Sql::same(
    "SELECT business_account_id, began_at, finished_at, problem FROM template_sync WHERE account_id = $1
     ORDER BY business_account_id",
);

/// The last reading of each business account of the account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn syncs(conn: &mut Conn<'_>, scope: &AccountScope) -> Result<Vec<SyncState>, StoreError> {
    let rows = conn.fetch(&OF_ACCOUNT, values![scope.account()]).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            Ok(SyncState {
                business_account_id: row.read()?,
                began_at: row.read()?,
                finished_at: row.read()?,
                problem: row.read()?,
            })
        })
        .collect()
}
