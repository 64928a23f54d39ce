//! `POST /{version}/{phone_number_id}/messages`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::check::{self, Ask, Recipient, Send};
use super::{Answer, GraphError, admit, refuse};
use crate::callback;
use crate::connection::CutSwitch;
use crate::faults::{Fault, Verdict};
use crate::shared::{App, Shared};
use crate::wire::{Direction, WireEntry, excerpt};
use crate::world::{Order, Side, Ticks};

/// Meta ends a typing indicator by itself after this time.
const TYPING: Duration = Duration::from_secs(25);

const PROXY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\
                          <body><h1>502 Bad Gateway</h1><hr>proxygen-bolt</body></html>\n";

pub(super) async fn send(
    State(app): State<App>,
    ConnectInfo(switch): ConnectInfo<CutSwitch>,
    Path((version, node)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let started = Instant::now();
    let answer = match ask(&app, (&version, &node), &headers, &body) {
        Ok((number, Ask::Send(send))) => accept(&app, number, *send).await,
        Ok((_, Ask::MarkRead { message_id, typing })) => mark_read(&app, &message_id, typing),
        Err(error) => Err(error),
    };
    let answer = answer.unwrap_or_else(|error| refuse(&app, &error));
    app.wire.push(WireEntry {
        at: app.now(),
        direction: Direction::Received,
        method: "POST".to_owned(),
        path: format!("/{version}/{node}/messages"),
        status: answer.status().map(|status| status.as_u16()),
        request: excerpt(&body),
        response: answer.text(),
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    answer.into_response(&switch)
}

/// The checks in Meta's order: token, number, shape of the body, template, parameters.
fn ask(
    app: &Shared,
    (version, node): (&str, &str),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(usize, Ask), GraphError> {
    admit(app, version, headers)?;
    let index = app.number_by_id.get(node).copied();
    let found = index.and_then(|index| app.numbers.get(index).map(|number| (index, number)));
    let Some((index, number)) = found else {
        return Err(GraphError::no_such_object(&Method::POST, node));
    };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return Err(GraphError::new(100, "The request needs Content-Type: application/json"));
    }
    Ok((index, check::body(body, &number.digits)?))
}

async fn accept(app: &App, number: usize, send: Send) -> Result<Answer, GraphError> {
    let Some(sender) = app.numbers.get(number) else {
        return Err(GraphError::new(131_000, "the number is gone"));
    };
    let (digits, verdict) = judge(app, &send.recipient)?;
    if !verdict.wait.is_zero() {
        tokio::select! {
            () = app.stop.cancelled() => return Ok(Answer::Cut),
            () = tokio::time::sleep(verdict.wait) => {}
        }
    }
    match verdict.fault {
        Some(Fault::Error { code, http_status }) => {
            return Err(GraphError::new(code, "A fault rule of the simulator").with_status(http_status));
        }
        Some(Fault::ResetBefore) => return Ok(Answer::Cut),
        Some(Fault::Html502) => return Ok(Answer::Html(StatusCode::BAD_GATEWAY, PROXY_PAGE)),
        _ => {}
    }
    let is_template = send.checked.content.template.is_some();
    let contact = contact(&send.recipient, &digits);
    let order = Order {
        number,
        digits,
        by_user_id: matches!(send.recipient, Recipient::User { .. }),
        content: send.checked.content,
        category: send.checked.category,
        context: send.context,
        opaque: send.opaque,
    };
    let id = store(app, order, &sender.id, verdict.fault.as_ref()).await;
    match verdict.fault {
        Some(Fault::ResetAfter) => return Ok(Answer::Cut),
        Some(Fault::Http500After) => {
            return Err(GraphError::new(131_000, "Message failed to send due to an unknown error."));
        }
        _ => {}
    }
    let mut message = Map::new();
    message.insert("id".into(), json!(id));
    if is_template {
        message.insert("message_status".into(), json!("accepted"));
    }
    Ok(Answer::ok(json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})))
}

/// Whom the message reaches, and what the fault rules say to it.
fn judge(app: &Shared, recipient: &Recipient) -> Result<(String, Verdict), GraphError> {
    let mut world = app.world();
    let digits = match recipient {
        Recipient::Phone { digits, .. } => digits.clone(),
        Recipient::User { user_id } => match world.phone_by_user_id.get(user_id) {
            Some(digits) => digits.as_ref().to_owned(),
            None => return Err(GraphError::new(131_009, "Param recipient: nobody has this user id")),
        },
    };
    let world = &mut *world;
    let verdict = world.faults.judge(&digits, &mut world.rng);
    Ok((digits, verdict))
}

fn contact(recipient: &Recipient, digits: &str) -> Value {
    match recipient {
        Recipient::Phone { input, .. } => json!({"input": input, "wa_id": digits}),
        Recipient::User { user_id } => json!({"input": user_id, "user_id": user_id}),
    }
}

/// Stores the message and sets its statuses going.
async fn store(app: &App, order: Order, phone_number_id: &Arc<str>, fault: Option<&Fault>) -> Arc<str> {
    let now = app.now();
    let (acceptance, before_answer) = {
        let mut world = app.world();
        (world.accept(order, phone_number_id, now), world.plan.before_answer)
    };
    let fails_with = match fault {
        Some(Fault::FailedStatus { code }) => Some(*code),
        _ => acceptance.fails_with,
    };
    let mut happenings = callback::plan(app, &acceptance.id, fails_with, now).into_iter();
    if before_answer && let Some(first) = happenings.next() {
        callback::tell_now(app, &first).await;
    }
    callback::schedule(app, happenings);
    app.accepted.send_modify(|accepted| *accepted += 1);
    acceptance.id
}

/// Marks a message of the customer and all before it in the chat with this number.
fn mark_read(app: &Shared, message_id: &str, typing: bool) -> Result<Answer, GraphError> {
    let customer = {
        let mut world = app.world();
        let found = world.messages.get(message_id).filter(|message| matches!(message.side, Side::Customer(_)));
        let Some((customer, number)) = found.map(|message| (Arc::clone(&message.customer), message.number)) else {
            return Err(GraphError::new(131_009, "Param message_id is not a message a customer sent to this number"));
        };
        let world = &mut *world;
        if let Some(phone) = world.phones.get_mut(&customer) {
            phone.typing_until = typing.then(|| Instant::now() + TYPING);
            let until = phone.chat.iter().rposition(|id| id.as_ref() == message_id).map_or(0, |at| at + 1);
            for id in phone.chat.iter().take(until).rev() {
                let Some(message) = world.messages.get_mut(id).filter(|message| message.number == number) else {
                    continue;
                };
                match &mut message.side {
                    Side::Customer(Ticks::Read) => break,
                    Side::Customer(ticks) => *ticks = Ticks::Read,
                    Side::Business(_) => {}
                }
            }
        }
        customer
    };
    app.changed(&customer);
    Ok(Answer::ok(json!({"success": true})))
}
