//! What fills the places of a body.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use super::super::{Whole, first_double, object};
use super::component::read_kind;
use crate::fields::{FieldError, Fields};

const TEXT_CHARS_MAX: usize = 1024;

/// The members of an older `date_time` beside its text, with what a number may be.
const DATE_MEMBERS: [(&str, RangeInclusive<i64>); 7] = [
    ("day_of_week", 1..=7),
    ("year", 0..=9999),
    ("month", 1..=12),
    ("day_of_month", 1..=31),
    ("hour", 0..=23),
    ("minute", 0..=59),
    ("timestamp", 0..=i64::MAX),
];

/// What fills one variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameter {
    /// Text; named where the template names its variables.
    Text {
        /// The text.
        text: String,
        /// The variable's name, in a template with named variables.
        name: Option<String>,
    },
    /// An amount of money, which older templates have as a kind of its own.
    Currency {
        /// What shows.
        fallback_value: String,
        /// ISO 4217.
        code: String,
        /// The amount in thousandths.
        amount_1000: Whole,
    },
    /// A time, which older templates have as a kind of its own.
    DateTime(DateTime),
}

/// A time as older templates take it.
#[derive(Clone, Debug, PartialEq)]
pub struct DateTime {
    fallback_value: String,
    /// Members of Meta's that clients no longer show; kept as they were written.
    members: Map<String, Value>,
}

impl DateTime {
    /// What shows.
    #[must_use]
    pub fn fallback_value(&self) -> &str {
        &self.fallback_value
    }

    fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let fallback_value = fields.text_within("fallback_value", TEXT_CHARS_MAX)?.to_owned();
        let mut members = Map::new();
        for (key, range) in DATE_MEMBERS {
            let Some(value) = fields.optional(key) else { continue };
            // A day of the week may be its name, too.
            if key == "day_of_week" && value.as_str().is_some_and(|name| WEEK.contains(&name)) {
                members.insert(key.to_owned(), value.clone());
                continue;
            }
            if !range.contains(&fields.integer(key)?) {
                let detail = format!("expected {} to {}", range.start(), range.end());
                return Err(fields.error("out_of_range", key, detail));
            }
            members.insert(key.to_owned(), value.clone());
        }
        if let Some(calendar) = fields.optional_word("calendar", &["GREGORIAN", "SOLAR_HIJRI"])? {
            members.insert("calendar".to_owned(), json!(calendar));
        }
        fields.finish()?;
        Ok(Self { fallback_value, members })
    }
}

const WEEK: [&str; 7] = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"];

/// The parameters of a body.
pub(super) fn read_body(fields: &mut Fields<'_>) -> Result<Vec<Parameter>, FieldError> {
    let items = fields.objects("parameters")?;
    if items.is_empty() {
        return Err(fields.error("empty", "parameters", "leave out a component that has no parameters"));
    }
    let parameters: Vec<_> = items.into_iter().map(Parameter::read).collect::<Result<_, _>>()?;
    let names: Vec<Option<&str>> = parameters.iter().map(Parameter::name).collect();
    let is_named = names.first().is_some_and(Option::is_some);
    if let Some(i) = names.iter().position(|name| name.is_some() != is_named) {
        let field = format!("parameters[{i}].parameter_name");
        return Err(fields.error("mismatch", &field, "name all variables of the body, or none"));
    }
    if let Some(i) = first_double(names.into_iter().flatten()) {
        let field = format!("parameters[{i}].parameter_name");
        return Err(fields.error("duplicate", &field, "another parameter has this name already"));
    }
    Ok(parameters)
}

