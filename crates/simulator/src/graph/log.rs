//! Requests that are no messages, in the wire log: who fetched which medium, and how often, is what people wonder about.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::shared::App;
use crate::wire::{Direction, WireEntry};

/// Logs method, path and status. The query is left out, since it may hold a token; so are bodies, which may be large.
pub(super) async fn note(State(app): State<App>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let started = Instant::now();
    let answer = next.run(request).await;
    // Messages log themselves, with what was said.
    if !path.ends_with("messages") {
        app.wire.push(WireEntry {
            at: app.now(),
            direction: Direction::Received,
            method,
            path,
            status: Some(answer.status().as_u16()),
            request: String::new(),
            response: String::new(),
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
    }
    answer
}
