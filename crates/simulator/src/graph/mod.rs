//! The Graph API as far as messaging needs it.

mod admission;
mod check;
mod codes;
mod error;
mod fields;
mod kinds;
mod links;
mod lists;
mod log;
mod media;
mod messages;
mod nodes;
mod subscriptions;
mod template;
mod templates;
mod uploads;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{any, get, post};
use serde_json::Value;

use crate::connection::CutSwitch;
use crate::ids;
use crate::shared::{App, Shared};

use admission::{admit, manage, usage};
pub(crate) use error::{GraphError, webhook_error};
pub(crate) use fields::is_link;
pub(crate) use media::media_url;
pub(crate) use uploads::Upload;

/// A document of 100 MB and the form around it.
const UPLOAD_BYTES_MAX: usize = (100 << 20) + (64 << 10);

/// The routes below `/{version}`.
pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route(
            "/{version}/{node}",
            get(nodes::node)
                .post(nodes::change)
                .delete(media::delete)
                .layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX))
                .fallback(unknown_edge),
        )
        .route("/{version}/{node}/messages", post(messages::send).fallback(unknown_edge))
        .route("/{version}/{node}/marketing_messages", post(messages::send_marketing).fallback(unknown_edge))
        .route(
            "/{version}/{node}/media",
            post(media::upload).layer(DefaultBodyLimit::max(UPLOAD_BYTES_MAX)).fallback(unknown_edge),
        )
        .route(
            "/{version}/{node}/message_templates",
            get(templates::list).post(templates::create).delete(templates::delete).fallback(unknown_edge),
        )
        .route("/{version}/{node}/uploads", post(uploads::start).fallback(unknown_edge))
        .route("/{version}/{node}/unpause", post(templates::unpause).fallback(unknown_edge))
        .route("/{version}/{node}/phone_numbers", get(nodes::phone_numbers).fallback(unknown_edge))
        .route(
            "/{version}/{node}/subscribed_apps",
            get(subscriptions::list)
                .post(subscriptions::subscribe)
                .delete(subscriptions::unsubscribe)
                .fallback(unknown_edge),
        )
        .route("/{version}/{node}/{edge}", any(unknown_edge))
        .route("/_media/{id}", get(media::download))
        .layer(map_response_with_state(App::clone(app), usage))
        .layer(from_fn_with_state(App::clone(app), log::note))
}

/// An answer before it becomes HTTP: kept apart so that it can be written to the wire log.
#[derive(Debug)]
pub(crate) enum Answer {
    Json(StatusCode, Value),
    Html(StatusCode, &'static str),
    /// The connection is reset instead.
    Cut,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self::Json(StatusCode::OK, body)
    }

    pub(crate) const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Json(status, _) | Self::Html(status, _) => Some(*status),
            Self::Cut => None,
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Json(_, body) => body.to_string(),
            Self::Html(_, page) => (*page).to_owned(),
            Self::Cut => "the connection was reset".to_owned(),
        }
    }

    fn into_response(self, switch: &CutSwitch) -> Response {
        match self {
            Self::Json(status, body) => {
                let is_token_error = status == StatusCode::UNAUTHORIZED;
                let mut answer = (status, axum::Json(body)).into_response();
                if is_token_error {
                    let value = header::HeaderValue::from_static(
                        "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token\"",
                    );
                    answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
                }
                answer
            }
            Self::Html(status, page) => (status, Html(page)).into_response(),
            Self::Cut => {
                switch.cut();
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        }
    }
}

/// An answer, or the refusal that takes its place.
fn respond(app: &Shared, answer: Result<Answer, GraphError>) -> Response {
    answer.unwrap_or_else(|error| refuse(app, &error)).into_response(&CutSwitch::default())
}

/// The error as an answer, with a fresh support reference.
fn refuse(app: &Shared, error: &GraphError) -> Answer {
    let trace = {
        let mut world = app.world();
        world.counters.refused += 1;
        ids::trace(&mut world.rng)
    };
    Answer::Json(error.status, error.to_json(&trace))
}

/// A JSON body, as every call but the upload takes it.
fn json_body(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, GraphError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return Err(GraphError::new(100, "The request needs Content-Type: application/json"));
    }
    serde_json::from_slice(bytes)
        .map_err(|error| GraphError::new(100, format!("The request body is not valid JSON: {error}")))
}

async fn unknown_edge(
    State(app): State<App>,
    Path(parts): Path<Vec<(String, String)>>,
    method: axum::http::Method,
    headers: HeaderMap,
) -> Response {
    let part = |name: &str| parts.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let error = match admit(&app, part("version"), &headers) {
        Ok(()) => GraphError::no_such_object(&method, part("node")),
        Err(error) => error,
    };
    refuse(&app, &error).into_response(&CutSwitch::default())
}
