//! The Graph API as far as messaging needs it.

mod check;
mod content;
mod error;
mod fields;
mod messages;
mod nodes;
mod parameters;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;

use crate::connection::CutSwitch;
use crate::ids;
use crate::shared::{App, Shared};

pub(crate) use error::{GraphError, webhook_error};
pub(crate) use nodes::media_url;

/// The routes below `/{version}`.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/{version}/{node}", get(nodes::node).fallback(unknown_edge))
        .route("/{version}/{node}/messages", post(messages::send).fallback(unknown_edge))
        .route("/{version}/{node}/message_templates", get(nodes::templates).fallback(unknown_edge))
        .route("/{version}/{node}/phone_numbers", get(nodes::phone_numbers).fallback(unknown_edge))
        .route("/{version}/{node}/{edge}", axum::routing::any(unknown_edge))
        .route("/_media/{id}", get(nodes::download))
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

/// Version and token: the first two things Meta looks at.
fn admit(app: &Shared, version: &str, headers: &HeaderMap) -> Result<(), GraphError> {
    if !is_version(version) {
        return Err(GraphError::new(100, format!("Unknown version {version}: expected a version such as v24.0")));
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    match token {
        None | Some("") => Err(GraphError::token_missing()),
        Some(token) if token != app.access_token => Err(GraphError::token_wrong()),
        Some(_) => Ok(()),
    }
}

fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').and_then(|rest| rest.strip_suffix(".0"));
    number.is_some_and(|number| (1..=2).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()))
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

#[cfg(test)]
mod tests {
    use super::is_version;

    #[test]
    fn only_full_versions_are_versions() {
        assert!(is_version("v24.0") && is_version("v3.0"));
        for text in ["24.0", "v24", "v24.1", "v.0", "vx.0", "v240.0", ""] {
            assert!(!is_version(text), "{text}");
        }
    }
}
