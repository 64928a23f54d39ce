//! Header, body and offer.

use std::time::Duration;

use domain::time::Timestamp;
use serde_json::Value;

use super::{Filling, Head, count, kind_of, mismatch};
use crate::content::{RenderedHeader, RenderedOffer};
use crate::graph::GraphError;
use crate::graph::fields::Fields;
use crate::graph::kinds::{MediaUse, location_fields, media_source};
use crate::templates::{Header, Offer, Text};

const HEADER_MAX: usize = 60;
const CODE_MAX: usize = 15;

/// The components of a send by what they fill.
#[derive(Default)]
pub(super) struct Given<'a> {
    pub(super) header: Option<&'a [Value]>,
    pub(super) body: Option<&'a [Value]>,
    pub(super) offer: Option<&'a [Value]>,
    pub(super) carousel: Option<&'a [Value]>,
    /// Index, type and parameters.
    pub(super) buttons: Vec<(usize, String, &'a [Value])>,
}

/// Sorts components; the words in them are taken in any case, and an index as a text or a number.
pub(super) fn sort(components: &[Value]) -> Result<Given<'_>, GraphError> {
    const KNOWN: &[&str] = &["type", "sub_type", "index", "parameters", "cards"];
    let mut given = Given::default();
    for (at, component) in components.iter().enumerate() {
        let fields = Fields::of(format!("template['components'][{at}]"), component, KNOWN)?;
        let parameters = fields.list("parameters")?;
        let kind = fields.required_text("type")?.to_lowercase();
        let only = |allowed: &[&str]| {
            let odd = ["sub_type", "index", "parameters", "cards"];
            match odd.into_iter().find(|name| fields.has(name) && !allowed.contains(name)) {
                Some(name) => Err(GraphError::new(100, format!("{kind}: Unexpected key \"{name}\""))),
                None => Ok(()),
            }
        };
        let (slot, parameters) = match kind.as_str() {
            "header" => (&mut given.header, parameters),
            "body" => (&mut given.body, parameters),
            "limited_time_offer" => (&mut given.offer, parameters),
            "carousel" => {
                only(&["cards"])?;
                (&mut given.carousel, fields.counted("cards", 1..=10)?)
            }
            "button" => {
                only(&["sub_type", "index", "parameters"])?;
                let button = (index(&fields)?, fields.required_text("sub_type")?.to_lowercase(), parameters);
                if given.buttons.iter().any(|(index, ..)| *index == button.0) {
                    return Err(GraphError::new(131_009, format!("Two components for the button at {}", button.0)));
                }
                given.buttons.push(button);
                continue;
            }
            "order_status" => {
                return Err(GraphError::new(132_012, "order_status: the template has no such component"));
            }
            _ => return Err(GraphError::new(100, format!("Unknown component type \"{kind}\""))),
        };
        if kind != "carousel" {
            only(&["parameters"])?;
        }
        if slot.replace(parameters).is_some() {
            return Err(GraphError::new(131_009, format!("Two components of type {kind}")));
        }
    }
    Ok(given)
}

fn index(fields: &Fields<'_>) -> Result<usize, GraphError> {
    let index = match fields.get("index") {
        None => return Err(fields.missing("index")),
        Some(Value::String(text)) => text.parse::<usize>().ok(),
        Some(value) => value.as_u64().and_then(|index| usize::try_from(index).ok()),
    };
    index.ok_or_else(|| fields.invalid("index", "is not the place of a button"))
}

pub(super) fn header(
    filling: &mut Filling,
    header: Option<&Header>,
    parameters: Option<&[Value]>,
) -> Result<Head, GraphError> {
    let list = parameters.unwrap_or_default();
    let (expected, known): (&'static str, &[&str]) = match header {
        None => return count("header", 0, list.len()).map(|()| None),
        Some(Header::Text(shape)) => {
            return text(filling, "header", shape, parameters, HEADER_MAX).map(|text| Some(RenderedHeader::Text(text)));
        }
        Some(Header::Media("document")) => ("document", &["id", "link", "filename"]),
        Some(Header::Media(kind)) => (kind, &["id", "link"]),
        Some(Header::Location) => ("location", &["latitude", "longitude", "name", "address"]),
        Some(Header::Product) => ("product", &["product_retailer_id", "catalog_id"]),
    };
    let [parameter] = list else {
        let received = if list.is_empty() { "UNKNOWN" } else { "several parameters" };
        return Err(mismatch("header", &expected.to_uppercase(), received));
    };
    if kind_of(parameter) != expected {
        return Err(mismatch("header", &expected.to_uppercase(), kind_of(parameter)));
    }
    let path = "template['components']['header']";
    let fields = Fields::of(path, parameter, &["type", expected])?;
    let object = fields.required_object(expected, known)?;
    match expected {
        "location" => location_fields(&fields.name_of("location"), fields.get("location").unwrap_or(&Value::Null))?,
        "product" => {
            object.required_text("product_retailer_id")?;
            object.required_text("catalog_id")?;
        }
        kind => {
            object.text("filename")?;
            let kind = if kind == "gif" { "video" } else { kind };
            filling.media.push(MediaUse { kind, source: media_source(&object)? });
        }
    }
    let object = fields.get(expected).cloned().unwrap_or_default();
    Ok(Some(RenderedHeader::Object { kind: expected.to_owned(), object }))
}

