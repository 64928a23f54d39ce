//! The customer's phone in the browser.

mod pages;
mod view;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::shared::App;

/// The picture every customer sends.
pub(crate) const PICTURE: &[u8] = include_bytes!("../../assets/picture.png");

/// The picture's hash as callbacks write it.
pub(crate) fn picture_sha256() -> String {
    STANDARD.encode(Sha256::digest(PICTURE))
}

/// The picture's hash as a lookup of its media id writes it.
pub(crate) fn picture_sha256_hex() -> String {
    hex::encode(Sha256::digest(PICTURE))
}

/// Pages, forms, the event stream and the static files.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/phone", get(pages::list))
        .route("/phone/{digits}", get(pages::phone))
        .route("/phone/{digits}/messages", get(pages::messages))
        .route("/phone/{digits}/events", get(pages::events))
        .route("/phone/{digits}/read", post(pages::read))
        .route("/phone/{digits}/text", post(pages::text))
        .route("/phone/{digits}/picture", post(pages::picture))
        .route("/phone/{digits}/tap", post(pages::tap))
        .route("/phone/{digits}/switches", post(pages::switches))
        .route(
            "/static/phone.css",
            get(async || asset("text/css; charset=utf-8", include_bytes!("../../assets/phone.css"))),
        )
        .route(
            "/static/phone.js",
            get(async || asset("text/javascript; charset=utf-8", include_bytes!("../../assets/phone.js"))),
        )
        .route("/static/icons.svg", get(async || asset("image/svg+xml", include_bytes!("../../assets/icons.svg"))))
        .route("/static/picture.png", get(async || asset("image/png", PICTURE)))
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
