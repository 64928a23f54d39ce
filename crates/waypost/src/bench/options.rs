//! What a measurement is asked for.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::Serialize;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Messages accepted over the API, each stored before it is answered
    Accept,
    /// Callbacks stored before they are answered, and applied meanwhile
    Ingest,
    /// Callbacks by a server that only checks the signature and commits the raw body
    Ceiling,
}

/// The database of the server under load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BenchEngine {
    /// Embedded
    Sqlite,
    /// A server, named by --database-url
    Postgres,
}

/// What a measurement is asked for.
#[derive(Clone, Debug, Args)]
pub struct BenchOptions {
    /// What is measured
    pub kind: Kind,
    /// The database of the server under load
    #[arg(long, value_enum, default_value = "sqlite")]
    pub engine: BenchEngine,
    /// An empty PostgreSQL database with `bench` in its name
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
    /// Requests per second [default: 3000 accept, 2500 ingest, 8000 ceiling; with --find-max a third of that]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub rate: Option<u32>,
    /// How long is measured, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// How long the same load runs before, in seconds
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub warmup: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,
    /// How many different people are written to and write
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub recipients: u32,
    /// accept: let messages be dispatched to the sandbox meanwhile, instead of scheduling them for tomorrow
    #[arg(long)]
    pub with_dispatch: bool,
    /// Raise the rate by a quarter every 10 seconds until it is too much twice, and say the last rate that was not
    #[arg(long)]
    pub find_max: bool,
    /// Write the figures as JSON too
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Keep data and server log in this new or empty folder; otherwise they go away
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl BenchOptions {
    /// The rate asked for, or the usual one.
    pub(crate) fn rate(&self) -> u32 {
        let usual = match self.kind {
            Kind::Accept => 3000,
            Kind::Ingest => 2500,
            Kind::Ceiling => 8000,
        };
        self.rate.unwrap_or(if self.find_max { usual / 3 } else { usual })
    }

    pub(crate) const fn warmup(&self) -> Duration {
        Duration::from_secs(self.warmup)
    }

    pub(crate) const fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    pub(crate) fn connections(&self) -> usize {
        usize::try_from(self.connections).unwrap_or(1)
    }
}
