//! `…/messages`: the list, one message, and one row of the list.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Html;
use domain::ids::MessageId;
use messaging::{explain, media, messages, send};
use serde::Deserialize;
use store::media::Medium;
use store::message::{Message, Page, Place};

use super::bubbles::{self, Around};
use super::compose;
use super::error::PageError;
use super::query::{ListQuery, store_filter};
use super::rows::{self, Viewer};
use super::scope::{PageScope, ScriptScope};
use super::steps;
use crate::state::Web;
use crate::views::bubble::Bubble;
use crate::views::compose::ComposeForm;
use crate::views::messages::{Changeable, MessagePage, MessagesPage};
use crate::views::row::MessageRowFragment;

const ROWS: usize = 25;

/// `GET …/messages`
pub(super) async fn list(
    page: PageScope,
    State(web): State<Web>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, PageError> {
    let query = ListQuery::parse(&query.unwrap_or_default());
    let form = compose::empty_form(&web, &page).await?;
    Ok(Html(list_page(&web, &page, query, form).await?.render()?))
}

/// The list with this form in its sheet.
pub(super) async fn list_page(
    web: &Web,
    page: &PageScope,
    query: ListQuery,
    form: ComposeForm,
) -> Result<MessagesPage, PageError> {
    let shell = page.shell(web).await?;
    let part = read_part(web, page, &query).await?;
    let viewer = viewer(web, page);
    Ok(MessagesPage {
        shell,
        filter: query.filter,
        rows: part.messages.iter().map(|message| rows::row(message, &viewer)).collect(),
        newer: part.newer.map(|place| place.to_string()),
        older: part.older.map(|place| place.to_string()),
        composing: query.composing || form.is_refused(),
        form,
    })
}

pub(super) fn viewer(web: &Web, page: &PageScope) -> Viewer {
    Viewer { now: web.core.now(), zone: page.zone.clone(), catalogue: page.catalogue() }
}

/// A part of the list with the places its pager leads to.
#[derive(Debug)]
struct Part {
    messages: Vec<Message>,
    newer: Option<Place>,
    older: Option<Place>,
}

async fn read_part(web: &Web, page: &PageScope, query: &ListQuery) -> Result<Part, PageError> {
    let region = send::region(&web.core, &page.scope).await?;
    let Some(filter) = store_filter(&query.filter, region) else {
        return Ok(Part { messages: Vec::new(), newer: None, older: None });
    };
    // One more than is shown tells whether there are more.
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let ask = |older_than, newer_than| Page { older_than, newer_than, limit };
    if query.after.is_some() {
        let found = messages::list(&web.core, &page.scope, &filter, ask(None, query.after)).await?;
        if found.len() > ROWS {
            return Ok(newer_part(found));
        }
        // The top is reached: the first page is what people want to see then, whole and growing.
    }
    let found = messages::list(&web.core, &page.scope, &filter, ask(query.before, None)).await?;
    Ok(older_part(found, query.before))
}

/// From the answer to "newer than": the one too many is the newest.
fn newer_part(mut found: Vec<Message>) -> Part {
    found.drain(..found.len().saturating_sub(ROWS));
    Part { newer: found.first().map(Message::place), older: found.last().map(Message::place), messages: found }
}

/// From the answer to "older than", or from the top where no place was given.
fn older_part(mut found: Vec<Message>, before: Option<Place>) -> Part {
    let has_more = found.len() > ROWS;
    found.truncate(ROWS);
    let newer = before.map(|before| found.first().map_or(before, Message::place));
    Part { newer, older: found.last().filter(|_| has_more).map(Message::place), messages: found }
}

/// Where a message is, behind the account.
#[derive(Debug, Deserialize)]
pub(super) struct MessagePath {
    id: String,
}

impl MessagePath {
    pub(super) fn id(&self) -> Result<MessageId, PageError> {
        self.id.parse().map_err(|_| PageError::NotFound)
    }
}

/// `GET …/messages/{id}`
pub(super) async fn show(
    page: PageScope,
    State(web): State<Web>,
    Path(path): Path<MessagePath>,
) -> Result<Html<String>, PageError> {
    let shell = page.shell(&web).await?;
    let explained = explain::explain(&web.core, &page.scope, path.id()?).await?.ok_or(PageError::NotFound)?;
    let viewer = viewer(&web, &page);
    let bubble = drawn(&web, &page, &explained.message, &shell.base).await?;
    let (waits, steps) = (steps::waits(&explained, &viewer), steps::steps(&explained, &viewer));
    let message = explained.message;
    let shown = MessagePage {
        shell,
        row: rows::row(&message, &viewer),
        bubble,
        waits,
        steps,
        changeable: Changeable::of(message.status, message.direction),
        send_at: message.send_at.map(|at| viewer.moment(at)),
        expires_at: message.expires_at.map(|at| viewer.moment(at)),
        attempts: u32::try_from(message.attempts).unwrap_or(0),
        external_id: message.external_id,
    };
    Ok(Html(shown.render()?))
}

/// What it says, with what belongs to it.
async fn drawn(web: &Web, page: &PageScope, message: &Message, base: &str) -> Result<Bubble, PageError> {
    let media = media_of(web, page, message).await?;
    let around = messages::around(&web.core, &page.scope, std::slice::from_ref(message)).await?;
    let around = around.into_iter().next().unwrap_or_default();
    let viewer = viewer(web, page);
    Ok(bubbles::bubble(message, &Around { viewer: &viewer, base, media: &media, around: &around }))
}

/// The media that came with a message, or those of ours that it names.
async fn media_of(web: &Web, page: &PageScope, message: &Message) -> Result<Vec<Medium>, PageError> {
    let mut found = media::of_messages(&web.core, &page.scope, &[message.id]).await?;
    for id in bubbles::own_media(message) {
        found.extend(media::find(&web.core, &page.scope, id).await?);
    }
    Ok(found)
}

/// `GET …/messages/{id}/row`
pub(super) async fn row(
    ScriptScope(page): ScriptScope,
    State(web): State<Web>,
    Path(path): Path<MessagePath>,
) -> Result<Html<String>, PageError> {
    let message = messages::find(&web.core, &page.scope, path.id()?).await?.ok_or(PageError::NotFound)?;
    let row = rows::row(&message, &viewer(&web, &page));
    let fragment = MessageRowFragment { catalogue: page.catalogue(), messages: page.messages(), row };
    Ok(Html(fragment.render()?))
}
