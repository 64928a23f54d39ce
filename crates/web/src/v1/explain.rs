//! `GET /v1/messages/{id}/explain`: everything that happened to a message, and what it waits for.

use axum::Json;
use axum::extract::{Path, State};
use domain::ids::MessageId;
use domain::message::MessageStatus;
use domain::time::Timestamp;
use messaging::explain::{self, Callback, CallbackBody, Entry, Explanation, WaitsFor, What};
use serde::Serialize;
use serde_json::{Value, json};

use super::messages::NoParameters;
use crate::auth::TokenScope;
use crate::catalogue::{Catalogue, FALLBACK};
use crate::problem::Problem;
use crate::state::Web;
use crate::views::explain::Teller;

/// The explanation of a message.
#[derive(Debug, Serialize)]
pub(super) struct ExplanationView {
    id: i64,
    status: &'static str,
    /// What it waits for; none where it waits for nothing.
    now: Option<NowView>,
    entries: Vec<EntryView>,
}

/// What a message waits for.
#[derive(Debug, Serialize)]
struct NowView {
    code: &'static str,
    text: String,
    until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Value>,
}

/// One thing that happened.
#[derive(Debug, Serialize)]
struct EntryView {
    at: Timestamp,
    code: &'static str,
    /// What the message's status became by it.
    status: Option<&'static str>,
    text: String,
    details: Value,
}

/// `GET /v1/messages/{id}/explain`
pub(super) async fn show(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<ExplanationView>, Problem> {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found("message"))?;
    let found = explain::explain(&web.core, &scope, id).await?;
    Ok(Json(view(&found.ok_or_else(|| Problem::not_found("message"))?)))
}

fn view(explanation: &Explanation) -> ExplanationView {
    let when = |at: Timestamp| at.to_string();
    let took = |length: std::time::Duration| format!("{} ms", length.as_millis());
    let teller = Teller {
        catalogue: Catalogue::get(FALLBACK),
        when: &when,
        took: &took,
        simulated: explanation.message.simulated,
    };
    ExplanationView {
        id: explanation.message.id.0,
        status: explanation.message.status.as_str(),
        now: explanation.waits.as_ref().map(|waits| now(waits, &teller)),
        entries: explanation.entries.iter().map(|entry| entry_view(entry, &teller)).collect(),
    }
}

fn now(waits: &WaitsFor, teller: &Teller<'_>) -> NowView {
    let details = match waits {
        WaitsFor::Pause { reason, .. } => Some(json!({"reason": reason})),
        _ => None,
    };
    NowView { code: waits.code(), text: teller.waits(waits), until: waits.until(), details }
}

fn entry_view(entry: &Entry, teller: &Teller<'_>) -> EntryView {
    EntryView {
        at: entry.at,
        code: entry.what.code(),
        status: entry.status.map(MessageStatus::as_str),
        text: teller.sentence(entry),
        details: details(&entry.what),
    }
}

fn details(what: &What) -> Value {
    match what {
        What::Accepted { class, lane, expires_at } => {
            json!({"class": class.as_str(), "lane": lane.as_str(), "expires_at": expires_at})
        }
        What::Scheduled { send_at, expires_at, key } => {
            json!({"send_at": send_at, "expires_at": expires_at, "schedule_key": key})
        }
        What::Repeated { key } => json!({"key": key}),
        What::Rescheduled { send_at, expires_at, by } => json!({
            "send_at": send_at.1, "expires_at": expires_at.1,
            "send_at_before": send_at.0, "expires_at_before": expires_at.0, "by": by,
        }),
        What::Released | What::Replied => json!({}),
        What::Cancelled { by, replaced_by } => json!({"by": by, "replaced_by": replaced_by}),
        What::Expired { expires_at, held_by, failure } => {
            json!({"expires_at": expires_at, "held_by": held_by, "failure": failure})
        }
        What::Claimed(attempt) => json!({
            "attempt": attempt.number, "provider": attempt.provider, "node": attempt.node, "epoch": attempt.epoch,
            "path": attempt.path, "payload": attempt.payload, "decision": attempt.decision,
        }),
        What::Answered { attempt, latency, failure } => json!({
            "attempt": attempt.number, "http_status": attempt.http_status, "answer": attempt.answer,
            "note": attempt.note, "latency_ms": u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
            "failure": failure,
        }),
        What::BackOff { attempt, until, failure } => {
            json!({"attempt": attempt, "until": until, "failure": failure})
        }
        What::Abandoned { attempt } => json!({"attempt": attempt}),
        What::Reported { attempt, status, happened_at, raised, early, failure, callback } => json!({
            "attempt": attempt, "reported": status, "happened_at": happened_at, "raised": raised, "early": early,
            "failure": failure, "callback": callback.as_ref().map(callback_view),
        }),
        What::WrittenElsewhere { origin, happened_at, callback } => json!({
            "origin": origin, "happened_at": happened_at, "callback": callback.as_ref().map(callback_view),
        }),
        What::Received { happened_at, callback } => {
            json!({"happened_at": happened_at, "callback": callback.as_ref().map(callback_view)})
        }
    }
}

fn callback_view(callback: &Callback) -> Value {
    let (kept, body) = match &callback.body {
        CallbackBody::Whole(body) => ("whole", Some(body)),
        CallbackBody::Part(body) => ("part", Some(body)),
        CallbackBody::Dropped => ("dropped", None),
        CallbackBody::Unreadable => ("unreadable", None),
    };
    json!({"id": callback.id, "received_at": callback.received_at, "kept": kept, "body": body})
}
