//! The handlers of the phone's pages and of their event streams.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use futures_util::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::json;
use tokio_stream::wrappers::BroadcastStream;

use super::view::{ChatPart, PeoplePage, PeoplePart, PhonePage, Screen, WallPage, people as rows};
use crate::callback;
use crate::shared::App;
use crate::world::digits_of;

/// How many phones stand side by side.
const WALL_MAX: usize = 4;

/// Which business the chat is with, and which message is about to be answered.
#[derive(Debug, Default, Deserialize)]
pub(super) struct NumberQuery {
    number: Option<String>,
    reply: Option<String>,
}

/// A number that no phone can have, or something that is not in the chat.
#[derive(Debug)]
pub(super) struct Refused(pub(super) StatusCode, pub(super) String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

pub(super) type Page<T> = Result<T, Refused>;

pub(super) async fn list(State(app): State<App>) -> Page<Html<String>> {
    let people = PeoplePart { people: rows(&app.world(), "") };
    render(&PeoplePage { people })
}

#[derive(Debug, Deserialize)]
pub(super) struct PeopleQuery {
    current: Option<String>,
}

pub(super) async fn people(State(app): State<App>, Query(query): Query<PeopleQuery>) -> Page<Html<String>> {
    let people = rows(&app.world(), query.current.as_deref().unwrap_or_default());
    render(&PeoplePart { people })
}

pub(super) async fn phone(
    State(app): State<App>,
    Path(digits): Path<String>,
    Query(query): Query<NumberQuery>,
) -> Page<Html<String>> {
    let digits = known(&digits)?;
    render(&PhonePage::of(&app, &digits, query.number.as_deref(), query.reply.as_deref()))
}

/// Up to four phones: `with=a,b` or `with=a&with=b`.
pub(super) async fn wall(State(app): State<App>, Query(query): Query<Vec<(String, String)>>) -> Page<Response> {
    let phones = asked(&query)?;
    if phones.is_empty() {
        return Ok(axum::response::Redirect::to("/phone").into_response());
    }
    if phones.len() > WALL_MAX {
        return Err(Refused(StatusCode::BAD_REQUEST, format!("a wall has at most {WALL_MAX} phones")));
    }
    let screens = phones.iter().map(|digits| Screen::of(&app, digits, None, None)).collect();
    Ok(render(&WallPage { screens, digits: phones.join(",") })?.into_response())
}

fn asked(query: &[(String, String)]) -> Page<Vec<String>> {
    let named = query.iter().filter(|(name, _)| name == "with").flat_map(|(_, value)| value.split(','));
    let mut phones = Vec::new();
    for digits in named.filter(|digits| !digits.trim().is_empty()) {
        let digits = known(digits.trim())?;
        if !phones.contains(&digits) {
            phones.push(digits);
        }
    }
    Ok(phones)
}

pub(super) async fn messages(
    State(app): State<App>,
    Path(digits): Path<String>,
    Query(query): Query<NumberQuery>,
) -> Page<Html<String>> {
    let digits = known(&digits)?;
    render(&ChatPart::of(&app, &digits, query.number.as_deref()))
}

/// Says that something changed on this phone; the page then fetches what.
pub(super) async fn events(
    State(app): State<App>,
    Path(digits): Path<String>,
) -> Page<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    Ok(stream(&app, vec![known(&digits)?]))
}

/// The same for several phones or for all, in one stream: browsers hold few connections to one host.
pub(super) async fn all_events(
    State(app): State<App>,
    Query(query): Query<Vec<(String, String)>>,
) -> Page<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    Ok(stream(&app, asked(&query)?))
}

/// Every event names the phone; one without digits stands for all of them.
fn stream(app: &App, phones: Vec<String>) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let stop = app.stop.clone().cancelled_owned();
    let changes = BroadcastStream::new(app.changes.subscribe()).filter_map(move |change| {
        // A page that missed changes looks at everything again.
        let changed: Arc<str> = change.unwrap_or_else(|_| Arc::from("all"));
        let is_mine = phones.is_empty() || &*changed == "all" || phones.iter().any(|digits| **digits == *changed);
        std::future::ready(is_mine.then(|| Ok(Event::default().event("changed").data(&*changed))))
    });
    Sse::new(changes.take_until(stop)).keep_alive(KeepAlive::default())
}

pub(super) async fn read(State(app): State<App>, Path(digits): Path<String>) -> Page<StatusCode> {
    callback::look_at(&app, &known(&digits)?);
    Ok(StatusCode::NO_CONTENT)
}

/// A medium as the page shows it, without the token the Graph API asks for.
pub(super) async fn medium(State(app): State<App>, Path(id): Path<String>) -> Page<Response> {
    let medium = app.world().media.get(&id).cloned();
    let medium = medium.ok_or_else(|| Refused(StatusCode::NOT_FOUND, format!("there is no medium {id}")))?;
    let kind = medium.mime_type.split(['/', '+', ';']).next().unwrap_or_default().to_owned();
    // A file may be a page with a script: only what a browser draws or plays is shown in place.
    let is_drawn = matches!(kind.as_str(), "image" | "audio" | "video") && !medium.mime_type.contains("svg");
    let place = if is_drawn { "inline" } else { "attachment" };
    let mime_type = HeaderValue::from_str(&medium.mime_type);
    let mime_type = mime_type.unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let headers = [(header::CONTENT_TYPE, mime_type), (header::CONTENT_DISPOSITION, HeaderValue::from_static(place))];
    Ok((headers, medium.bytes).into_response())
}

pub(super) fn known(digits: &str) -> Result<String, Refused> {
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
