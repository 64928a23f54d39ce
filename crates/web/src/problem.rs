//! Errors of the native API: `application/problem+json` (RFC 9457) with a stable code and, where there is one, the field.

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::fields::FieldError;
use domain::ids::MessageId;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use messaging::scheduled::ChangeError;
use messaging::send::SendError;
use serde::Serialize;
use store::StoreError;

use messaging::metric::Metric;

/// A refusal that a program can act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    #[serde(skip)]
    status: StatusCode,
    /// Names the code; there is nothing behind it.
    #[serde(rename = "type")]
    kind: Box<str>,
    title: &'static str,
    /// Stable.
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The message that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<i64>,
    #[serde(rename = "status")]
    number: u16,
}

impl Problem {
    /// A problem with a stable code.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            kind: format!("urn:waypost:problem:{code}").into(),
            title: status.canonical_reason().unwrap_or("Error"),
            code,
            detail: detail.into(),
            field: None,
            message_id: None,
            number: status.as_u16(),
        }
    }

    /// The same, at a field.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same, with the message that stands in the way.
    #[must_use]
    pub fn about(mut self, message: MessageId) -> Self {
        self.message_id = Some(message.0);
        self
    }

    /// No token came with the request.
    #[must_use]
    pub fn no_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "no_token", "send an access token: `Authorization: Bearer wpt_…`")
    }

    /// Nobody has this token, or it is not in force any more.
    #[must_use]
    pub fn wrong_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "wrong_token", "this access token is unknown, expired or revoked")
    }

    /// Nothing of the account has this id; whether another account has is not told.
    #[must_use]
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("this account has no {what} with this id"))
    }

    /// The body is longer than allowed.
    #[must_use]
    pub fn body_too_large(bytes_max: usize) -> Self {
        let detail = format!("the body has more than {bytes_max} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
    }

    /// The database cannot be reached or written now.
    #[must_use]
    pub fn unavailable() -> Self {
        // Nobody knows what became of a commit whose connection broke; a key makes trying again safe either way.
        let detail = "the database cannot store or read anything now; try again, with the same Idempotency-Key";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.code, error.detail);
        if error.field.is_empty() { problem } else { problem.at(error.field) }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            Metric::StoreUnavailable.count("what", "request");
            tracing::warn!(%error, "A request could not be served: {error}");
            return Self::unavailable();
        }
        tracing::error!(%error, "A request failed: {error}");
        let detail = "something went wrong on our side; the log says what, under the id of this request";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl From<SendError> for Problem {
    fn from(error: SendError) -> Self {
        let unprocessable = |code, detail: String| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail);
        let detail = error.to_string();
        match error {
            SendError::Store(error) => error.into(),
            SendError::UnknownSender => unprocessable("unknown_sender", detail).at("sender_id"),
            SendError::NotConnected { .. } => unprocessable("sender_not_connected", detail).at("sender_id"),
            SendError::NotSupported { field, .. } => unprocessable("not_supported_by_provider", detail).at(field),
            SendError::Time(error) => error.into(),
            SendError::ScheduleKeyReused(message) => {
                Self::new(StatusCode::CONFLICT, "schedule_key_reused", detail).at("schedule_key").about(message)
            }
            SendError::Media { code, field, .. } => unprocessable(code, detail).at(field),
            SendError::KeyReused => {
                Self::new(StatusCode::CONFLICT, "idempotency_key_reused", detail).at("Idempotency-Key")
            }
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        let detail = error.to_string();
        match error {
            ChangeError::Store(error) => error.into(),
            ChangeError::Time(error) => error.into(),
            ChangeError::NotFound => Self::not_found("message"),
            ChangeError::NotScheduled(_) => Self::new(StatusCode::CONFLICT, "not_scheduled", detail),
            ChangeError::NotCancellable(_) => Self::new(StatusCode::CONFLICT, "not_cancellable", detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
