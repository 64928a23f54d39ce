//! Measurements of a whole server from outside: the load generator beside it on the same machine, every request durable.
//!
//! [`run`] starts this binary again as the server under load and is itself the generator. `docs/benchmarks.md` says what
//! the figures mean.

mod accept;
mod callbacks;
mod client;
mod customers;
mod graph;
mod histogram;
mod ingest;
mod load;
mod machine;
mod options;
mod probe;
mod report;
mod server;

pub mod ceiling;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use domain::attempt::AttemptReference;
use domain::clock::Clock;
use domain::ids::{AccountId, MessageId};
use tempfile::TempDir;

pub use options::{BenchEngine, BenchOptions, Kind};

use crate::clock::SystemClock;
use accept::{Accept, NOBODY};
use callbacks::Told;
use graph::Taken;
use ingest::Ingest;
use load::{Load, Loaded};
use machine::Machine;
use report::{Backlog, Figures, Report, Verified};
use server::{LogProblems, Place, Server};

/// How long a step of --find-max warms up and is measured.
const STEP_WARMUP: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_secs(10);
/// The ceiling's callbacks are not applied, so that a few thousand different ones are enough.
const CEILING_CALLBACKS: u64 = 20_000;

/// Measures, prints the figures, and writes them down where that is asked for.
///
/// # Errors
/// In words, what is in the way, or what the server lost.
pub async fn run(options: &BenchOptions) -> anyhow::Result<()> {
    check(options)?;
    let folder = Folder::make(options)?;
    let machine = Machine::look(folder.path());
    for warning in machine.warnings() {
        eprintln!("waypost bench: {warning}");
    }
    let mut subject = Subject::start(options, folder.path()).await?;
    let (steps, max_rate) = if options.find_max {
        find_max(options, &mut subject).await?
    } else {
        (vec![step(options, &mut subject, (options.rate(), options.warmup(), options.measured())).await?], None)
    };
    let verified = subject.verify().await;
    let log_problems = subject.stop().await?;
    let (warmup, measured) =
        if options.find_max { (STEP_WARMUP, STEP) } else { (options.warmup(), options.measured()) };
    let (verified, lost) = match verified {
        Ok(verified) => (verified, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let report = Report {
        at: SystemClock.now(),
        kind: options.kind,
        engine: options.engine,
        with_dispatch: options.with_dispatch,
        seconds: measured.as_secs(),
        warmup: warmup.as_secs(),
        connections: options.connections,
        recipients: options.recipients,
        machine,
        steps,
        max_rate,
        verified,
        log_problems,
    };
    print!("{}", report.text(options));
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, text + "\n").with_context(|| format!("cannot write {}", file.display()))?;
    }
    lost.map_or(Ok(()), |error| Err(error.context("the figures above are worthless")))
}

fn check(options: &BenchOptions) -> anyhow::Result<()> {
    match (options.engine, &options.database_url) {
        (BenchEngine::Sqlite, None) => {}
        (BenchEngine::Sqlite, Some(_)) => bail!("--database-url needs --engine postgres"),
        (BenchEngine::Postgres, None) => bail!("--engine postgres needs --database-url, of an empty database"),
        (BenchEngine::Postgres, Some(url)) => {
            let name = url.split('?').next().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
            ensure!(name.contains("bench"), "the database `{name}` must have `bench` in its name: it will be filled");
        }
    }
    ensure!(!options.with_dispatch || options.kind == Kind::Accept, "--with-dispatch is for accept only");
    Ok(())
}

