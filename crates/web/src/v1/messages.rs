//! `/v1/messages`: send, follow, list.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use domain::draft::Draft;
use domain::fields::{FieldError, Fields};
use domain::ids::{ContactId, MessageId, SenderId};
use domain::message::{Direction, MessageStatus};
use domain::phone::E164;
use domain::scope::AccountScope;
use domain::time::Timestamp;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use messaging::reading::{self, MarkError};
use messaging::send::{AcceptedMessage, SendError};
use messaging::{messages, send};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::hot::IdempotencyKey;
use store::message::{Message, MessageFilter, Page, Place};

use super::media;
use super::view::{AttemptView, MessageView};
use crate::auth::TokenScope;
use crate::problem::Problem;
use crate::state::Web;

const SURFACE: &str = "v1";
const KEY_HEADER: &str = "idempotency-key";
pub(super) const PAGE_DEFAULT: i64 = 50;
const PAGE_MAX: i64 = 100;

/// `POST /v1/messages`
pub(super) async fn create(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = read_json(&web, body)?;
    let key = idempotency_key(&headers, &body)?;
    let region = send::region(&web.core, &scope).await?;
    let draft = Draft::read(&body, region)?;
    let accepted = send::accept(&web.core, &scope, draft, key).await;
    let accepted = accepted.map_err(|error| within_message(&body, error))?;
    Ok((StatusCode::ACCEPTED, Json(accepted_view(&web, &scope, accepted).await?)).into_response())
}

/// The body of a request, if it could be read.
fn read_bytes(web: &Web, body: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::body_too_large(web.settings.request_body_bytes_max),
        _ => Problem::new(StatusCode::BAD_REQUEST, "body_broken", "the body could not be read to its end"),
    })
}

/// The JSON of a request.
pub(super) fn read_json(web: &Web, body: Result<Bytes, BytesRejection>) -> Result<Value, Problem> {
    let body = read_bytes(web, body)?;
    serde_json::from_slice(&body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_json", error.to_string()))
}

/// The path of a medium begins at the message, which stands under `message` or flat.
fn within_message(body: &Value, error: SendError) -> SendError {
    match error {
        SendError::Media { code, field, detail } if body.get("message").is_some_and(Value::is_object) => {
            SendError::Media { code, field: format!("message.{field}"), detail }
        }
        other => other,
    }
}

/// A new message answers what is known without asking the database again; a repetition answers how the first one
/// stands now.
async fn accepted_view(web: &Web, scope: &AccountScope, accepted: AcceptedMessage) -> Result<Value, Problem> {
    if !accepted.repeated {
        return Ok(json!({"id": accepted.id, "status": accepted.status, "direction": "outbound"}));
    }
    let message = messages::find(&web.core, scope, accepted.id).await?;
    let message = message.ok_or_else(|| Problem::not_found("message"))?;
    serde_json::to_value(view(web, scope, message).await?)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", error.to_string()))
}

/// The caller's key, with a hash of what the body says: white space and the order of members do not matter.
fn idempotency_key(headers: &HeaderMap, body: &Value) -> Result<Option<IdempotencyKey>, Problem> {
    let Some(value) = headers.get(KEY_HEADER) else { return Ok(None) };
    let key =
        value.to_str().ok().filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()));
    let key = key.ok_or_else(|| {
        let detail = "an idempotency key has 1 to 255 visible ASCII characters and no spaces";
        Problem::new(StatusCode::BAD_REQUEST, "invalid_idempotency_key", detail).at("Idempotency-Key")
    })?;
    let fingerprint = hex::encode(Sha256::digest(body.to_string().as_bytes()));
    Ok(Some(IdempotencyKey { surface: SURFACE, key: key.to_owned(), fingerprint }))
}

/// `GET /v1/messages/{id}`
pub(super) async fn show(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<MessageView>, Problem> {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found("message"))?;
    let message = messages::find(&web.core, &scope, id).await?;
    let message = message.ok_or_else(|| Problem::not_found("message"))?;
    Ok(Json(view(&web, &scope, message).await?))
}

/// A message with what is shown around it.
pub(super) async fn view(web: &Web, scope: &AccountScope, message: Message) -> Result<MessageView, Problem> {
    let views = views(web, scope, vec![message]).await?;
    views.into_iter().next().ok_or_else(|| Problem::not_found("message"))
}

/// The same for many, in their order.
pub(super) async fn views(web: &Web, scope: &AccountScope, found: Vec<Message>) -> Result<Vec<MessageView>, Problem> {
    let around = messages::around(&web.core, scope, &found).await?;
    let media = media::of_messages(web, scope, &found).await?;
    let views = found.into_iter().zip(around);
    Ok(views.map(|(message, around)| MessageView::new(message, around).with_media(&media)).collect())
}

/// `GET /v1/messages/{id}/attempts`
pub(super) async fn attempts(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<List<AttemptView>>, Problem> {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found("message"))?;
    let found = messages::find_with_attempts(&web.core, &scope, id).await?;
    let (_, attempts) = found.ok_or_else(|| Problem::not_found("message"))?;
    Ok(Json(List { data: attempts.into_iter().map(AttemptView::from).collect(), next: None }))
}

