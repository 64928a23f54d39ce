//! The server is killed again and again, under load, and nothing that it promised is missing afterwards.
//!
//! The test's process holds the provider (the simulator), the clients, the customers and the books; the server is the
//! real program in a process of its own and gets SIGKILL at moments drawn from a seed. `WAYPOST_TEST_KILLS` and
//! `WAYPOST_TEST_SEED` change how often and when; a failure prints the seed.

mod api;
mod books;
mod load;
mod pulse;
mod relay;
mod server;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use simulator::{BusinessNumber, Fault, FaultRule, Simulator, SimulatorSettings, StatusPlan};
use testkit::engine::{Engine, TestDatabase};
use waypost::app::open_store;
use waypost::clock::SystemClock;
use waypost::commands::serve::real_world;
use waypost::config::Config;

use api::Api;
use books::{Books, Fault as Wrong, Finding, Received, Watch};
use load::{Load, Running, Written};
use pulse::Pulses;
use relay::Relay;
use server::{Server, free_address};

const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
const ACCESS_TOKEN: &str = "EAAcrash";
const VERIFY_TOKEN: &str = "crash-verify";
const PHONE_NUMBER_ID: &str = "106540352242922";
const BUSINESS_ACCOUNT_ID: &str = "102290129340398";
/// As many calls can be open at a kill.
const CALLS_IN_FLIGHT_MAX: usize = 32;
const QUIET_WITHIN: Duration = Duration::from_secs(80);
/// Twice the time after which stored callbacks and retries are looked for without a hint.
const APPLIED_WITHIN: Duration = Duration::from_secs(2);

testkit::on_both_engines! {
    /// Nothing accepted is missing, no callback answered 200 is missing, nothing is doubled, no status falls.
    async fn nothing_promised_is_lost_in_twenty_kills(db: TestDatabase) -> Result<()> {
        let seed = number_of("WAYPOST_TEST_SEED")?.unwrap_or_else(|| RandomState::new().build_hasher().finish() >> 32);
        let kills = usize::try_from(number_of("WAYPOST_TEST_KILLS")?.unwrap_or(20))?;
        killed(&db, seed, kills).await.with_context(|| format!("WAYPOST_TEST_SEED={seed} on {}", db.engine()))
    }
}

fn number_of(variable: &str) -> Result<Option<u64>> {
    let text = std::env::var(variable).ok();
    text.map(|text| text.parse().with_context(|| format!("{variable} is not a number"))).transpose()
}

/// When the server is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// At any time.
    Anytime,
    /// While it starts.
    Starting,
    /// As soon as it accepted a message.
    Accepted,
    /// While a call waits for the provider.
    Called,
    /// While the provider has a message, tells its statuses, and its answer is on the way.
    Held,
    /// While a callback is being posted.
    Posting,
    /// As soon as it answered a callback with 200.
    Taken,
}

const MOMENTS: [Moment; 7] =
    [Moment::Anytime, Moment::Starting, Moment::Accepted, Moment::Called, Moment::Held, Moment::Posting, Moment::Taken];

/// Everything but the load.
struct World {
    simulator: Simulator,
    relay: Relay,
    server: Server,
    http: reqwest::Client,
    pulses: Arc<Pulses>,
    random: StdRng,
    /// Calls that were open at kills.
    cut_off: usize,
}

async fn killed(db: &TestDatabase, seed: u64, kills: usize) -> Result<()> {
    let started = Instant::now();
    let mut world = World::make(db, seed).await?;
    let token = world.server.set_up().await?;
    world.server.start()?;
    world.server.ready(&world.http).await?;
    let api = Api { http: world.http.clone(), url: world.server.url(), token };
    let control = world.simulator.control().clone();
    control.verify_callback(&format!("{}/api/whatsapp/webhook", world.server.url())).await?;
    let load = Load::new(api.clone(), api.sender().await?, control, world.pulses.clone(), seed);
    let mut running = load.start();
    let mut moments: Vec<Moment> = MOMENTS.into_iter().cycle().take(kills).collect();
    moments.shuffle(&mut world.random);
    for moment in moments {
        world.kill_at(moment, &mut running).await.with_context(|| format!("a kill at {moment:?}"))?;
    }
    world.server.ready(&world.http).await?;
    let Written { accepted, taken, watch } = running.stop().await?;
    let mut books = Books { accepted, taken, unknown_max: kills * CALLS_IN_FLIGHT_MAX, ..Books::default() };
    let quiet = world.quiet(&api).await;
    world.gather(&api, watch.context("nobody watched")?, &mut books).await?;
    world.server.kill()?;
    (books.outbox, books.inlet) = left_behind(&world.server).await?;
    let findings = books.compare();
    println!("{}", world.summary(&books, &findings, (kills, seed), started.elapsed()));
    quiet?;
    if !findings.is_empty() {
        let lines: Vec<String> = findings.iter().take(40).map(|finding| format!("  {finding}")).collect();
        bail!("{} findings:\n{}", findings.len(), lines.join("\n"));
    }
    world.server.is_fine = true;
    Ok(())
}

