//! Resumable uploads: samples for templates, never for messages. A session, then the bytes, then a handle.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::admission::admit_version;
use super::lists::{Params, params};
use super::{Answer, GraphError, admit, respond};
use crate::ids;
use crate::shared::{App, Shared};

const TYPES: &[&str] = &["application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"];
const PREFIX: &str = "upload:";

/// Bytes that arrived so far.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    length: usize,
    bytes: Vec<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartQuery {
    file_name: Option<String>,
    file_length: Option<usize>,
    file_type: Option<String>,
}

/// `POST /{version}/{app_id}/uploads`.
pub(super) async fn start(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    query: Params<StartQuery>,
) -> Response {
    let answer = admit(&app, &version, &headers).and_then(|()| {
        if id != app.app_id {
            return Err(GraphError::no_such_object(&Method::POST, &id));
        }
        let query = params(query)?;
        if query.file_name.is_some_and(|name| name.contains(['<', '@', '%'])) {
            return Err(GraphError::new(100, "Param file_name has a character that is not allowed"));
        }
        let Some(length) = query.file_length.filter(|length| *length > 0) else {
            return Err(GraphError::new(100, "The parameter file_length is required."));
        };
        if !query.file_type.is_some_and(|kind| TYPES.contains(&kind.as_str())) {
            return Err(GraphError::new(100, format!("Param file_type must be one of {}", TYPES.join(", "))));
        }
        let mut world = app.world();
        let session = format!("{PREFIX}MTphd{}", ids::trace(&mut world.rng));
        world.uploads.insert(session.clone(), Upload { length, bytes: Vec::new() });
        Ok(Answer::ok(json!({"id": session})))
    });
    respond(&app, answer)
}

/// The token of an upload travels as `OAuth`, not as `Bearer`.
fn admit_upload(app: &Shared, version: &str, headers: &HeaderMap) -> Result<(), GraphError> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    admit_version(version)?;
    match token.and_then(|value| value.strip_prefix("OAuth ")) {
        None => Err(GraphError::token_missing()),
        Some(token) if token != app.access_token => Err(GraphError::token_wrong()),
        Some(_) => Ok(()),
    }
}

/// `POST /{version}/upload:...` with the bytes from `file_offset` on.
pub(super) fn receive(
    app: &Shared,
    (version, session): (&str, &str),
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Answer, GraphError> {
    admit_upload(app, version, headers)?;
    let offset = headers.get("file_offset").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let mut world = app.world();
    let Some(upload) = world.uploads.get_mut(session) else {
        return Err(GraphError::no_such_object(&Method::POST, session));
    };
    if offset != Some(upload.bytes.len()) {
        return Err(GraphError::new(100, format!("file_offset must be {}", upload.bytes.len())));
    }
    if upload.bytes.len() + body.len() > upload.length {
        return Err(GraphError::new(100, format!("The file has more than {} bytes", upload.length)));
    }
    upload.bytes.extend_from_slice(body);
    if upload.bytes.len() < upload.length {
        return Ok(Answer::ok(json!({"id": session, "file_offset": upload.bytes.len()})));
    }
    let hash = STANDARD.encode(Sha256::digest(&upload.bytes));
    world.uploads.remove(session);
    Ok(Answer::ok(json!({"h": format!("4::aW{hash}")})))
}

/// `GET /{version}/upload:...`: where to go on.
pub(super) fn offset(
    app: &Shared,
    (version, session): (&str, &str),
    headers: &HeaderMap,
) -> Result<Answer, GraphError> {
    admit_upload(app, version, headers)?;
    match app.world().uploads.get(session) {
        Some(upload) => Ok(Answer::ok(json!({"id": session, "file_offset": upload.bytes.len()}))),
        None => Err(GraphError::no_such_object(&Method::GET, session)),
    }
}

pub(super) fn is_session(id: &str) -> bool {
    id.starts_with(PREFIX)
}
