//! The native API as a client of it sees it.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::books::Shown;

/// The answer to a send.
pub(super) enum Posted {
    /// 202 with the id, if the answer could be read to its end; `repeated`: an earlier try had stored it.
    Accepted { id: Option<i64>, repeated: bool },
    /// No answer, or 503: nobody knows.
    Nothing,
}

/// A client with a token.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub http: reqwest::Client,
    pub url: String,
    pub token: String,
}

impl Api {
    /// The account's sender that is connected.
    pub(super) async fn sender(&self) -> Result<i64> {
        let senders = self.get("/v1/senders").await?.context("no answer")?;
        let mut senders = senders["data"].as_array().into_iter().flatten();
        let connected = senders.find(|sender| sender["connected"] == true).context("no sender is connected")?;
        connected["id"].as_i64().context("the sender has no id")
    }

    /// Sends a text; an answer that is neither 202 nor a passing trouble is an error.
    pub(super) async fn post(&self, sender: i64, key: &str, (to, body): (&str, &str)) -> Result<Posted> {
        let text = json!({"sender_id": sender, "to": to, "type": "text", "text": {"body": body}});
        let request = self.http.post(format!("{}/v1/messages", self.url)).bearer_auth(&self.token);
        let Ok(answer) = request.header("idempotency-key", key).json(&text).send().await else {
            return Ok(Posted::Nothing);
        };
        match answer.status().as_u16() {
            202 => {
                let accepted: Value = answer.json().await.unwrap_or_default();
                // Only a repetition is answered with how the message stands now, and so with its address.
                Ok(Posted::Accepted { id: accepted["id"].as_i64(), repeated: accepted.get("address").is_some() })
            }
            503 => Ok(Posted::Nothing),
            other => bail!("a send was answered {other}: {}", answer.text().await.unwrap_or_default()),
        }
    }

    /// The message with this id; `None`: there is none.
    pub(super) async fn message(&self, id: i64) -> Result<Option<Shown>> {
        self.get(&format!("/v1/messages/{id}")).await?.as_ref().map(shown).transpose()
    }

    /// Messages of one direction, newest first: all of them, or the newest `pages` pages.
    pub(super) async fn list(&self, direction: &str, pages: usize) -> Result<Vec<Shown>> {
        let mut found = Vec::new();
        let mut after = String::new();
        for _ in 0..pages {
            let path = format!("/v1/messages?direction={direction}&limit=100{after}");
            let page = self.get(&path).await?.context("no list")?;
            for message in page["data"].as_array().context("no list")? {
                found.push(shown(message)?);
            }
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        Ok(found)
    }

    /// Whether a message stands at this status.
    pub(super) async fn any_at(&self, status: &str) -> Result<bool> {
        let page = self.get(&format!("/v1/messages?status={status}&limit=1")).await?.context("no list")?;
        Ok(page["data"].as_array().is_some_and(|found| !found.is_empty()))
    }

    /// 404 is `None`; 503 is tried again.
    async fn get(&self, path: &str) -> Result<Option<Value>> {
        loop {
            let answer = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await?;
            match answer.status().as_u16() {
                200 => return Ok(Some(answer.json().await?)),
                404 => return Ok(None),
                503 => tokio::time::sleep(Duration::from_millis(50)).await,
                other => bail!("{path} was answered {other}: {}", answer.text().await.unwrap_or_default()),
            }
        }
    }
}

fn shown(message: &Value) -> Result<Shown> {
    let text = |name: &str| message[name].as_str().map(ToOwned::to_owned);
    let has = |name: &str| message[name].is_string();
    let content = &message["message"];
    // Meta's own object for what was sent, the decoded content for what was received.
    let body = content["text"]["body"].as_str().or_else(|| content["body"].as_str());
    Ok(Shown {
        id: message["id"].as_i64().context("a message without an id")?,
        address: text("address").context("a message without an address")?,
        body: body.context("a message without a text")?.to_owned(),
        status: text("status").context("a message without a status")?,
        external_id: text("external_id"),
        times: [has("sent_at"), has("delivered_at"), has("read_at")],
    })
}
