//! `/v1/templates`: the message templates as the provider has them.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use domain::fields::FieldError;
use domain::ids::SenderId;
use domain::time::Timestamp;
use http::StatusCode;
use messaging::templates;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use store::template::{Template, TemplateFilter, TemplatePlace};

use super::messages::{List, NoParameters, PAGE_DEFAULT, number, page_limit, unknown_parameter};
use crate::auth::TokenScope;
use crate::problem::Problem;
use crate::state::Web;

/// A template as the API answers it; words are the provider's.
#[derive(Debug, Serialize)]
pub(super) struct TemplateView {
    name: String,
    language: String,
    business_account_id: String,
    provider_id: Option<String>,
    status: Option<String>,
    status_at: Timestamp,
    rejected_reason: Option<String>,
    advice: Option<String>,
    category: Option<String>,
    correct_category: Option<String>,
    category_changes_at: Option<Timestamp>,
    quality: Option<String>,
    parameter_format: Option<String>,
    components: Option<Box<RawValue>>,
    synced_at: Option<Timestamp>,
    changed_at: Option<Timestamp>,
}

impl From<Template> for TemplateView {
    fn from(template: Template) -> Self {
        Self {
            name: template.name,
            language: template.language,
            business_account_id: template.business_account_id,
            provider_id: template.provider_id,
            status: template.status,
            status_at: template.status_at,
            rejected_reason: template.rejected_reason,
            advice: template.advice,
            category: template.category,
            correct_category: template.correct_category,
            category_changes_at: template.category_changes_at,
            quality: template.quality,
            parameter_format: template.parameter_format,
            components: template.components.and_then(|json| RawValue::from_string(json).ok()),
            synced_at: template.synced_at,
            changed_at: template.changed_at,
        }
    }
}

/// `GET /v1/templates`
pub(super) async fn list(
    TokenScope(scope): TokenScope,
    State(web): State<Web>,
    RawQuery(query): RawQuery,
) -> Result<Json<List<TemplateView>>, Problem> {
    let (mut filter, mut rows) = (TemplateFilter::default(), PAGE_DEFAULT);
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        read_parameter(&name, &value, &mut filter, &mut rows)?;
    }
    let mut found = templates::list(&web.core, &scope, &filter, rows + 1).await?;
    let has_more = i64::try_from(found.len()).is_ok_and(|count| count > rows);
    found.truncate(usize::try_from(rows).unwrap_or(0));
    let next = found.last().filter(|_| has_more).map(|template| template.place().to_string());
    Ok(Json(List { data: found.into_iter().map(TemplateView::from).collect(), next }))
}

fn read_parameter(name: &str, value: &str, filter: &mut TemplateFilter, rows: &mut i64) -> Result<(), FieldError> {
    match name {
        "name" => filter.name = Some(value.to_lowercase()),
        "status" => filter.status = Some(value.to_uppercase()),
        "category" => filter.category = Some(value.to_uppercase()),
        "language" => filter.language = Some(value.replace('-', "_")),
        "sender_id" => filter.sender = Some(SenderId(number(name, value)?)),
        "after" => {
            let wrong = || FieldError::new("invalid_value", name, "expected the `next` of an earlier answer");
            filter.after = Some(TemplatePlace::parse(value).ok_or_else(wrong)?);
        }
        "limit" => *rows = page_limit(name, value)?,
        _ => {
            let known = ["name", "status", "category", "language", "sender_id", "after", "limit"];
            return Err(unknown_parameter(name, &known));
        }
    }
    Ok(())
}

/// `GET /v1/templates/{name}`: in every language and business account, or in one language.
pub(super) async fn show(
    TokenScope(scope): TokenScope,
    State(web): State<Web>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Json<List<TemplateView>>, Problem> {
    let mut language = None;
    for (parameter, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match parameter.as_ref() {
            "language" => language = Some(value.replace('-', "_")),
            other => return Err(unknown_parameter(other, &["language"]).into()),
        }
    }
    let mut found = templates::find(&web.core, &scope, &name).await?;
    found.retain(|template| language.as_ref().is_none_or(|language| template.language == *language));
    if found.is_empty() {
        return Err(Problem::new(StatusCode::NOT_FOUND, "not_found", "this account has no such template"));
    }
    Ok(Json(List { data: found.into_iter().map(TemplateView::from).collect(), next: None }))
}

/// `POST /v1/templates/sync`. A template may have any name, so this is told apart here and not by the route.
pub(super) async fn act(
    TokenScope(scope): TokenScope,
    _: NoParameters,
    State(web): State<Web>,
    Path(action): Path<String>,
) -> Result<Response, Problem> {
    if action != "sync" {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "unknown_path",
            "templates are read here; `sync` reads them anew",
        ));
    }
    let business_accounts = templates::request_all(&web.core, &scope).await?;
    if business_accounts == 0 {
        let detail = "no connected sender of this account has a business account; set WHATSAPP_BUSINESS_ACCOUNT_ID";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_business_account", detail));
    }
    Ok((StatusCode::ACCEPTED, Json(json!({ "business_accounts": business_accounts }))).into_response())
}