impl World {
    async fn make(db: &TestDatabase, seed: u64) -> Result<Self> {
        let random = StdRng::seed_from_u64(seed);
        let pulses = Arc::new(Pulses::default());
        let simulator = Simulator::start(simulator_settings(seed)).await?;
        simulator.control().set_faults(vec![
            // Refused for a second: the message goes back to the outbox, and a kill may come in between.
            FaultRule { every: Some(25), ..FaultRule::always(Fault::Error { code: 131_056, http_status: None }) },
            // Late acceptances: whether a kill comes before or after one, the answer is the same silence.
            FaultRule { probability: Some(0.2), ..FaultRule::always(Fault::Slow { ms: 120 }) },
        ]);
        let relay = Relay::to(simulator.url(), pulses.clone()).await?;
        // Not from the seed: another run of it may go on beside this one.
        let address = free_address(|| RandomState::new().build_hasher().finish() as u16)?;
        let server = Server::new(db.data_dir(), address, environment(db, &relay.url()));
        Ok(Self { simulator, relay, server, http: testkit::http::client(), pulses, random, cut_off: 0 })
    }

    /// Lets the server run for a while, kills it at the given moment, and starts it again.
    async fn kill_at(&mut self, moment: Moment, running: &mut Running) -> Result<()> {
        running.check().await?;
        let patience = Duration::from_secs(3);
        if matches!(moment, Moment::Starting) {
            self.pause(0..250).await;
        } else {
            self.server.ready(&self.http).await?;
            self.pause(100..1300).await;
        }
        let came = match moment {
            Moment::Anytime | Moment::Starting => true,
            Moment::Accepted => self.pulses.accepted.next(patience).await,
            Moment::Called => self.pulses.call.next(patience).await,
            Moment::Held => self.pulses.held.next(patience).await,
            Moment::Posting => self.pulses.posting.next(patience).await,
            Moment::Taken => self.pulses.taken.next(patience).await,
        };
        if !came {
            bail!("nothing of the kind happened within {} s", patience.as_secs());
        }
        match moment {
            // Long enough for the first statuses to be applied, shorter than the answer is held.
            Moment::Held => self.pause(0..120).await,
            Moment::Called => self.pause(0..15).await,
            Moment::Posting => tokio::time::sleep(Duration::from_micros(self.random.random_range(0..4_000))).await,
            _ => {}
        }
        self.cut_off += self.relay.open();
        self.server.kill()?;
        self.server.start()
    }

    async fn pause(&mut self, milliseconds: std::ops::Range<u64>) {
        tokio::time::sleep(Duration::from_millis(self.random.random_range(milliseconds))).await;
    }

