//! One signed POST.

use std::time::Duration;

use axum::body::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::CONTENT_TYPE;
use serde::Serialize;
use sha2::Sha256;
use tokio::time::Instant;

use crate::shared::Shared;
use crate::wire::{Direction, WireEntry, excerpt};

/// Meta does not publish its timeout; several seconds are seen in practice.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The header with the signature.
const SIGNATURE: &str = "x-hub-signature-256";

/// What came of one POST to the callback.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Attempt {
    /// The answer's status; `None` when there was no answer.
    pub http_status: Option<u16>,
    /// The answer's body.
    pub response: String,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl Attempt {
    /// Meta counts nothing but 200 as success.
    pub(crate) fn is_ok(&self) -> bool {
        self.http_status == Some(200)
    }
}

/// The HTTP client and the key of the app.
pub(crate) struct Poster {
    client: reqwest::Client,
    key: Hmac<Sha256>,
}

impl Poster {
    pub(crate) fn new(client: reqwest::Client, key: Hmac<Sha256>) -> Self {
        Self { client, key }
    }

    /// The client all callbacks share, so that connections are kept alive.
    #[expect(
        clippy::disallowed_methods,
        reason = "stands for Meta: the one place of the simulator that makes a client"
    )]
    pub(crate) fn client() -> Result<reqwest::Client, reqwest::Error> {
        reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent("facebookexternalua")
            .build()
    }

    /// The value of the signature header with the app's own secret.
    pub(crate) fn signature(&self, body: &[u8]) -> String {
        finish(self.key.clone(), body)
    }

    /// The plain client, for the handshake.
    pub(crate) const fn http(&self) -> &reqwest::Client {
        &self.client
    }
}

/// The value of the signature header with another secret; `None` if no key can be made of it.
pub(crate) fn signature_with(secret: &str, body: &[u8]) -> Option<String> {
    let key = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    Some(finish(key, body))
}

fn finish(mut key: Hmac<Sha256>, body: &[u8]) -> String {
    key.update(body);
    format!("sha256={}", hex::encode(key.finalize().into_bytes()))
}

/// Sends `body` to `url` and writes the wire log.
pub(crate) async fn post(app: &Shared, url: &str, body: Bytes, signature: Option<String>) -> Attempt {
    let started = Instant::now();
    let mut request = app.poster.client.post(url).header(CONTENT_TYPE, "application/json").body(body.clone());
    if let Some(signature) = signature {
        request = request.header(SIGNATURE, signature);
    }
    let attempt = match request.send().await {
        Ok(answer) => {
            let http_status = Some(answer.status().as_u16());
            // The body is read to its end, else the connection could not be used again.
            let response = answer.bytes().await.map(|bytes| excerpt(&bytes)).unwrap_or_default();
            Attempt { http_status, response, error: None }
        }
        Err(error) => Attempt { http_status: None, response: String::new(), error: Some(reason(&error)) },
    };
    app.wire.push(WireEntry {
        at: app.now(),
        direction: Direction::Sent,
        method: "POST".to_owned(),
        path: url.to_owned(),
        status: attempt.http_status,
        request: excerpt(&body),
        response: attempt.error.clone().unwrap_or_else(|| attempt.response.clone()),
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    attempt
}

/// The error with its causes: reqwest's own text says only that sending failed.
fn reason(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
