//! Both database engines behind one value, so that one test body runs on each.

use std::fmt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::postgres;

/// A database engine that Waypost runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// A file in the data folder.
    Sqlite,
    /// A server.
    Postgres,
}

impl Engine {
    /// Every engine.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// An empty database and an empty data folder; both go with this value.
#[derive(Debug)]
pub struct TestDatabase {
    engine: Engine,
    url: String,
    // Dropped in this order: the database first, while its server may still look into the folder.
    postgres: Option<postgres::Database>,
    folder: TempDir,
}

impl TestDatabase {
    /// Makes an empty database; `None` only where [`postgres::Database::create`] gives none.
    ///
    /// # Panics
    /// When there is no place for it.
    pub async fn create(engine: Engine) -> Option<Self> {
        Self::named(engine, "test").await
    }

    /// [`Self::create`], with a hint for the database's name.
    ///
    /// # Panics
    /// When there is no place for it.
    pub async fn named(engine: Engine, name_hint: &str) -> Option<Self> {
        let folder = match tempfile::Builder::new().prefix("waypost-").tempdir() {
            Ok(folder) => folder,
            Err(error) => panic!("no temporary folder for the database: {error}"),
        };
        let (url, postgres) = match engine {
            Engine::Sqlite => (format!("sqlite:{}", folder.path().join("waypost.db").display()), None),
            Engine::Postgres => {
                let database = postgres::Database::create(name_hint).await?;
                (database.url().to_owned(), Some(database))
            }
        };
        Some(Self { engine, url, postgres, folder })
    }

    /// The engine it stands on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Where to connect: `sqlite:<data folder>/waypost.db` (the file does not exist yet) or `postgres://…`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The data folder, for either engine.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// A place in the data folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The PostgreSQL database behind it, if that is its engine.
    #[must_use]
    pub fn postgres(&self) -> Option<&postgres::Database> {
        self.postgres.as_ref()
    }
}

/// What a test body may return.
pub trait TestResult {
    /// The value of a test that had nothing to say against.
    fn passed() -> Self;
}

impl TestResult for () {
    fn passed() -> Self {}
}

impl<E> TestResult for Result<(), E> {
    fn passed() -> Self {
        Ok(())
    }
}

/// Runs a test body on one engine; what [`on_both_engines!`](crate::on_both_engines) calls.
pub async fn check<R: TestResult>(engine: Engine, name: &str, body: impl AsyncFnOnce(TestDatabase) -> R) -> R {
    match TestDatabase::named(engine, name).await {
        Some(db) => body(db).await,
        None => R::passed(),
    }
}

/// One test body, a test on each engine: `name::sqlite` and `name::postgres`.
///
/// A macro, because test functions cannot be made by a plain function.
#[macro_export]
macro_rules! on_both_engines {
    ($(
        $(#[$meta:meta])*
        async fn $name:ident($db:ident: $database:ty) $(-> $result:ty)? $body:block
    )+) => { $(
        $(#[$meta])*
        #[cfg(test)]
        mod $name {
            use super::*;

            async fn body($db: $database) $(-> $result)? $body

            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() $(-> $result)? {
                $crate::engine::check($crate::engine::Engine::Sqlite, stringify!($name), body).await
            }

            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() $(-> $result)? {
                $crate::engine::check($crate::engine::Engine::Postgres, stringify!($name), body).await
            }
        }
    )+ };
}
