//! `…/scheduled`: what waits for its time, and the forms that move it or take it back.

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, RawQuery, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use domain::phone::E164;
use domain::plan::Change;
use domain::time::Timestamp;
use http::StatusCode;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use messaging::scheduled::{self as usecase, ChangeError};
use messaging::{messages, send};
use serde::Deserialize;
use store::message::{DuePlace, Message};
use store::scheduled::ScheduledFilter;

use super::error::PageError;
use super::messages::{MessagePath, viewer};
use super::rows;
use super::scope::PageScope;
use crate::state::Web;
use crate::views::compose::Field;
use crate::views::plan::{CancelPage, ReschedulePage};
use crate::views::scheduled::{ScheduledPage, ScheduledRow};

const ROWS: usize = 25;

/// What stands behind the `?`.
#[derive(Debug, Default)]
struct ListQuery {
    query: String,
    after: Option<DuePlace>,
}

impl ListQuery {
    /// What cannot be read is as if it were not there: addresses are typed and shortened.
    fn parse(query: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "q" => value.trim().clone_into(&mut read.query),
                "after" => read.after = DuePlace::parse(&value),
                _ => {}
            }
        }
        read
    }

    fn behind(&self, place: DuePlace) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::from("?"));
        let pairs = pairs.append_pair("after", &place.to_string());
        if !self.query.is_empty() {
            pairs.append_pair("q", &self.query);
        }
        pairs.finish()
    }
}

/// `GET …/scheduled`
pub(super) async fn list(
    page: PageScope,
    State(web): State<Web>,
    RawQuery(query): RawQuery,
) -> Result<Html<String>, PageError> {
    let shell = page.shell(&web).await?;
    let query = ListQuery::parse(&query.unwrap_or_default());
    let mut found = read(&web, &page, &query).await?;
    let has_more = found.len() > ROWS;
    found.truncate(ROWS);
    let last = found.last().filter(|_| has_more);
    let later = last.and_then(|last| Some(query.behind(DuePlace { due_at: last.send_at?, id: last.id })));
    let viewer = viewer(&web, &page);
    let row = |message: &Message| ScheduledRow {
        row: rows::row(message, &viewer),
        due: viewer.moment(message.send_at.unwrap_or(message.created_at)),
        expires: message.expires_at.map(|at| viewer.moment(at)),
    };
    let rows = found.iter().map(row).collect();
    let shown = ScheduledPage { shell, rows, is_later: query.after.is_some(), query: query.query, later };
    Ok(Html(shown.render()?))
}

async fn read(web: &Web, page: &PageScope, query: &ListQuery) -> Result<Vec<Message>, PageError> {
    let mut filter = ScheduledFilter::default();
    if !query.query.is_empty() {
        let region = send::region(&web.core, &page.scope).await?;
        // The store finds whole numbers only.
        let Ok(phone) = E164::parse(&query.query, region) else { return Ok(Vec::new()) };
        filter.phone_match_key = Some(phone.match_key());
    }
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    Ok(usecase::list(&web.core, &page.scope, &filter, query.after, limit).await?)
}

async fn find(web: &Web, page: &PageScope, path: &MessagePath) -> Result<Message, PageError> {
    messages::find(&web.core, &page.scope, path.id()?).await?.ok_or(PageError::NotFound)
}

fn local(at: Timestamp, zone: &TimeZone) -> String {
    let instant = jiff::Timestamp::from_microsecond(at.as_micros()).unwrap_or_default();
    instant.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string()
}

/// Reads what an input of local time gives. An hour that a change of clocks leaves out is taken as the one after it, and
/// of one that comes twice the first.
fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let there: DateTime = text.trim().parse().ok()?;
    let zoned = zone.to_ambiguous_zoned(there).compatible().ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

/// What was typed.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    send_at: String,
    #[serde(default)]
    expires_at: String,
}

/// `GET …/messages/{id}/reschedule`
pub(super) async fn move_form(
    page: PageScope,
    State(web): State<Web>,
    Path(path): Path<MessagePath>,
) -> Result<Html<String>, PageError> {
    let message = find(&web, &page, &path).await?;
    let send_at = message.send_at.map(|at| local(at, &page.zone)).unwrap_or_default();
    let typed = Typed { send_at, expires_at: String::new() };
    Ok(Html(reschedule_page(&web, &page, &message, &typed).await?.render()?))
}

async fn reschedule_page(
    web: &Web,
    page: &PageScope,
    message: &Message,
    typed: &Typed,
) -> Result<ReschedulePage, PageError> {
    Ok(ReschedulePage {
        shell: page.shell(web).await?,
        row: rows::row(message, &viewer(web, page)),
        send_at: Field::new(typed.send_at.as_str()),
        expires_at: Field::new(typed.expires_at.as_str()),
        trouble: None,
    })
}

