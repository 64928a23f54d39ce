//! Migrations: one numbered series, a pair of files each.

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{Acquire, SqlSafeStr};

use crate::error::StoreError;
use crate::pools::Pools;

struct Pair {
    version: i64,
    name: &'static str,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! pairs {
    ($($version:literal $name:literal),+ $(,)?) => {
        &[$(Pair {
            version: $version,
            name: $name,
            sqlite: include_str!(concat!("../migrations/sqlite/", $name, ".sql")),
            postgres: include_str!(concat!("../migrations/postgres/", $name, ".sql")),
        }),+]
    };
}

const PAIRS: &[Pair] = pairs![
    1 "0001_first_tables",
    2 "0002_media",
    3 "0003_scheduled",
    4 "0004_language_fallback",
    5 "0005_account_events",
    6 "0006_people",
    7 "0007_message_options",
];

const INLET: &[(i64, &str, &str)] = &[(1, "0001_inlet", include_str!("../migrations/sqlite-inlet/0001_inlet.sql"))];

/// Brings the schema up to this binary's version.
///
/// # Errors
/// `Open`: a newer binary was here, a released file was changed, or a statement failed.
pub async fn run(pools: &Pools) -> Result<(), StoreError> {
    match pools {
        Pools::Sqlite { writer, .. } => {
            apply(writer, PAIRS.iter().map(|pair| (pair.version, pair.name, pair.sqlite))).await
        }
        Pools::Postgres(pool) => apply(pool, PAIRS.iter().map(|pair| (pair.version, pair.name, pair.postgres))).await,
    }
}

/// The same for a day's inlet file.
///
/// # Errors
/// As [`run`].
pub async fn run_inlet(pools: &Pools) -> Result<(), StoreError> {
    match pools {
        Pools::Sqlite { writer, .. } => apply(writer, INLET.iter().copied()).await,
        Pools::Postgres(_) => Ok(()),
    }
}

async fn apply<'a, A>(pool: A, files: impl Iterator<Item = (i64, &'static str, &'static str)>) -> Result<(), StoreError>
where
    A: Acquire<'a>,
    <A::Connection as std::ops::Deref>::Target: Migrate,
{
    let migrations: Vec<Migration> = files
        .map(|(version, name, text)| {
            Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
        })
        .collect();
    let known = migrations.last().map_or(0, |migration| migration.version);
    Migrator::with_migrations(migrations).run(pool).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => StoreError::Open(format!(
            "the database is at schema version {version}, this binary knows {known}: start the newer binary, or restore \
             the backup made before it"
        )),
        other => StoreError::Open(format!("cannot bring the schema up to date: {other}")),
    })
}
