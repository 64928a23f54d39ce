//! The database is stopped under load, or its disk is full: requests are answered 503, and afterwards the ledger of
//! answered requests equals the store.

mod places;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::engine::{Engine, TestDatabase};

use crate::support::{APP_SECRET, PHONE_NUMBER_ID, TestApp};

/// What was answered, kept by the test.
#[derive(Default)]
struct Ledger {
    accepted: Mutex<BTreeSet<String>>,
    received: Mutex<BTreeSet<String>>,
    unavailable: AtomicUsize,
    stop: AtomicBool,
}

struct Load {
    http: Client,
    base: String,
    token: String,
    sender_id: i64,
    ledger: Arc<Ledger>,
}

impl Load {
    /// Sends unique messages, each until it is accepted.
    async fn send(&self, task: usize) {
        for number in 0.. {
            if self.ledger.stop.load(Ordering::SeqCst) {
                return;
            }
            let body = format!("send {task}-{number} {}", "x".repeat(400));
            let to = format!("+9198{task:02}{number:06}");
            let request = json!({"sender_id": self.sender_id, "to": to, "type": "text", "text": {"body": body},
                "send_at": "2026-11-21T10:00:00Z"});
            let send = || {
                self.http
                    .post(format!("{}/v1/messages", self.base))
                    .bearer_auth(&self.token)
                    .header("Idempotency-Key", format!("{task}-{number}"))
                    .json(&request)
            };
            if self.until(StatusCode::ACCEPTED, send).await {
                self.ledger.accepted.lock().unwrap().insert(body);
            }
        }
    }

    /// Delivers unique callbacks, each until it is answered with 200.
    async fn deliver(&self, task: usize) {
        for number in 0.. {
            if self.ledger.stop.load(Ordering::SeqCst) {
                return;
            }
            let id = format!("wamid.{task}-{number}");
            let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
                {"field": "messages", "value": {"messaging_product": "whatsapp",
                    "metadata": {"display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID},
                    "contacts": [{"profile": {"name": "Asha"}, "wa_id": "919876543210"}],
                    "messages": [{"from": "919876543210", "id": id, "timestamp": "1795168700", "type": "text",
                        "text": {"body": "x".repeat(400)}}]}}]}]})
            .to_string();
            let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
            mac.update(body.as_bytes());
            let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
            let send = || {
                let request = self.http.post(format!("{}/api/whatsapp/webhook", self.base));
                request.header("X-Hub-Signature-256", &signature).body(body.clone())
            };
            if self.until(StatusCode::OK, send).await {
                self.ledger.received.lock().unwrap().insert(id);
            }
        }
    }

    /// Tries until the request is answered as wished; `false` when the load ends before.
    async fn until(&self, wished: StatusCode, request: impl Fn() -> reqwest::RequestBuilder) -> bool {
        loop {
            let response = request().send().await.expect("the server answers whatever the database does");
            if response.status() == wished {
                return true;
            }
            assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{}", response.text().await.unwrap());
            assert_eq!(response.headers()["retry-after"], "1");
            self.ledger.unavailable.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Runs load through an outage and compares the ledger with the store.
async fn survive(app: TestApp, outage: impl AsyncFnOnce(&Ledger)) {
    let ledger = Arc::new(Ledger::default());
    let load = Arc::new(Load {
        http: app.http.clone(),
        base: app.url(""),
        token: app.made.access_token.clone(),
        sender_id: app.sender_id,
        ledger: ledger.clone(),
    });
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..4 {
        let (sending, delivering) = (load.clone(), load.clone());
        tasks.spawn(async move { sending.send(task).await });
        tasks.spawn(async move { delivering.deliver(task).await });
    }
    outage(&ledger).await;
    ledger.stop.store(true, Ordering::SeqCst);
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    assert!(ledger.unavailable.load(Ordering::SeqCst) > 0, "nothing was refused; the outage did not happen");
    app.wait("the inlet to be read", async || {
        app.app.core().store.inlet().pending(1).await.ok()?.is_empty().then_some(())
    })
    .await;
    let stored = all_messages(&app).await;
    let texts = stored.iter().filter(|m| m["direction"] == "outbound");
    let texts: Vec<String> = texts.map(|m| m["message"]["text"]["body"].as_str().unwrap().to_owned()).collect();
    let ids = stored.iter().filter(|m| m["direction"] == "inbound");
    let ids: Vec<String> = ids.map(|m| m["external_id"].as_str().unwrap().to_owned()).collect();
    let (accepted, received) = (ledger.accepted.lock().unwrap().clone(), ledger.received.lock().unwrap().clone());
    println!("accepted {}, received {}, refused {:?}", accepted.len(), received.len(), ledger.unavailable);
    assert_eq!((texts.len(), ids.len()), (accepted.len(), received.len()), "stored more or less than was answered");
    assert_eq!(texts.into_iter().collect::<BTreeSet<_>>(), accepted);
    assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), received);
    app.stop_with_work_left().await;
}

async fn all_messages(app: &TestApp) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page: Value = app.get(&format!("/v1/messages?limit=100{after}")).await.json().await.unwrap();
        all.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let started = std::time::Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_stopped_under_load_and_comes_back() {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    let postgres = places::PrivatePostgres::start();
    let app = TestApp::start_with(db, &[("WAYPOST_DATABASE_URL", postgres.url())]).await;
    survive(app, async |ledger| {
        until("some messages", || ledger.accepted.lock().unwrap().len() > 100).await;
        postgres.stop();
        until("refusals", || ledger.unavailable.load(Ordering::SeqCst) > 20).await;
        postgres.start_again();
        let before = ledger.accepted.lock().unwrap().len();
        until("messages after the outage", || ledger.accepted.lock().unwrap().len() > before + 100).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_of_the_embedded_database_is_full_and_then_is_not() {
    let Some(db) = TestDatabase::create(Engine::Sqlite).await else { return };
    let disk = places::SmallDisk::mount("8m");
    let app = TestApp::start_with(db, &[("WAYPOST_DATABASE_DATA_DIR", disk.path())]).await;
    survive(app, async |ledger| {
        until("refusals", || ledger.unavailable.load(Ordering::SeqCst) > 20).await;
        disk.grow("256m");
        let before = (ledger.accepted.lock().unwrap().len(), ledger.received.lock().unwrap().len());
        until("sends and callbacks with room again", || {
            let now = (ledger.accepted.lock().unwrap().len(), ledger.received.lock().unwrap().len());
            now.0 > before.0 + 100 && now.1 > before.1 + 100
        })
        .await;
    })
    .await;
}
