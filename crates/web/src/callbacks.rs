//! Callbacks of providers: the subscription handshake, and bodies that are stored before they are answered.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use messaging::hooks::{self, HookError, HookPath};
use messaging::metric::Metric;
use providers::HookHeaders;

use crate::state::Web;

const SIGNATURE: &str = "x-hub-signature-256";

/// The callback paths of providers whose bodies are signed.
pub fn router(callback_body_bytes_max: usize) -> Router<Web> {
    Router::new()
        .route("/api/whatsapp/webhook", get(subscribe).post(receive))
        .route("/webhooks/whatsapp/{phone}", get(subscribe_phone).post(receive_phone))
        .layer(DefaultBodyLimit::max(callback_body_bytes_max))
}

async fn subscribe(State(web): State<Web>, RawQuery(query): RawQuery) -> Response {
    answer_subscription(&web, HookPath::Installation, query.as_deref())
}

async fn subscribe_phone(State(web): State<Web>, Path(phone): Path<String>, RawQuery(query): RawQuery) -> Response {
    answer_subscription(&web, HookPath::Phone(&phone), query.as_deref())
}

/// `hub.mode=subscribe`, `hub.verify_token`, `hub.challenge`: the challenge as the bare body, or 403.
fn answer_subscription(web: &Web, path: HookPath<'_>, query: Option<&str>) -> Response {
    let (mut mode, mut token, mut challenge) = (String::new(), String::new(), String::new());
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match name.as_ref() {
            "hub.mode" => mode = value.into_owned(),
            "hub.verify_token" => token = value.into_owned(),
            "hub.challenge" => challenge = value.into_owned(),
            _ => {}
        }
    }
    if mode != "subscribe" || challenge.is_empty() {
        return (StatusCode::BAD_REQUEST, "hub.mode must be `subscribe`, and hub.challenge must be given")
            .into_response();
    }
    match hooks::subscribe(&web.core, path, &token, &challenge) {
        Some(challenge) => challenge.to_owned().into_response(),
        None => {
            Metric::CallbacksRefused.count("reason", "verify_token");
            (StatusCode::FORBIDDEN, "the verify token is not the one configured here").into_response()
        }
    }
}

async fn receive(State(web): State<Web>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    store(&web, HookPath::Installation, &headers, body).await
}

async fn receive_phone(
    State(web): State<Web>,
    Path(phone): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    store(&web, HookPath::Phone(&phone), &headers, body).await
}

async fn store(web: &Web, path: HookPath<'_>, headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => {
            Metric::CallbacksRefused.count("reason", "body");
            return (rejection.status(), "the body is too long or broke off").into_response();
        }
    };
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    match hooks::receive(&web.core, path, &HookHeaders { signature }, body.into()).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(HookError::Signature(invalid)) => (StatusCode::UNAUTHORIZED, invalid.to_string()).into_response(),
        Err(HookError::TooMany) => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")], "too many callbacks on this path").into_response()
        }
        Err(HookError::Store(error)) => {
            Metric::StoreUnavailable.count("what", "callback");
            tracing::error!(%error, "A callback could not be stored: {error}");
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], "not stored; try again").into_response()
        }
    }
}
