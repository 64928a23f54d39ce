//! The buttons of a template: those with a variable part must be filled in, others may be left out.

use serde_json::Value;

use super::components::plain;
use super::{count, kind_of, mismatch};
use crate::content::RenderedButton;
use crate::graph::GraphError;
use crate::graph::fields::Fields;
use crate::graph::kinds::product_sections;
use crate::templates::{Action, Button, Text};

const COUPON_MAX: usize = 15;
const CODE_MAX: usize = 15;
const SUFFIX_MAX: usize = 2000;
const PAYLOAD_MAX: usize = 256;

/// Buttons of a send: index, type and parameters.
type Given<'a> = [(usize, String, &'a [Value])];

pub(super) fn fill(buttons: &[Button], given: &Given<'_>) -> Result<Vec<RenderedButton>, GraphError> {
    if let Some((index, kind, _)) = given.iter().find(|(index, ..)| *index >= buttons.len()) {
        let text = format!("The template has no button of type {kind} at index {index}");
        return Err(GraphError::new(131_009, text));
    }
    let one = |(index, button): (usize, &Button)| {
        let given = given.iter().find(|(at, ..)| *at == index);
        let given = given.map(|(_, kind, parameters)| (kind.as_str(), *parameters));
        let value = value(index, button, given)?;
        Ok(RenderedButton { kind: button.action.word().to_owned(), text: button.text.clone(), value })
    };
    buttons.iter().enumerate().map(one).collect()
}

/// What the button does when it is tapped.
fn value(index: usize, button: &Button, given: Option<(&str, &[Value])>) -> Result<Option<String>, GraphError> {
    let at = format!("button at {index}");
    let expected = match &button.action {
        // Created as OTP, listed and sent as URL.
        Action::Otp => "url",
        action => action.word(),
    };
    if let Some((kind, _)) = given.filter(|(kind, _)| *kind != expected) {
        return Err(mismatch(&at, &expected.to_uppercase(), kind));
    }
    let parameters = given.map(|(_, parameters)| parameters);
    let got = parameters.map_or(0, <[Value]>::len);
    let fixed = |value: Option<&str>| count(&at, 0, got).map(|()| value.map(str::to_owned));
    match &button.action {
        Action::QuickReply => match parameters {
            None => Ok(Some(button.text.clone())),
            Some(list) => text(&at, one(&at, list)?, "payload", PAYLOAD_MAX).map(Some),
        },
        Action::Url(url) if url.contains("{{") => {
            let suffix = text(&at, one(&at, parameters.unwrap_or_default())?, "text", SUFFIX_MAX)?;
            Ok(Some(Text::new(url).fill(&[suffix])))
        }
        Action::Url(url) => fixed(Some(url)),
        Action::PhoneNumber(number) => fixed(Some(number)),
        Action::Otp => text(&at, one(&at, parameters.unwrap_or_default())?, "text", CODE_MAX).map(Some),
        Action::CopyCode => text(&at, one(&at, parameters.unwrap_or_default())?, "coupon_code", COUPON_MAX).map(Some),
        Action::Flow | Action::Catalog | Action::Spm if got == 0 => Ok(None),
        Action::Flow | Action::Catalog | Action::Mpm | Action::Spm => {
            action(&at, &button.action, one(&at, parameters.unwrap_or_default())?)
        }
        Action::VoiceCall | Action::RequestContactInfo => fixed(None),
    }
}

fn one<'a>(at: &str, parameters: &'a [Value]) -> Result<&'a Value, GraphError> {
    count(at, 1, parameters.len())?;
    parameters.first().ok_or_else(|| GraphError::new(132_000, format!("{at}: a parameter is missing")))
}

/// A parameter of type `kind`; its text stands in the member of the same name.
fn text(at: &str, parameter: &Value, kind: &'static str, max: usize) -> Result<String, GraphError> {
    if kind_of(parameter) != kind {
        return Err(mismatch(at, &kind.to_uppercase(), kind_of(parameter)));
    }
    let fields = Fields::of(format!("{at}['parameters'][0]"), parameter, &["type", kind])?;
    let text = fields.words(kind, max)?;
    plain(at, text)?;
    Ok(text.to_owned())
}

fn action(at: &str, button: &Action, parameter: &Value) -> Result<Option<String>, GraphError> {
    if kind_of(parameter) != "action" {
        return Err(mismatch(at, "ACTION", kind_of(parameter)));
    }
    let known: &[&str] = match button {
        Action::Flow => &["flow_token", "flow_action_data"],
        Action::Mpm => &["thumbnail_product_retailer_id", "sections"],
        _ => &["thumbnail_product_retailer_id"],
    };
    let fields = Fields::of(format!("{at}['parameters'][0]"), parameter, &["type", "action"])?;
    let action = fields.required_object("action", known)?;
    if *button == Action::Mpm {
        action.required_text("thumbnail_product_retailer_id")?;
        product_sections(&action)?;
    }
    if action.get("flow_action_data").is_some_and(|data| !data.is_object()) {
        return Err(GraphError::new(
            100,
            format!("Param {} must be a JSON object", action.name_of("flow_action_data")),
        ));
    }
    action.text("thumbnail_product_retailer_id")?;
    Ok(action.text("flow_token")?.map(str::to_owned))
}
