//! The smallest Graph API: takes every message and remembers it, so that statuses can be told about it. The simulator
//! would check, keep and show each one, which takes longer than the server under load.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use domain::attempt::AttemptReference;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A message that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What the server calls the attempt.
    pub reference: AttemptReference,
    /// To whom, without `+`.
    pub digits: String,
}

impl Taken {
    /// The id it was given: the same for the same attempt, and as long as Meta's.
    pub(crate) fn wamid(&self) -> String {
        format!("wamid.HBgM{:0>40X}A=", self.reference.message.0)
    }
}

/// The API as it runs.
#[derive(Debug)]
pub(crate) struct Graph {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Taken>>>,
    _server: JoinSet<()>,
}

impl Graph {
    /// Starts it on a free port of loopback.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("cannot listen on loopback")?;
        let address = listener.local_addr()?;
        let taken = Arc::new(Mutex::new(Vec::new()));
        let known = taken.clone();
        let router = Router::new().fallback(move |body: Bytes| std::future::ready(answer(&known, &body)));
        let mut server = JoinSet::new();
        server.spawn(async move {
            // It ends with the process.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, taken, _server: server })
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many messages it took since they were last taken from it.
    pub(crate) fn count(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes the messages from it.
    pub(crate) fn take(&self) -> Vec<Taken> {
        std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn answer(known: &Mutex<Vec<Taken>>, body: &[u8]) -> Response {
    let Some(taken) = read(body) else { return StatusCode::BAD_REQUEST.into_response() };
    let answer = json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": format!("+{}", taken.digits), "wa_id": taken.digits}],
        "messages": [{"id": taken.wamid()}],
    });
    known.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
    Json(answer).into_response()
}

fn read(body: &[u8]) -> Option<Taken> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let reference = body.get("biz_opaque_callback_data")?.as_str()?.parse().ok()?;
    let digits = body.get("to")?.as_str()?.trim_start_matches('+').to_owned();
    Some(Taken { reference, digits })
}
