//! Media: upload, lookup, download, deletion.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use tracing::warn;

use super::{Answer, GraphError, admit, respond};
use crate::ids;
use crate::media::{Found, MediaFault, bare_type, size_max};
use crate::samples::Medium;
use crate::shared::{App, Shared};

/// How long an address can be fetched.
const ADDRESS_SECONDS: i64 = 300;
const FLUSH_WAIT: Duration = Duration::from_millis(50);

/// The parts of an upload form.
#[derive(Debug, Default)]
struct Form {
    product: Option<String>,
    kind: Option<String>,
    file: Option<File>,
}

#[derive(Debug)]
struct File {
    mime_type: String,
    name: Option<String>,
    bytes: Bytes,
}

/// `POST /{version}/{phone_number_id}/media`.
pub(super) async fn upload(
    State(app): State<App>,
    Path((version, node)): Path<(String, String)>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let owner = admit(&app, &version, &headers).and_then(|()| {
        let number = app.number_by_id.get(node.as_str()).copied();
        number.ok_or_else(|| GraphError::no_such_object(&Method::POST, &node))
    });
    let answer = match owner {
        Ok(number) => read_form(form).await.and_then(|form| keep(&app, number, form)),
        Err(error) => Err(error),
    };
    respond(&app, answer)
}

async fn read_form(form: Result<Multipart, MultipartRejection>) -> Result<Form, GraphError> {
    let broken = |text: String| GraphError::new(100, format!("The form cannot be read: {text}"));
    let mut parts = form.map_err(|rejection| broken(rejection.body_text()))?;
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(|error| broken(error.body_text()))? {
        match part.name().unwrap_or_default() {
            "file" => {
                // As it was written: a type that is none must be seen.
                let told = part.headers().get(header::CONTENT_TYPE).and_then(|told| told.to_str().ok());
                let mime_type = told.unwrap_or("application/octet-stream").to_owned();
                let name = part.file_name().map(str::to_owned);
                let bytes = part.bytes().await.map_err(|error| broken(error.body_text()))?;
                form.file = Some(File { mime_type, name, bytes });
            }
            "messaging_product" => form.product = Some(part.text().await.map_err(|error| broken(error.body_text()))?),
            "type" => form.kind = Some(part.text().await.map_err(|error| broken(error.body_text()))?),
            other => return Err(GraphError::new(100, format!("Unexpected key \"{other}\" in the form"))),
        }
    }
    Ok(form)
}

fn keep(app: &Shared, number: usize, form: Form) -> Result<Answer, GraphError> {
    if form.product.as_deref() != Some("whatsapp") {
        return Err(GraphError::new(100, "The parameter messaging_product is required."));
    }
    let Some(file) = form.file else {
        return Err(GraphError::new(100, "The parameter file is required."));
    };
    // The part's own type counts; the field stands in for clients that cannot set it.
    let mime_type = match form.kind {
        Some(kind) if bare_type(&file.mime_type) == "application/octet-stream" => kind,
        _ => file.mime_type,
    };
    let Some(max) = size_max(&mime_type, &file.bytes) else {
        let text = format!("Param file must be a file of a known type. Received file of type '{mime_type}'.");
        return Err(GraphError::new(100, text));
    };
    if file.bytes.is_empty() {
        return Err(GraphError::new(100, "Param file must not be empty"));
    }
    if file.bytes.len() > max {
        let text = format!("The file has {} bytes, files of type {mime_type} at most {max}", file.bytes.len());
        return Err(GraphError::new(131_053, text));
    }
    let mut world = app.world();
    let id = ids::object(&mut world.rng);
    world.media.upload(id.clone(), Medium { number, mime_type, filename: file.name, bytes: file.bytes });
    Ok(Answer::ok(json!({"id": id})))
}

