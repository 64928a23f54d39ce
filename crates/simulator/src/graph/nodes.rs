//! What can be read: numbers, the account, its templates, and the media customers send.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, GraphError, admit, refuse};
use crate::connection::CutSwitch;
use crate::shared::{App, Number, Shared};
use crate::templates::TEMPLATES;

const PAGE_DEFAULT: usize = 25;
const NUMBER_DEFAULTS: &[&str] = &[
    "id",
    "display_phone_number",
    "verified_name",
    "quality_rating",
    "code_verification_status",
    "platform_type",
    "throughput",
];
const TEMPLATE_DEFAULTS: &[&str] = &["name", "parameter_format", "components", "language", "status", "category", "id"];

/// The parameters of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    fields: Option<String>,
    limit: Option<usize>,
    after: Option<String>,
    before: Option<String>,
    name: Option<String>,
    status: Option<String>,
    category: Option<String>,
    language: Option<String>,
}

/// The parameters of a node. A lookup of media may name the number it came to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeQuery {
    fields: Option<String>,
    phone_number_id: Option<String>,
}

type Params<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

fn params<T>(query: Params<T>) -> Result<T, GraphError> {
    query.map(|Query(query)| query).map_err(|rejection| GraphError::new(100, rejection.body_text()))
}

/// `GET /{version}/{id}` for a number, the account, or a media id.
pub(super) async fn node(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    query: Params<NodeQuery>,
) -> Response {
    let answer = admit(&app, &version, &headers).and_then(|()| {
        let query = params(query)?;
        let node = find_node(&app, &id, &query).ok_or_else(|| GraphError::no_such_object(&Method::GET, &id))?;
        select(&node.0, query.fields.as_deref(), node.1).map(Answer::ok)
    });
    answer.unwrap_or_else(|error| refuse(&app, &error)).into_response(&CutSwitch::default())
}

fn find_node(app: &Shared, id: &str, query: &NodeQuery) -> Option<(Value, &'static [&'static str])> {
    if let Some(number) = app.number_by_id.get(id).and_then(|index| app.numbers.get(*index)) {
        return Some((number_json(app, number), NUMBER_DEFAULTS));
    }
    if id == app.waba_id {
        let name = app.numbers.first().map(|number| number.name.as_str());
        let account = json!({
            "id": id, "name": name, "timezone_id": "1", "currency": "USD", "message_template_namespace": "simulator",
            "account_review_status": "APPROVED", "business_verification_status": "verified",
        });
        return Some((account, &["id", "name", "timezone_id", "message_template_namespace"]));
    }
    let medium = app.world().media.get(id).cloned()?;
    let owner = app.numbers.get(medium.number)?;
    if query.phone_number_id.as_deref().is_some_and(|asked| asked != &*owner.id) {
        return None;
    }
    let media = json!({
        "messaging_product": "whatsapp", "id": id, "mime_type": medium.mime_type, "file_size": medium.bytes.len(),
        "sha256": medium.sha256_hex(), "url": media_url(app, id),
    });
    Some((media, &["messaging_product", "url", "mime_type", "sha256", "file_size", "id"]))
}

/// Where a medium can be fetched, with the token.
pub(crate) fn media_url(app: &Shared, id: &str) -> String {
    format!("{}/_media/{id}", app.base_url)
}

fn number_json(app: &Shared, number: &Number) -> Value {
    json!({
        "id": number.id,
        "display_phone_number": number.digits,
        "verified_name": number.name,
        "quality_rating": "GREEN",
        "quality_score": {"score": "GREEN"},
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "account_mode": "LIVE",
        "is_official_business_account": false,
        "is_pin_enabled": true,
        "is_on_biz_app": false,
        "messaging_limit_tier": "TIER_250",
        "whatsapp_business_manager_messaging_limit": "TIER_250",
        "last_onboarded_time": "2026-01-05T09:00:00+0000",
        "webhook_configuration": {"application": app.world().callback_url.as_deref()},
    })
}

/// The members that were asked for, always with the id.
fn select(node: &Value, fields: Option<&str>, defaults: &[&str]) -> Result<Value, GraphError> {
    let wanted: Vec<&str> = match fields {
        Some(fields) => fields.split(',').map(str::trim).filter(|field| !field.is_empty()).chain(["id"]).collect(),
        None => defaults.to_vec(),
    };
    let mut selected = Map::new();
    for name in wanted {
        let Some(value) = node.get(name) else {
            return Err(GraphError::new(100, format!("Tried accessing nonexisting field ({name})")));
        };
        selected.insert(name.to_owned(), value.clone());
    }
    Ok(Value::Object(selected))
}

