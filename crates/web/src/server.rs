//! All surfaces on one router, with what they share.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::middleware::map_response;
use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderName, HeaderValue, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::request_id::{MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::trace::TraceLayer;

use crate::state::Web;
use crate::{callbacks, operations, pages, v1};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything this server answers.
pub fn router(web: Web) -> Router {
    let api =
        v1::router(web.core.settings.media_bytes_max).layer(DefaultBodyLimit::max(web.settings.request_body_bytes_max));
    let pages = pages::router(&web).layer(CompressionLayer::new());
    let callbacks = callbacks::router(web.settings.callback_body_bytes_max);
    Router::new()
        .merge(api)
        .merge(callbacks)
        .merge(operations::router())
        .merge(pages::files(&web))
        .merge(pages)
        .with_state(web)
        .layer(map_response(close_after_unread_body))
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(()))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, NewId))
}

/// A body that is too long is not read to its end, so the connection ends with the answer. A client that is not told
/// would put it back into its pool, and lose its next request.
async fn close_after_unread_body(mut response: Response) -> Response {
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A failure is logged where it is handled, with its cause, and so not here again. The span names the route and neither
/// path nor query, which may hold a number or a token.
fn span(request: &Request) -> tracing::Span {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    tracing::debug_span!("request", method = %request.method(), route, request.id = id)
}

/// Numbers requests; unique within this process is enough to find a line in its log.
#[derive(Clone, Copy, Debug)]
struct NewId;

impl MakeRequestId for NewId {
    fn make_request_id<B>(&mut self, _request: &http::Request<B>) -> Option<RequestId> {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        format!("r{:x}-{number:x}", std::process::id()).parse().ok().map(RequestId::new)
    }
}
