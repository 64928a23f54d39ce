//! The body of `POST /_control/inbound`: the members every message may have, and those of its type.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ControlError;
use super::inbound::{Forwarded, Inbound, InboundKind, InboundMedium, OrderItem, Referral};
use crate::samples::{MediumFile, MediumKind};

/// The members that do not depend on the type.
const COMMON: [&str; 7] =
    ["from", "phone_number_id", "context_message_id", "message_id", "retry", "forwarded", "referral"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    from: String,
    phone_number_id: Option<String>,
    context_message_id: Option<String>,
    message_id: Option<String>,
    retry: Option<bool>,
    #[serde(default)]
    forwarded: ForwardedBody,
    referral: Option<Referral>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ForwardedBody {
    #[default]
    No,
    Yes,
    Frequently,
}

/// The types, each with its own members.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum KindBody {
    Text { text: String },
    Image(MediumBody),
    Video(MediumBody),
    Document(MediumBody),
    Audio(MediumBody),
    Sticker(MediumBody),
    Button { text: String, payload: Option<String> },
    InteractiveButton { id: String, title: String },
    InteractiveList { id: String, title: String, description: Option<String> },
    InteractiveFlow { response_json: String, name: Option<String>, body: Option<String> },
    CallPermission { accept: bool, permanent: Option<bool> },
    Location { latitude: f64, longitude: f64, name: Option<String>, address: Option<String> },
    Contacts { contacts: Vec<Value> },
    Reaction { reacts_to: String, emoji: Option<String> },
    Order { catalog_id: String, items: Vec<OrderItem>, text: Option<String> },
    Edit { original_message_id: String, text: String },
    Revoke { original_message_id: String },
    Unsupported { what: Option<String> },
    RequestWelcome {},
    NumberChange { to: String },
    MarketingPreference { value: PreferenceBody },
}

/// The members of a medium; which of them its kind can have is looked at with the rest of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MediumBody {
    caption: Option<String>,
    voice: Option<bool>,
    data: Option<String>,
    mime_type: Option<String>,
    filename: Option<String>,
    media_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PreferenceBody {
    Stop,
    Resume,
}

/// A message from its members.
pub(crate) fn parse(members: Map<String, Value>) -> Result<Inbound, ControlError> {
    let (common, own): (Map<_, _>, Map<_, _>) =
        members.into_iter().partition(|(name, _)| COMMON.contains(&name.as_str()));
    let common: Common = serde_json::from_value(Value::Object(common)).map_err(|error| in_words(&error))?;
    let kind: KindBody = serde_json::from_value(Value::Object(own)).map_err(|error| in_words(&error))?;
    Ok(Inbound {
        from: common.from,
        phone_number_id: common.phone_number_id,
        kind: InboundKind::try_from(kind)?,
        context_message_id: common.context_message_id,
        forwarded: match common.forwarded {
            ForwardedBody::No => Forwarded::No,
            ForwardedBody::Yes => Forwarded::Yes,
            ForwardedBody::Frequently => Forwarded::Frequently,
        },
        referral: common.referral,
        message_id: common.message_id,
        retry: common.retry.unwrap_or(true),
    })
}

fn in_words(error: &serde_json::Error) -> ControlError {
    let words = error.to_string();
    let missing = words.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    ControlError::Body(missing.map_or(words.clone(), |name| format!("this type of message needs \"{name}\"")))
}

impl TryFrom<KindBody> for InboundKind {
    type Error = ControlError;

    fn try_from(body: KindBody) -> Result<Self, Self::Error> {
        Ok(match body {
            KindBody::Text { text } => Self::Text { text },
            KindBody::Image(body) => medium(MediumKind::Image, body)?,
            KindBody::Video(body) => medium(MediumKind::Video, body)?,
            KindBody::Document(body) => medium(MediumKind::Document, body)?,
            KindBody::Audio(body) => medium(MediumKind::Audio, body)?,
            KindBody::Sticker(body) => medium(MediumKind::Sticker, body)?,
            KindBody::Button { text, payload } => {
                Self::Button { payload: payload.unwrap_or_else(|| text.clone()), text }
            }
            KindBody::InteractiveButton { id, title } => Self::InteractiveButton { id, title },
            KindBody::InteractiveList { id, title, description } => Self::InteractiveList { id, title, description },
            KindBody::InteractiveFlow { response_json, name, body } => Self::InteractiveFlow {
                name: name.unwrap_or_else(|| "flow".to_owned()),
                body: body.unwrap_or_else(|| "Sent".to_owned()),
                response_json,
            },
            KindBody::CallPermission { accept, permanent } => {
                Self::CallPermission { accept, permanent: permanent.unwrap_or_default() }
            }
            KindBody::Location { latitude, longitude, name, address } => {
                Self::Location { latitude, longitude, name, address }
            }
            KindBody::Contacts { contacts } => Self::Contacts { contacts },
            KindBody::Reaction { reacts_to, emoji } => Self::Reaction { message_id: reacts_to, emoji },
            KindBody::Order { catalog_id, items, text } => Self::Order { catalog_id, text, items },
            KindBody::Edit { original_message_id, text } => Self::Edit { original_message_id, text },
            KindBody::Revoke { original_message_id } => Self::Revoke { original_message_id },
            KindBody::Unsupported { what } => Self::Unsupported { what: what.unwrap_or_else(|| "poll".to_owned()) },
            KindBody::RequestWelcome {} => Self::RequestWelcome,
            KindBody::NumberChange { to } => Self::NumberChange { to },
            KindBody::MarketingPreference { value } => {
                Self::MarketingPreference { resume: matches!(value, PreferenceBody::Resume) }
            }
        })
    }
}

fn medium(kind: MediumKind, body: MediumBody) -> Result<InboundKind, ControlError> {
    let file = match (body.data, body.mime_type) {
        (None, None) if body.filename.is_none() => None,
        (Some(data), Some(mime_type)) if body.media_id.is_none() => {
            let bytes = STANDARD.decode(data);
            let bytes = bytes.map_err(|error| ControlError::Body(format!("data is not base64: {error}")))?;
            Some(MediumFile { mime_type, filename: body.filename, bytes })
        }
        _ => {
            let text = "a file needs \"data\" (base64) and \"mime_type\", or else \"media_id\" alone";
            return Err(ControlError::Body(text.to_owned()));
        }
    };
    // The sample is a voice note; a file is a sound unless it is said to be one.
    let is_sample = file.is_none() && body.media_id.is_none();
    let voice = body.voice.unwrap_or(kind == MediumKind::Audio && is_sample);
    let medium = InboundMedium { kind, caption: body.caption, voice, file, media_id: body.media_id };
    Ok(InboundKind::Medium(medium))
}