/// `GET /{version}/{waba}/message_templates`.
pub(super) async fn templates(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    query: Params<ListQuery>,
) -> Response {
    let list = |query: &ListQuery| {
        let all = TEMPLATES.iter().map(|template| template.to_json());
        all.filter(|template| fits(query, template)).collect()
    };
    let answer = edge(&app, (&version, &id, "message_templates"), &headers, query, (list, TEMPLATE_DEFAULTS));
    answer.unwrap_or_else(|error| refuse(&app, &error)).into_response(&CutSwitch::default())
}

/// `GET /{version}/{waba}/phone_numbers`.
pub(super) async fn phone_numbers(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    query: Params<ListQuery>,
) -> Response {
    let list = |_: &ListQuery| app.numbers.iter().map(|number| number_json(&app, number)).collect();
    let answer = edge(&app, (&version, &id, "phone_numbers"), &headers, query, (list, NUMBER_DEFAULTS));
    answer.unwrap_or_else(|error| refuse(&app, &error)).into_response(&CutSwitch::default())
}

fn fits(query: &ListQuery, template: &Value) -> bool {
    let filters = [
        ("name", &query.name),
        ("status", &query.status),
        ("category", &query.category),
        ("language", &query.language),
    ];
    filters.into_iter().all(|(name, wanted)| {
        let value = template.get(name).and_then(Value::as_str).unwrap_or_default();
        match wanted {
            // Meta looks for names that contain the word.
            Some(wanted) if name == "name" => value.contains(wanted.as_str()),
            Some(wanted) => value.eq_ignore_ascii_case(wanted),
            None => true,
        }
    })
}

fn edge<F: Fn(&ListQuery) -> Vec<Value>>(
    app: &Shared,
    (version, id, name): (&str, &str, &str),
    headers: &HeaderMap,
    query: Params<ListQuery>,
    (list, defaults): (F, &[&str]),
) -> Result<Answer, GraphError> {
    admit(app, version, headers)?;
    if id != app.waba_id {
        return Err(GraphError::no_such_object(&Method::GET, id));
    }
    let query = params(query)?;
    let all = list(&query);
    let limit = query.limit.unwrap_or(PAGE_DEFAULT).clamp(1, 1000);
    let start = match (&query.after, &query.before) {
        (Some(after), _) => position(after)? + 1,
        (None, Some(before)) => position(before)?.saturating_sub(limit),
        (None, None) => 0,
    };
    let end = all.len().min(start.saturating_add(limit));
    let page = all.get(start..end).unwrap_or_default();
    let data: Result<Vec<Value>, GraphError> =
        page.iter().map(|node| select(node, query.fields.as_deref(), defaults)).collect();
    let mut answer = json!({"data": data?});
    if !page.is_empty() {
        let mut paging = json!({"cursors": {"before": cursor(start), "after": cursor(end - 1)}});
        if end < all.len() {
            let next = format!("{}/{version}/{id}/{name}?limit={limit}&after={}", app.base_url, cursor(end - 1));
            paging["next"] = json!(carry_filters(next, &query));
        }
        answer["paging"] = paging;
    }
    Ok(Answer::ok(answer))
}

fn carry_filters(mut url: String, query: &ListQuery) -> String {
    let filters = [
        ("fields", &query.fields),
        ("name", &query.name),
        ("status", &query.status),
        ("category", &query.category),
        ("language", &query.language),
    ];
    for (name, value) in filters {
        if let Some(value) = value {
            url.push_str(&format!("&{name}={value}"));
        }
    }
    url
}

fn cursor(index: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("row{index}"))
}

fn position(cursor: &str) -> Result<usize, GraphError> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let index = text.as_deref().and_then(|text| text.strip_prefix("row")).and_then(|index| index.parse().ok());
    index.ok_or_else(|| GraphError::new(100, "Invalid cursors values"))
}

/// The file behind the address of a media id; the token is needed here too.
pub(super) async fn download(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let medium = app.world().media.get(&id).cloned();
    // Meta answers 404 for an expired address and for a wrong token alike.
    match medium.filter(|_| admit(&app, "v24.0", &headers).is_ok()) {
        Some(medium) => ([(header::CONTENT_TYPE, medium.mime_type)], medium.bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
