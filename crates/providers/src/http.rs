//! The one HTTP client of all providers, and what can be known when a request fails.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use secrecy::{ExposeSecret, SecretString};

use crate::ANSWER_BYTES_KEPT_MAX;
use crate::media::MediaBytes;

/// The longest answer that is read; Meta's are a few hundred bytes.
const ANSWER_BYTES_READ_MAX: usize = 256 * 1024;
/// A hundred megabytes over a slow line; whoever reads a medium also looks that it does not stand still.
const MEDIUM_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// An upload holds up the messages that need it, and is begun again when it fails.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(120);
/// Longer than any connection takes that comes about at all.
const CONNECT_TIMEOUT_MAX: Duration = Duration::from_secs(4);
/// Short, since a request written into a connection that the other side just gives up has an unknown outcome.
const IDLE_CONNECTION_MAX: Duration = Duration::from_secs(20);
/// No provider asks for more, and a slip of its pen must not stop a sender for weeks.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The pooled HTTP client that every provider shares; cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpClient(reqwest::Client);

/// The machine does not let us make an HTTP client, for want of TLS roots for example.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client can be made")]
pub struct NoHttpClient(#[source] reqwest::Error);

impl HttpClient {
    /// Makes the client; `request_timeout` bounds a whole request, from the name lookup to the answer's last byte.
    ///
    /// # Errors
    /// The machine's TLS configuration cannot be used.
    pub fn new(request_timeout: Duration) -> Result<Self, NoHttpClient> {
        #[expect(clippy::disallowed_methods, reason = "this file builds the clients")]
        let builder = reqwest::Client::builder();
        builder
            .user_agent(concat!("waypost/", env!("CARGO_PKG_VERSION")))
            .timeout(request_timeout)
            // Below the whole, so that a connection that never came about is told from an answer that never came.
            .connect_timeout(CONNECT_TIMEOUT_MAX.min(request_timeout / 2))
            .pool_idle_timeout(IDLE_CONNECTION_MAX)
            // A redirected request would carry the token to another host.
            .redirect(reqwest::redirect::Policy::none())
            // A repetition must be a decision of the outbox, never of a library.
            .retry(reqwest::retry::never())
            // The environment is read once, by the configuration.
            .no_proxy()
            .referer(false)
            .build()
            .map(Self)
            .map_err(NoHttpClient)
    }

    /// Makes one request with a JSON body.
    pub(crate) async fn post_json(&self, url: &str, token: &SecretString, json: String) -> Result<Reply, Failed> {
        let request = self.0.post(url).bearer_auth(token.expose_secret());
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(json);
        let response = request.send().await.map_err(Failed::of)?;
        Ok(Reply::read(response).await)
    }

    /// Asks a question; of the answer at most `bytes_max` bytes are read.
    pub(crate) async fn ask(&self, url: &str, token: &SecretString, bytes_max: usize) -> Result<Reply, Failed> {
        let request = self.0.get(url).bearer_auth(token.expose_secret());
        let response = request.send().await.map_err(Failed::of)?;
        Ok(Reply::read_within(response, bytes_max).await)
    }

    /// Makes one request with a body of known length that is read while it is sent.
    pub(crate) async fn post_stream(
        &self,
        url: &str,
        token: &SecretString,
        content_type: &str,
        (length, body): (u64, MediaBytes),
    ) -> Result<Reply, Failed> {
        let request = self.0.post(url).bearer_auth(token.expose_secret()).timeout(UPLOAD_TIMEOUT);
        let request = request.header(reqwest::header::CONTENT_TYPE, content_type);
        // Without a length the body would go out in chunks, which not every endpoint takes.
        let request = request.header(reqwest::header::CONTENT_LENGTH, length);
        let response = request.body(reqwest::Body::wrap_stream(body)).send().await.map_err(Failed::of)?;
        Ok(Reply::read(response).await)
    }

    /// Asks for something whose body may be large.
    pub(crate) async fn get(&self, url: &str, token: &SecretString) -> Result<reqwest::Response, Failed> {
        let request = self.0.get(url).bearer_auth(token.expose_secret()).timeout(MEDIUM_TIMEOUT);
        request.send().await.map_err(Failed::of)
    }
}

/// A client without credentials for the links that people write, whose names are resolved by `resolver`.
pub(crate) fn link_client<R: reqwest::dns::Resolve + 'static>(
    resolver: Arc<R>,
    timeout: Duration,
) -> Result<reqwest::Client, NoHttpClient> {
    #[expect(clippy::disallowed_methods, reason = "this file builds the clients")]
    let builder = reqwest::Client::builder();
    builder
        .user_agent(concat!("waypost/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .dns_resolver(resolver)
        // Each place a link leads to is checked before it is asked.
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .build()
        .map_err(NoHttpClient)
}

/// Why a request got no answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// The address or the token cannot be put into a request; nothing was sent.
    Malformed,
    /// No connection came about; nothing was sent.
    NotConnected(String),
    /// The request may have arrived.
    Lost(String),
}

impl Failed {
    fn of(error: reqwest::Error) -> Self {
        // Addresses may hold what nobody should read in a log.
        let error = error.without_url();
        if error.is_builder() {
            Self::Malformed
        } else if error.is_connect() {
            Self::NotConnected(chain(&error))
        } else if error.is_timeout() {
            Self::Lost("no answer came in time".to_owned())
        } else {
            Self::Lost(chain(&error))
        }
    }
}

/// The innermost cause says what happened; what stands around it says only that a request failed.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// An answer's head, and as much of its body as came.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// Whether the connection failed before the body's end, so that the provider's words are missing.
    pub(crate) is_broken_off: bool,
}

impl Reply {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        Self::read_within(response, ANSWER_BYTES_READ_MAX).await
    }

    async fn read_within(mut response: reqwest::Response, bytes_max: usize) -> Self {
        let mut body = Vec::new();
        let is_broken_off = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = bytes_max.saturating_sub(body.len());
                    body.extend(chunk.iter().take(room));
                    if chunk.len() > room {
                        break false;
                    }
                }
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        let status = response.status().as_u16();
        Self { status, headers: std::mem::take(response.headers_mut()), body, is_broken_off }
    }

    /// The header `Retry-After`, where it is a number of seconds.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(reqwest::header::RETRY_AFTER)?.to_str().ok()?;
        let wait = Duration::from_secs(text.trim().parse().ok()?);
        Some(wait.min(RETRY_AFTER_MAX))
    }

    /// The body as it may be stored.
    pub(crate) fn kept_body(&self) -> String {
        kept(&self.body)
    }
}

fn kept(body: &[u8]) -> String {
    let head = body.get(..ANSWER_BYTES_KEPT_MAX).unwrap_or(body);
    let mut text = String::from_utf8_lossy(head).replace('\0', "\u{fffd}");
    // A replacement character is longer than the byte it stands for.
    text.truncate(text.floor_char_boundary(ANSWER_BYTES_KEPT_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_body_can_be_stored() {
        assert_eq!(kept(b"a\0b\xffc"), "a\u{fffd}b\u{fffd}c");
        assert_eq!(kept(&[b'x'; 2 * ANSWER_BYTES_KEPT_MAX]).len(), ANSWER_BYTES_KEPT_MAX);
        let worst = kept(&[0xff; ANSWER_BYTES_KEPT_MAX]);
        assert!(worst.len() <= ANSWER_BYTES_KEPT_MAX && worst.chars().all(|c| c == '\u{fffd}'));
    }
}
