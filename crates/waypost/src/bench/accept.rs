//! Accept: `POST /v1/messages`, one text to one of many people, answered when it is stored.

use anyhow::{Context, ensure};
use domain::clock::Clock;
use serde_json::json;

use super::client;
use super::customers;
use super::load::Loaded;
use super::options::BenchOptions;
use super::report::Verified;
use super::server::{ALL_MESSAGES, Place, Server};
use crate::clock::SystemClock;

/// Where nobody listens: nothing may be sent while only accepting is measured.
pub(crate) const NOBODY: &str = "http://127.0.0.1:9";
const A_DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// A server that accepts.
#[derive(Debug)]
pub(crate) struct Accept {
    pub(crate) server: Server,
    token: String,
    sender: i64,
    recipients: u32,
    with_dispatch: bool,
    answered: u64,
}

impl Accept {
    /// Starts it.
    pub(crate) async fn start(options: &BenchOptions, place: &Place) -> anyhow::Result<Self> {
        let token = place.setup(options.with_dispatch).await?;
        let server = place.start("serve").await?;
        server.insist_on_empty(&token).await?;
        let sender = server.sender(&token).await?;
        let (recipients, with_dispatch) = (options.recipients, options.with_dispatch);
        Ok(Self { server, token, sender, recipients, with_dispatch, answered: 0 })
    }

    /// One request for every person.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        requests(&self.token, self.sender, self.recipients, 0..u64::from(self.recipients), !self.with_dispatch)
    }

    /// Notes what was answered.
    pub(crate) fn settle(&mut self, total: u64, loaded: &Loaded) {
        self.answered += total - loaded.failed.len() as u64;
    }

    /// Every message that was answered can be read.
    pub(crate) async fn verify(&self) -> anyhow::Result<Verified> {
        let (mut path, mut there) = (Some(ALL_MESSAGES.to_owned()), 0);
        while let Some(this) = path {
            let (rows, next) = self.server.messages(&self.token, &this).await?;
            there += rows.len() as u64;
            path = next;
        }
        ensure!(there >= self.answered, "{} messages were answered, and only {there} are there", self.answered);
        Ok(Verified { what: "messages answered are there", right: self.answered, of: self.answered })
    }
}

/// Requests to these turns of people; scheduled ones are not dispatched today.
pub(crate) fn requests(
    token: &str,
    sender: i64,
    recipients: u32,
    turns: std::ops::Range<u64>,
    scheduled: bool,
) -> Vec<Vec<u8>> {
    let authorization = format!("Bearer {token}");
    let tomorrow = SystemClock.now().plus(A_DAY).to_string();
    turns
        .map(|turn| {
            let mut body = json!({
                "sender_id": sender,
                "to": format!("+{}", customers::digits(turn, recipients)),
                "class": "transactional",
                "type": "text",
                "text": {"body": format!("Your order {turn} has left our kitchen and will be with you in 20 minutes.")},
            });
            if scheduled {
                body["send_at"] = json!(tomorrow);
            }
            client::request("POST", "/v1/messages", &[("authorization", &authorization)], body.to_string().as_bytes())
        })
        .collect()
}

/// Sends requests as fast as the server takes them, and insists on every one.
pub(crate) async fn accept_all(server: &Server, requests: Vec<Vec<u8>>) -> anyhow::Result<()> {
    let count = requests.len();
    let loaded = super::load::Load::all_at_once(requests, (server.address(), 64)).run().await;
    let loaded = loaded.context("the messages for the callbacks could not be made")?;
    ensure!(
        loaded.failed.is_empty(),
        "{} of {count} messages were not accepted: {:?}",
        loaded.failed.len(),
        loaded.errors
    );
    Ok(())
}
