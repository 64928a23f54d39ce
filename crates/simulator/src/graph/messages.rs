//! `POST /{version}/{phone_number_id}/messages`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::error;

use super::check::{self, Ask, Endpoint, Recipient, Send};
use super::kinds::{MediaUse, Source};
use super::links::{self, Link};
use super::{Answer, GraphError, admit, json_body, refuse};
use crate::callback;
use crate::connection::CutSwitch;
use crate::content::Content;
use crate::faults::{Fault, LookedAt, Verdict};
use crate::media::{Found, fits};
use crate::shared::{App, Shared};
use crate::wire::{Direction, WireEntry, excerpt};
use crate::world::{Acceptance, Message, Order, Side, Ticks, World};

/// Meta ends a typing indicator by itself after this time.
const TYPING: Duration = Duration::from_secs(25);

/// Older messages cannot be marked as read, and nobody types in answer to them.
const READ_AGE_MAX: Duration = Duration::from_secs(30 * 24 * 3600);

const PROXY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\
                          <body><h1>502 Bad Gateway</h1><hr>proxygen-bolt</body></html>\n";

pub(super) async fn send(
    State(app): State<App>,
    ConnectInfo(switch): ConnectInfo<CutSwitch>,
    path: Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    take(&app, (path, Endpoint::Messages), &headers, &body).await.into_response(&switch)
}

/// `POST /{version}/{phone_number_id}/marketing_messages`.
pub(super) async fn send_marketing(
    State(app): State<App>,
    ConnectInfo(switch): ConnectInfo<CutSwitch>,
    path: Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    take(&app, (path, Endpoint::Marketing), &headers, &body).await.into_response(&switch)
}

async fn take(
    app: &App,
    (Path((version, node)), endpoint): (Path<(String, String)>, Endpoint),
    headers: &HeaderMap,
    body: &[u8],
) -> Answer {
    let started = Instant::now();
    let answer = match ask(app, (&version, &node, endpoint), headers, body) {
        Ok((number, Ask::Send(send))) => accept(app, (number, endpoint), *send).await,
        Ok((number, Ask::MarkRead { message_id, typing })) => mark_read(app, number, &message_id, typing),
        Err(error) => Err(error),
    };
    let answer = answer.unwrap_or_else(|error| refuse(app, &error));
    let edge = if endpoint == Endpoint::Marketing { "marketing_messages" } else { "messages" };
    app.wire.push(WireEntry {
        at: app.now(),
        direction: Direction::Received,
        method: "POST".to_owned(),
        path: format!("/{version}/{node}/{edge}"),
        status: answer.status().map(|status| status.as_u16()),
        request: excerpt(body),
        response: answer.text(),
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    answer
}

/// The checks in Meta's order: token, number, its registration, the account, shape of the body, template, parameters.
fn ask(
    app: &Shared,
    (version, node, endpoint): (&str, &str, Endpoint),
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(usize, Ask), GraphError> {
    admit(app, version, headers)?;
    let index = app.number_by_id.get(node).copied();
    let found = index.and_then(|index| app.numbers.get(index).map(|number| (index, number)));
    let Some((index, number)) = found else {
        return Err(GraphError::no_such_object(&Method::POST, node));
    };
    let now = app.now();
    let refusal = {
        let world = app.world();
        let number = world.numbers.get(index).and_then(|state| state.refusal(now));
        number.or(world.account.refuses_with)
    };
    if let Some(code) = refusal {
        return Err(GraphError::new(code, "The number or its account cannot send right now"));
    }
    Ok((index, check::body(app, endpoint, json_body(headers, body)?, &number.digits)?))
}

async fn accept(app: &App, (number, endpoint): (usize, Endpoint), send: Send) -> Result<Answer, GraphError> {
    let Some(sender) = app.numbers.get(number) else {
        return Err(GraphError::new(131_000, "the number is gone"));
    };
    let Judged { digits, verdict, fails_with } = judge(app, number, &send)?;
    if !verdict.wait.is_zero() {
        tokio::select! {
            () = app.stop.cancelled() => return Ok(Answer::Cut),
            () = tokio::time::sleep(verdict.wait) => {}
        }
    }
    match &verdict.fault {
        Some(Fault::Error { code, http_status }) => {
            return Err(GraphError::new(*code, "A fault rule of the simulator").with_status(*http_status));
        }
        Some(Fault::Refusal(refusal)) => return Err(refused_by_rule(refusal)),
        Some(Fault::ResetBefore) => return Ok(Answer::Cut),
        Some(Fault::Html502) => return Ok(Answer::Html(StatusCode::BAD_GATEWAY, PROXY_PAGE)),
        _ => {}
    }
    let fails_with = match &verdict.fault {
        Some(Fault::FailedStatus { code }) => Some(*code),
        _ => fails_with,
    };
    let is_template = send.checked.template.is_some();
    let group = match &send.recipient {
        Recipient::Group { id, .. } => Some(id.clone()),
        _ => None,
    };
    let contact = contact(&send.recipient, &digits);
    let links = links::of(app, &send.checked.media);
    let order = Order {
        number,
        digits,
        by_user_id: matches!(send.recipient, Recipient::User { .. }),
        group: group.clone(),
        lite: endpoint == Endpoint::Marketing,
        content: Content { kind: send.kind, object: send.object, template: send.checked.template },
        category: send.checked.category,
        lifetime: send.checked.lifetime,
        held_by: send.checked.held_by,
        context: send.context,
        opaque: send.opaque,
        fails_with,
    };
    let (id, is_held) = store(app, order, &sender.id, links).await;
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
        let status = if is_held { "held_for_quality_assessment" } else { "accepted" };
        message.insert("message_status".into(), json!(status));
    }
    if let Some(group) = group {
        message.insert("group_id".into(), json!(group));
    }
    Ok(Answer::ok(json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})))
}

