//! `/v1/account-events`: what providers told about accounts, numbers and templates.

use axum::Json;
use axum::extract::{RawQuery, State};
use domain::fields::FieldError;
use domain::ids::SenderId;
use domain::time::Timestamp;
use messaging::account_events;
use serde::Serialize;
use serde_json::value::RawValue;
use store::account_event::{AccountEvent, EventFilter, EventPlace, Severity};

use super::messages::{List, PAGE_DEFAULT, number, page_limit, unknown_parameter};
use crate::auth::TokenScope;
use crate::problem::Problem;
use crate::state::Web;

/// An event as the API answers it.
#[derive(Debug, Serialize)]
pub(super) struct AccountEventView {
    id: i64,
    sender_id: Option<i64>,
    business_account_id: Option<String>,
    field: String,
    event: String,
    severity: &'static str,
    sentence: String,
    remedy: Option<String>,
    /// What the provider sent.
    value: Box<RawValue>,
    at: Timestamp,
    received_at: Timestamp,
}

impl From<AccountEvent> for AccountEventView {
    fn from(event: AccountEvent) -> Self {
        Self {
            id: event.id,
            sender_id: event.sender.map(|id| id.0),
            business_account_id: event.business_account_id,
            field: event.field,
            event: event.event,
            severity: event.severity.as_str(),
            sentence: event.sentence,
            remedy: event.remedy,
            value: RawValue::from_string(event.value).unwrap_or_default(),
            at: event.at,
            received_at: event.received_at,
        }
    }
}

/// `GET /v1/account-events`
pub(super) async fn list(
    TokenScope(scope): TokenScope,
    State(web): State<Web>,
    RawQuery(query): RawQuery,
) -> Result<Json<List<AccountEventView>>, Problem> {
    let (mut filter, mut rows) = (EventFilter::default(), PAGE_DEFAULT);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        read_parameter(&name, &value, &mut filter, &mut rows)?;
    }
    let mut found = account_events::list(&web.core, &scope, filter, rows + 1).await?;
    let has_more = i64::try_from(found.len()).is_ok_and(|count| count > rows);
    found.truncate(usize::try_from(rows).unwrap_or(0));
    let next = found.last().filter(|_| has_more).map(|event| event.place().to_string());
    Ok(Json(List { data: found.into_iter().map(AccountEventView::from).collect(), next }))
}

fn read_parameter(name: &str, value: &str, filter: &mut EventFilter, rows: &mut i64) -> Result<(), FieldError> {
    let wrong = |detail: &str| FieldError::new("invalid_value", name, detail);
    match name {
        "sender_id" => filter.sender = Some(SenderId(number(name, value)?)),
        "severity" => {
            let known = Severity::ALL.map(Severity::as_str).join(", ");
            let severity = Severity::parse(value).ok_or_else(|| wrong(&format!("expected one of {known}")))?;
            filter.severity = Some(severity);
        }
        "after" => {
            let place = EventPlace::parse(value).ok_or_else(|| wrong("expected the `next` of an earlier answer"))?;
            filter.older_than = Some(place);
        }
        "limit" => *rows = page_limit(name, value)?,
        _ => return Err(unknown_parameter(name, &["sender_id", "severity", "after", "limit"])),
    }
    Ok(())
}
