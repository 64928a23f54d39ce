//! The road to the provider, where an answer can be held up: the message is accepted and its statuses come, while the
//! server still waits. No fault of the simulator gives that moment, since its slow answers are also late acceptances.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::pulse::Pulses;

/// The longest time an answer is held.
const HELD_MAX_MS: u64 = 300;

/// A running relay; it ends with this value.
#[derive(Debug)]
pub(super) struct Relay {
    address: SocketAddr,
    road: Arc<Road>,
    _serving: JoinSet<()>,
}

#[derive(Debug)]
struct Road {
    provider: String,
    http: reqwest::Client,
    pulses: Arc<Pulses>,
    calls: AtomicUsize,
    open: AtomicUsize,
}

impl Relay {
    pub(super) async fn to(provider: String, pulses: Arc<Pulses>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (calls, open) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let road = Arc::new(Road { provider, http: testkit::http::client(), pulses, calls, open });
        let routes = Router::new().fallback(pass).with_state(road.clone());
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                eprintln!("the relay ended: {error}");
            }
        });
        Ok(Self { address, road, _serving: serving })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many calls the server waits for now.
    pub(super) fn open(&self) -> usize {
        self.road.open.load(Ordering::SeqCst)
    }
}

/// Counts an open call; the handler is dropped when the server's end of the connection is gone.
struct Open<'r>(&'r AtomicUsize);

impl<'r> Open<'r> {
    fn on(count: &'r AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn pass(State(road): State<Arc<Road>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let _open = Open::on(&road.open);
    road.pulses.call.beat();
    let mut request = road.http.request(method, format!("{}{uri}", road.provider)).body(body);
    for name in [AUTHORIZATION, CONTENT_TYPE] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let Ok(answer) = request.send().await else { return StatusCode::BAD_GATEWAY.into_response() };
    let (status, kind) = (answer.status(), answer.headers().get(CONTENT_TYPE).cloned());
    let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    // Every third answer, for times that differ.
    let number = road.calls.fetch_add(1, Ordering::SeqCst);
    if number.is_multiple_of(3) {
        road.pulses.held.beat();
        tokio::time::sleep(Duration::from_millis((number as u64 * 37) % HELD_MAX_MS)).await;
    }
    let mut response = (status, body).into_response();
    if let Some(kind) = kind {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}