fn refused_by_rule(refusal: &crate::faults::Refusal) -> GraphError {
    let error = GraphError::new(refusal.code, "A fault rule of the simulator")
        .with_status(refusal.http_status)
        .with_subcode(refusal.subcode)
        .transient(refusal.is_transient);
    if refusal.without_data { error.bare() } else { error }
}

/// Whom a message reaches, and what is to become of it.
struct Judged {
    digits: String,
    verdict: Verdict,
    /// What Meta would tell by callback only.
    fails_with: Option<u32>,
}

/// Media and reaction target, then the limits, then the fault rules.
fn judge(app: &Shared, number: usize, send: &Send) -> Result<Judged, GraphError> {
    let now = app.now();
    let mut world = app.world();
    let world = &mut *world;
    let digits = match &send.recipient {
        Recipient::Phone { digits, .. } | Recipient::Group { member: digits, .. } => digits.clone(),
        Recipient::User { user_id } => match world.phone_by_user_id.get(user_id) {
            Some(digits) => digits.as_ref().to_owned(),
            None => return Err(GraphError::new(131_009, "Param recipient: nobody has this user id")),
        },
    };
    let mut fails_with = media_failure(world, number, &send.checked.media)?;
    if let Some(target) = &send.checked.target
        && !world.can_be_reacted_to(target, &digits, now)
    {
        fails_with = fails_with.or(Some(131_009));
    }
    if send.identity.as_deref().is_some_and(|hash| hash != identity_hash(&digits)) {
        fails_with = fails_with.or(Some(137_000));
    }
    let rate = world.numbers.get(number).map_or(80, crate::numbers::NumberState::rate);
    match world.limits.admit((number, rate), &digits, now, &mut world.rng) {
        Some(limited) if limited.by_callback => fails_with = Some(limited.code),
        Some(limited) => {
            let error = GraphError::new(limited.code, "Message failed to send because there were too many messages");
            return Err(error.with_status(Some(limited.http_status)));
        }
        None => {}
    }
    let template = send.checked.template.as_ref().map(|template| template.name.as_str());
    let looked_at = LookedAt { digits: &digits, kind: &send.kind, template, category: send.checked.category.word() };
    let verdict = world.faults.judge(&looked_at, &mut world.rng);
    Ok(Judged { digits, verdict, fails_with })
}

