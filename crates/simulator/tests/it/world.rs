//! A simulator, a callback that records what it is told, and a client.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::clock::{Clock, MockClock, SharedClock};
use domain::time::Timestamp;
use serde_json::{Value, json};
use simulator::{BusinessNumber, Customer, NewMedium, Simulator, SimulatorSettings, StatusPlan};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

pub const SECRET: &str = "app-secret";
pub const TOKEN: &str = "EAAsimulator";
pub const NUMBER: &str = "106540352242922";
pub const WABA: &str = "102290129340398";
pub const YAEL: &str = "+972545550128";
/// Has a username, and the business does not see the number.
pub const HIDDEN: &str = "+919876543210";

/// Media the business has uploaded before a test begins.
pub const MEDIA: &[(&str, &str)] = &[
    ("1376223850470843", "image/png"),
    ("1376223850470844", "video/mp4"),
    ("1376223850470845", "audio/ogg"),
    ("1376223850470846", "application/pdf"),
    ("1376223850470847", "image/webp"),
];

/// A callback as it arrived.
#[derive(Clone, Debug)]
pub struct Told {
    pub body: Bytes,
    pub signature: Option<String>,
}

impl Told {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("json")
    }

    pub fn value(&self) -> Value {
        self.json()["entry"][0]["changes"][0]["value"].clone()
    }

    pub fn status(&self) -> Value {
        self.value()["statuses"][0].clone()
    }

    pub fn message(&self) -> Value {
        self.value()["messages"][0].clone()
    }
}

struct Hook {
    told: mpsc::UnboundedSender<Told>,
    answers: Mutex<VecDeque<u16>>,
    /// Held while the callback is to take its time.
    gate: Arc<tokio::sync::Mutex<()>>,
}

/// A clock that cannot be moved.
#[derive(Debug)]
struct OwnClock;

impl Clock for OwnClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }
}

async fn take(State(hook): State<Arc<Hook>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-hub-signature-256").map(|value| value.to_str().expect("ascii").to_owned());
    drop(hook.gate.lock().await);
    let answer = hook.answers.lock().expect("lock").pop_front().unwrap_or(200);
    let _ = hook.told.send(Told { body, signature });
    StatusCode::from_u16(answer).expect("status")
}

async fn handshake(Query(query): Query<Vec<(String, String)>>) -> Result<String, StatusCode> {
    let get = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let fits = get("hub.verify_token").as_deref() == Some("verify") && get("hub.mode").as_deref() == Some("subscribe");
    if fits { get("hub.challenge").ok_or(StatusCode::BAD_REQUEST) } else { Err(StatusCode::FORBIDDEN) }
}

/// Everything a test needs.
pub struct World {
    pub simulator: Simulator,
    pub http: reqwest::Client,
    pub clock: Arc<MockClock>,
    pub hook_url: String,
    told: mpsc::UnboundedReceiver<Told>,
    hook: Arc<Hook>,
    _tasks: JoinSet<()>,
}

pub fn quick() -> StatusPlan {
    StatusPlan {
        sent: Duration::from_millis(5),
        delivered: Duration::from_millis(5),
        retry_first: Duration::from_millis(5),
        retry_total: Duration::from_secs(2),
        ..StatusPlan::default()
    }
}

impl World {
    pub async fn start() -> Self {
        Self::with(quick()).await
    }

    pub async fn with(statuses: StatusPlan) -> Self {
        let clock = MockClock::at(Timestamp::parse("2026-11-20T18:00:00Z").expect("time"));
        Self::by(Arc::clone(&clock) as _, clock, statuses, []).await
    }

    /// With more numbers of the business.
    pub async fn with_numbers<const N: usize>(more: [BusinessNumber; N]) -> Self {
        let clock = MockClock::at(Timestamp::parse("2026-11-20T18:00:00Z").expect("time"));
        Self::by(Arc::clone(&clock) as _, clock, quick(), more).await
    }

    /// A world whose clock nobody can move.
    pub async fn running() -> Self {
        Self::by(Arc::new(OwnClock), MockClock::at(Timestamp::from_seconds(0)), quick(), []).await
    }

