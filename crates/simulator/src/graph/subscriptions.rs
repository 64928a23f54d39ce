//! Where callbacks go: the app's subscription to the account, and the overrides of account and number.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use serde_json::json;

use super::fields::Fields;
use super::{Answer, GraphError, admit, json_body, manage, respond};
use crate::callback;
use crate::shared::{App, Shared};

const URL_MAX: usize = 200;

/// `POST /{version}/{waba}/subscribed_apps`: without a body it takes an override away.
pub(super) async fn subscribe(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = match owner(&app, (&version, &id), &Method::POST, &headers) {
        Ok(()) => set_override(&app, &headers, &body).await,
        Err(error) => Err(error),
    };
    respond(&app, answer)
}

async fn set_override(app: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Answer, GraphError> {
    let url = if body.is_empty() {
        None
    } else {
        let body = json_body(headers, body)?;
        let fields = Fields::of("", &body, &["override_callback_uri", "verify_token"])?;
        if fields.has("override_callback_uri") && app.world().account.unsubscribed {
            let text = "Before override the current callback uri, your app must be subscribed to receive messages";
            return Err(GraphError::new(100, text));
        }
        verified(app, &fields).await?
    };
    let mut world = app.world();
    world.account.override_url = url;
    world.account.unsubscribed = false;
    Ok(Answer::ok(json!({"success": true})))
}

/// The callback that was named, after the handshake with it.
async fn verified(app: &Shared, fields: &Fields<'_>) -> Result<Option<String>, GraphError> {
    let url = match fields.bounded_text("override_callback_uri", URL_MAX)? {
        None | Some("") => return Ok(None),
        Some(url) => url.to_owned(),
    };
    let token = fields.required_text("verify_token")?;
    match callback::handshake_with(app, &url, token).await {
        Ok(()) => Ok(Some(url)),
        Err(why) => Err(GraphError::new(100, format!("The callback URL or verify token couldn't be validated: {why}"))),
    }
}

/// `GET /{version}/{waba}/subscribed_apps`.
pub(super) async fn list(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let answer = owner(&app, (&version, &id), &Method::GET, &headers).and_then(|()| {
        manage(&app)?;
        let account = app.world().account.clone();
        if account.unsubscribed {
            return Ok(Answer::ok(json!({"data": []})));
        }
        let link = format!("https://www.facebook.com/games/?app_id={}", app.app_id);
        let mut one = json!({"whatsapp_business_api_data": {"id": app.app_id, "name": "simulator", "link": link}});
        if let Some(url) = account.override_url {
            one["override_callback_uri"] = json!(url);
        }
        Ok(Answer::ok(json!({"data": [one]})))
    });
    respond(&app, answer)
}

/// `DELETE /{version}/{waba}/subscribed_apps`: nothing is told until the app subscribes again.
pub(super) async fn unsubscribe(
    State(app): State<App>,
    Path((version, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let answer = owner(&app, (&version, &id), &Method::DELETE, &headers).map(|()| {
        let mut world = app.world();
        world.account.unsubscribed = true;
        world.account.override_url = None;
        Answer::ok(json!({"success": true}))
    });
    respond(&app, answer)
}

/// `POST /{version}/{phone_number_id}`: an empty address takes the override of the number away.
pub(super) async fn configure_number(
    app: &Shared,
    number: usize,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Answer, GraphError> {
    let body = json_body(headers, body)?;
    let fields = Fields::of("", &body, &["webhook_configuration"])?;
    let fields = fields.required_object("webhook_configuration", &["override_callback_uri", "verify_token"])?;
    if !fields.has("override_callback_uri") {
        return Err(fields.missing("override_callback_uri"));
    }
    let url = verified(app, &fields).await?;
    if let Some(state) = app.world().numbers.get_mut(number) {
        state.override_url = url;
    }
    Ok(Answer::ok(json!({"success": true})))
}

fn owner(app: &Shared, (version, id): (&str, &str), method: &Method, headers: &HeaderMap) -> Result<(), GraphError> {
    admit(app, version, headers)?;
    if id == app.waba_id { Ok(()) } else { Err(GraphError::no_such_object(method, id)) }
}
