//! The components of a template message against the template: count and kind must match exactly.

use serde_json::Value;

use super::GraphError;
use super::content::picture_source;
use super::fields::Fields;
use crate::content::{RenderedButton, RenderedHeader, RenderedTemplate};
use crate::templates::{Header, TemplateDefinition, fill, variables};

const HEADER_MAX: usize = 60;
const BODY_MAX: usize = 1024;

/// What the components said, before it is laid over the template.
#[derive(Debug, Default)]
struct Given<'a> {
    header: Option<&'a [Value]>,
    body: Option<&'a [Value]>,
    payloads: Vec<(usize, String)>,
}

/// Checks the components and renders what the customer sees.
pub(super) fn check(template: &TemplateDefinition, components: &[Value]) -> Result<RenderedTemplate, GraphError> {
    let given = sort(template, components)?;
    let header = header(template, given.header.unwrap_or_default())?;
    let body_values = texts("body", variables(template.body), given.body.unwrap_or_default())?;
    let text = fill(template.body, &body_values);
    too_long("body", &text, BODY_MAX)?;
    let payload_of = |index: usize| given.payloads.iter().find(|(at, _)| *at == index).map(|(_, payload)| payload);
    let buttons = template.quick_replies.iter().enumerate().map(|(index, label)| RenderedButton {
        kind: "quick_reply".to_owned(),
        text: (*label).to_owned(),
        value: Some(payload_of(index).map_or_else(|| (*label).to_owned(), Clone::clone)),
    });
    Ok(RenderedTemplate {
        name: template.name.to_owned(),
        language: template.language.to_owned(),
        header,
        text,
        footer: template.footer.map(str::to_owned),
        buttons: buttons.collect(),
        ..RenderedTemplate::default()
    })
}

fn sort<'a>(template: &TemplateDefinition, components: &'a [Value]) -> Result<Given<'a>, GraphError> {
    let mut given = Given::default();
    for component in components {
        let fields = Fields::of("template['components']", component, &["type", "sub_type", "index", "parameters"])?;
        let parameters = fields.list("parameters")?;
        let kind = fields.required_text("type")?.to_lowercase();
        let slot = match kind.as_str() {
            "header" => &mut given.header,
            "body" => &mut given.body,
            "button" => {
                let button = button(template, fields)?;
                if given.payloads.iter().any(|(index, _)| *index == button.0) {
                    return Err(GraphError::new(131_009, format!("Two components for the button at {}", button.0)));
                }
                given.payloads.push(button);
                continue;
            }
            "carousel" | "limited_time_offer" | "order_status" => {
                return Err(GraphError::new(132_012, format!("{kind}: the template has no such component")));
            }
            _ => return Err(GraphError::new(100, format!("Unknown component type \"{kind}\""))),
        };
        if fields.has("sub_type") || fields.has("index") {
            return Err(GraphError::new(100, format!("{kind}: sub_type and index belong to buttons")));
        }
        if slot.replace(parameters).is_some() {
            return Err(GraphError::new(131_009, format!("Two components of type {kind}")));
        }
    }
    Ok(given)
}

fn header(template: &TemplateDefinition, parameters: &[Value]) -> Result<Option<RenderedHeader>, GraphError> {
    match template.header {
        Header::None => {
            count("header", 0, parameters.len())?;
            Ok(None)
        }
        Header::Text(text) => {
            let values = texts("header", variables(text), parameters)?;
            let text = fill(text, &values);
            too_long("header", &text, HEADER_MAX)?;
            Ok(Some(RenderedHeader::Text(text)))
        }
        Header::Image => {
            let [parameter] = parameters else {
                let received = if parameters.is_empty() { "UNKNOWN" } else { "several parameters" };
                let text = format!("header: Format mismatch, expected IMAGE, received {received}");
                return Err(GraphError::new(132_012, text));
            };
            let path = "template['components']['header']";
            let kind = parameter.get("type").and_then(Value::as_str).unwrap_or("UNKNOWN");
            if kind != "image" {
                let received = kind.to_uppercase();
                let text = format!("header: Format mismatch, expected IMAGE, received {received}");
                return Err(GraphError::new(132_012, text));
            }
            let fields = Fields::of(path, parameter, &["type", "image"])?;
            let Some(image) = fields.get("image") else {
                return Err(fields.missing("image"));
            };
            picture_source(Fields::of("image", image, &["id", "link"])?, "image")?;
            Ok(Some(RenderedHeader::Object { kind: "image".to_owned(), object: image.clone() }))
        }
    }
}

