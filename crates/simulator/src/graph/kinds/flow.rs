//! The action of a flow message.

use super::Fields;
use crate::graph::GraphError;
use crate::shared::Shared;

const KNOWN: &[&str] = &[
    "flow_message_version",
    "flow_id",
    "flow_name",
    "flow_cta",
    "flow_token",
    "mode",
    "flow_action",
    "flow_action_payload",
];

pub(super) fn action(app: &Shared, fields: &Fields<'_>) -> Result<(), GraphError> {
    let action = fields.required_object("action", &["name", "parameters"])?;
    action.exactly("name", "flow")?;
    let parameters = action.required_object("parameters", KNOWN)?;
    parameters.exactly("flow_message_version", "3")?;
    let cta = parameters.words("flow_cta", 30)?;
    if cta.chars().any(is_emoji) {
        return Err(parameters.invalid("flow_cta", "must not contain emoji"));
    }
    parameters.text("flow_token")?;
    parameters.one_of("mode", &["draft", "published"])?;
    let key = match (parameters.text("flow_id")?, parameters.text("flow_name")?) {
        (Some(_), Some(_)) => {
            return Err(GraphError::new(100, "Exactly one of flow_id and flow_name must be given, not both"));
        }
        (Some(id), None) => ("flow_id", id),
        (None, Some(name)) => ("flow_name", name),
        (None, None) => return Err(parameters.missing("flow_id")),
    };
    payload(&parameters)?;
    if app.world().catalogue.has_flow(key.1) {
        Ok(())
    } else {
        Err(parameters.invalid(key.0, "is not a flow of this account"))
    }
}

fn payload(parameters: &Fields<'_>) -> Result<(), GraphError> {
    let action = parameters.one_of("flow_action", &["navigate", "data_exchange"])?.unwrap_or("navigate");
    let Some(payload) = parameters.object("flow_action_payload", &["screen", "data"])? else {
        return Ok(());
    };
    if action != "navigate" {
        return Err(parameters.invalid("flow_action_payload", "belongs to the action navigate"));
    }
    payload.required_text("screen")?;
    match payload.get("data") {
        None => Ok(()),
        Some(data) => match data.as_object() {
            None => Err(GraphError::new(100, format!("Param {} must be a JSON object", payload.name_of("data")))),
            Some(data) if data.is_empty() => Err(payload.invalid("data", "must not be empty")),
            Some(_) => Ok(()),
        },
    }
}

/// The blocks of pictures and symbols that Meta does not take on this button.
const fn is_emoji(character: char) -> bool {
    matches!(character, '\u{2600}'..='\u{27bf}' | '\u{1f000}'..='\u{1faff}' | '\u{fe0f}')
}