    /// Waits until every callback was answered and applied, and nothing waits to be sent.
    async fn quiet(&self, api: &Api) -> Result<()> {
        let started = Instant::now();
        let mut quiet_since = None;
        while started.elapsed() < QUIET_WITHIN {
            let pending = self.simulator.control().state().pending;
            if pending == 0 && !api.any_at("queued").await? && !api.any_at("calling").await? {
                // What was stored last is applied by hint, or with the next poll.
                if quiet_since.get_or_insert_with(Instant::now).elapsed() > APPLIED_WITHIN {
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let pending = self.simulator.control().state().pending;
        bail!("not quiet after {} s: {pending} callbacks pending, or messages waiting", QUIET_WITHIN.as_secs())
    }

    /// Gathers what the API and the provider say.
    async fn gather(&self, api: &Api, mut watch: Watch, books: &mut Books) -> Result<()> {
        for id in books.accepted.iter().flat_map(|accepted| &accepted.ids) {
            if let Some(shown) = api.message(*id).await? {
                watch.see(*id, &shown.status);
                books.by_id.insert(*id, shown);
            }
        }
        books.outbound = api.list("outbound", usize::MAX).await?;
        books.inbound = api.list("inbound", usize::MAX).await?;
        let ledger = self.simulator.control().ledger(None).into_iter();
        books.received = ledger.map(|one| Received { to: one.to, body: one.body, count: one.count }).collect();
        (books.regressions, books.changes) = (watch.regressions, watch.changes);
        Ok(())
    }

    fn summary(&self, books: &Books, findings: &[Finding], (kills, seed): (usize, u64), took: Duration) -> String {
        let count = |faults: &[Wrong]| findings.iter().filter(|one| faults.contains(&one.fault)).count();
        let state = self.simulator.control().state();
        format!(
            "kills {kills}, accepted {} (of them {} by a try that got no answer), received {}, inbound {}, \
             changes of status seen {}, tries without an answer {}, calls open at kills {}, unknown {}, doubled {}, lost {}, findings {}, \
             callbacks of the simulator: {} answered 200, {} tried again, {} given up, seed {seed}, {:.1} s",
            books.accepted.len(),
            self.pulses.repeated.count(),
            books.received.len(),
            books.taken.len(),
            books.changes,
            self.pulses.broken.count(),
            self.cut_off,
            books.unknown(),
            count(&[Wrong::Doubled, Wrong::CallbackDoubled]),
            count(&[Wrong::Lost, Wrong::CallbackLost]),
            findings.len(),
            state.callbacks_ok,
            state.callbacks_refused,
            state.callbacks_given_up,
            took.as_secs_f64(),
        )
    }
}

/// Rows of the outbox by state, and stored callbacks that are not applied, in a database that nobody serves.
async fn left_behind(server: &Server) -> Result<([i64; 3], [usize; 2])> {
    let config = Config::load(None, server.environment())?;
    let (clock, random) = real_world();
    let store = open_store(&config, &clock, &random).await?;
    let outbox = store::outbox::counts(&mut store.read().await?.conn()).await?;
    let inlet = [store.inlet().pending(i64::MAX).await?.len(), store.inlet().odd(i64::MAX).await?.len()];
    store.close().await;
    Ok((outbox, inlet))
}

fn simulator_settings(seed: u64) -> SimulatorSettings {
    SimulatorSettings {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        app_id: "670843887433847".to_owned(),
        app_secret: APP_SECRET.to_owned(),
        verify_token: VERIFY_TOKEN.to_owned(),
        access_token: ACCESS_TOKEN.to_owned(),
        waba_id: BUSINESS_ACCOUNT_ID.to_owned(),
        numbers: vec![BusinessNumber {
            phone_number_id: PHONE_NUMBER_ID.to_owned(),
            display_phone_number: "15550783881".to_owned(),
            verified_name: "Carmel View Hotel".to_owned(),
        }],
        customers: Vec::new(),
        callback_url: None,
        clock: Arc::new(SystemClock),
        statuses: StatusPlan {
            sent: Duration::from_millis(15),
            delivered: Duration::from_millis(120),
            auto_read: Some(Duration::from_millis(120)),
            // Short, and for long enough: a callback may meet one kill after the other.
            retry_first: Duration::from_millis(100),
            retry_total: Duration::from_secs(300),
            ..StatusPlan::default()
        },
        seed,
    }
}

fn environment(db: &TestDatabase, graph_url: &str) -> Vec<(&'static str, String)> {
    let mut environment = vec![
        ("WAYPOST_META_GRAPH_BASE_URL", graph_url.to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", ACCESS_TOKEN.to_owned()),
        ("WHATSAPP_APP_SECRET", APP_SECRET.to_owned()),
        ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", PHONE_NUMBER_ID.to_owned()),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", BUSINESS_ACCOUNT_ID.to_owned()),
        // Without the driver's notices about tables that are there already.
        ("WAYPOST_LOG_FILTER", "info,sqlx=warn".to_owned()),
        ("WAYPOST_DISPATCH_MESSAGES_PER_SECOND", "unlimited".to_owned()),
        ("WAYPOST_DISPATCH_CALLS_IN_FLIGHT_MAX", CALLS_IN_FLIGHT_MAX.to_string()),
        // Connections of a killed server stay with PostgreSQL until it notices.
        ("WAYPOST_DATABASE_POOL_CONNECTIONS", "8".to_owned()),
    ];
    if db.engine() == Engine::Postgres {
        environment.push(("DATABASE_URL", db.url().to_owned()));
    }
    environment
}
