//! Ingest: callbacks about messages that exist, stored before they are answered and applied meanwhile.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use domain::attempt::AttemptStatus;
use domain::clock::Clock;
use serde_json::Value;

use super::accept;
use super::callbacks::{self, Told};
use super::graph::{Graph, Taken};
use super::load::Loaded;
use super::options::BenchOptions;
use super::report::{Backlog, Verified};
use super::server::{ALL_MESSAGES, Place, Server};
use crate::clock::SystemClock;

/// How often the counters are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long nothing may move before we give up waiting.
const STANDSTILL_MAX: Duration = Duration::from_secs(60);

/// A server that takes callbacks, and the messages they are about.
#[derive(Debug)]
pub(crate) struct Ingest {
    pub(crate) server: Server,
    graph: Graph,
    token: String,
    sender: i64,
    recipients: u32,
    messages: Vec<Taken>,
    inbound: u64,
    /// What is told now, and the place of its first message.
    telling: (usize, Vec<Told>),
    /// How far every message must be by what was answered with 200.
    told: HashMap<i64, AttemptStatus>,
    inbound_told: HashSet<u64>,
    /// Whether something was not answered, so that nobody knows whether it was stored.
    has_doubts: bool,
}

impl Ingest {
    /// Starts it, with a Graph API that takes everything.
    pub(crate) async fn start(options: &BenchOptions, place: impl Fn(&str) -> Place) -> anyhow::Result<Self> {
        let graph = Graph::start().await?;
        let place = place(&graph.url());
        let token = place.setup(false).await?;
        let server = place.start("serve").await?;
        server.insist_on_empty(&token).await?;
        let sender = server.sender(&token).await?;
        Ok(Self {
            server,
            graph,
            token,
            sender,
            recipients: options.recipients,
            messages: Vec::new(),
            inbound: 0,
            telling: (0, Vec::new()),
            told: HashMap::new(),
            inbound_told: HashSet::new(),
            has_doubts: false,
        })
    }

    /// So many callbacks, after the messages they speak of were accepted and submitted.
    pub(crate) async fn requests(&mut self, total: u64, rate: u32) -> anyhow::Result<Vec<Vec<u8>>> {
        let first = self.messages.len();
        self.submit(callbacks::messages_needed(total)).await?;
        let messages = self.messages.get(first..).unwrap_or_default();
        let row = usize::try_from(rate / 2).unwrap_or(0).max(100);
        let told = callbacks::plan(total, messages.len(), row, self.inbound);
        let seconds = SystemClock.now().as_seconds();
        let requests = told.iter().map(|told| callbacks::request(*told, messages, self.recipients, seconds)).collect();
        self.inbound += told.iter().filter(|told| matches!(told, Told::Inbound(_))).count() as u64;
        self.telling = (first, told);
        Ok(requests)
    }