/// The identity hash of a customer: the first 16 hex digits of the SHA-256 of the number.
fn identity_hash(digits: &str) -> String {
    hex::encode(Sha256::digest(digits.as_bytes())).chars().take(16).collect()
}

/// Media that are not there are refused; those that cannot be used fail later.
fn media_failure(world: &World, number: usize, media: &[MediaUse]) -> Result<Option<u32>, GraphError> {
    let mut failure = None;
    for one in media {
        let Source::Id(id) = &one.source else { continue };
        match world.media.find(id) {
            Found::Here(shelved) if shelved.medium.number != number => {
                return Err(GraphError::new(131_009, format!("Media {id} belongs to another number")));
            }
            Found::Here(shelved) if fits(one.kind, &shelved.medium.mime_type) => {}
            Found::Here(_) | Found::Expired => failure = Some(131_053),
            Found::Missing => {
                let text = format!("Param {}['id'] is not a valid media id: {id}", one.member());
                return Err(GraphError::new(131_009, text));
            }
        }
    }
    Ok(failure)
}

fn contact(recipient: &Recipient, digits: &str) -> Value {
    match recipient {
        Recipient::Phone { input, .. } => json!({"input": input, "wa_id": digits}),
        Recipient::User { user_id } => json!({"input": user_id, "user_id": user_id}),
        Recipient::Group { id, .. } => json!({"input": id}),
    }
}

/// Stores the message and sets its statuses going, unless its template holds it back.
async fn store(app: &App, order: Order, phone_number_id: &Arc<str>, links: Vec<Link>) -> (Arc<str>, bool) {
    let now = app.now();
    let (acceptance, before_answer) = {
        let mut world = app.world();
        (world.accept(order, phone_number_id, now), world.plan.before_answer)
    };
    let id = Arc::clone(&acceptance.id);
    let is_held = acceptance.is_held;
    if is_held || (links.is_empty() && !before_answer) {
        if !is_held {
            callback::schedule(app, callback::plan(app, &id, acceptance.fails_with, now));
        }
        app.accepted.send_modify(|accepted| *accepted += 1);
        return (id, is_held);
    }
    // It goes on when the sender hangs up: its statuses must come all the same.
    app.queue.hold();
    let going = app.tasks.spawn(go_on(Arc::clone(app), acceptance, links, (before_answer, now)));
    app.accepted.send_modify(|accepted| *accepted += 1);
    if before_answer && let Err(error) = going.await {
        error!("A status before the answer broke off: {error}");
    }
    (id, is_held)
}

/// What takes a while after acceptance: fetching links, and telling the first status before the answer.
async fn go_on(app: App, acceptance: Acceptance, links: Vec<Link>, (before_answer, now): (bool, Timestamp)) {
    let fetching = async {
        let fails_with = match acceptance.fails_with {
            None if !links.is_empty() => links::fetch(&app, links).await,
            known => known,
        };
        let mut happenings = callback::plan(&app, &acceptance.id, fails_with, now).into_iter();
        if before_answer && let Some(first) = happenings.next() {
            callback::tell_now(&app, &first).await;
        }
        callback::schedule(&app, happenings);
    };
    tokio::select! {
        () = app.stop.cancelled() => {}
        () = fetching => {}
    }
    app.queue.done();
}

/// Marks a message of the customer and all before it in the chat with this number.
fn mark_read(app: &Shared, number: usize, message_id: &str, typing: bool) -> Result<Answer, GraphError> {
    let customer = {
        let mut world = app.world();
        let is_its_own = |message: &&Message| message.number == number && matches!(message.side, Side::Customer(_));
        let Some(message) = world.messages.get(message_id).filter(is_its_own) else {
            return Err(GraphError::new(131_009, "Param message_id is not a message a customer sent to this number"));
        };
        if app.now().since(message.at) > READ_AGE_MAX {
            return Err(GraphError::new(131_009, "Param message_id is a message of more than 30 days ago"));
        }
        let customer = Arc::clone(&message.customer);
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
