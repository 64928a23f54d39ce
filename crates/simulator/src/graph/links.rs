//! Links in messages: Meta fetches them after it has accepted the message.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::header;
use tokio::time::timeout;

use super::kinds::{MediaUse, Source};
use crate::media::{LinkPolicy, fits, size_max};
use crate::shared::Shared;

const FETCH_WAIT: Duration = Duration::from_secs(5);
const FAILED: u32 = 131_053;

/// An address to fetch for a message of this kind.
#[derive(Clone, Debug)]
pub(super) struct Link {
    kind: &'static str,
    url: String,
}

/// The links of a message that are really fetched.
pub(super) fn of(app: &Shared, media: &[MediaUse]) -> Vec<Link> {
    if media.is_empty() {
        return Vec::new();
    }
    let policy = app.world().links;
    let link = |one: &MediaUse| match &one.source {
        Source::Link(url) if is_fetched(policy, url) => Some(Link { kind: one.kind, url: url.clone() }),
        _ => None,
    };
    media.iter().filter_map(link).collect()
}

fn is_fetched(policy: LinkPolicy, url: &str) -> bool {
    match policy {
        LinkPolicy::All => true,
        LinkPolicy::Never => false,
        LinkPolicy::Loopback => {
            let host = reqwest::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
            host.is_some_and(|host| {
                let bare = host.trim_matches(['[', ']']);
                host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
            })
        }
    }
}

/// Fetches every link; returns the code the message fails with if one cannot be used.
pub(super) async fn fetch(app: &Shared, links: Vec<Link>) -> Option<u32> {
    for link in links {
        let is_usable = tokio::select! {
            () = app.stop.cancelled() => false,
            fetched = timeout(FETCH_WAIT, is_usable(app, &link)) => fetched.unwrap_or(false),
        };
        if !is_usable {
            return Some(FAILED);
        }
    }
    None
}

/// Whether the link gives a file of a type and size that fits the message.
async fn is_usable(app: &Shared, link: &Link) -> bool {
    let Ok(answer) = app.poster.http().get(&link.url).send().await else {
        return false;
    };
    let mime = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Some(mime) = mime.filter(|mime| answer.status().is_success() && fits(link.kind, mime)) else {
        return false;
    };
    match answer.bytes().await {
        Ok(bytes) => !bytes.is_empty() && size_max(&mime, &bytes).is_some_and(|max| bytes.len() <= max),
        Err(_) => false,
    }
}