/// A text with its placeholders filled in.
pub(super) fn text(
    filling: &Filling,
    component: &str,
    shape: &Text,
    parameters: Option<&[Value]>,
    max: usize,
) -> Result<String, GraphError> {
    let parameters = parameters.unwrap_or_default();
    count(component, shape.variables.len(), parameters.len())?;
    let values: Result<Vec<String>, GraphError> = if filling.named {
        shape.variables.iter().map(|name| named_value(component, name, parameters)).collect()
    } else {
        parameters.iter().map(|parameter| value(component, parameter, false)).collect()
    };
    let values = values?;
    if filling.authentication && values.iter().any(|code| code.chars().count() > CODE_MAX) {
        return Err(GraphError::new(132_005, format!("{component}: a code has at most {CODE_MAX} characters")));
    }
    let text = shape.fill(&values);
    let length = text.chars().count();
    if length > max {
        return Err(GraphError::new(
            132_005,
            format!("{component}: {length} characters after substitution, at most {max}"),
        ));
    }
    Ok(text)
}

fn named_value(component: &str, name: &str, parameters: &[Value]) -> Result<String, GraphError> {
    let is_meant = |one: &&Value| one.get("parameter_name").and_then(Value::as_str) == Some(name);
    match parameters.iter().find(is_meant) {
        Some(parameter) => value(component, parameter, true),
        None => Err(GraphError::new(132_000, format!("{component}: no parameter has the parameter_name {name}"))),
    }
}

/// The value of one parameter.
fn value(component: &str, parameter: &Value, named: bool) -> Result<String, GraphError> {
    const CURRENCY: &[&str] = &["fallback_value", "code", "amount_1000"];
    const DATE: &[&str] =
        &["fallback_value", "calendar", "year", "month", "day_of_month", "day_of_week", "hour", "minute", "timestamp"];
    let kind = kind_of(parameter);
    let known: &[&str] = if named { &["type", kind, "parameter_name"] } else { &["type", kind] };
    let path = format!("template['components']['{component}']['parameters']");
    let text = match kind {
        "text" => Fields::of(path, parameter, known)?.required_text("text")?,
        // The older typed values are still taken; the customer sees the fallback.
        "currency" => {
            let money = Fields::of(path, parameter, known)?.required_object("currency", CURRENCY)?;
            money.required_text("code")?;
            // Thousandths may be below zero; a text of the number is taken as well.
            let is_amount =
                |amount: &Value| amount.is_number() || amount.as_str().is_some_and(|text| text.parse::<i64>().is_ok());
            if !money.get("amount_1000").is_some_and(is_amount) {
                return Err(money.missing("amount_1000"));
            }
            money.required_text("fallback_value")?
        }
        "date_time" => {
            Fields::of(path, parameter, known)?.required_object("date_time", DATE)?.required_text("fallback_value")?
        }
        other => return Err(mismatch(component, "TEXT", other)),
    };
    plain(component, text)?;
    Ok(text.to_owned())
}

/// Parameters stand in one line.
pub(super) fn plain(component: &str, text: &str) -> Result<(), GraphError> {
    if text.contains(['\n', '\r', '\t']) || text.contains("     ") {
        let text =
            format!("{component}: Param text cannot have new-line/tab characters or more than 4 consecutive spaces");
        return Err(GraphError::new(132_018, text));
    }
    Ok(())
}

pub(super) fn offer(
    filling: &Filling,
    offer: Option<&Offer>,
    parameters: Option<&[Value]>,
) -> Result<Option<RenderedOffer>, GraphError> {
    const NAME: &str = "limited_time_offer";
    let list = parameters.unwrap_or_default();
    let Some(offer) = offer else {
        return count(NAME, 0, list.len()).map(|()| None);
    };
    count(NAME, usize::from(offer.expires), list.len())?;
    let Some(parameter) = list.first() else {
        return Ok(Some(RenderedOffer { text: offer.text.clone(), expires_at: None }));
    };
    if kind_of(parameter) != NAME {
        return Err(mismatch(NAME, "LIMITED_TIME_OFFER", kind_of(parameter)));
    }
    let fields = Fields::of(NAME, parameter, &["type", NAME])?.required_object(NAME, &["expiration_time_ms"])?;
    let Some(ms) = fields.number("expiration_time_ms")? else {
        return Err(fields.missing("expiration_time_ms"));
    };
    let at = Timestamp::from_micros(0).plus(Duration::from_millis(ms));
    if at <= filling.now {
        return Err(fields.invalid("expiration_time_ms", "must be a moment to come, in milliseconds"));
    }
    Ok(Some(RenderedOffer { text: offer.text.clone(), expires_at: Some(at) }))
}
