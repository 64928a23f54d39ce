//! Errors in Meta's words and shape.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::codes::known;
use crate::templates::MalformedTemplate;

/// A refusal of the Graph API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: StatusCode,
    pub(crate) code: u32,
    subcode: Option<u32>,
    kind: &'static str,
    message: String,
    details: Option<String>,
    /// Words for people: title and text. Template and registration errors have them.
    user: Option<Box<(String, String)>>,
    is_transient: bool,
}

impl GraphError {
    /// A messaging error: title and status from Meta's table, the explanation beside it.
    pub(crate) fn new(code: u32, details: impl Into<String>) -> Self {
        let (status, title) = known(code);
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
            code,
            subcode: None,
            kind: "OAuthException",
            message: format!("(#{code}) {title}"),
            details: Some(details.into()),
            user: None,
            is_transient: false,
        }
    }

    /// The token was taken back; the subcode says why.
    pub(crate) fn token_revoked(subcode: u32) -> Self {
        Self {
            subcode: Some(subcode),
            message: "Error validating access token: The session has been invalidated".to_owned(),
            details: None,
            ..Self::new(190, "")
        }
    }

    /// A template that Meta refuses.
    pub(crate) fn template(malformed: &MalformedTemplate) -> Self {
        Self {
            subcode: malformed.subcode,
            details: None,
            user: Some(Box::new(("The template is not valid".to_owned(), malformed.reason.clone()))),
            message: format!("Invalid parameter: {}", malformed.reason),
            ..Self::new(100, "")
        }
    }

    pub(crate) fn with_subcode(self, subcode: Option<u32>) -> Self {
        Self { subcode, ..self }
    }

    /// Marked as worth another try.
    pub(crate) fn transient(self, is_transient: bool) -> Self {
        Self { is_transient, ..self }
    }

    /// Without `error_data`.
    pub(crate) fn bare(self) -> Self {
        Self { details: None, ..self }
    }

    pub(crate) fn token_missing() -> Self {
        Self {
            message: "An access token is required to request this resource.".to_owned(),
            details: None,
            ..Self::new(104, "")
        }
    }

    pub(crate) fn token_wrong() -> Self {
        Self {
            message: "Invalid OAuth access token - Cannot parse access token".to_owned(),
            details: None,
            ..Self::new(190, "")
        }
    }

    /// Says the same for objects that are missing and for objects the token may not see, as Meta does.
    pub(crate) fn no_such_object(method: &Method, id: &str) -> Self {
        let verb = method.as_str().to_lowercase();
        Self {
            subcode: Some(33),
            kind: "GraphMethodException",
            message: format!(
                "Unsupported {verb} request. Object with ID '{id}' does not exist, cannot be loaded due to missing \
                 permissions, or does not support this operation. Please read the Graph API documentation at \
                 https://developers.facebook.com/docs/graph-api"
            ),
            details: None,
            ..Self::new(100, "")
        }
    }

    /// The same error with another HTTP status.
    pub(crate) fn with_status(self, status: Option<u16>) -> Self {
        let status = status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(self.status);
        Self { status, ..self }
    }

    pub(crate) fn to_json(&self, trace: &str) -> Value {
        let mut error = Map::new();
        error.insert("message".into(), json!(self.message));
        error.insert("type".into(), json!(self.kind));
        error.insert("code".into(), json!(self.code));
        if let Some(subcode) = self.subcode {
            error.insert("error_subcode".into(), json!(subcode));
        }
        if let Some(details) = &self.details {
            error.insert("error_data".into(), json!({"messaging_product": "whatsapp", "details": details}));
        }
        if self.is_transient {
            error.insert("is_transient".into(), json!(true));
        }
        if let Some((title, text)) = self.user.as_deref() {
            error.insert("error_user_title".into(), json!(title));
            error.insert("error_user_msg".into(), json!(text));
        }
        error.insert("fbtrace_id".into(), json!(trace));
        json!({"error": error})
    }
}

/// The error as it stands in a `failed` status.
pub(crate) fn webhook_error(code: u32) -> Value {
    let (_, title) = known(code);
    json!({
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": title},
        "href": "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes",
    })
}
