//! Empty PostgreSQL databases, one per test, on the server that `scripts/test` started.
//!
//! Databases are made and dropped by `psql`, which comes with the server: a driver would be one more dependency, and
//! SQL drivers belong to `store`.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};

/// Names the server where databases are made.
pub const URL_VARIABLE: &str = "WAYPOST_TEST_POSTGRES_URL";
/// Set to `1`, lets tests on PostgreSQL pass without running.
pub const SQLITE_ONLY_VARIABLE: &str = "WAYPOST_TEST_SQLITE_ONLY";

/// PostgreSQL cuts longer names off.
const NAME_LENGTH_MAX: usize = 63;

/// A database of its own, dropped with this value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
    url: String,
    is_dropped: bool,
}

impl Database {
    /// Creates an empty database; `name_hint` becomes part of its name. `None` only when
    /// [`SQLITE_ONLY_VARIABLE`] asks to leave PostgreSQL out.
    ///
    /// # Panics
    /// When there is no server to create it on: a test that cannot run must not look as if it had passed.
    pub async fn create(name_hint: &str) -> Option<Self> {
        let Ok(server) = std::env::var(URL_VARIABLE) else {
            if std::env::var(SQLITE_ONLY_VARIABLE).is_ok_and(|value| value == "1") {
                eprintln!("skipped: {name_hint} on PostgreSQL, because {SQLITE_ONLY_VARIABLE}=1");
                return None;
            }
            panic!("{URL_VARIABLE} is not set: run the tests with scripts/test, which starts a PostgreSQL for them");
        };
        let name = unique_name(name_hint);
        let statement = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        let created = {
            let server = server.clone();
            tokio::task::spawn_blocking(move || run(&server, &statement)).await
        };
        match created {
            Ok(Ok(())) => {}
            Ok(Err(error)) => panic!("the database {name} could not be created: {error:#}"),
            Err(error) => panic!("the database {name} could not be created: {error}"),
        }
        let url = with_database(&server, &name);
        Some(Self { server, name, url, is_dropped: false })
    }

    /// Where to connect, `postgres://…/name`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Drops the database now, and its connections with it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn drop_now(mut self) -> Result<()> {
        self.is_dropped = true;
        let (server, statement) = (self.server.clone(), self.drop_statement());
        tokio::task::spawn_blocking(move || run(&server, &statement)).await?
    }

    fn drop_statement(&self) -> String {
        // FORCE: a pool that is still closing must not keep the database.
        format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.is_dropped {
            return;
        }
        if let Err(error) = run(&self.server, &self.drop_statement()) {
            eprintln!("the database {} was left behind: {error:#}", self.name);
        }
    }
}

/// Runs one statement on the server that `url` names.
fn run(url: &str, statement: &str) -> Result<()> {
    let program = psql();
    let Output { status, stderr, .. } = Command::new(&program)
        .args(["--no-psqlrc", "--quiet", "--no-password", "--set", "ON_ERROR_STOP=1", "--command", statement, url])
        .env("PGCONNECT_TIMEOUT", "10")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{} could not be started", program.display()))?;
    if status.success() {
        return Ok(());
    }
    bail!("psql: {}", String::from_utf8_lossy(&stderr).trim());
}

/// Debian's `psql` in the path is a Perl wrapper that takes longer than the statement; the program itself lies beside
/// the server.
fn psql() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin/psql"))))
        .filter(|(_, program)| program.is_file())
        .max();
    newest.map_or_else(|| PathBuf::from("psql"), |(_, program)| program)
}

/// `waypost_<hint>_<process>_<counter>_<random>`; the random part keeps runs apart that share a server.
fn unique_name(hint: &str) -> String {
    static CREATED: AtomicU32 = AtomicU32::new(0);
    let counter = CREATED.fetch_add(1, Ordering::Relaxed);
    let random = RandomState::new().build_hasher().finish() >> 32;
    let unique = format!("_{}_{counter}_{random:08x}", std::process::id());
    let mut name: String =
        hint.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    name.insert_str(0, "waypost_");
    name.truncate(NAME_LENGTH_MAX - unique.len());
    name + &unique
}

/// The same server, another database; parameters after `?` stay.
fn with_database(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').map_or((server, None), |(a, p)| (a, Some(p)));
    let host_start = address.find("://").map_or(0, |at| at + 3);
    let host_end = address[host_start..].find('/').map_or(address.len(), |at| host_start + at);
    let url = format!("{}/{name}", &address[..host_end]);
    parameters.map_or_else(|| url.clone(), |parameters| format!("{url}?{parameters}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_is_replaced_and_the_rest_stays() {
        for (server, expected) in [
            ("postgres://u@127.0.0.1:5433/postgres", "postgres://u@127.0.0.1:5433/x"),
            ("postgres://u@127.0.0.1:5433", "postgres://u@127.0.0.1:5433/x"),
            ("postgres://u:p@h/postgres?sslmode=disable", "postgres://u:p@h/x?sslmode=disable"),
            ("postgres://u@h?host=/tmp/socket", "postgres://u@h/x?host=/tmp/socket"),
        ] {
            assert_eq!(with_database(server, "x"), expected);
        }
    }

    #[test]
    fn names_are_unique_plain_and_short() {
        let hint = "A test: with, signs; and \"quotes\" and a name that is far too long for PostgreSQL";
        let (first, second) = (unique_name(hint), unique_name(hint));
        assert_ne!(first, second);
        assert!(first.starts_with("waypost_a_test__with") && first.len() <= NAME_LENGTH_MAX, "{first}");
        assert!(first.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{first}");
    }
}