/// `POST /v1/messages/{id}/read`
pub(super) async fn mark_read(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = read_bytes(&web, body)?;
    let id: MessageId = id.parse().map_err(|_| Problem::not_found("message"))?;
    let typing = if body.is_empty() { false } else { read_typing(&body)? };
    reading::mark(&web.core, &scope, id, typing).await.map_err(|error| match error {
        MarkError::NotFound => Problem::not_found("message"),
        MarkError::NotInbound => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not_inbound", error.to_string()),
        MarkError::Store(error) => error.into(),
    })?;
    Ok(StatusCode::ACCEPTED)
}

/// `{"typing": true}`, and nothing else.
fn read_typing(body: &Bytes) -> Result<bool, Problem> {
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_json", error.to_string()))?;
    let mut fields = Fields::of(&body, "")?;
    let typing = fields.optional_boolean("typing")?.unwrap_or(false);
    fields.finish()?;
    Ok(typing)
}

/// A page of a list; `next` leads to older rows.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    pub(super) next: Option<String>,
}

/// `GET /v1/messages`
pub(super) async fn list(
    TokenScope(scope): TokenScope,
    State(web): State<Web>,
    RawQuery(query): RawQuery,
) -> Result<Json<List<MessageView>>, Problem> {
    let region = send::region(&web.core, &scope).await?;
    let mut filter = MessageFilter::default();
    let mut page = Page { older_than: None, newer_than: None, limit: PAGE_DEFAULT };
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        read_parameter(&name, &value, &mut filter, &mut page, |text| {
            E164::parse(text, region).map(|phone| phone.match_key()).map_err(|error| error.to_string())
        })?;
    }
    let limit = page.limit;
    page.limit += 1;
    let mut found = messages::list(&web.core, &scope, &filter, page).await?;
    let has_more = i64::try_from(found.len()).is_ok_and(|count| count > limit);
    found.truncate(usize::try_from(limit).unwrap_or(0));
    let next = found.last().filter(|_| has_more).map(|message| message.place().to_string());
    Ok(Json(List { data: views(&web, &scope, found).await?, next }))
}

fn read_parameter(
    name: &str,
    value: &str,
    filter: &mut MessageFilter,
    page: &mut Page,
    phone_key: impl Fn(&str) -> Result<String, String>,
) -> Result<(), FieldError> {
    let wrong = |detail: &str| FieldError::new("invalid_value", name, detail);
    let time = |text: &str| Timestamp::parse(text).map_err(|error| wrong(&error.to_string()));
    match name {
        "contact_id" => filter.contact = Some(ContactId(number(name, value)?)),
        "phone" => filter.phone_match_key = Some(phone_key(value).map_err(|error| wrong(&error))?),
        "sender_id" => filter.sender = Some(SenderId(number(name, value)?)),
        "status" => {
            let known = MessageStatus::ALL.map(MessageStatus::as_str).join(", ");
            let status = MessageStatus::parse(value).ok_or_else(|| wrong(&format!("expected one of {known}")))?;
            filter.status = Some(status);
        }
        "direction" => {
            let direction = Direction::parse(value).ok_or_else(|| wrong("expected `inbound` or `outbound`"))?;
            filter.direction = Some(direction);
        }
        "created_from" => filter.from = Some(time(value)?),
        "created_until" => filter.until = Some(time(value)?),
        "after" => {
            let place = Place::parse(value).ok_or_else(|| wrong("expected the `next` of an earlier answer"))?;
            page.older_than = Some(place);
        }
        "limit" => {
            page.limit = page_limit(name, value)?;
        }
        _ => {
            let known = [
                "contact_id",
                "phone",
                "sender_id",
                "status",
                "direction",
                "created_from",
                "created_until",
                "after",
                "limit",
            ];
            return Err(unknown_parameter(name, &known));
        }
    }
    Ok(())
}

/// How long a page is to be.
pub(super) fn page_limit(name: &str, value: &str) -> Result<i64, FieldError> {
    let limit = number(name, value)?;
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(FieldError::new("out_of_range", name, format!("expected 1 to {PAGE_MAX}")));
    }
    Ok(limit)
}

/// No parameters: extracted by every handler that takes none, after the token.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoParameters;

impl<S: Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        match form_urlencoded::parse(query.as_bytes()).next() {
            Some((name, _)) => Err(unknown_parameter(&name, &[]).into()),
            None => Ok(Self),
        }
    }
}

/// A parameter that nobody knows, with the nearest that somebody does.
pub(super) fn unknown_parameter(name: &str, known: &[&'static str]) -> FieldError {
    let hint = domain::fields::nearest(name, known);
    let detail = match hint {
        Some(hint) => format!("did you mean `{hint}`?"),
        None if known.is_empty() => "there are none here".to_owned(),
        None => format!("known are {}", known.join(", ")),
    };
    FieldError::new("unknown_parameter", name, format!("unknown parameter; {detail}"))
}

pub(super) fn number(name: &str, value: &str) -> Result<i64, FieldError> {
    value.parse().map_err(|_| FieldError::new("wrong_type", name, "expected a whole number"))
}