/// `POST …/messages/{id}/reschedule`
pub(super) async fn reschedule(
    page: PageScope,
    State(web): State<Web>,
    Path(path): Path<MessagePath>,
    form: Result<Form<Typed>, FormRejection>,
) -> Result<Response, PageError> {
    let Form(typed) = form.map_err(|rejection| PageError::Unreadable(rejection.status()))?;
    let message = find(&web, &page, &path).await?;
    let mut shown = reschedule_page(&web, &page, &message, &typed).await?;
    let t = |key| Some(page.catalogue().t(key).to_owned());
    let (send_at, expires_at) = (instant(&typed.send_at, &page.zone), instant(&typed.expires_at, &page.zone));
    let status = if send_at.is_none() {
        shown.send_at.error = t("scheduled_problem.unreadable");
        StatusCode::UNPROCESSABLE_ENTITY
    } else if expires_at.is_none() && !typed.expires_at.trim().is_empty() {
        shown.expires_at.error = t("scheduled_problem.unreadable");
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        match usecase::reschedule(&web.core, &page.scope, message.id, Change { send_at, expires_at }).await {
            Ok(_) => return Ok(to_message(&page, &message)),
            Err(ChangeError::Store(error)) => return Err(error.into()),
            Err(ChangeError::NotFound) => return Err(PageError::NotFound),
            Err(ChangeError::Time(error)) if error.field == "expires_at" => {
                shown.expires_at.error = t("scheduled_problem.expires_at");
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Err(ChangeError::Time(_)) => {
                shown.send_at.error = t("scheduled_problem.send_at");
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Err(ChangeError::NotScheduled(_) | ChangeError::NotCancellable(_)) => {
                shown.trouble = t("scheduled_problem.not_scheduled");
                StatusCode::CONFLICT
            }
        }
    };
    Ok((status, Html(shown.render()?)).into_response())
}

fn to_message(page: &PageScope, message: &Message) -> Response {
    Redirect::to(&format!("{}/{}", page.messages(), message.id)).into_response()
}

/// `GET …/messages/{id}/cancel`
pub(super) async fn cancel_form(
    page: PageScope,
    State(web): State<Web>,
    Path(path): Path<MessagePath>,
) -> Result<Html<String>, PageError> {
    let message = find(&web, &page, &path).await?;
    Ok(Html(cancel_page(&web, &page, &message).await?.render()?))
}

async fn cancel_page(web: &Web, page: &PageScope, message: &Message) -> Result<CancelPage, PageError> {
    let viewer = viewer(web, page);
    Ok(CancelPage {
        shell: page.shell(web).await?,
        row: rows::row(message, &viewer),
        due: message.send_at.map(|at| viewer.moment(at)),
        trouble: None,
    })
}

/// `POST …/messages/{id}/cancel`
pub(super) async fn cancel(
    page: PageScope,
    State(web): State<Web>,
    Path(path): Path<MessagePath>,
) -> Result<Response, PageError> {
    let message = find(&web, &page, &path).await?;
    match usecase::cancel(&web.core, &page.scope, message.id).await {
        Ok(message) => Ok(to_message(&page, &message)),
        Err(ChangeError::Store(error)) => Err(error.into()),
        Err(ChangeError::NotFound) => Err(PageError::NotFound),
        Err(_) => {
            let trouble = Some(page.catalogue().t("scheduled_problem.not_cancellable").to_owned());
            let shown = CancelPage { trouble, ..cancel_page(&web, &page, &message).await? };
            Ok((StatusCode::CONFLICT, Html(shown.render()?)).into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_are_read_as_they_are_written() {
        let zone = TimeZone::get("Asia/Kolkata").expect("a zone");
        let at = Timestamp::parse("2026-11-20T12:30:00Z").expect("a time");
        assert_eq!(local(at, &zone), "2026-11-20T18:00");
        assert_eq!(instant("2026-11-20T18:00", &zone), Some(at));
        assert_eq!(instant(" 2026-11-20T18:00:00 ", &zone), Some(at));
        for odd in ["", "tomorrow", "2026-13-20T18:00"] {
            assert_eq!(instant(odd, &zone), None, "{odd}");
        }
        // In March the clocks of Jerusalem leave out the hour from two to three.
        let zone = TimeZone::get("Asia/Jerusalem").expect("a zone");
        assert_eq!(instant("2026-03-27T02:30", &zone).map(|at| local(at, &zone)).as_deref(), Some("2026-03-27T03:30"));
    }

    #[test]
    fn the_next_page_keeps_what_was_searched_for() {
        let query = ListQuery::parse("q=%2B91+98765&after=17-3&utm=x");
        let after = query.after.expect("a place");
        assert_eq!(ListQuery::parse(query.behind(after).trim_start_matches('?')).query, "+91 98765");
        assert_eq!(ListQuery::parse("after=x").after, None);
    }
}
