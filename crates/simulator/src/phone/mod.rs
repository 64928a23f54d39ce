//! The customer's phone in the browser.

mod bubble;
mod fields;
mod forms;
mod pages;
mod parts;
mod richtext;
mod taps;
mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::shared::App;

/// Pages, forms, the event streams and the static files.
pub(crate) fn routes() -> Router<App> {
    let file = post(forms::file).layer(DefaultBodyLimit::max(forms::FILE_BYTES_MAX));
    Router::new()
        .route("/phone", get(pages::list))
        .route("/phones", get(pages::wall))
        .route("/phones/people", get(pages::people))
        .route("/phones/events", get(pages::all_events))
        .route("/phone/media/{id}", get(pages::medium))
        .route("/phone/{digits}", get(pages::phone))
        .route("/phone/{digits}/messages", get(pages::messages))
        .route("/phone/{digits}/events", get(pages::events))
        .route("/phone/{digits}/read", post(pages::read))
        .route("/phone/{digits}/text", post(forms::text))
        .route("/phone/{digits}/send", post(forms::send))
        .route("/phone/{digits}/file", file)
        .route("/phone/{digits}/tap", post(forms::tap))
        .route("/phone/{digits}/switches", post(forms::switches))
        .route(
            "/static/phone.css",
            get(async || asset("text/css; charset=utf-8", include_bytes!("../../assets/phone.css"))),
        )
        .route(
            "/static/phone.js",
            get(async || asset("text/javascript; charset=utf-8", include_bytes!("../../assets/phone.js"))),
        )
        .route("/static/icons.svg", get(async || asset("image/svg+xml", include_bytes!("../../assets/icons.svg"))))
        .layer(axum::middleware::map_response(protect))
}

fn asset(kind: &'static str, bytes: &'static [u8]) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], bytes).into_response()
}

/// No script and no style but from here.
async fn protect(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}