    async fn by<const N: usize>(
        time: SharedClock,
        clock: Arc<MockClock>,
        statuses: StatusPlan,
        more: [BusinessNumber; N],
    ) -> Self {
        let (sender, told) = mpsc::unbounded_channel();
        let hook = Arc::new(Hook { told: sender, answers: Mutex::default(), gate: Arc::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
        let hook_url = format!("http://{}/hook", listener.local_addr().expect("address"));
        let routes = Router::new().route("/hook", post(take).get(handshake)).with_state(Arc::clone(&hook));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, routes).await.expect("serve") });
        let mut numbers = vec![BusinessNumber {
            phone_number_id: NUMBER.to_owned(),
            display_phone_number: "15550783881".to_owned(),
            verified_name: "Carmel View Hotel".to_owned(),
        }];
        numbers.extend(more);
        let simulator = Simulator::start(SimulatorSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            app_id: "4242".to_owned(),
            app_secret: SECRET.to_owned(),
            verify_token: "verify".to_owned(),
            access_token: TOKEN.to_owned(),
            waba_id: WABA.to_owned(),
            numbers,
            customers: vec![
                Customer { phone: YAEL.to_owned(), name: "Yael Ben-David".to_owned(), ..Customer::default() },
                Customer {
                    phone: "+16505551234".to_owned(),
                    name: "Ana".to_owned(),
                    user_id: Some("US.1349".to_owned()),
                    ..Customer::default()
                },
                Customer {
                    phone: HIDDEN.to_owned(),
                    name: "Hari".to_owned(),
                    user_id: Some("IN.77".to_owned()),
                    username: Some("hari.m".to_owned()),
                    hides_number: true,
                },
            ],
            callback_url: Some(hook_url.clone()),
            clock: time,
            statuses,
            seed: 7,
        })
        .await
        .expect("start");
        for (id, mime_type) in MEDIA {
            let medium = NewMedium {
                mime_type: (*mime_type).to_owned(),
                filename: None,
                bytes: b"bytes".to_vec(),
                phone_number_id: None,
                id: Some((*id).to_owned()),
                uploaded: true,
            };
            simulator.control().add_media(medium).expect("medium");
        }
        let http =
            reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("client");
        Self { simulator, http, clock, hook_url, told, hook, _tasks: tasks }
    }

    /// The answers of the callback to come; 200 afterwards.
    pub fn hook_answers(&self, answers: impl IntoIterator<Item = u16>) {
        self.hook.answers.lock().expect("lock").extend(answers);
    }

    /// The callback answers nothing until the guard is dropped.
    pub fn hold_hook(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.hook.gate).try_lock_owned().expect("free")
    }

    /// The next callback.
    pub async fn told(&mut self) -> Told {
        tokio::time::timeout(Duration::from_secs(3), self.told.recv()).await.expect("a callback").expect("open")
    }

    /// The callbacks until nothing more is to come.
    pub async fn all_told(&mut self) -> Vec<Told> {
        tokio::time::timeout(Duration::from_secs(3), self.simulator.control().idle()).await.expect("idle");
        let mut all = Vec::new();
        while let Ok(told) = self.told.try_recv() {
            all.push(told);
        }
        all
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.simulator.url())
    }

    pub fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        self.http.post(self.url(&format!("/v24.0/{NUMBER}/messages"))).bearer_auth(TOKEN).json(body)
    }

    /// Sends; members of `body` go over the defaults.
    pub async fn send(&self, body: Value) -> (u16, Value) {
        answer(self.post(&with_defaults(body))).await
    }

    pub async fn sent_id(&self, body: Value) -> String {
        let (status, answer) = self.send(body).await;
        assert_eq!(status, 200, "{answer}");
        answer["messages"][0]["id"].as_str().expect("id").to_owned()
    }

    pub async fn control(&self, call: &str, body: Value) -> (u16, Value) {
        answer(self.http.post(self.url(&format!("/_control/{call}"))).json(&body)).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.http.get(self.url(path)).bearer_auth(TOKEN)).await
    }

    pub async fn page(&self, path: &str) -> String {
        let answer = self.http.get(self.url(path)).send().await.expect("answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.expect("text")
    }
}

pub fn with_defaults(body: Value) -> Value {
    let mut whole = json!({"messaging_product": "whatsapp", "to": YAEL});
    for (key, value) in body.as_object().expect("object") {
        whole[key] = value.clone();
    }
    whole
}

pub fn text(body: &str) -> Value {
    json!({"type": "text", "text": {"body": body}})
}

pub fn template(name: &str, language: &str, components: Value) -> Value {
    json!({"type": "template", "template": {"name": name, "language": {"code": language}, "components": components}})
}

pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("json"))
}
