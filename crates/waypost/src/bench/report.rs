//! The figures, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use domain::time::Timestamp;
use serde::Serialize;

use super::load::Loaded;
use super::machine::Machine;
use super::options::{BenchEngine, BenchOptions, Kind};
use super::probe::{Commits, Cores};
use super::server::LogProblems;

/// What --find-max still calls good.
const P99_MS_MAX: f64 = 100.0;
const ACHIEVED_SHARE_MIN: f64 = 0.97;
const BACKLOG_SECONDS_MAX: f64 = 1.0;

/// What was stored and not applied yet when the load ended.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Backlog {
    /// How long it took until everything was applied.
    pub seconds: f64,
    /// How many callbacks those were.
    pub bodies: u64,
}

/// Something that was counted again afterwards.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verified {
    /// What.
    pub what: &'static str,
    /// How many are right.
    pub right: u64,
    /// Of how many.
    pub of: u64,
}

/// The figures at one rate.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    /// Requests that fell due per second.
    pub rate: u32,
    /// Successes per second whose answers came within the measured time.
    pub achieved: f64,
    /// Requests that fell due in the measured time.
    pub due: u64,
    /// Of those: answered with success.
    pub succeeded: u64,
    /// Of those: answered otherwise, by status; 0: not at all.
    pub errors: BTreeMap<u16, u64>,
    /// Of those: never sent, since every connection was busy.
    pub unsent: u64,
    /// Latency from the moment a request was due.
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
    /// For ingest.
    pub backlog: Option<Backlog>,
    /// Processor time.
    pub cores: Option<Cores>,
    /// What the group commits did.
    pub commits: Vec<Commits>,
}

impl Figures {
    /// From what came of a load.
    pub(crate) fn of(rate: u32, loaded: &Loaded, backlog: Option<Backlog>) -> Self {
        let samples = loaded.samples.as_ref();
        Self {
            rate,
            achieved: loaded.achieved,
            due: loaded.due,
            succeeded: loaded.succeeded,
            errors: loaded.errors.clone(),
            unsent: loaded.unsent,
            p50_ms: loaded.latency.quantile_ms(0.5),
            p90_ms: loaded.latency.quantile_ms(0.9),
            p99_ms: loaded.latency.quantile_ms(0.99),
            max_ms: loaded.latency.max_ms(),
            backlog,
            cores: samples.map(|(first, last)| first.cores_until(last)),
            commits: samples.map(|(first, last)| first.commits_until(last)).unwrap_or_default(),
        }
    }

    /// Whether the server keeps up at this rate.
    pub(crate) fn is_good(&self) -> bool {
        self.errors.is_empty()
            && self.unsent == 0
            && self.p99_ms <= P99_MS_MAX
            && self.achieved >= f64::from(self.rate) * ACHIEVED_SHARE_MIN
            && self.backlog.is_none_or(|backlog| backlog.seconds <= BACKLOG_SECONDS_MAX)
    }
}

/// Everything about one measurement.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// When.
    pub at: Timestamp,
    pub kind: Kind,
    pub engine: BenchEngine,
    pub with_dispatch: bool,
    pub seconds: u64,
    pub warmup: u64,
    pub connections: u32,
    pub recipients: u32,
    pub machine: Machine,
    /// One rate, or the rates that were tried, in order.
    pub steps: Vec<Figures>,
    /// With --find-max: the highest rate that was good.
    pub max_rate: Option<u32>,
    /// What was counted again.
    pub verified: Vec<Verified>,
    /// Warnings and errors in the server's log.
    pub log_problems: LogProblems,
}

impl Report {
    /// For people.
    pub(crate) fn text(&self, options: &BenchOptions) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, options);
        text
    }

    fn write(&self, out: &mut String, options: &BenchOptions) -> std::fmt::Result {
        let Self { kind, engine, connections, recipients, seconds, warmup, machine, .. } = self;
        let (kind, engine) = (format!("{kind:?}").to_lowercase(), format!("{engine:?}").to_lowercase());
        let dispatch = if self.with_dispatch { ", with dispatch to the sandbox" } else { "" };
        writeln!(out, "\nwaypost bench {kind} on {engine}{dispatch}")?;
        writeln!(out, "{seconds} s after {warmup} s, {connections} connections, {recipients} people, {}\n", self.at)?;
        writeln!(
            out,
            "{:>9} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}  errors, unsent",
            "rate/s", "achieved/s", "p50 ms", "p90 ms", "p99 ms", "max ms", "backlog s"
        )?;
        for figures in &self.steps {
            write_figures(out, figures)?;
        }
        if options.find_max {
            match self.max_rate {
                Some(rate) => writeln!(
                    out,
                    "\nhighest good rate: {rate}/s (no errors, p99 ≤ 100 ms, achieved ≥ 97 %, backlog ≤ 1 s)"
                )?,
                None => writeln!(out, "\nno rate was good; begin lower, with --rate")?,
            }
        }
        let is_best = |figures: &&Figures| !options.find_max || Some(figures.rate) == self.max_rate;
        let best = self.steps.iter().rfind(is_best);
        if let Some(figures) = best {
            write_costs(out, figures, machine.cores)?;
        }
        for Verified { what, right, of } in &self.verified {
            writeln!(out, "verified   {right} of {of} {what}")?;
        }
        let commit = machine.commit.as_deref().unwrap_or("unknown");
        let build = if machine.release_build { "release" } else { "DEBUG" };
        writeln!(
            out,
            "machine    {}, {} cores, {} MiB, Linux {}",
            machine.processor, machine.cores, machine.memory_mib, machine.kernel
        )?;
        writeln!(out, "disk       {}, 4 KiB written and synced in {:.2} ms (median)", machine.disk, machine.sync_ms)?;
        writeln!(out, "build      {build}, commit {commit}")?;
        if self.log_problems.count > 0 {
            writeln!(out, "log        {} warnings and errors, among them:", self.log_problems.count)?;
            for line in &self.log_problems.first {
                writeln!(out, "           {line}")?;
            }
        }
        for warning in machine.warnings() {
            writeln!(out, "WORTHLESS  {warning}")?;
        }
        Ok(())
    }
}

fn write_figures(out: &mut String, figures: &Figures) -> std::fmt::Result {
    let backlog = figures.backlog.map_or_else(|| "-".to_owned(), |backlog| format!("{:.2}", backlog.seconds));
    write!(
        out,
        "{:>9} {:>10.0} {:>9.1} {:>9.1} {:>9.1} {:>9.1} {backlog:>9}  ",
        figures.rate, figures.achieved, figures.p50_ms, figures.p90_ms, figures.p99_ms, figures.max_ms
    )?;
    let errors: Vec<String> = figures.errors.iter().map(|(status, count)| format!("{count} × {status}")).collect();
    writeln!(out, "{}, {}", if errors.is_empty() { "0".to_owned() } else { errors.join(" ") }, figures.unsent)
}

fn write_costs(out: &mut String, figures: &Figures, cores: usize) -> std::fmt::Result {
    writeln!(out)?;
    if let Some(used) = figures.cores {
        let Cores { server, generator, machine } = used;
        writeln!(
            out,
            "processor  server {server:.2}, generator {generator:.2}, whole machine {machine:.2} of {cores} cores"
        )?;
    }
    for Commits { group, per_second, commands, milliseconds } in &figures.commits {
        writeln!(out, "commits    {group}: {per_second:.0}/s of {commands:.1} commands, {milliseconds:.2} ms each")?;
    }
    Ok(())
}
