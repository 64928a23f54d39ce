//! Forms that Meta calls flows.

use serde_json::{Map, Value, json};

use super::super::object;
use crate::fields::{FieldError, Fields};

/// A button that opens a form.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    reference: FlowReference,
    cta: String,
    token: Option<String>,
    mode: Option<&'static str>,
    action: Option<&'static str>,
    payload: Option<Payload>,
}

/// Which form: exactly one of the two that Meta takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowReference {
    /// Meta's id.
    Id(String),
    /// Its name.
    Name(String),
}

/// Where the form begins.
#[derive(Clone, Debug, PartialEq)]
struct Payload {
    screen: String,
    data: Option<Map<String, Value>>,
}

impl Flow {
    /// Which form.
    #[must_use]
    pub const fn reference(&self) -> &FlowReference {
        &self.reference
    }

    /// What the button shows.
    #[must_use]
    pub fn cta(&self) -> &str {
        &self.cta
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        fields.word("flow_message_version", &["3"])?;
        let flow = Self {
            reference: read_reference(&mut fields)?,
            cta: read_cta(&mut fields)?,
            token: fields.optional_filled("flow_token", 1024)?.map(ToOwned::to_owned),
            mode: fields.optional_word("mode", &["published", "draft"])?,
            action: fields.optional_word("flow_action", &["navigate", "data_exchange"])?,
            payload: fields.optional_object("flow_action_payload")?.map(Payload::read).transpose()?,
        };
        if flow.payload.is_some() && flow.action == Some("data_exchange") {
            let detail = "only `navigate` takes a payload; with `data_exchange` your endpoint says where to begin";
            return Err(fields.error("not_allowed", "flow_action_payload", detail));
        }
        fields.finish()?;
        Ok(flow)
    }

    pub(super) fn to_value(&self) -> Value {
        let (id, name) = match &self.reference {
            FlowReference::Id(id) => (Some(json!(id)), None),
            FlowReference::Name(name) => (None, Some(json!(name))),
        };
        object([
            ("flow_message_version", Some(json!("3"))),
            ("flow_id", id),
            ("flow_name", name),
            ("flow_cta", Some(json!(self.cta))),
            ("flow_token", self.token.as_ref().map(|token| json!(token))),
            ("mode", self.mode.map(Value::from)),
            ("flow_action", self.action.map(Value::from)),
            ("flow_action_payload", self.payload.as_ref().map(Payload::to_value)),
        ])
    }
}

fn read_reference(fields: &mut Fields<'_>) -> Result<FlowReference, FieldError> {
    let id = fields.optional_filled("flow_id", 128)?;
    let name = fields.optional_filled("flow_name", 512)?;
    match (id, name) {
        (Some(id), None) => Ok(FlowReference::Id(id.to_owned())),
        (None, Some(name)) => Ok(FlowReference::Name(name.to_owned())),
        _ => Err(fields.error("exactly_one", "flow_id", "give exactly one of `flow_id` and `flow_name`")),
    }
}

fn read_cta(fields: &mut Fields<'_>) -> Result<String, FieldError> {
    let cta = fields.text_within("flow_cta", 30)?;
    if cta.chars().any(is_emoji) {
        return Err(fields.error("invalid_text", "flow_cta", "the button of a flow shows no emoji"));
    }
    Ok(cta.to_owned())
}

/// The blocks of Unicode that hold nothing but pictures, and the sign that makes a picture of a letter.
const fn is_emoji(char: char) -> bool {
    matches!(char, '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{FE0F}')
}

impl Payload {
    fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let screen = fields.text_within("screen", 512)?.to_owned();
        let data = fields.optional_map("data")?;
        if data.as_ref().is_some_and(Map::is_empty) {
            return Err(fields.error("empty", "data", "leave it out, or give at least one member"));
        }
        fields.finish()?;
        Ok(Self { screen, data })
    }

    fn to_value(&self) -> Value {
        object([("screen", Some(json!(self.screen))), ("data", self.data.clone().map(Value::Object))])
    }
}
