//! The control API under `/_control`.

use axum::body::Bytes;
use axum::extract::{FromRef, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::bodies::{CallbackBody, LedgerQuery, NoBody, PhoneBody, RawBody, ReadBody, StatusesBody, read};
use super::faults_body::FaultsBody;
use super::inbound_body;
use super::views::{Attempt, InboundResult, StateView};
use super::{Control, ControlError, account_http};
use crate::faults::FaultRule;
use crate::ledger::LedgerEntry;
use crate::shared::App;
use crate::wire::WireEntry;

pub(super) type Answer<T> = Result<Json<T>, ControlError>;

impl FromRef<App> for Control {
    fn from_ref(app: &App) -> Self {
        Self::new(App::clone(app))
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status(), Json(json!({"error": self.to_string()}))).into_response()
    }
}

pub(super) fn routes() -> Router<App> {
    account_http::routes()
        .route("/_control/state", get(state))
        .route("/_control/callback", post(callback))
        .route("/_control/statuses", post(statuses))
        .route("/_control/faults", post(faults))
        .route("/_control/inbound", post(inbound))
        .route("/_control/raw_callback", post(raw_callback))
        .route("/_control/phone", post(phone))
        .route("/_control/read", post(mark_read))
        .route("/_control/ledger", get(ledger))
        .route("/_control/requests", get(requests))
        .route("/_control/clear", post(clear))
        .route("/_control/{*rest}", any(unknown))
}

async fn state(State(control): State<Control>) -> Json<StateView> {
    Json(control.state())
}

async fn callback(State(control): State<Control>, body: Bytes) -> Answer<StateView> {
    let body: CallbackBody = read(&body)?;
    match body.url {
        Some(url) if body.verify => control.verify_callback(&url).await?,
        url => control.set_callback_url(url),
    }
    Ok(Json(control.state()))
}

async fn statuses(State(control): State<Control>, body: Bytes) -> Answer<StateView> {
    let body: StatusesBody = read(&body)?;
    control.set_statuses(body.over(control.statuses())?);
    Ok(Json(control.state()))
}

async fn faults(State(control): State<Control>, body: Bytes) -> Answer<StateView> {
    let body: FaultsBody = read(&body)?;
    let rules: Result<Vec<FaultRule>, ControlError> = body.rules.into_iter().map(FaultRule::try_from).collect();
    control.set_faults(rules?);
    Ok(Json(control.state()))
}

async fn inbound(State(control): State<Control>, body: Bytes) -> Answer<InboundResult> {
    Ok(Json(control.inbound(inbound_body::parse(read(&body)?)?).await?))
}

async fn raw_callback(State(control): State<Control>, body: Bytes) -> Answer<Attempt> {
    let body: RawBody = read(&body)?;
    Ok(Json(control.raw_callback(body.into()).await?))
}

async fn phone(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let body: PhoneBody = read(&body)?;
    control.set_phone(&body.phone, body.change())?;
    Ok(Json(json!({"ok": true})))
}

async fn mark_read(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let body: ReadBody = read(&body)?;
    control.read(&body.phone)?;
    Ok(Json(json!({"ok": true})))
}

async fn ledger(
    State(control): State<Control>,
    query: Result<Query<LedgerQuery>, axum::extract::rejection::QueryRejection>,
) -> Answer<Vec<LedgerEntry>> {
    let Query(query) = query.map_err(|rejection| ControlError::Body(rejection.body_text()))?;
    Ok(Json(control.ledger(query.to.as_deref())))
}

async fn requests(State(control): State<Control>) -> Json<Vec<WireEntry>> {
    Json(control.requests())
}

async fn clear(State(control): State<Control>, body: Bytes) -> Answer<Value> {
    let NoBody {} = read(&body)?;
    control.clear();
    Ok(Json(json!({"ok": true})))
}

async fn unknown() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"error": "no such control call; see the README of the simulator"})))
        .into_response()
}
