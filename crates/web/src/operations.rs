//! What operators and their machines ask: alive, ready, metrics.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::state::Web;

/// `/healthz`, `/readyz`, `/metrics`.
pub fn router() -> Router<Web> {
    Router::new().route("/healthz", get(|| async { "ok" })).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

/// Ready means that the database answers.
async fn ready(State(web): State<Web>) -> Response {
    let answer = async {
        let mut reading = web.core.store.read().await?;
        store::account::first(&mut reading.conn()).await
    };
    match answer.await {
        Ok(_) => "ready".into_response(),
        Err(error) => {
            tracing::warn!(%error, "Not ready: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
        }
    }
}

async fn metrics(State(web): State<Web>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (web.metrics)()).into_response()
}
