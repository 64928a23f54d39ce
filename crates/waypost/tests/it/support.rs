//! A whole server under test: `app::start` with the simulator as Meta and a clock that stands until it is moved.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::MockClock;
use domain::scope::AccountScope;
use domain::time::Timestamp;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use simulator::{BusinessNumber, Customer, Simulator, SimulatorSettings, StatusPlan};
use testkit::engine::{Engine, TestDatabase};
use waypost::app::{self, App, AppSettings};
use waypost::config::Config;
use waypost::random::SystemRandom;
use waypost::setup::{self, FirstThings, Made};

pub const CUSTOMER: &str = "+919876543210";
pub const OTHER_CUSTOMER: &str = "+919999900000";
pub const PHONE_NUMBER_ID: &str = "106540352242922";
pub const SENDER_PHONE: &str = "+15550783881";
pub const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const VERIFY_TOKEN: &str = "agreed-with-meta";
const ACCESS_TOKEN: &str = "EAAtest";
/// How long a condition may take to come true before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server with what it talks to. End a test with [`TestApp::stop`], which fails it if work is left.
pub struct TestApp {
    pub app: App,
    pub simulator: Simulator,
    pub clock: Arc<MockClock>,
    pub made: Made,
    pub http: Client,
    pub sender_id: i64,
    database: TestDatabase,
}

impl TestApp {
    pub async fn start(database: TestDatabase) -> Self {
        Self::start_with(database, &[]).await
    }

