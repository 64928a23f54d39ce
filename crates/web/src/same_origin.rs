//! Protection of sessions against forged requests: what changes something must come from our own pages.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{HOST, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

/// Refuses requests that change something and come from another site. Browsers say where a request comes from in
/// `Sec-Fetch-Site`, older ones in `Origin`; both are out of reach of a page's script. The cookie is `SameSite=Lax`
/// beside it.
pub async fn require(request: Request, next: Next) -> Response {
    if is_safe(request.method()) || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "This request did not come from a page of this site.").into_response()
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text(ORIGIN.as_str())) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = text(HOST.as_str()).unwrap_or_default();
            origin.split_once("://").is_some_and(|(_, from)| !host.is_empty() && from.eq_ignore_ascii_case(host))
        }
        // Neither: no browser of today sends a form so.
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        for (pairs, allowed) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (
                vec![
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "http://waypost.example"),
                    ("host", "waypost.example"),
                ],
                false,
            ),
            (vec![("origin", "https://waypost.example"), ("host", "waypost.example")], true),
            (vec![("origin", "https://evil.example"), ("host", "waypost.example")], false),
            (vec![("origin", "null"), ("host", "waypost.example")], false),
            (vec![], false),
        ] {
            assert_eq!(is_same_origin(&headers(&pairs)), allowed, "{pairs:?}");
        }
    }
}