    /// Messages through the front door: accepted, dispatched to our Graph API, and the outcome stored.
    async fn submit(&mut self, count: u64) -> anyhow::Result<()> {
        let first = self.messages.len() as u64;
        let requests = accept::requests(&self.token, self.sender, self.recipients, first..first + count, false);
        accept::accept_all(&self.server, requests).await?;
        let (mut seen, mut moved) = (0, Instant::now());
        while (self.graph.count() as u64) < count {
            tokio::time::sleep(LOOK_EVERY).await;
            if self.graph.count() != seen {
                (seen, moved) = (self.graph.count(), Instant::now());
            }
            ensure!(moved.elapsed() < STANDSTILL_MAX, "only {seen} of {count} messages were dispatched");
        }
        for status in ["queued", "calling"] {
            let path = format!("/v1/messages?direction=outbound&status={status}&limit=1");
            while !self.server.messages(&self.token, &path).await?.0.is_empty() {
                ensure!(moved.elapsed() < STANDSTILL_MAX, "messages stay {status}");
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        self.messages.extend(self.graph.take());
        Ok(())
    }

    /// Waits until everything stored is applied; answers how long that took from the end of the load.
    pub(crate) async fn settle(&mut self, loaded: &Loaded) -> anyhow::Result<Backlog> {
        let probe = self.server.probe();
        let (mut first, mut seen, mut moved) = (None, 0.0, Instant::now());
        let seconds = loop {
            let metrics = probe.metrics().await?;
            let stored = metrics.sum("waypost_callbacks_stored_total", "");
            let applied = metrics.sum("waypost_callbacks_applied_total", "");
            let bodies = first.get_or_insert(stored - applied);
            if applied >= stored {
                break if *bodies > 0.0 { loaded.ended.elapsed().as_secs_f64() } else { 0.0 };
            }
            if applied > seen {
                (seen, moved) = (applied, Instant::now());
            }
            ensure!(moved.elapsed() < STANDSTILL_MAX, "the server stopped applying at {applied} of {stored} callbacks");
            tokio::time::sleep(LOOK_EVERY).await;
        };
        self.note_told(loaded);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a counter")]
        Ok(Backlog { seconds, bodies: first.unwrap_or(0.0).max(0.0) as u64 })
    }

    fn note_told(&mut self, loaded: &Loaded) {
        let failed: HashSet<u64> = loaded.failed.iter().copied().collect();
        self.has_doubts |= !failed.is_empty();
        let (first, told) = std::mem::take(&mut self.telling);
        let answered = (0..).zip(told).filter(|(place, _)| !failed.contains(place));
        for (_, told) in answered {
            match told {
                Told::Inbound(number) => {
                    self.inbound_told.insert(number);
                }
                Told::Status(message, status) => {
                    let Some(taken) = self.messages.get(first + message) else { continue };
                    let known = self.told.entry(taken.reference.message.0).or_insert(status);
                    *known = status.max(*known);
                }
            }
        }
    }

    /// Every message is where the callbacks left it, and every message that was written is there.
    pub(crate) async fn verify(&self) -> anyhow::Result<Vec<Verified>> {
        let metrics = self.server.probe().metrics().await?;
        let applied = metrics.sum("waypost_callbacks_applied_total", "state=\"applied\"");
        let looked_at = metrics.sum("waypost_callbacks_applied_total", "");
        ensure!(looked_at <= applied, "{} callbacks were not applied", looked_at - applied);
        let (mut right, mut inbound, mut wrong) = (0, 0, None);
        let mut path = Some(ALL_MESSAGES.to_owned());
        while let Some(this) = path {
            let (rows, next) = self.server.messages(&self.token, &this).await?;
            for row in rows {
                if row["direction"] == "inbound" {
                    inbound += 1;
                    continue;
                }
                let id = row["id"].as_i64().context("a message without an id")?;
                let must = self.told.get(&id).copied().unwrap_or(AttemptStatus::Submitted);
                let is = row["status"].as_str().and_then(attempt_status);
                if is == Some(must) || (self.has_doubts && is > Some(must)) {
                    right += 1;
                } else {
                    wrong = Some(format!("message {id} is {} and must be {must:?}", row["status"]));
                }
            }
            path = next;
        }
        let of = self.messages.len() as u64;
        if right < of {
            bail!("{right} of {of} messages are where their callbacks left them: {}", wrong.unwrap_or_default());
        }
        let told = self.inbound_told.len() as u64;
        ensure!(
            inbound == told || (self.has_doubts && inbound > told),
            "{inbound} of {told} inbound messages are there"
        );
        let read = self.told.values().filter(|status| **status == AttemptStatus::Read).count() as u64;
        Ok(vec![
            Verified { what: "messages are where their callbacks left them", right, of },
            Verified { what: "of them were told to be read, and are", right: read, of: read },
            Verified { what: "messages that people wrote are there", right: inbound, of: told },
        ])
    }
}

fn attempt_status(word: &str) -> Option<AttemptStatus> {
    serde_json::from_value(Value::from(word)).ok()
}
