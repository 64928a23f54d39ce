//! Connections: one writer and a pool of readers on SQLite, one pool on PostgreSQL.

use std::path::Path;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool, Transaction};

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Engine;

/// How long a caller waits for a connection before the database counts as unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// The connections to one database.
#[derive(Clone, Debug)]
pub enum Pools {
    /// SQLite: the single writer apart from the readers.
    Sqlite {
        /// One connection; whoever holds it writes.
        writer: SqlitePool,
        /// Read-only connections.
        readers: SqlitePool,
    },
    /// PostgreSQL.
    Postgres(PgPool),
}

impl Pools {
    /// Opens a SQLite file, creating it if it is not there.
    ///
    /// # Errors
    /// `Open` with the path.
    pub async fn sqlite(file: &Path, readers: u32) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit that was answered must survive a power cut: FULL syncs the log at every commit.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            // 64 MiB of pages per connection at most; the default 2 MB makes a big queue read its index from disk.
            .pragma("cache_size", "-65536")
            .statement_cache_capacity(256);
        // A file does not hang up: asking a connection whether it is there would cost a trip to the driver's thread each time.
        let opened = |error: sqlx::Error| StoreError::Open(format!("cannot open {}: {error}", file.display()));
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await
            .map_err(opened)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(readers.max(1))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(opened)?;
        Ok(Self::Sqlite { writer, readers })
    }

    /// Connects to a PostgreSQL database.
    ///
    /// # Errors
    /// `Open` without the address, which may hold a password.
    pub async fn postgres(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options: PgConnectOptions =
            url.parse().map_err(|_| StoreError::Open("database.url is not a PostgreSQL address".to_owned()))?;
        // Statements over UNNEST join a handful of rows to large tables by their keys. A plan made while a table was
        // small would be kept while it grows and read it from end to end, or a whole index of it, until the next
        // ANALYZE. So every execution is planned for the tables as they are (some tenths of a millisecond), and scans
        // and hash joins are only what is left when no index fits.
        let options = options.statement_cache_capacity(256).options([
            ("plan_cache_mode", "force_custom_plan"),
            ("enable_seqscan", "off"),
            ("enable_hashjoin", "off"),
            ("enable_mergejoin", "off"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections.max(2))
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(|error| StoreError::Open(format!("cannot connect to PostgreSQL: {error}")))?;
        Ok(Self::Postgres(pool))
    }

    /// Which database this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite { .. } => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(SqliteTx::begin(writer.acquire().await?).await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn read(&self) -> Result<Reading, StoreError> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Reading::Sqlite(readers.acquire().await?),
            Self::Postgres(pool) => Reading::Postgres(pool.acquire().await?),
        })
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction; dropped without [`Tx::commit`] it is rolled back.
#[derive(Debug)]
pub enum Tx {
    /// SQLite.
    Sqlite(SqliteTx),
    /// PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction on the writer. Not sqlx's own: when the disk is full SQLite rolls back by itself, sqlx's count of open
/// transactions does not notice, and the connection could never begin another.
#[derive(Debug)]
pub struct SqliteTx {
    conn: PoolConnection<Sqlite>,
    is_open: bool,
}

impl SqliteTx {
    async fn begin(conn: PoolConnection<Sqlite>) -> Result<Self, StoreError> {
        let mut tx = Self { conn, is_open: true };
        // IMMEDIATE takes the write lock at once, so that a transaction never fails half-way for want of it.
        tx.run("BEGIN IMMEDIATE").await?;
        Ok(tx)
    }

    async fn commit(mut self) -> Result<(), StoreError> {
        let committed = self.run("COMMIT").await;
        match committed {
            Ok(()) => self.is_open = false,
            Err(_) => self.roll_back().await,
        }
        committed
    }

    async fn roll_back(&mut self) {
        self.is_open = match self.run("ROLLBACK").await {
            Ok(()) => false,
            // SQLite was there first; anything else closes the connection, and the transaction with it.
            Err(error) => !error.to_string().contains("no transaction is active"),
        };
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), StoreError> {
        sqlx::query(statement).execute(&mut *self.conn).await?;
        Ok(())
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if self.is_open {
            self.conn.close_on_drop();
        }
    }
}

impl Tx {
    /// The connection, for statements inside the transaction.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(tx) => Conn::Sqlite(&mut tx.conn),
            Self::Postgres(tx) => Conn::Postgres(tx),
        }
    }

    /// Makes it durable.
    ///
    /// # Errors
    /// Nothing was stored, or the database is gone and nobody knows.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Undoes it, waiting until it is undone.
    ///
    /// # Errors
    /// The connection is gone, and with it the transaction.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(mut tx) => tx.roll_back().await,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// A connection for reading.
#[derive(Debug)]
pub enum Reading {
    /// SQLite.
    Sqlite(PoolConnection<Sqlite>),
    /// PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

impl Reading {
    /// The connection.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(conn) => Conn::Sqlite(conn),
            Self::Postgres(conn) => Conn::Postgres(conn),
        }
    }
}
