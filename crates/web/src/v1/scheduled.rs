//! Scheduled messages: `GET /v1/scheduled-messages`, and the changes to one.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use domain::fields::FieldError;
use domain::ids::{ContactId, MessageId, SenderId};
use domain::phone::{E164, Region};
use domain::plan::Change;
use domain::time::Timestamp;
use messaging::{scheduled, send};
use store::message::DuePlace;
use store::scheduled::ScheduledFilter;

use super::messages::{
    List, NoParameters, PAGE_DEFAULT, number, page_limit, read_json, unknown_parameter, view, views,
};
use super::view::MessageView;
use crate::auth::TokenScope;
use crate::problem::Problem;
use crate::state::Web;

const PARAMETERS: [&str; 7] = ["sender_id", "contact_id", "phone", "send_from", "send_to", "after", "limit"];

/// What a list is asked for.
#[derive(Debug)]
struct Asked {
    filter: ScheduledFilter,
    after: Option<DuePlace>,
    limit: i64,
}

impl Asked {
    fn read(query: &str, region: Region) -> Result<Self, FieldError> {
        let mut asked = Self { filter: ScheduledFilter::default(), after: None, limit: PAGE_DEFAULT };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            asked.take(&name, &value, region)?;
        }
        Ok(asked)
    }

    fn take(&mut self, name: &str, value: &str, region: Region) -> Result<(), FieldError> {
        let wrong = |detail: String| FieldError::new("invalid_value", name, detail);
        let time = || Timestamp::parse(value).map_err(|error| wrong(error.to_string()));
        match name {
            "sender_id" => self.filter.sender = Some(SenderId(number(name, value)?)),
            "contact_id" => self.filter.contact = Some(ContactId(number(name, value)?)),
            "phone" => {
                let phone = E164::parse(value, region).map_err(|error| wrong(error.to_string()))?;
                self.filter.phone_match_key = Some(phone.match_key());
            }
            "send_from" => self.filter.from = Some(time()?),
            "send_to" => self.filter.until = Some(time()?),
            "after" => {
                let place = DuePlace::parse(value);
                self.after = Some(place.ok_or_else(|| wrong("expected the `next` of an earlier answer".to_owned()))?);
            }
            "limit" => self.limit = page_limit(name, value)?,
            _ => return Err(unknown_parameter(name, &PARAMETERS)),
        }
        Ok(())
    }
}

/// `GET /v1/scheduled-messages`
pub(super) async fn list(
    TokenScope(scope): TokenScope,
    State(web): State<Web>,
    RawQuery(query): RawQuery,
) -> Result<Json<List<MessageView>>, Problem> {
    let region = send::region(&web.core, &scope).await?;
    let asked = Asked::read(&query.unwrap_or_default(), region)?;
    let mut found = scheduled::list(&web.core, &scope, &asked.filter, asked.after, asked.limit + 1).await?;
    let has_more = i64::try_from(found.len()).is_ok_and(|count| count > asked.limit);
    found.truncate(usize::try_from(asked.limit).unwrap_or(0));
    let last = found.last().filter(|_| has_more).and_then(|message| {
        let due_at = message.send_at?;
        Some(DuePlace { due_at, id: message.id }.to_string())
    });
    Ok(Json(List { data: views(&web, &scope, found).await?, next: last }))
}

/// `PATCH /v1/messages/{id}`
pub(super) async fn reschedule(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<MessageView>, Problem> {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found("message"))?;
    let change = Change::read(&read_json(&web, body)?)?;
    let message = scheduled::reschedule(&web.core, &scope, id, change).await?;
    Ok(Json(view(&web, &scope, message).await?))
}

/// `POST /v1/messages/{id}/cancel`
pub(super) async fn cancel(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    Path(id): Path<String>,
) -> Result<Json<MessageView>, Problem> {
    let id: MessageId = id.parse().map_err(|_| Problem::not_found("message"))?;
    let message = scheduled::cancel(&web.core, &scope, id).await?;
    Ok(Json(view(&web, &scope, message).await?))
}
