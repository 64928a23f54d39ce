//! The open loop: requests fall due by the clock, whether or not earlier ones were answered, and a latency counts from
//! the moment its request was due.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::client::Client;
use super::histogram::Histogram;
use super::probe::{Probe, Sample};

/// How long after the counted time what fell due in it is still sent.
const SEND_GRACE: Duration = Duration::from_secs(1);
/// How long after the counted time an answer is waited for.
const ANSWER_GRACE: Duration = Duration::from_secs(10);

/// What is sent, and how fast.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Whole requests; when they run out, they begin again.
    pub requests: Arc<Vec<Vec<u8>>>,
    /// Whereto.
    pub address: SocketAddr,
    /// Over how many connections.
    pub connections: usize,
    /// How many in all.
    pub total: u64,
    /// Between one's due time and the next one's; zero: all are due at once, and as many as there are connections run.
    pub interval: Duration,
    /// What falls due in this time is sent and not counted.
    pub warmup: Duration,
    /// What falls due in the time after it is counted. What was not sent a second after its end is not sent any more.
    pub measured: Duration,
    /// Who looks at the server when the counted time begins and ends.
    pub probe: Option<Probe>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    /// Requests that were due in the counted time.
    pub due: u64,
    /// Of those: answered with success.
    pub succeeded: u64,
    /// Of those: answered otherwise, by status; 0 stands for no answer.
    pub errors: BTreeMap<u16, u64>,
    /// Of those: never sent, because every connection was still busy with earlier ones.
    pub unsent: u64,
    /// Successes per second whose answers came within the counted time.
    pub achieved: f64,
    /// Of the successes; what was never sent counts with the time it waited in vain.
    pub latency: Histogram,
    /// Every request, the warm-up's among them, that was not answered with success: its place in the order.
    pub failed: Vec<u64>,
    /// When the last answer came.
    pub ended: std::time::Instant,
    /// When the counted time began and ended.
    pub samples: Option<(Sample, Sample)>,
}

impl Load {
    /// Requests per second over a time.
    pub(crate) fn at_rate(
        requests: Vec<Vec<u8>>,
        (rate, warmup, measured): (u32, Duration, Duration),
        (address, connections): (SocketAddr, usize),
        probe: Probe,
    ) -> Self {
        Self {
            requests: Arc::new(requests),
            address,
            connections,
            total: total(rate, warmup + measured),
            interval: Duration::from_secs(1) / rate.max(1),
            warmup,
            measured,
            probe: Some(probe),
        }
    }

    /// Every request once, as fast as the connections allow.
    pub(crate) fn all_at_once(requests: Vec<Vec<u8>>, (address, connections): (SocketAddr, usize)) -> Self {
        Self {
            total: requests.len() as u64,
            requests: Arc::new(requests),
            address,
            connections,
            interval: Duration::ZERO,
            warmup: Duration::ZERO,
            measured: Duration::from_secs(3600),
            probe: None,
        }
    }

    /// Runs it, on a thread of its own: one thread is enough, and costs the server least.
    pub(crate) async fn run(self) -> anyhow::Result<Loaded> {
        let thread = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(self.drive())
        });
        thread.await.context("the load generator ended abnormally")?
    }

    async fn drive(self) -> anyhow::Result<Loaded> {
        // Connections are made before the clock starts.
        let mut clients = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            clients.push(Client::connect(self.address).await.context("cannot connect to the server")?);
        }
        let run = Run { started: Instant::now() + Duration::from_millis(20), next: AtomicU64::new(0), load: self };
        let run = Arc::new(run);
        let mut connections = JoinSet::new();
        for client in clients {
            connections.spawn(run.clone().connection(client));
        }
        let samples = match run.load.probe {
            Some(probe) => Some(run.watch(probe).await?),
            None => None,
        };
        let mut all = Tally::new();
        while let Some(tally) = connections.join_next().await {
            all.merge(tally.context("a connection ended abnormally")?);
        }
        Ok(run.loaded(all, samples))
    }
}

/// How many fall due.
pub(crate) fn total(rate: u32, over: Duration) -> u64 {
    u64::try_from(u128::from(rate) * over.as_millis() / 1000).unwrap_or(u64::MAX)
}

