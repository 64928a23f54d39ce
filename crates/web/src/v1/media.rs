//! `/v1/media`: upload, and the bytes.

use axum::Json;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{Multipart, Path, State};
use axum::response::{IntoResponse, Response};
use domain::fields::FieldError;
use domain::ids::SenderId;
use domain::scope::AccountScope;
use http::{HeaderMap, StatusCode};
use messaging::media::upload::{About, Incoming, Kept, UploadError};
use serde::Serialize;
use store::media::Medium;

use super::messages::NoParameters;
use crate::auth::TokenScope;
use crate::media::{self, NoMedium};
use crate::problem::Problem;
use crate::state::Web;

/// What a form holds beside its file.
pub(super) const FORM_BYTES_MAX: usize = 64 * 1024;
/// The longest number.
const NUMBER_BYTES_MAX: usize = 20;

/// `POST /v1/media`
pub(super) async fn create(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    let mut form = form.map_err(|rejection| {
        let detail = format!("send the file as multipart/form-data, in a part named `file`: {}", rejection.body_text());
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_multipart", detail)
    })?;
    let (mut about, mut incoming) = (About::default(), None);
    while let Some(field) = form.next_field().await.map_err(|error| broken(&web, &error))? {
        match field.name().unwrap_or_default() {
            "file" if incoming.is_none() => {
                about.mime_type = field.content_type().map(ToOwned::to_owned);
                about.filename = field.file_name().map(ToOwned::to_owned);
                incoming = Some(take(&web, field).await?);
            }
            "sender_id" if about.sender.is_none() => about.sender = Some(read_sender(&web, field).await?),
            "file" => return Err(FieldError::new("exactly_one", "file", "send one file per request").into()),
            "sender_id" => return Err(FieldError::new("exactly_one", "sender_id", "name one sender").into()),
            other => {
                let name: String = other.chars().take(64).collect();
                return Err(FieldError::new("unknown_field", name, "unknown part; known are file, sender_id").into());
            }
        }
    }
    let incoming = incoming.ok_or_else(|| FieldError::new("missing_field", "file", "send the file in this part"))?;
    let filename = about.filename.clone();
    let kept = incoming.keep(&web.core, &scope, about).await?;
    Ok((StatusCode::CREATED, Json(UploadView::new(kept, filename))).into_response())
}

async fn take(web: &Web, mut field: Field<'_>) -> Result<Incoming, Problem> {
    let mut incoming = Incoming::begin(&web.core).await?;
    while let Some(piece) = field.chunk().await.map_err(|error| broken(web, &error))? {
        incoming.write(&piece).await?;
    }
    Ok(incoming)
}

async fn read_sender(web: &Web, mut field: Field<'_>) -> Result<SenderId, Problem> {
    let mut text = Vec::new();
    while text.len() <= NUMBER_BYTES_MAX
        && let Some(piece) = field.chunk().await.map_err(|error| broken(web, &error))?
    {
        text.extend(piece.iter().take(NUMBER_BYTES_MAX + 1));
    }
    let number = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| FieldError::new("wrong_type", "sender_id", "expected a whole number").into())
}

fn broken(web: &Web, error: &MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large(web.core.settings.media_bytes_max);
    }
    Problem::new(StatusCode::BAD_REQUEST, "body_broken", format!("the form cannot be read: {}", error.body_text()))
}

fn too_large(bytes_max: u64) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "media_too_large", format!("a medium has at most {bytes_max} bytes"))
        .at("file")
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        let detail = error.to_string();
        match error {
            UploadError::TooLarge { bytes_max } => too_large(bytes_max),
            UploadError::Empty => FieldError::new("empty", "file", detail).into(),
            UploadError::UnknownSender => FieldError::new("unknown_sender", "sender_id", detail).into(),
            UploadError::Store(error) => error.into(),
        }
    }
}

/// An upload, as it was kept.
#[derive(Debug, Serialize)]
struct UploadView {
    id: String,
    mime_type: String,
    bytes: i64,
    sha256: String,
    filename: Option<String>,
}

impl UploadView {
    fn new(kept: Kept, filename: Option<String>) -> Self {
        Self {
            id: kept.id.public(),
            mime_type: kept.mime_type,
            bytes: kept.stored.bytes,
            sha256: kept.stored.digest,
            filename: filename.as_deref().and_then(messaging::media::rules::safe_name),
        }
    }
}

/// `GET /v1/media/{id}`
pub(super) async fn show(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    media::answer(&web, &scope, &id, &headers).await.map_err(|none| match none {
        NoMedium::NotFound => Problem::not_found("medium"),
        NoMedium::NotStored { state, reason } => {
            let why = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            let detail = format!("the bytes of this medium are not here; it is {}{why}", state.as_str());
            Problem::new(StatusCode::NOT_FOUND, "media_not_stored", detail)
        }
        NoMedium::Store(error) => error.into(),
    })
}

/// A medium of a message.
#[derive(Debug, Serialize)]
pub(super) struct MediaView {
    id: String,
    /// `pending`, `stored`, `failed` or `gone`.
    state: &'static str,
    /// Why it is not stored.
    reason: Option<String>,
    mime_type: Option<String>,
    bytes: Option<i64>,
    sha256: Option<String>,
    filename: Option<String>,
    /// Where its bytes are, if they are here.
    url: Option<String>,
}

impl From<&Medium> for MediaView {
    fn from(medium: &Medium) -> Self {
        let (id, stored) = (medium.id.public(), messaging::media::stored(medium));
        Self {
            state: medium.state.as_str(),
            reason: medium.reason.clone(),
            mime_type: medium.mime_type.clone(),
            bytes: stored.map(|stored| stored.bytes),
            sha256: stored.map(|stored| stored.digest.clone()),
            filename: medium.filename.clone(),
            url: stored.map(|_| format!("/v1/media/{id}")),
            id,
        }
    }
}

/// The media that came with messages.
pub(super) async fn of_messages(
    web: &Web,
    scope: &AccountScope,
    messages: &[store::message::Message],
) -> Result<Vec<Medium>, Problem> {
    use domain::message::Direction;
    // What the business sent by other means comes like what people send.
    let came = messages.iter().filter(|message| message.direction == Direction::Inbound || message.origin.is_some());
    let ids: Vec<_> = came.map(|message| message.id).collect();
    Ok(messaging::media::of_messages(&web.core, scope, &ids).await?)
}
