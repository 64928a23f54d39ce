//! Opening the database: the lock, the pools, the schema, the writers.

use std::path::PathBuf;
use std::sync::Arc;

use domain::time::Timestamp;
use tokio_util::task::TaskTracker;

use crate::error::StoreError;
use crate::files::Files;
use crate::group;
use crate::hot::{self, Hot};
use crate::inlet::{Days, Inlet, Record};
use crate::lock::DataLock;
use crate::migrate;
use crate::pools::{Pools, Reading, Tx};
use crate::sql::Engine;

/// Where the database is and how it is used.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// The node's own folder: its lock and, on SQLite, the database.
    pub data_dir: PathBuf,
    /// Address of a PostgreSQL database; `None` for the embedded one.
    pub postgres_url: Option<String>,
    /// Connections: readers on SQLite, all on PostgreSQL.
    pub connections: u32,
    /// How many writes may wait before callers are told to come back.
    pub queue_max: usize,
    /// How many bytes of callbacks are kept at most; `None` for no quota.
    pub inlet_bytes_max: Option<u64>,
    /// Name for this node, if its folder has none yet.
    pub new_node: String,
}

/// The database, as it is handed around.
#[derive(Clone, Debug)]
pub struct Store {
    pools: Pools,
    hot: Hot,
    inlet: Inlet,
    files: Files,
    lock: Arc<DataLock>,
    days: Arc<Days>,
    writers: TaskTracker,
}

impl Store {
    /// Opens the database, brings its schema up to date and starts its writers. Run inside a runtime.
    ///
    /// # Errors
    /// `Open`: in words what is in the way.
    pub async fn open(settings: &StoreSettings, now: Timestamp) -> Result<Self, StoreError> {
        let lock = DataLock::take(&settings.data_dir, &settings.new_node)?;
        let pools = match &settings.postgres_url {
            Some(url) => Pools::postgres(url, settings.connections).await?,
            None => Pools::sqlite(&settings.data_dir.join("waypost.db"), settings.connections).await?,
        };
        migrate::run(&pools).await?;
        let files = Files::open(&settings.data_dir.join("media")).await?;
        let days = Arc::new(match pools.engine() {
            Engine::Sqlite => Days::files(&settings.data_dir.join("inlet")).await?,
            Engine::Postgres => Days::Partitions(pools.clone()),
        });
        let writers = TaskTracker::new();
        let (hot, hot_writer) = group::group::<hot::Command>(settings.queue_max);
        writers.spawn(hot_writer.run(pools.clone()));
        let (records, record_writer) = group::group::<Record>(settings.queue_max);
        writers.spawn(record_writer.run(days.clone()));
        writers.close();
        let inlet = Inlet::new(records, days.clone(), settings.inlet_bytes_max);
        inlet.measure().await?;
        // Days behind are kept here; only the housekeeping, which knows the retention, drops any.
        inlet.turn_days(now, Timestamp::from_micros(0)).await?;
        Ok(Self { pools, hot: Hot(hot), inlet, files, lock: Arc::new(lock), days, writers })
    }

    /// Which database this is.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        self.pools.engine()
    }

    /// The hot commands.
    #[must_use]
    pub const fn hot(&self) -> &Hot {
        &self.hot
    }

    /// The inlet.
    #[must_use]
    pub const fn inlet(&self) -> &Inlet {
        &self.inlet
    }

    /// The bytes of media.
    #[must_use]
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// Removes files that no medium speaks of; answers how many.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn sweep_files(&self) -> Result<u64, StoreError> {
        self.files.sweep(&self.pools).await
    }

    /// This node's name, the same after every restart on its folder.
    #[must_use]
    pub fn node(&self) -> &str {
        self.lock.node()
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.pools.begin().await
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn read(&self) -> Result<Reading, StoreError> {
        self.pools.read().await
    }

    /// Commits what waits and closes the database. Every other handle must be gone, else this waits for it.
    pub async fn close(self) {
        let Self { pools, hot, inlet, files: _, lock, days, writers } = self;
        drop((hot, inlet));
        writers.wait().await;
        days.close().await;
        pools.close().await;
        drop(lock);
    }
}
