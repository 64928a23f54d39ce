//! What a page could not answer, and what every answer of the pages carries.

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use domain::random::Random;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use messaging::metric::Metric;
use store::StoreError;

use crate::catalogue::FALLBACK;
use crate::state::Web;
use crate::views::error::{ErrorKind, ErrorPage};
use crate::views::shell::Document;

const POLICY: &str = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");
const HOME: &str = "/app";
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// Why a page was not answered.
#[derive(Debug)]
pub enum PageError {
    /// There is no such thing, or not in an account of this person; which of the two is not told.
    NotFound,
    /// This person works in no account.
    Forbidden,
    /// The request is broken: no form, too large.
    Unreadable(StatusCode),
    /// Nobody is signed in: to the door, and back to this path.
    SignIn(String),
    /// The same, for a part of a page that htmx fetches.
    SignInFromPart(String),
    /// The same, for what a script fetches.
    NoSession,
    /// The database.
    Store(StoreError),
    /// A template failed.
    Template(askama::Error),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<askama::Error> for PageError {
    fn from(error: askama::Error) -> Self {
        Self::Template(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => Unanswered::because(StatusCode::NOT_FOUND, None),
            Self::Forbidden => Unanswered::because(StatusCode::FORBIDDEN, None),
            Self::Unreadable(status) => Unanswered::because(status, None),
            Self::SignIn(next) => Redirect::to(&door(&next)).into_response(),
            Self::SignInFromPart(next) => (StatusCode::UNAUTHORIZED, [(HX_REDIRECT, door(&next))]).into_response(),
            Self::NoSession => (StatusCode::UNAUTHORIZED, "Sign in first.").into_response(),
            Self::Store(error) if error.is_unavailable() => {
                Metric::StoreUnavailable.count("what", "request");
                Unanswered::because(StatusCode::SERVICE_UNAVAILABLE, Some(error.to_string()))
            }
            Self::Store(error) => Unanswered::because(StatusCode::INTERNAL_SERVER_ERROR, Some(error.to_string())),
            Self::Template(error) => {
                Unanswered::because(StatusCode::INTERNAL_SERVER_ERROR, Some(format!("a template failed: {error}")))
            }
        }
    }
}

/// The door, with the way back.
fn door(next: &str) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("/app/sign-in?{query}")
}

/// Travels with the answer to [`finish`], which knows the request's id and renders the page.
#[derive(Clone, Debug)]
struct Unanswered {
    status: StatusCode,
    /// For the log only.
    cause: Option<String>,
}

impl Unanswered {
    fn because(status: StatusCode, cause: Option<String>) -> Response {
        let mut response = status.into_response();
        response.extensions_mut().insert(Self { status, cause });
        response
    }

    fn page(self, error_id: String) -> Response {
        let status = self.status;
        if let Some(cause) = &self.cause {
            if status.is_server_error() && status != StatusCode::SERVICE_UNAVAILABLE {
                tracing::error!(error.id = %error_id, error = %cause, "A page failed ({error_id}): {cause}");
            } else {
                tracing::warn!(error.id = %error_id, error = %cause, "A page could not be served ({error_id}): {cause}");
            }
        }
        let page = ErrorPage {
            document: Document::new(FALLBACK),
            kind: ErrorKind::of_status(status.as_u16()),
            // Without a line in the log there is nothing to find.
            error_id: self.cause.is_some().then_some(error_id),
            home: HOME.to_owned(),
        };
        let mut response = match page.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, "Something broke on our side.").into_response(),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS);
        }
        response
    }
}

/// Layer around all pages: renders what was not answered and adds the headers that every answer carries.
pub(super) async fn finish(State(web): State<Web>, request: Request, next: Next) -> Response {
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(ToOwned::to_owned);
    let mut response = next.run(request).await;
    if let Some(unanswered) = response.extensions_mut().remove::<Unanswered>() {
        let id = given.filter(|id| id.len() <= 64).unwrap_or_else(|| short_id(&*web.random));
        response = unanswered.page(id);
    }
    protect(response.headers_mut());
    response
}

fn short_id(random: &dyn Random) -> String {
    hex::encode(random.bytes()).chars().take(8).collect()
}

fn protect(headers: &mut HeaderMap) {
    // What strangers sent comes with a stricter one.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // Assets and streams say their own.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_its_status() {
        for (error, status) in [
            (PageError::NotFound, 404),
            (PageError::Forbidden, 403),
            (PageError::Unreadable(StatusCode::PAYLOAD_TOO_LARGE), 413),
            (PageError::SignIn("/app/accounts/1/messages".to_owned()), 303),
            (PageError::SignInFromPart("/app/accounts/1/messages".to_owned()), 401),
            (PageError::NoSession, 401),
            (PageError::Store(StoreError::Unavailable("busy".to_owned())), 503),
            (PageError::Store(StoreError::Corrupt("row".to_owned())), 500),
        ] {
            assert_eq!(error.into_response().status(), status);
        }
    }

    #[test]
    fn the_way_back_is_encoded() {
        assert_eq!(
            door("/app/accounts/1/messages?q=a&b"),
            "/app/sign-in?next=%2Fapp%2Faccounts%2F1%2Fmessages%3Fq%3Da%26b"
        );
    }

    #[test]
    fn a_busy_database_asks_to_come_back() {
        let busy = Unanswered { status: StatusCode::SERVICE_UNAVAILABLE, cause: Some("busy".to_owned()) };
        let response = busy.page("r1-2".to_owned());
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key(RETRY_AFTER));
    }
}