    /// With more environment variables.
    pub async fn start_with(database: TestDatabase, extra: &[(&str, &str)]) -> Self {
        let clock = MockClock::at(Timestamp::parse("2026-11-20T10:00:00Z").unwrap());
        let simulator = Simulator::start(simulator_settings(clock.clone())).await.unwrap();
        let config = Config::load(None, environment(&database, &simulator.url(), extra)).unwrap();
        // Shown for a test that fails; a second test of the same process finds it set.
        let _ = waypost::telemetry::init(&config.log);
        let random = Arc::new(SystemRandom);
        let store = app::open_store(&config, &(clock.clone() as _), &(random.clone() as _)).await.unwrap();
        let first = FirstThings {
            account: "Carmel View Hotel",
            email: "noa@carmelview.example",
            name: "Noa Levi",
            region: "IN",
            time_zone: "Asia/Kolkata",
            live: true,
        };
        let made = setup::make(&store, clock.as_ref(), random.as_ref(), &first).await.unwrap();
        let settings = AppSettings { config: Arc::new(config), clock: clock.clone(), random, demo_login: None };
        let app = App::start(settings, store).await.unwrap();
        simulator.set_callback_url(format!("http://{}/api/whatsapp/webhook", app.address()));
        let scope = AccountScope::system(made.account);
        let senders = messaging::messages::senders(app.core(), &scope).await.unwrap();
        let sender_id = senders[0].id.0;
        Self { app, simulator, clock, made, http: testkit::http::client(), sender_id, database }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.app.address())
    }

    pub async fn get(&self, path: &str) -> Response {
        self.http.get(self.url(path)).bearer_auth(&self.made.access_token).send().await.unwrap()
    }

    pub async fn post(&self, body: &Value) -> Response {
        self.post_keyed(body, None).await
    }

    pub async fn post_keyed(&self, body: &Value, key: Option<&str>) -> Response {
        let mut request = self.http.post(self.url("/v1/messages")).bearer_auth(&self.made.access_token).json(body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        request.send().await.unwrap()
    }

    pub fn text(&self, to: &str, body: &str) -> Value {
        json!({"sender_id": self.sender_id, "to": to, "type": "text", "text": {"body": body}})
    }

    /// Sends a text and answers its id.
    pub async fn send_text(&self, to: &str, body: &str) -> i64 {
        let response = self.post(&self.text(to, body)).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        response.json::<Value>().await.unwrap()["id"].as_i64().unwrap()
    }

    pub async fn message(&self, id: i64) -> Value {
        let response = self.get(&format!("/v1/messages/{id}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    pub async fn list(&self, query: &str) -> Vec<Value> {
        let response = self.get(&format!("/v1/messages{query}")).await;
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        response.json::<Value>().await.unwrap()["data"].as_array().unwrap().clone()
    }

    /// Waits until a message stands so.
    pub async fn wait_for_status(&self, id: i64, status: &str) -> Value {
        self.wait(&format!("message {id} to be {status}"), async || {
            let message = self.message(id).await;
            (message["status"] == status).then_some(message)
        })
        .await
    }

    /// Looks again and again until `probe` finds something.
    pub async fn wait<T>(&self, what: &str, probe: impl AsyncFn() -> Option<T>) -> T {
        let started = std::time::Instant::now();
        loop {
            if let Some(found) = probe().await {
                return found;
            }
            assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stored callbacks that were not simply applied, newest first: state and note.
    pub async fn odd_callbacks(&self) -> Vec<(String, String)> {
        let odd = self.app.core().store.inlet().odd(100).await.unwrap();
        odd.into_iter().map(|stored| (stored.state.as_str().to_owned(), stored.note.unwrap_or_default())).collect()
    }

    pub async fn metric(&self, line: &str) -> f64 {
        let text = self.http.get(self.url("/metrics")).send().await.unwrap().text().await.unwrap();
        let found = text.lines().find_map(|l| l.strip_prefix(line)).map(str::trim);
        found.map_or(0.0, |value| value.parse().unwrap())
    }

    /// How many messages wait, are being called, and are unknown; and whether every callback was looked at.
    pub async fn work_left(&self) -> ([i64; 3], bool) {
        let store = &self.app.core().store;
        let is_read = store.inlet().pending(1).await.unwrap().is_empty();
        let mut reading = store.read().await.unwrap();
        (store::outbox::counts(&mut reading.conn()).await.unwrap(), is_read)
    }

    /// Stops everything; nothing may wait, be called or be unknown, and no callback may be unread.
    pub async fn stop(self) {
        assert_eq!(self.work_left().await.0, [0, 0, 0], "waiting, calling, unknown at the end of the test");
        self.wait("the inlet to be read", async || {
            self.app.core().store.inlet().pending(1).await.unwrap().is_empty().then_some(())
        })
        .await;
        self.stop_with_work_left().await;
    }

    pub async fn stop_with_work_left(self) {
        let Self { app, simulator, database, .. } = self;
        app.stop().await;
        simulator.stop().await;
        drop(database);
    }
}

pub fn simulator_settings(clock: Arc<MockClock>) -> SimulatorSettings {
    let customer =
        |phone: &str, name: &str| Customer { phone: phone.to_owned(), name: name.to_owned(), ..Customer::default() };
    SimulatorSettings {
        listen: ([127, 0, 0, 1], 0).into(),
        app_id: "670843887433847".to_owned(),
        app_secret: APP_SECRET.to_owned(),
        verify_token: VERIFY_TOKEN.to_owned(),
        access_token: ACCESS_TOKEN.to_owned(),
        waba_id: "102290129340398".to_owned(),
        numbers: vec![BusinessNumber {
            phone_number_id: PHONE_NUMBER_ID.to_owned(),
            display_phone_number: SENDER_PHONE.trim_start_matches('+').to_owned(),
            verified_name: "Carmel View Hotel".to_owned(),
        }],
        customers: vec![customer(CUSTOMER, "Asha Verma"), customer(OTHER_CUSTOMER, "Hari Menon")],
        callback_url: None,
        clock,
        statuses: StatusPlan {
            sent: Duration::from_millis(5),
            delivered: Duration::from_millis(5),
            auto_read: Some(Duration::from_millis(5)),
            ..StatusPlan::default()
        },
        seed: 7,
    }
}

fn environment(database: &TestDatabase, simulator_url: &str, extra: &[(&str, &str)]) -> HashMap<String, String> {
    let mut pairs: HashMap<String, String> = [
        ("WAYPOST_SERVER_LISTEN", "127.0.0.1:0".to_owned()),
        ("WAYPOST_DATABASE_DATA_DIR", database.data_dir().display().to_string()),
        ("WAYPOST_DISPATCH_POLL_INTERVAL_MS", "50".to_owned()),
        // A pace needs time to pass, and the clock stands.
        ("WAYPOST_DISPATCH_MESSAGES_PER_SECOND", "unlimited".to_owned()),
        ("WAYPOST_LOG_FILTER", "warn".to_owned()),
        ("WAYPOST_META_GRAPH_BASE_URL", simulator_url.to_owned()),
        ("WAYPOST_META_DISPLAY_PHONE_NUMBER", SENDER_PHONE.to_owned()),
        ("WHATSAPP_ACCESS_TOKEN", ACCESS_TOKEN.to_owned()),
        ("WHATSAPP_APP_SECRET", APP_SECRET.to_owned()),
        ("WHATSAPP_WEBHOOK_VERIFY_TOKEN", VERIFY_TOKEN.to_owned()),
        ("WHATSAPP_PHONE_NUMBER_ID", PHONE_NUMBER_ID.to_owned()),
        ("WHATSAPP_BUSINESS_ACCOUNT_ID", "102290129340398".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if database.engine() == Engine::Postgres {
        pairs.insert("WAYPOST_DATABASE_URL".to_owned(), database.url().to_owned());
    }
    pairs.extend(extra.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    pairs
}
