//! The load: clients that send, customers that write, and somebody who watches statuses; each writes its own book.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use simulator::{Control, Inbound};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::api::{Api, Posted};
use super::books::{Accepted, Taken, Watch};
use super::pulse::Pulses;

const SENDERS: u64 = 8;
const CUSTOMERS: u64 = 3;
/// A server that is killed is back long before.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);
const AGAIN_AFTER: Duration = Duration::from_millis(25);

/// What every part of the load needs.
#[derive(Clone)]
pub(super) struct Load {
    api: Api,
    sender: i64,
    control: Control,
    pulses: Arc<Pulses>,
    seed: u64,
    stop: CancellationToken,
    next: Arc<AtomicU32>,
}

/// What the load wrote down.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub accepted: Vec<Accepted>,
    pub taken: Vec<Taken>,
    /// Of the one part that watches.
    pub watch: Option<Watch>,
}

/// The load while it runs.
pub(super) struct Running {
    stop: CancellationToken,
    parts: JoinSet<Result<Written>>,
}

impl Running {
    /// Stops once everything that was begun is accepted, and gathers the books.
    pub(super) async fn stop(mut self) -> Result<Written> {
        self.stop.cancel();
        let mut all = Written::default();
        while let Some(part) = self.parts.join_next().await {
            let part = part.context("a part of the load panicked")??;
            all.accepted.extend(part.accepted);
            all.taken.extend(part.taken);
            all.watch = all.watch.or(part.watch);
        }
        Ok(all)
    }

    /// The error of a part that ended before it was told to.
    pub(super) async fn check(&mut self) -> Result<()> {
        match self.parts.try_join_next() {
            Some(ended) => ended?.map(|_| bail!("a part of the load ended by itself"))?,
            None => Ok(()),
        }
    }
}

impl Load {
    pub(super) fn new(api: Api, sender: i64, control: Control, pulses: Arc<Pulses>, seed: u64) -> Self {
        let (stop, next) = (CancellationToken::new(), Arc::new(AtomicU32::new(1)));
        Self { api, sender, control, pulses, seed, stop, next }
    }

    pub(super) fn start(self) -> Running {
        let (stop, mut parts) = (self.stop.clone(), JoinSet::new());
        for worker in 0..SENDERS {
            parts.spawn(send(self.clone(), self.random(worker)));
        }
        for worker in 0..CUSTOMERS {
            parts.spawn(write(self.clone(), self.random(100 + worker)));
        }
        parts.spawn(watch(self));
        Running { stop, parts }
    }

    fn random(&self, worker: u64) -> StdRng {
        StdRng::seed_from_u64(self.seed.wrapping_mul(1_000_003).wrapping_add(worker))
    }

    fn number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// A client: every text is new, and tried under its key until it is accepted.
async fn send(load: Load, mut random: StdRng) -> Result<Written> {
    let mut written = Written::default();
    while !load.stop.is_cancelled() {
        let number = load.number();
        let to = format!("+9190{number:08}");
        let body = format!("crash {} message {number}: your table is ready · השולחן מוכן", load.seed);
        let key = format!("crash-{}-{number}", load.seed);
        let mut ids = BTreeSet::from([accepted(&load, &key, (&to, &body)).await?]);
        // Now and then a client asks again although it has its answer, as one does that was itself restarted.
        if random.random_ratio(1, 12) {
            ids.insert(accepted(&load, &key, (&to, &body)).await?);
        }
        written.accepted.push(Accepted { to, body, ids });
        tokio::time::sleep(Duration::from_millis(random.random_range(5..70))).await;
    }
    Ok(written)
}

async fn accepted(load: &Load, key: &str, what: (&str, &str)) -> Result<i64> {
    let started = Instant::now();
    let mut was_tried = false;
    while started.elapsed() < GIVE_UP_AFTER {
        match load.api.post(load.sender, key, what).await? {
            Posted::Accepted { id, repeated } => {
                load.pulses.accepted.beat();
                if repeated && was_tried {
                    load.pulses.repeated.beat();
                }
                if let Some(id) = id {
                    return Ok(id);
                }
            }
            Posted::Nothing => load.pulses.broken.beat(),
        }
        was_tried = true;
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    bail!("{key} was not accepted within {} s", GIVE_UP_AFTER.as_secs())
}

/// A customer: every message is new, and told until it is answered 200; now and then once more.
async fn write(load: Load, mut random: StdRng) -> Result<Written> {
    let mut written = Written::default();
    while !load.stop.is_cancelled() {
        let number = load.number();
        // Few people, so that a person's conversation is opened once and written into by many bodies.
        let from = format!("+97255501{:04}", number % 40);
        let external_id = format!("wamid.crash.{}.{number}", load.seed);
        let body = format!("crash {} inbound {number}: thank you · תודה", load.seed);
        let repetitions = if random.random_ratio(1, 10) { 2 } else { 1 };
        for _ in 0..repetitions {
            tell(&load, &from, &external_id, &body).await?;
        }
        written.taken.push(Taken { external_id, from, body });
        tokio::time::sleep(Duration::from_millis(random.random_range(5..70))).await;
    }
    Ok(written)
}

async fn tell(load: &Load, from: &str, external_id: &str, body: &str) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < GIVE_UP_AFTER {
        let mut inbound = Inbound::text(from, body);
        inbound.message_id = Some(external_id.to_owned());
        // The customer's own loop tries again, so that it knows of every answer.
        inbound.retry = false;
        load.pulses.posting.beat();
        match load.control.inbound(inbound).await?.http_status {
            Some(200) => {
                load.pulses.taken.beat();
                return Ok(());
            }
            None | Some(503) => load.pulses.broken.beat(),
            Some(other) => bail!("the callback of {external_id} was answered {other}"),
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    bail!("{external_id} was not answered 200 within {} s", GIVE_UP_AFTER.as_secs())
}

/// Looks at the newest messages again and again.
async fn watch(load: Load) -> Result<Written> {
    let mut watch = Watch::default();
    while !load.stop.is_cancelled() {
        // While the server is away there is nothing to see.
        for shown in load.api.list("outbound", 2).await.unwrap_or_default() {
            watch.see(shown.id, &shown.status);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(Written { watch: Some(watch), ..Written::default() })
}
