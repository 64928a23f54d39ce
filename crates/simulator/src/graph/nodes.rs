//! What can be read by id: numbers, the account, templates, media.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::lists::{ListQuery, Params, edge, params, select};
use super::templates::TEMPLATE_DEFAULTS;
use super::{Answer, GraphError, admit, manage, media, respond, subscriptions, templates, uploads};
use crate::shared::{App, Number, Shared};

const NUMBER_DEFAULTS: &[&str] = &[
    "id",
    "display_phone_number",
    "verified_name",
    "quality_rating",
    "code_verification_status",
    "platform_type",
    "throughput",
];
const ACCOUNT_DEFAULTS: &[&str] = &["id", "name", "timezone_id", "message_template_namespace"];
const MEDIA_DEFAULTS: &[&str] = &["messaging_product", "url", "mime_type", "sha256", "file_size", "id"];

/// The parameters of a node. A lookup of media may name the number it came to.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeQuery {
    fields: Option<String>,
    phone_number_id: Option<String>,
}

/// `GET /{version}/{id}` for a number, the account, a template or a media id.
pub(super) async fn node(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    query: Params<NodeQuery>,
) -> Response {
    if uploads::is_session(&id) {
        return respond(&app, uploads::offset(&app, (&version, &id), &headers));
    }
    let answer = admit(&app, &version, &headers).and_then(|()| {
        let query = params(query)?;
        let (node, defaults) = find(&app, &id, &query)?;
        select(&node, query.fields.as_deref(), defaults).map(Answer::ok)
    });
    respond(&app, answer)
}

/// The node with the members it shows if none are asked for.
fn find(app: &Shared, id: &str, query: &NodeQuery) -> Result<(Value, &'static [&'static str]), GraphError> {
    if let Some(index) = app.number_by_id.get(id).copied() {
        manage(app)?;
        let number = app.numbers.get(index).map(|number| number_json(app, index, number));
        return Ok((number.unwrap_or_default(), NUMBER_DEFAULTS));
    }
    if id == app.waba_id {
        manage(app)?;
        return Ok((account_json(app), ACCOUNT_DEFAULTS));
    }
    if let Some(template) = app.world().catalogue.by_id(id) {
        return Ok((template.to_json(), TEMPLATE_DEFAULTS));
    }
    media::lookup(app, id, query.phone_number_id.as_deref())
        .map(|medium| (medium, MEDIA_DEFAULTS))
        .ok_or_else(|| GraphError::no_such_object(&Method::GET, id))
}

/// `POST /{version}/{id}`: the callback of a number, another text for a template, or the bytes of an upload.
pub(super) async fn change(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if uploads::is_session(&id) {
        return respond(&app, uploads::receive(&app, (&version, &id), &headers, &body));
    }
    let answer = match admit(&app, &version, &headers) {
        Err(error) => Err(error),
        Ok(()) => match app.number_by_id.get(id.as_str()).copied() {
            Some(number) => subscriptions::configure_number(&app, number, &headers, &body).await,
            None => templates::edit(&app, &id, &headers, &body),
        },
    };
    respond(&app, answer)
}

/// `GET /{version}/{waba}/phone_numbers`.
pub(super) async fn phone_numbers(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    query: Params<ListQuery>,
) -> Response {
    let list = |_: &ListQuery| {
        app.numbers.iter().enumerate().map(|(index, number)| number_json(&app, index, number)).collect()
    };
    respond(&app, edge(&app, (&version, &id, "phone_numbers"), &headers, query, (list, NUMBER_DEFAULTS)))
}

fn account_json(app: &Shared) -> Value {
    let name = app.numbers.first().map(|number| number.name.as_str());
    let world = app.world();
    let limit = world.numbers.first().map(|state| state.tier.clone());
    json!({
        "id": app.waba_id, "name": name, "timezone_id": "1", "currency": "USD",
        "message_template_namespace": "simulator", "account_review_status": "APPROVED",
        "business_verification_status": "verified", "whatsapp_business_manager_messaging_limit": limit,
    })
}

fn number_json(app: &Shared, index: usize, number: &Number) -> Value {
    let world = app.world();
    let state = world.numbers.get(index).cloned().unwrap_or_default();
    let mut callbacks = json!({"application": world.callback_url.as_deref()});
    for (name, url) in
        [("phone_number", &state.override_url), ("whatsapp_business_account", &world.account.override_url)]
    {
        if let Some(url) = url {
            callbacks[name] = json!(url);
        }
    }
    json!({
        "id": number.id,
        "display_phone_number": number.digits,
        "verified_name": number.name,
        "quality_rating": state.quality,
        "quality_score": {"score": state.quality},
        "code_verification_status": "VERIFIED",
        "platform_type": if state.registered { "CLOUD_API" } else { "NOT_APPLICABLE" },
        "throughput": {"level": state.level},
        "status": state.status,
        "name_status": "APPROVED",
        "account_mode": "LIVE",
        "is_official_business_account": false,
        "is_pin_enabled": true,
        "is_on_biz_app": state.coexistence,
        "messaging_limit_tier": state.tier,
        "whatsapp_business_manager_messaging_limit": state.tier,
        "last_onboarded_time": "2026-01-05T09:00:00+0000",
        "webhook_configuration": callbacks,
    })
}
