//! `GET /static/…`: style sheet, scripts, icons.

use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

use crate::assets;

/// An address that carries the right version names content that never changes.
const FOR_A_YEAR: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";

/// One asset.
pub(super) async fn show(Path(path): Path<String>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let Some(asset) = assets::serve(&path) else {
        return (StatusCode::NOT_FOUND, "There is no such file.").into_response();
    };
    let query = query.unwrap_or_default();
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    let is_current = parameters.any(|(name, value)| name == "v" && value == asset.version.as_str());
    let cache = if is_current { FOR_A_YEAR } else { ASK_EACH_TIME };
    let about = [(CACHE_CONTROL, cache), (ETAG, asset.etag.as_str())];
    if is_known(&headers, &asset.etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(CONTENT_TYPE, asset.content_type)], Body::from(asset.bytes.into_owned())).into_response()
}

/// Whether the browser has it. A proxy that compresses may have made the tag a weak one.
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).any(|known| {
        let known = known.trim();
        known.strip_prefix("W/").unwrap_or(known) == etag
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(query: Option<String>, known: Option<&str>) -> Response {
        let mut headers = HeaderMap::new();
        if let Some(known) = known {
            headers.insert(IF_NONE_MATCH, known.parse().expect("a header"));
        }
        show(Path("waypost.css".to_owned()), RawQuery(query), headers).await
    }

    #[tokio::test]
    async fn only_the_right_version_is_kept_for_a_year() {
        let asset = assets::serve("waypost.css").expect("embedded");
        for (query, cache) in [
            (Some(format!("v={}", asset.version)), FOR_A_YEAR),
            (Some("v=00000000".to_owned()), ASK_EACH_TIME),
            (None, ASK_EACH_TIME),
        ] {
            let answer = ask(query, None).await;
            assert_eq!(answer.headers().get(CACHE_CONTROL).expect("a header"), cache);
            assert_eq!(answer.headers().get(CONTENT_TYPE).expect("a header"), "text/css; charset=utf-8");
        }
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        let asset = assets::serve("waypost.css").expect("embedded");
        for (known, status) in [
            (asset.etag.clone(), StatusCode::NOT_MODIFIED),
            (format!("\"old\", W/{}", asset.etag), StatusCode::NOT_MODIFIED),
            ("\"old\"".to_owned(), StatusCode::OK),
        ] {
            assert_eq!(ask(None, Some(&known)).await.status(), status, "{known}");
        }
        let missing = show(Path("waypost.less".to_owned()), RawQuery(None), HeaderMap::new()).await;
        assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    }
}
