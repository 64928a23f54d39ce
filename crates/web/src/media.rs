//! A medium's bytes as an answer, for the API and for pages alike.
//!
//! The bytes come from strangers. They are never run as a page of ours: the type is one of a short list or none, the
//! browser may not guess another, and whatever it makes of them happens in a sandbox without an origin.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use domain::ids::MediaId;
use domain::scope::AccountScope;
use futures_util::stream;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY,
    CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use messaging::media::{self, rules};
use store::StoreError;
use store::media::{MediaState, Medium, Stored};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use crate::state::Web;

/// How much of a file is read at a time.
const PIECE: u64 = 64 * 1024;
/// Nothing in it may load anything, run, or have our origin.
const POLICY: &str = "default-src 'none'; sandbox";
/// In the browser that asked and nowhere between; not for long, since rights may be taken away.
const CACHE: &str = "private, max-age=3600";
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Types that a browser may show in place.
const SHOWN: [&str; 12] = [
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "audio/aac",
    "audio/amr",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "video/mp4",
    "video/3gpp",
    "application/pdf",
];
/// Types that are named, and only offered for saving.
const NAMED: [&str; 9] = [
    "text/plain",
    "text/csv",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/zip",
];

/// Why there are no bytes to answer.
#[derive(Debug)]
pub(crate) enum NoMedium {
    /// The account has no such medium.
    NotFound,
    /// It has one, whose bytes are not here.
    NotStored {
        /// How far it is.
        state: MediaState,
        /// Why.
        reason: Option<String>,
    },
    /// The database or the disk.
    Store(StoreError),
}