/// Where data and log are.
#[derive(Debug)]
enum Folder {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Folder {
    fn make(options: &BenchOptions) -> anyhow::Result<Self> {
        let Some(folder) = &options.data else {
            return Ok(Self::Temporary(tempfile::tempdir().context("cannot make a folder for the data")?));
        };
        let unusable = || format!("cannot use {}", folder.display());
        std::fs::create_dir_all(folder).with_context(unusable)?;
        ensure!(
            std::fs::read_dir(folder).with_context(unusable)?.next().is_none(),
            "{} is not empty",
            folder.display()
        );
        Ok(Self::Kept(folder.canonicalize().with_context(unusable)?))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

/// The server under load, with what it is asked.
#[derive(Debug)]
enum Subject {
    Accept(Accept),
    Ingest(Box<Ingest>),
    Ceiling(Server),
}

impl Subject {
    async fn start(options: &BenchOptions, folder: &Path) -> anyhow::Result<Self> {
        let place = |graph_url: &str| Place::new(folder, options.database_url.as_deref(), graph_url);
        Ok(match options.kind {
            Kind::Accept => Self::Accept(Accept::start(options, &place(NOBODY)).await?),
            Kind::Ingest => Self::Ingest(Box::new(Ingest::start(options, place).await?)),
            Kind::Ceiling => Self::Ceiling(place(NOBODY).start("bench-ceiling-server").await?),
        })
    }

    const fn server(&self) -> &Server {
        match self {
            Self::Accept(accept) => &accept.server,
            Self::Ingest(ingest) => &ingest.server,
            Self::Ceiling(server) => server,
        }
    }

    /// What will be sent.
    async fn requests(&mut self, options: &BenchOptions, total: u64, rate: u32) -> anyhow::Result<Vec<Vec<u8>>> {
        match self {
            Self::Accept(accept) => Ok(accept.requests()),
            Self::Ingest(ingest) => ingest.requests(total, rate).await,
            Self::Ceiling(_) => Ok(ceiling_requests(options, total.min(CEILING_CALLBACKS))),
        }
    }

    /// Waits for what the load left behind.
    async fn settle(&mut self, total: u64, loaded: &Loaded) -> anyhow::Result<Option<Backlog>> {
        match self {
            Self::Accept(accept) => {
                accept.settle(total, loaded);
                Ok(None)
            }
            Self::Ingest(ingest) => ingest.settle(loaded).await.map(Some),
            Self::Ceiling(_) => Ok(None),
        }
    }

    async fn verify(&self) -> anyhow::Result<Vec<Verified>> {
        match self {
            Self::Accept(accept) => Ok(vec![accept.verify().await?]),
            Self::Ingest(ingest) => ingest.verify().await,
            Self::Ceiling(_) => Ok(Vec::new()),
        }
    }

    async fn stop(self) -> anyhow::Result<LogProblems> {
        match self {
            Self::Accept(accept) => accept.server.stop().await,
            Self::Ingest(ingest) => ingest.server.stop().await,
            Self::Ceiling(server) => server.stop().await,
        }
    }
}

/// The same bodies as ingest's, about messages that do not exist.
fn ceiling_requests(options: &BenchOptions, count: u64) -> Vec<Vec<u8>> {
    let messages: Vec<Taken> = (0..callbacks::messages_needed(count))
        .map(|turn| Taken {
            reference: AttemptReference {
                installation: "bench000".to_owned(),
                account: AccountId(1),
                message: MessageId(i64::try_from(turn).unwrap_or(0)),
                number: 1,
            },
            digits: customers::digits(turn, options.recipients),
        })
        .collect();
    let told: Vec<Told> = callbacks::plan(count, messages.len(), 1000, 0);
    let seconds = SystemClock.now().as_seconds();
    told.into_iter().map(|told| callbacks::request(told, &messages, options.recipients, seconds)).collect()
}

/// One rate for some time.
async fn step(
    options: &BenchOptions,
    subject: &mut Subject,
    (rate, warmup, measured): (u32, Duration, Duration),
) -> anyhow::Result<Figures> {
    let total = load::total(rate, warmup + measured);
    eprintln!("waypost bench: preparing {total} requests");
    let requests = subject.requests(options, total, rate).await?;
    eprintln!("waypost bench: {rate}/s for {} s", (warmup + measured).as_secs());
    let (address, probe) = (subject.server().address(), subject.server().probe());
    let load = Load::at_rate(requests, (rate, warmup, measured), (address, options.connections()), probe);
    let loaded = load.run().await?;
    let backlog = subject.settle(total, &loaded).await?;
    Ok(Figures::of(rate, &loaded, backlog))
}

/// Raises the rate until it is too much twice, since something else may have disturbed a step; answers every step and
/// the last good rate.
async fn find_max(options: &BenchOptions, subject: &mut Subject) -> anyhow::Result<(Vec<Figures>, Option<u32>)> {
    let (mut steps, mut rate, mut max_rate, mut is_second) = (Vec::new(), options.rate(), None, false);
    loop {
        let figures = step(options, subject, (rate, STEP_WARMUP, STEP)).await?;
        let is_good = figures.is_good();
        eprintln!(
            "waypost bench: {:.0}/s achieved, p99 {:.1} ms, {}",
            figures.achieved,
            figures.p99_ms,
            if is_good { "good" } else { "too much" }
        );
        steps.push(figures);
        if !is_good && is_second {
            return Ok((steps, max_rate));
        }
        is_second = !is_good;
        if is_second {
            continue;
        }
        max_rate = Some(rate);
        rate = rate.saturating_add((rate / 4).max(1));
    }
}