/// A medium as the Graph API tells it, if it is there and belongs to the number that was named.
pub(super) fn lookup(app: &Shared, id: &str, phone_number_id: Option<&str>) -> Option<Value> {
    let Found::Here(shelved) = app.world().media.find(id) else {
        return None;
    };
    let owner = app.numbers.get(shelved.medium.number)?;
    if phone_number_id.is_some_and(|asked| asked != &*owner.id) {
        return None;
    }
    let size = shelved.medium.bytes.len();
    // Meta's pages show the size as a text and as a number; which one comes depends on the id here.
    let is_text = id.bytes().last().is_some_and(|last| last % 2 == 0);
    let size = if is_text { json!(size.to_string()) } else { json!(size) };
    Some(json!({
        "messaging_product": "whatsapp", "id": id, "mime_type": shelved.medium.mime_type, "file_size": size,
        "sha256": hex::encode(shelved.sha256), "url": media_url(app, id),
    }))
}

/// `DELETE /{version}/{media_id}`.
pub(super) async fn delete(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let answer = admit(&app, &version, &headers).and_then(|()| {
        if app.world().media.remove(&id) {
            Ok(Answer::ok(json!({"success": true})))
        } else {
            Err(GraphError::no_such_object(&Method::DELETE, &id))
        }
    });
    respond(&app, answer)
}

/// Where a medium can be fetched for the next five minutes, with the token. No lock is taken.
pub(crate) fn media_url(app: &Shared, id: &str) -> String {
    let until = app.now().as_seconds() + ADDRESS_SECONDS;
    format!("{}/_media/{id}?ext={until}&hash={}", app.base_url, address_hash(app, id, until))
}

fn address_hash(app: &Shared, id: &str, until: i64) -> String {
    let hash = app.poster.signature(format!("{id}|{until}").as_bytes());
    hash.trim_start_matches("sha256=").chars().take(32).collect()
}

#[derive(Debug, Deserialize)]
pub(super) struct AddressQuery {
    #[serde(default)]
    ext: i64,
    #[serde(default)]
    hash: String,
}

/// The file behind the address of a medium; the token is needed here too.
pub(super) async fn download(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<AddressQuery>,
    headers: HeaderMap,
) -> Response {
    let is_current = app.now().as_seconds() <= query.ext && address_hash(&app, &id, query.ext) == query.hash;
    // Meta answers 404 for an expired address and for a wrong token alike.
    if !is_current || admit(&app, "v24.0", &headers).is_err() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (found, fault) = {
        let mut world = app.world();
        let fault = world.media_faults.judge(&id);
        (world.media.find(&id), fault)
    };
    let Found::Here(shelved) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let medium = shelved.medium;
    let head = [(header::CONTENT_TYPE, medium.mime_type.clone())];
    match fault {
        Some(MediaFault::Expired) => StatusCode::NOT_FOUND.into_response(),
        Some(MediaFault::Html) => Html("<!DOCTYPE html><title>Sorry, something went wrong.</title>").into_response(),
        Some(MediaFault::Truncated) => truncated(&medium),
        Some(MediaFault::Slow { ms }) => {
            tokio::select! {
                () = app.stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(ms)) => {}
            }
            (head, medium.bytes).into_response()
        }
        None => (head, medium.bytes).into_response(),
    }
}

/// Promises the whole file, sends half of it and ends the connection.
fn truncated(medium: &Medium) -> Response {
    let half = medium.bytes.slice(..medium.bytes.len() / 2);
    let end = async {
        // What was written must leave before the connection ends.
        tokio::time::sleep(FLUSH_WAIT).await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    };
    let pieces = stream::iter([Ok(half)]).chain(stream::once(end));
    let body = Body::from_stream(pieces);
    let answer = Response::builder()
        .header(header::CONTENT_TYPE, &medium.mime_type)
        .header(header::CONTENT_LENGTH, medium.bytes.len())
        .body(body);
    answer.unwrap_or_else(|error| {
        warn!("A truncated download could not be built: {error}");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })
}