#[derive(Debug)]
struct Run {
    started: Instant,
    next: AtomicU64,
    load: Load,
}

/// What one connection saw.
#[derive(Debug)]
struct Tally {
    due: u64,
    succeeded: u64,
    in_time: u64,
    errors: BTreeMap<u16, u64>,
    unsent: u64,
    latency: Histogram,
    failed: Vec<u64>,
}

impl Tally {
    fn new() -> Self {
        Self {
            due: 0,
            succeeded: 0,
            in_time: 0,
            errors: BTreeMap::new(),
            unsent: 0,
            latency: Histogram::new(),
            failed: Vec::new(),
        }
    }

    fn merge(&mut self, other: Self) {
        self.due += other.due;
        self.succeeded += other.succeeded;
        self.in_time += other.in_time;
        for (status, count) in other.errors {
            *self.errors.entry(status).or_default() += count;
        }
        self.unsent += other.unsent;
        self.latency.merge(&other.latency);
        self.failed.extend(other.failed);
    }
}

impl Run {
    fn counted_from(&self) -> Instant {
        self.started + self.load.warmup
    }

    fn ends(&self) -> Instant {
        self.counted_from() + self.load.measured
    }

    fn due(&self, place: u64) -> Instant {
        let nanos = self.load.interval.as_nanos() * u128::from(place);
        self.started + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    async fn connection(self: Arc<Self>, client: Client) -> Tally {
        let (mut tally, mut client) = (Tally::new(), Some(client));
        let (counted_from, ends) = (self.counted_from(), self.ends());
        let requests = self.load.requests.clone();
        loop {
            let place = self.next.fetch_add(1, Ordering::Relaxed);
            if place >= self.load.total || requests.is_empty() {
                return tally;
            }
            let due = self.due(place);
            let counts = due >= counted_from;
            tally.due += u64::from(counts);
            if Instant::now() >= ends + SEND_GRACE {
                tally.failed.push(place);
                if counts {
                    tally.unsent += 1;
                    tally.latency.record((ends + SEND_GRACE).saturating_duration_since(due));
                }
                continue;
            }
            if due > Instant::now() {
                sleep_until(due).await;
            }
            let request = &requests[usize::try_from(place).unwrap_or(0) % requests.len()];
            let status = self.send(&mut client, request, ends + ANSWER_GRACE).await;
            let answered = Instant::now();
            if (200..300).contains(&status) {
                // By the time of the answer: what was due before the counted time may be answered within it.
                tally.in_time += u64::from((counted_from..ends).contains(&answered));
                if counts {
                    tally.succeeded += 1;
                    tally.latency.record(answered - due);
                }
            } else {
                tally.failed.push(place);
                if counts {
                    *tally.errors.entry(status).or_default() += 1;
                }
            }
        }
    }

    /// Answers the status, 0 without one. A broken connection is made anew.
    async fn send(&self, client: &mut Option<Client>, request: &[u8], until: Instant) -> u16 {
        let exchange = async {
            let connected = match client {
                Some(connected) => connected,
                None => client.insert(Client::connect(self.load.address).await?),
            };
            connected.exchange(request).await.map(|(status, _)| status)
        };
        match timeout_at(until, exchange).await {
            Ok(Ok(status)) => status,
            Ok(Err(_)) | Err(_) => {
                *client = None;
                0
            }
        }
    }

    async fn watch(&self, probe: Probe) -> anyhow::Result<(Sample, Sample)> {
        sleep_until(self.counted_from()).await;
        let first = probe.sample().await?;
        sleep_until(self.ends()).await;
        Ok((first, probe.sample().await?))
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn loaded(&self, tally: Tally, samples: Option<(Sample, Sample)>) -> Loaded {
        Loaded {
            due: tally.due,
            succeeded: tally.succeeded,
            errors: tally.errors,
            unsent: tally.unsent,
            achieved: tally.in_time as f64 / self.load.measured.as_secs_f64().max(f64::EPSILON),
            latency: tally.latency,
            failed: tally.failed,
            ended: std::time::Instant::now(),
            samples,
        }
    }
}
