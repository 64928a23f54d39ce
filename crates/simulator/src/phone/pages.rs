//! The handlers of the phone's pages and forms.

use std::convert::Infallible;

use askama::Template;
use axum::Form;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;

use super::view::{MessagesPart, PeoplePage, PhonePage};
use crate::callback;
use crate::control::{Control, Inbound, InboundKind, PhoneChange, enqueue};
use crate::shared::App;
use crate::world::{Side, digits_of};

/// Which business the chat is with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NumberQuery {
    number: Option<String>,
}

/// A number that no phone can have, or something that is not in the chat.
#[derive(Debug)]
pub(super) struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

type Page<T> = Result<T, Refused>;

pub(super) async fn list(State(app): State<App>) -> Page<Html<String>> {
    render(&PeoplePage::of(&app))
}

pub(super) async fn phone(
    State(app): State<App>,
    Path(digits): Path<String>,
    Query(query): Query<NumberQuery>,
) -> Page<Html<String>> {
    let digits = known(&digits)?;
    render(&PhonePage::of(&app, &digits, query.number.as_deref()))
}

pub(super) async fn messages(
    State(app): State<App>,
    Path(digits): Path<String>,
    Query(query): Query<NumberQuery>,
) -> Page<Html<String>> {
    let digits = known(&digits)?;
    render(&MessagesPart::of(&app, &digits, query.number.as_deref()))
}

/// Says that something changed; the page then fetches what.
pub(super) async fn events(
    State(app): State<App>,
    Path(digits): Path<String>,
) -> Page<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let digits = known(&digits)?;
    let stop = app.stop.clone().cancelled_owned();
    let changes = BroadcastStream::new(app.changes.subscribe()).filter_map(move |change| {
        // A page that missed changes looks again too.
        let is_mine = change.map_or(true, |changed| *changed == *digits);
        std::future::ready(is_mine.then(|| Ok(Event::default().event("changed").data("again"))))
    });
    Ok(Sse::new(changes.take_until(stop)).keep_alive(KeepAlive::default()))
}

pub(super) async fn read(State(app): State<App>, Path(digits): Path<String>) -> Page<StatusCode> {
    callback::look_at(&app, &known(&digits)?);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextForm {
    text: String,
    number: Option<String>,
}

pub(super) async fn text(
    State(app): State<App>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    Form(form): Form<TextForm>,
) -> Page<Response> {
    let digits = known(&digits)?;
    if form.text.trim().is_empty() {
        return Err(Refused(StatusCode::BAD_REQUEST, "there is nothing to send".to_owned()));
    }
    let kind = InboundKind::Text { text: form.text };
    write(&app, &digits, form.number, kind, None)?;
    Ok(back(&headers, &digits))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PictureForm {
    number: Option<String>,
}

pub(super) async fn picture(
    State(app): State<App>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    Form(form): Form<PictureForm>,
) -> Page<Response> {
    let digits = known(&digits)?;
    write(&app, &digits, form.number, InboundKind::Image { caption: None }, None)?;
    Ok(back(&headers, &digits))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TapForm {
    message: String,
    button: usize,
}

/// A quick reply: the label comes back as text, with what the business put behind it.
pub(super) async fn tap(
    State(app): State<App>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    Form(form): Form<TapForm>,
) -> Page<Response> {
    let digits = known(&digits)?;
    let missing = || Refused(StatusCode::NOT_FOUND, "there is no such button on this phone".to_owned());
    let (reply, number) = {
        let mut world = app.world();
        let message = world.messages.get_mut(form.message.as_str()).filter(|message| *message.customer == *digits);
        let message = message.ok_or_else(missing)?;
        let template = message.content.template.as_ref().ok_or_else(missing)?;
        let reply = template.buttons.get(form.button).filter(|button| button.kind == "quick_reply");
        let reply = reply.cloned().ok_or_else(missing)?;
        if let Side::Business(outgoing) = &mut message.side {
            outgoing.chosen = Some(form.button);
        }
        (reply, message.number)
    };
    let number = app.numbers.get(number).map(|number| number.id.as_ref().to_owned());
    let kind = InboundKind::Button { payload: reply.value.unwrap_or_else(|| reply.text.clone()), text: reply.text };
    write(&app, &digits, number, kind, Some(form.message))?;
    Ok(back(&headers, &digits))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchesForm {
    on: Option<bool>,
    read_receipts: Option<bool>,
    blocked: Option<bool>,
    number: Option<String>,
}

pub(super) async fn switches(
    State(app): State<App>,
    State(control): State<Control>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    Form(form): Form<SwitchesForm>,
) -> Page<Response> {
    let digits = known(&digits)?;
    let change = PhoneChange { on: form.on, read_receipts: form.read_receipts, blocked: form.blocked };
    control.set_phone(&digits, change).map_err(|error| Refused(error.status(), error.to_string()))?;
    // A form of an old page may name a number that is gone; the page then shows the first one.
    let number = form.number.filter(|number| app.number_by_id.contains_key(number.as_str()));
    let path = number.map_or_else(|| digits.clone(), |number| format!("{digits}?number={number}"));
    Ok(back(&headers, &path))
}

fn write(
    app: &App,
    digits: &str,
    number: Option<String>,
    kind: InboundKind,
    context: Option<String>,
) -> Result<(), Refused> {
    let inbound = Inbound {
        from: digits.to_owned(),
        phone_number_id: number,
        kind,
        context_message_id: context,
        message_id: None,
        retry: true,
    };
    enqueue(app, inbound).map_err(|error| Refused(error.status(), error.to_string()))
}

/// Scripts get JSON; a plain form gets the page again.
fn back(headers: &HeaderMap, path: &str) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("application/json") {
        return Json(json!({"ok": true})).into_response();
    }
    Redirect::to(&format!("/phone/{path}")).into_response()
}

fn known(digits: &str) -> Result<String, Refused> {
    let plain = digits_of(digits);
    if (7..=15).contains(&plain.len()) && plain.len() == digits.trim_start_matches('+').len() {
        return Ok(plain);
    }
    Err(Refused(StatusCode::NOT_FOUND, format!("{digits} is not a phone number")))
}

fn render(page: &impl Template) -> Page<Html<String>> {
    let html = page.render();
    html.map(Html).map_err(|error| Refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}
