//! The native API.

mod account_events;
mod explain;
mod media;
pub mod messages;
mod scheduled;
mod senders;
mod templates;
mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use http::{Method, StatusCode};

use crate::problem::Problem;
use crate::state::Web;

/// The routes below `/v1`.
pub fn router(media_bytes_max: u64) -> Router<Web> {
    let upload_bytes_max = usize::try_from(media_bytes_max).unwrap_or(usize::MAX).saturating_add(media::FORM_BYTES_MAX);
    Router::new()
        .route("/v1/messages", post(messages::create).get(messages::list))
        .route("/v1/messages/{id}", get(messages::show).patch(scheduled::reschedule))
        .route("/v1/messages/{id}/attempts", get(messages::attempts))
        .route("/v1/messages/{id}/cancel", post(scheduled::cancel))
        .route("/v1/messages/{id}/explain", get(explain::show))
        .route("/v1/messages/{id}/read", post(messages::mark_read))
        .route("/v1/scheduled-messages", get(scheduled::list))
        .route("/v1/media", post(media::create).layer(DefaultBodyLimit::max(upload_bytes_max)))
        .route("/v1/media/{id}", get(media::show))
        .route("/v1/senders", get(senders::list))
        .route("/v1/account-events", get(account_events::list))
        .route("/v1/templates", get(templates::list))
        .route("/v1/templates/{name}", get(templates::show).post(templates::act))
        .route("/v1/{*rest}", any(unknown))
        .method_not_allowed_fallback(wrong_method)
}

/// The router adds `Allow`.
async fn wrong_method(method: Method) -> Problem {
    let detail = format!("this path does not take {method}; the header `Allow` lists what it takes");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

async fn unknown() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "unknown_path", "the API has no such path; docs/api.md lists them")
}