/// The values of a component whose parameters are all texts.
fn texts(component: &str, expected: usize, parameters: &[Value]) -> Result<Vec<String>, GraphError> {
    count(component, expected, parameters.len())?;
    parameters.iter().map(|parameter| text(component, parameter)).collect()
}

fn count(component: &str, expected: usize, got: usize) -> Result<(), GraphError> {
    if expected == got {
        return Ok(());
    }
    let text = format!(
        "{component}: number of localizable_params ({got}) does not match the expected number of params ({expected})"
    );
    Err(GraphError::new(132_000, text))
}

fn text(component: &str, parameter: &Value) -> Result<String, GraphError> {
    let kind = parameter.get("type").and_then(Value::as_str).unwrap_or("UNKNOWN");
    let value = match kind {
        "text" => Fields::of("parameters", parameter, &["type", "text"])?.required_text("text")?,
        // The older typed values are still taken; the customer sees the fallback.
        "currency" | "date_time" => {
            let fields = Fields::of("parameters", parameter, &["type", kind])?;
            let Some(value) = fields.get(kind) else {
                return Err(fields.missing(kind));
            };
            let value = Fields::of(kind, value, &["fallback_value", "code", "amount_1000"])?;
            value.required_text("fallback_value")?
        }
        other => {
            let text = format!("{component}: Format mismatch, expected TEXT, received {}", other.to_uppercase());
            return Err(GraphError::new(132_012, text));
        }
    };
    if value.contains(['\n', '\r', '\t']) || value.contains("     ") {
        let text =
            format!("{component}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces");
        return Err(GraphError::new(132_018, text));
    }
    Ok(value.to_owned())
}

fn button(template: &TemplateDefinition, fields: Fields<'_>) -> Result<(usize, String), GraphError> {
    let sub_type = fields.required_text("sub_type")?.to_lowercase();
    let index = match fields.get("index") {
        None => return Err(fields.missing("index")),
        Some(Value::String(text)) => text.parse::<usize>().ok(),
        Some(value) => value.as_u64().and_then(|index| usize::try_from(index).ok()),
    };
    let Some(index) = index.filter(|index| *index < template.quick_replies.len()) else {
        return Err(GraphError::new(131_009, format!("The template has no button of type {sub_type} at this index")));
    };
    if sub_type != "quick_reply" {
        let text = format!("button at {index}: Format mismatch, expected QUICK_REPLY, received {sub_type}");
        return Err(GraphError::new(132_012, text));
    }
    let [parameter] = fields.list("parameters")? else {
        let got = fields.list("parameters")?.len();
        return Err(GraphError::new(132_000, format!("button at {index}: expected 1 parameter, received {got}")));
    };
    if parameter.get("type").and_then(Value::as_str) != Some("payload") {
        return Err(GraphError::new(132_012, format!("button at {index}: Format mismatch, expected PAYLOAD")));
    }
    let payload = Fields::of("parameters", parameter, &["type", "payload"])?.required_text("payload")?;
    Ok((index, payload.to_owned()))
}

fn too_long(component: &str, text: &str, max: usize) -> Result<(), GraphError> {
    let length = text.chars().count();
    if length <= max {
        return Ok(());
    }
    Err(GraphError::new(132_005, format!("{component}: {length} characters after substitution, at most {max}")))
}
