//! The part of the control API that is about the account.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, header};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::{AccountChange, NumberChange, TemplateChange};
use super::bodies::{present, probability, read};
use super::faults_body::MediaFaultsBody;
use super::http::Answer;
use super::views::StateView;
use super::{Control, ControlError};
use crate::limits::LimitSettings;
use crate::media::{LinkPolicy, MediaFaultRule, NewMedium};
use crate::numbers::ThroughputLevel;
use crate::shared::App;

const MEDIUM_BYTES_MAX: usize = 100 << 20;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/_control/limits", post(limits))
        .route("/_control/number", post(number))
        .route("/_control/account", post(account))
        .route("/_control/template", post(template))
        .route("/_control/templates", post(templates))
        .route("/_control/objects", post(objects))
        .route("/_control/links", post(links))
        .route("/_control/media", post(media).layer(DefaultBodyLimit::max(MEDIUM_BYTES_MAX)))
        .route("/_control/media_faults", post(media_faults))
        .route("/_control/account_event", post(account_event))
        .route("/_control/clock", post(clock))
}

fn done() -> Json<Value> {
    Json(json!({"ok": true}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsBody {
    #[serde(default, deserialize_with = "present")]
    throughput_per_second: Option<Option<u32>>,
    throughput_by_level: Option<bool>,
    pair_limit: Option<bool>,
    http_status: Option<u16>,
    told_by_callback: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    management_per_hour: Option<Option<u32>>,
    management_code: Option<u32>,
}

async fn limits(State(control): State<Control>, body: Bytes) -> Answer<StateView> {
    let body: LimitsBody = read(&body)?;
    probability("told_by_callback", body.told_by_callback)?;
    if body.http_status.is_some_and(|status| !(400..=599).contains(&status)) {
        return Err(ControlError::Body("http_status is between 400 and 599".to_owned()));
    }
    let old = control.limits();
    control.set_limits(LimitSettings {
        throughput_per_second: body.throughput_per_second.unwrap_or(old.throughput_per_second),
        throughput_by_level: body.throughput_by_level.unwrap_or(old.throughput_by_level),
        pair_limit: body.pair_limit.unwrap_or(old.pair_limit),
        http_status: body.http_status.unwrap_or(old.http_status),
        told_by_callback: body.told_by_callback.unwrap_or(old.told_by_callback),
        management_per_hour: body.management_per_hour.unwrap_or(old.management_per_hour),
        management_code: body.management_code.unwrap_or(old.management_code),
    });
    Ok(Json(control.state()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberBody {
    phone_number_id: String,
    registered: Option<bool>,
    status: Option<String>,
    level: Option<ThroughputLevel>,
    coexistence: Option<bool>,
    quality: Option<String>,
    tier: Option<String>,
    upgrade_s: Option<u64>,
}

async fn number(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let body: NumberBody = read(&body)?;
    let change = NumberChange {
        registered: body.registered,
        status: body.status,
        level: body.level,
        coexistence: body.coexistence,
        quality: body.quality,
        tier: body.tier,
        upgrade_s: body.upgrade_s,
    };
    control.set_number(&body.phone_number_id, change)?;
    Ok(done())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountBody {
    #[serde(default, deserialize_with = "present")]
    refuses_with: Option<Option<u32>>,
    #[serde(default, deserialize_with = "present")]
    token_subcode: Option<Option<u32>>,
}

async fn account(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let body: AccountBody = read(&body)?;
    control.set_account(AccountChange { refuses_with: body.refuses_with, token_subcode: body.token_subcode });
    Ok(done())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateBody {
    name: String,
    language: String,
    status: Option<String>,
    reason: Option<String>,
    category: Option<String>,
    quality: Option<String>,
    held: Option<bool>,
    #[serde(default)]
    silent: bool,
}

async fn template(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let body: TemplateBody = read(&body)?;
    let TemplateBody { name, language, status, reason, category, quality, held, silent } = body;
    control.set_template(&name, &language, TemplateChange { status, reason, category, quality, held, silent })?;
    Ok(done())
}

async fn templates(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    Ok(Json(json!({"id": control.add_template(&read(&body)?)?})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectsBody {
    #[serde(default)]
    flows: Vec<String>,
    #[serde(default)]
    catalogs: Vec<String>,
    #[serde(default)]
    groups: BTreeMap<String, Vec<String>>,
}

async fn objects(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let body: ObjectsBody = read(&body)?;
    control.add_objects(body.flows, body.catalogs, body.groups.into_iter().collect())?;
    Ok(done())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinksBody {
    fetch: LinkPolicy,
}

async fn links(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let LinksBody { fetch } = read(&body)?;
    control.set_links(fetch);
    Ok(done())
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct MediaQuery {
    filename: Option<String>,
    phone_number_id: Option<String>,
    id: Option<String>,
    #[serde(default)]
    uploaded: bool,
}

/// The body is the file itself, with its type in `Content-Type`.
async fn media(
    State(control): State<Control>,
    query: Result<Query<MediaQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<Value> {
    let Query(query) = query.map_err(|rejection| ControlError::Body(rejection.body_text()))?;
    let mime_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(mime_type) = mime_type else {
        return Err(ControlError::Body("the file's type is missing: Content-Type".to_owned()));
    };
    let id = control.add_media(NewMedium {
        mime_type: mime_type.to_owned(),
        filename: query.filename,
        bytes: body.to_vec(),
        phone_number_id: query.phone_number_id,
        id: query.id,
        uploaded: query.uploaded,
    })?;
    Ok(Json(json!({"id": id})))
}

async fn media_faults(State(control): State<Control>, body: Bytes) -> Answer<StateView> {
    let body: MediaFaultsBody = read(&body)?;
    let rules: Result<Vec<MediaFaultRule>, ControlError> =
        body.rules.into_iter().map(MediaFaultRule::try_from).collect();
    control.set_media_faults(rules?);
    Ok(Json(control.state()))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EventBody {
    field: String,
    value: Value,
}

async fn account_event(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let EventBody { field, value } = read(&body)?;
    control.account_event(&field, &value);
    Ok(done())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    advance_s: u64,
}

async fn clock(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let ClockBody { advance_s } = read(&body)?;
    control.advance_clock(Duration::from_secs(advance_s))?;
    Ok(done())
}
