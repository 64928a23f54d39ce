//! Looks at a link before a person's phone does: whether it leads to a document that can be downloaded.
//!
//! The address comes from whoever writes messages, so the look itself must not become a way into the network behind
//! this server: only public addresses are connected to, decided where the connection is made, after the name was
//! resolved, and for every redirect anew.

mod address;
mod content;

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Response, Url};

use crate::http::{NoHttpClient, chain, link_client};

/// How much is read of what a link leads to.
const BYTES_MAX: usize = 64 * 1024;
/// How long a look may take, redirects included.
const TIME_MAX: Duration = Duration::from_secs(3);
const REDIRECTS_MAX: usize = 3;

/// Hosts whose links lead through a page of theirs, or anywhere: Meta downloads no document from them.
const SHORT_LINK_HOSTS: [&str; 14] = [
    "bit.ly",
    "tinyurl.com",
    "t.co",
    "goo.gl",
    "ow.ly",
    "is.gd",
    "buff.ly",
    "rebrand.ly",
    "cutt.ly",
    "rb.gy",
    "t.ly",
    "shorturl.at",
    "wa.me",
    "fb.me",
];
/// Hosts of the examples that WhatsApp shows for a template, and of examples in general: what is there is nobody's
/// document, and expires.
const EXAMPLE_HOSTS: [&str; 6] =
    ["scontent.whatsapp.net", "mmg.whatsapp.net", "media.whatsapp.net", "example.com", "example.org", "example.net"];

/// Statuses below 500 that say "not now": request timeout, too early, too many requests.
const PASSING: [u16; 3] = [408, 425, 429];

/// What a link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A document that can be downloaded.
    Document,
    /// Something else, or nothing; why, in words for people.
    Dropped(String),
    /// Nobody can say now, for its server or the way to it is out of order; why, in words for people.
    Unclear(String),
}

/// Looks at links; cheap to clone.
#[derive(Clone, Debug)]
pub struct Links {
    client: Client,
    allow_private: bool,
}

impl Links {
    /// `allow_private` lets addresses of this machine and of private networks be looked at, which only tests need.
    ///
    /// # Errors
    /// The machine's TLS configuration cannot be used.
    pub fn new(allow_private: bool) -> Result<Self, NoHttpClient> {
        Ok(Self { client: link_client(Arc::new(PublicOnly { allow_private }), TIME_MAX)?, allow_private })
    }

    /// Looks at what the link leads to.
    pub async fn look(&self, link: &str) -> Look {
        let found = tokio::time::timeout(TIME_MAX, self.follow(link)).await;
        let late = || Look::Unclear(format!("what it leads to did not come within {} seconds", TIME_MAX.as_secs()));
        found.map_or_else(|_| late(), |found| found.err().unwrap_or(Look::Document))
    }

    async fn follow(&self, link: &str) -> Result<(), Look> {
        let dropped = |why: &str| Look::Dropped(why.to_owned());
        let mut url = Url::parse(link).map_err(|_| dropped("it is no well-formed address"))?;
        for _ in 0..=REDIRECTS_MAX {
            self.check(&url).map_err(Look::Dropped)?;
            let response = self.client.get(url.clone()).send().await.map_err(without_answer)?;
            if !response.status().is_redirection() {
                return look_at(response).await;
            }
            let next = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let next = next.ok_or_else(|| dropped("it redirects to nowhere"))?;
            url = url.join(next).map_err(|_| dropped("it redirects to something that is no address"))?;
        }
        Err(Look::Dropped(format!("it redirects more than {REDIRECTS_MAX} times")))
    }

    /// What can be said before anything is asked.
    fn check(&self, url: &Url) -> Result<(), String> {
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
            return Err("it is no plain http or https address".to_owned());
        }
        let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
        let is_of = |known: &str| host == known || host.ends_with(&format!(".{known}"));
        if SHORT_LINK_HOSTS.iter().any(|known| is_of(known)) {
            return Err(format!("it is a short link of {host}"));
        }
        if EXAMPLE_HOSTS.iter().any(|known| is_of(known)) {
            return Err(format!("it is an example's address, on {host}"));
        }
        // An address written as one is not resolved, so the resolver does not see it.
        let literal: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
        match literal {
            Some(address) if !self.allow_private && !address::is_public(address) => Err(NOT_PUBLIC.to_owned()),
            _ => Ok(()),
        }
    }
}

const NOT_PUBLIC: &str = "it leads to an address that is not on the public internet";

/// Connections, names and time fail and come back; only where it may not lead is decided for good.
fn without_answer(error: reqwest::Error) -> Look {
    let why = chain(&error.without_url());
    if why == NOT_PUBLIC { Look::Dropped(why) } else { Look::Unclear(why) }
}

async fn look_at(mut response: Response) -> Result<(), Look> {
    let status = response.status();
    if !status.is_success() {
        let why = format!("its server answers with HTTP status {}", status.as_u16());
        let passes = status.is_server_error() || PASSING.contains(&status.as_u16());
        return Err(if passes { Look::Unclear(why) } else { Look::Dropped(why) });
    }
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_owned();
    let mut head = Vec::new();
    while head.len() < BYTES_MAX
        && let Some(chunk) = response.chunk().await.map_err(without_answer)?
    {
        head.extend(chunk.iter().take(BYTES_MAX - head.len()));
    }
    content::check_document(&content_type, &head).map_err(Look::Dropped)
}

/// Resolves names to public addresses only. The connection is made to what is answered here and nothing else, so a name
/// that points elsewhere a moment later gains nothing.
#[derive(Debug)]
struct PublicOnly {
    allow_private: bool,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> =
                found.filter(|address| allow_private || address::is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(Box::new(io::Error::other(NOT_PUBLIC)) as Box<dyn Error + Send + Sync>);
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