/// `templateParams`: texts or numbers that fill the places of the body in order; `None` where there are none.
pub(super) fn read_shorthand(fields: &mut Fields<'_>) -> Result<Option<Vec<Parameter>>, FieldError> {
    let values = match fields.optional("templateParams") {
        None => return Ok(None),
        Some(Value::Array(values)) => values,
        Some(other) => {
            let path = fields.path_of("templateParams");
            return Err(FieldError::wrong_type(path, "a list of texts", other));
        }
    };
    let parameters = values.iter().enumerate().map(|(i, value)| {
        let path = fields.path_of(&format!("templateParams[{i}]"));
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            other => return Err(FieldError::wrong_type(path, "a string", other)),
        };
        check_text(&text, TEXT_CHARS_MAX).map_err(|(code, detail)| FieldError::new(code, path, detail))?;
        Ok(Parameter::Text { text, name: None })
    });
    let parameters: Vec<_> = parameters.collect::<Result<_, _>>()?;
    Ok(Some(parameters).filter(|parameters| !parameters.is_empty()))
}

/// What a text cannot be, whoever fills it in.
fn check_text(text: &str, chars_max: usize) -> Result<(), (&'static str, String)> {
    let count = text.chars().count();
    if text.trim().is_empty() {
        return Err(("empty", "the text must not be empty".to_owned()));
    }
    if count > chars_max {
        return Err(("too_long", format!("the text has {count} characters; at most {chars_max} are allowed")));
    }
    // Meta refuses these with 132018 or 131008; better said before anything is sent.
    if text.contains(['\n', '\r', '\t', '\0']) || text.contains("     ") {
        let detail = "a parameter has no new lines, tabs, or more than four spaces in a row";
        return Err(("invalid_text", detail.to_owned()));
    }
    Ok(())
}

/// The text and the name of a parameter of type `text`.
pub(super) fn read_text(fields: &mut Fields<'_>, chars_max: usize) -> Result<(String, Option<String>), FieldError> {
    let text = fields.text_within("text", chars_max)?;
    check_text(text, chars_max).map_err(|(code, detail)| fields.error(code, "text", detail))?;
    let name = fields.optional_filled("parameter_name", 64)?.map(ToOwned::to_owned);
    Ok((text.to_owned(), name))
}

/// Meta's object of a text.
pub(super) fn text_to_value(text: &str, name: Option<&str>) -> Value {
    object([("type", Some(json!("text"))), ("parameter_name", name.map(Value::from)), ("text", Some(json!(text)))])
}

impl Parameter {
    fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let parameter = match read_kind(&mut fields, &["text", "currency", "date_time"])? {
            "text" => {
                let (text, name) = read_text(&mut fields, TEXT_CHARS_MAX)?;
                Self::Text { text, name }
            }
            "currency" => read_currency(fields.object("currency")?)?,
            _ => Self::DateTime(DateTime::read(fields.object("date_time")?)?),
        };
        fields.finish()?;
        Ok(parameter)
    }

    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Text { text, name } => text_to_value(text, name.as_deref()),
            Self::Currency { fallback_value, code, amount_1000 } => {
                let amount = amount_1000.to_value();
                let currency = json!({"fallback_value": fallback_value, "code": code, "amount_1000": amount});
                json!({"type": "currency", "currency": currency})
            }
            Self::DateTime(time) => {
                let mut members = time.members.clone();
                members.insert("fallback_value".to_owned(), json!(time.fallback_value));
                json!({"type": "date_time", "date_time": members})
            }
        }
    }

    /// The variable's name, in a template with named variables.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Text { name, .. } => name.as_deref(),
            Self::Currency { .. } | Self::DateTime(_) => None,
        }
    }

    /// The text that shows.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Text { text, .. } => text,
            Self::Currency { fallback_value, .. } => fallback_value,
            Self::DateTime(time) => time.fallback_value(),
        }
    }
}

fn read_currency(mut fields: Fields<'_>) -> Result<Parameter, FieldError> {
    let fallback_value = fields.text_within("fallback_value", TEXT_CHARS_MAX)?.to_owned();
    let code = fields.text("code")?.to_owned();
    if code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(fields.error("invalid_value", "code", "expected three capital letters such as USD (ISO 4217)"));
    }
    let amount_1000 = Whole::read(&mut fields, "amount_1000")?;
    fields.finish()?;
    Ok(Parameter::Currency { fallback_value, code, amount_1000 })
}