impl From<StoreError> for NoMedium {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The bytes of a medium of the account, whole or the part that was asked for.
pub(crate) async fn answer(web: &Web, scope: &AccountScope, id: &str, asked: &HeaderMap) -> Result<Response, NoMedium> {
    let id = MediaId::parse_public(id).ok_or(NoMedium::NotFound)?;
    let medium = media::find(&web.core, scope, id).await?.ok_or(NoMedium::NotFound)?;
    let Some(stored) = media::stored(&medium) else {
        return Err(NoMedium::NotStored { state: medium.state, reason: medium.reason });
    };
    let etag = format!("\"{}\"", stored.digest);
    let mut headers = headers(&medium, &etag);
    if is_known(asked, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let length = u64::try_from(stored.bytes).unwrap_or(0);
    let part = match part(asked, &etag, length) {
        Ok(part) => part,
        Err(Unsatisfiable) => {
            headers.remove(CONTENT_TYPE);
            headers.insert(CONTENT_RANGE, header(&format!("bytes */{length}")));
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    let (first, count, status) = match part {
        None => (0, length, StatusCode::OK),
        Some((first, last)) => {
            headers.insert(CONTENT_RANGE, header(&format!("bytes {first}-{last}/{length}")));
            (first, last - first + 1, StatusCode::PARTIAL_CONTENT)
        }
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(count));
    let body = read(web, scope, stored, (first, count)).await?;
    Ok((status, headers, body).into_response())
}

async fn read(web: &Web, scope: &AccountScope, stored: &Stored, (first, count): (u64, u64)) -> Result<Body, NoMedium> {
    let mut file = media::open(&web.core, scope, stored).await?;
    let at = file.seek(SeekFrom::Start(first)).await;
    at.map_err(|error| StoreError::Unavailable(format!("a medium cannot be read: {error}")))?;
    Ok(Body::from_stream(stream::try_unfold((file, count), next_piece)))
}

async fn next_piece((file, left): (File, u64)) -> std::io::Result<Option<(Vec<u8>, (File, u64))>> {
    let mut piece = Vec::new();
    let mut part = file.take(left.min(PIECE));
    part.read_to_end(&mut piece).await?;
    let left = left.saturating_sub(piece.len() as u64);
    Ok((!piece.is_empty()).then(|| (piece, (part.into_inner(), left))))
}

fn headers(medium: &Medium, etag: &str) -> HeaderMap {
    let told = [&medium.mime_type, &medium.content_type].into_iter().flatten().map(|told| rules::essence(told));
    let listed = told.clone().find(|told| SHOWN.contains(&told.as_str()) || NAMED.contains(&told.as_str()));
    let content_type = listed.unwrap_or_else(|| rules::UNTOLD.to_owned());
    HeaderMap::from_iter([
        (CONTENT_DISPOSITION, header(&disposition(medium, &content_type))),
        (CONTENT_TYPE, header(&content_type)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
        (CACHE_CONTROL, HeaderValue::from_static(CACHE)),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (ETAG, header(etag)),
    ])
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Whether it is shown or saved, and under which name: plain for old clients, encoded for the others (RFC 6266).
fn disposition(medium: &Medium, content_type: &str) -> String {
    let way = if SHOWN.contains(&content_type) { "inline" } else { "attachment" };
    let name = medium.filename.as_deref().and_then(rules::safe_name);
    let name = name.unwrap_or_else(|| format!("{}.{}", medium.id.public(), rules::ending_of(content_type)));
    let plain: String = name.chars().map(|c| if matches!(c, ' '..='~') && c != '%' { c } else { '_' }).collect();
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    format!("{way}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

fn is_known(asked: &HeaderMap, etag: &str) -> bool {
    let known = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

/// A range that lies outside.
#[derive(Debug, PartialEq, Eq)]
struct Unsatisfiable;

/// First and last byte that were asked for; none where all were, or where the question is of a form that may be ignored.
fn part(asked: &HeaderMap, etag: &str, length: u64) -> Result<Option<(u64, u64)>, Unsatisfiable> {
    if asked.get(IF_RANGE).is_some_and(|value| value.to_str().ok() != Some(etag)) {
        return Ok(None);
    }
    let range =
        asked.get(RANGE).and_then(|value| value.to_str().ok()).and_then(|text| text.trim().strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else { return Ok(None) };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (first, last) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.min(length.saturating_sub(1))),
        (Some(first), None) if last.trim().is_empty() => (first, length.saturating_sub(1)),
        // The last so many bytes.
        (None, Some(count)) if first.trim().is_empty() => {
            if count == 0 {
                return Err(Unsatisfiable);
            }
            (length.saturating_sub(count), length.saturating_sub(1))
        }
        _ => return Ok(None),
    };
    if first >= length { Err(Unsatisfiable) } else { Ok(Some((first, last))) }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;
    use store::media::{Origin, Told};

    use super::*;

    fn asked(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn one_range_is_served_and_what_is_no_range_is_ignored() {
        for (range, found) in [
            ("bytes=0-0", Ok(Some((0, 0)))),
            ("bytes=2-5", Ok(Some((2, 5)))),
            ("bytes=2-", Ok(Some((2, 9)))),
            ("bytes=2-99", Ok(Some((2, 9)))),
            ("bytes=-3", Ok(Some((7, 9)))),
            ("bytes=-99", Ok(Some((0, 9)))),
            ("bytes=10-", Err(Unsatisfiable)),
            ("bytes=10-12", Err(Unsatisfiable)),
            ("bytes=-0", Err(Unsatisfiable)),
            ("bytes=5-2", Ok(None)),
            ("bytes=0-1,4-5", Ok(None)),
            ("bytes=a-b", Ok(None)),
            ("lines=1-2", Ok(None)),
        ] {
            assert_eq!(part(&asked(&[(RANGE, range)]), "\"a\"", 10), found, "{range}");
        }
        let other = asked(&[(RANGE, "bytes=2-5"), (IF_RANGE, "\"b\"")]);
        assert_eq!(part(&other, "\"a\"", 10), Ok(None), "it changed since");
        assert_eq!(part(&asked(&[(RANGE, "bytes=0-")]), "\"a\"", 0), Err(Unsatisfiable));
    }

    fn medium(mime_type: &str, filename: Option<&str>) -> Medium {
        Medium {
            id: MediaId(7),
            origin: Origin::Received,
            message: None,
            sender: None,
            told: Told::default(),
            mime_type: Some(mime_type.to_owned()),
            content_type: None,
            filename: filename.map(ToOwned::to_owned),
            state: MediaState::Stored,
            reason: None,
            stored: None,
            created_at: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn only_harmless_types_are_named_and_fewer_are_shown() {
        for (mime_type, content_type, way) in [
            ("image/jpeg", "image/jpeg", "inline"),
            ("audio/ogg; codecs=opus", "audio/ogg", "inline"),
            ("application/pdf", "application/pdf", "inline"),
            ("text/plain", "text/plain", "attachment"),
            ("text/html", "application/octet-stream", "attachment"),
            ("image/svg+xml", "application/octet-stream", "attachment"),
            ("application/javascript", "application/octet-stream", "attachment"),
        ] {
            let headers = headers(&medium(mime_type, None), "\"a\"");
            assert_eq!(headers[CONTENT_TYPE], content_type);
            let disposition = headers[CONTENT_DISPOSITION].to_str().expect("ASCII");
            assert!(disposition.starts_with(&format!("{way}; filename=\"wpm_7.")), "{disposition}");
        }
    }

    #[test]
    fn a_name_from_outside_stays_a_name() {
        let said = |name| disposition(&medium("application/pdf", Some(name)), "application/pdf");
        assert_eq!(said("../a\"\r\nb.pdf"), "inline; filename=\"a_b.pdf\"; filename*=UTF-8''a_b.pdf");
        assert_eq!(said("שם.pdf"), "inline; filename=\"__.pdf\"; filename*=UTF-8''%D7%A9%D7%9D.pdf");
        assert_eq!(said(".."), "inline; filename=\"wpm_7.pdf\"; filename*=UTF-8''wpm_7.pdf");
    }
}
