//! The handlers of the phone's forms. A form without script gets its page again, a script gets JSON.

use axum::Form;
use axum::Json;
use axum::extract::{Multipart, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::fields;
use super::pages::{Page, Refused, known};
use super::taps::{self, TapForm};
use crate::control::{Control, ControlError, Inbound, InboundKind, InboundMedium, PhoneChange, enqueue, parse_inbound};
use crate::samples::{MediumFile, MediumKind};
use crate::shared::App;
use crate::world::Side;

/// The largest file the phone sends; WhatsApp's limit for pictures and films is lower.
pub(super) const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

impl From<ControlError> for Refused {
    fn from(error: ControlError) -> Self {
        Self(error.status(), error.to_string())
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextForm {
    text: String,
    number: Option<String>,
    context_message_id: Option<String>,
}

pub(super) async fn text(
    State(app): State<App>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    Form(form): Form<TextForm>,
) -> Page<Response> {
    let digits = known(&digits)?;
    if form.text.trim().is_empty() {
        return Err(Refused(StatusCode::BAD_REQUEST, "there is nothing to send".to_owned()));
    }
    let number = form.number.clone();
    let inbound = Inbound {
        phone_number_id: form.number,
        context_message_id: form.context_message_id,
        ..Inbound::text(digits.as_str(), form.text)
    };
    enqueue(&app, inbound)?;
    Ok(back(&app, &headers, &digits, number))
}

/// Anything else: the fields are the members of `POST /_control/inbound`.
pub(super) async fn send(
    State(app): State<App>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Vec<(String, String)>>,
) -> Page<Response> {
    let digits = known(&digits)?;
    let number = form.iter().find(|(name, _)| name == "number").map(|(_, value)| value.clone());
    let members = fields::members(&digits, form).map_err(|error| Refused(StatusCode::BAD_REQUEST, error))?;
    enqueue(&app, parse_inbound(members)?)?;
    Ok(back(&app, &headers, &digits, number))
}

/// A file from the machine of whoever looks at the page.
pub(super) async fn file(
    State(app): State<App>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    mut form: Multipart,
) -> Page<Response> {
    let digits = known(&digits)?;
    let refused = |error: axum::extract::multipart::MultipartError| Refused(error.status(), error.body_text());
    let (mut number, mut caption, mut picked) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(refused)? {
        match field.name().unwrap_or_default() {
            "number" => number = Some(field.text().await.map_err(refused)?),
            "caption" => caption = Some(field.text().await.map_err(refused)?).filter(|text| !text.trim().is_empty()),
            "file" => {
                let mime_type = field.content_type().unwrap_or("application/octet-stream").to_owned();
                let filename = field.file_name().map(str::to_owned).filter(|name| !name.is_empty());
                let bytes = field.bytes().await.map_err(refused)?.to_vec();
                picked = Some(MediumFile { mime_type, filename, bytes });
            }
            other => return Err(Refused(StatusCode::BAD_REQUEST, format!("unknown field `{other}`"))),
        }
    }
    let file = picked.filter(|file| !file.bytes.is_empty());
    let file = file.ok_or_else(|| Refused(StatusCode::BAD_REQUEST, "no file was picked".to_owned()))?;
    let kind = MediumKind::of(&file.mime_type);
    let caption = caption.filter(|_| kind.has_caption());
    let medium = InboundMedium { kind, caption, voice: false, file: Some(file), media_id: None };
    let inbound =
        Inbound { phone_number_id: number.clone(), ..Inbound::new(digits.as_str(), InboundKind::Medium(medium)) };
    enqueue(&app, inbound)?;
    Ok(back(&app, &headers, &digits, number))
}

/// A button or a row: the label comes back, with what the business put behind it.
pub(super) async fn tap(
    State(app): State<App>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    Form(form): Form<TapForm>,
) -> Page<Response> {
    let digits = known(&digits)?;
    let missing = || Refused(StatusCode::NOT_FOUND, "there is no such button on this phone".to_owned());
    let (kind, number) = {
        let mut world = app.world();
        let message = world.messages.get_mut(form.message.as_str()).filter(|message| *message.customer == *digits);
        let message = message.ok_or_else(missing)?;
        let kind = taps::answer(&message.content, &form).ok_or_else(missing)?;
        if let Side::Business(outgoing) = &mut message.side {
            outgoing.chosen = form.chosen();
        }
        (kind, message.number)
    };
    let number = app.numbers.get(number).map(|number| number.id.as_ref().to_owned());
    let context_message_id = Some(form.message);
    enqueue(
        &app,
        Inbound { phone_number_id: number.clone(), context_message_id, ..Inbound::new(digits.as_str(), kind) },
    )?;
    Ok(back(&app, &headers, &digits, number))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchesForm {
    on: Option<bool>,
    read_receipts: Option<bool>,
    blocked: Option<bool>,
    number: Option<String>,
}

pub(super) async fn switches(
    State(app): State<App>,
    State(control): State<Control>,
    Path(digits): Path<String>,
    headers: HeaderMap,
    Form(form): Form<SwitchesForm>,
) -> Page<Response> {
    let digits = known(&digits)?;
    let change = PhoneChange { on: form.on, read_receipts: form.read_receipts, blocked: form.blocked };
    control.set_phone(&digits, change)?;
    Ok(back(&app, &headers, &digits, form.number))
}

/// Scripts get JSON; a plain form gets the page it came from: the phone, or the wall it stands in.
fn back(app: &App, headers: &HeaderMap, digits: &str, number: Option<String>) -> Response {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if text(header::ACCEPT).contains("application/json") {
        return Json(json!({"ok": true})).into_response();
    }
    let wall = text(header::REFERER).split_once("/phones?").map(|(_, query)| format!("/phones?{query}"));
    // A form of an old page may name a number that is gone, and with one number there is nothing to choose.
    let number = number.filter(|number| app.numbers.len() > 1 && app.number_by_id.contains_key(number.as_str()));
    let phone = || number.map_or_else(|| format!("/phone/{digits}"), |id| format!("/phone/{digits}?number={id}"));
    Redirect::to(&wall.unwrap_or_else(phone)).into_response()
}
