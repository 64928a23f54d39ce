//! Text, location and reaction.

use serde_json::Value;

use super::{Checked, Fields};
use crate::graph::GraphError;

const TEXT_MAX: usize = 4096;
const EMOJI_MAX: usize = 16;

pub(super) fn text(value: &Value) -> Result<Checked, GraphError> {
    let fields = Fields::of("text", value, &["body", "preview_url"])?;
    fields.flag("preview_url")?;
    fields.words("body", TEXT_MAX)?;
    Ok(Checked::service())
}

pub(super) fn location(value: &Value) -> Result<Checked, GraphError> {
    location_fields("location", value)?;
    Ok(Checked::service())
}

/// A place; headers of templates have the same object.
pub(crate) fn location_fields(path: &str, value: &Value) -> Result<(), GraphError> {
    let fields = Fields::of(path.to_owned(), value, &["latitude", "longitude", "name", "address"])?;
    coordinate(&fields, "latitude", 90.0)?;
    coordinate(&fields, "longitude", 180.0)?;
    fields.text("name")?;
    fields.text("address")?;
    Ok(())
}

/// A number, or a text that is one: Meta takes both.
fn coordinate(fields: &Fields<'_>, name: &str, max: f64) -> Result<(), GraphError> {
    let degrees = match fields.get(name) {
        None => return Err(fields.missing(name)),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => {
            return Err(GraphError::new(100, format!("Param {} must be a number", fields.name_of(name))));
        }
    };
    match degrees {
        Some(degrees) if degrees.abs() <= max => Ok(()),
        _ => Err(fields.invalid(name, &format!("must be between -{max} and {max}"))),
    }
}

pub(super) fn reaction(value: &Value) -> Result<Checked, GraphError> {
    let fields = Fields::of("reaction", value, &["message_id", "emoji"])?;
    let target = fields.required_text("message_id")?.to_owned();
    let Some(emoji) = fields.bounded_text("emoji", EMOJI_MAX)? else {
        return Err(fields.missing("emoji"));
    };
    // An empty text takes the reaction back. Digits and # occur in keycaps, which also hold a character beyond ASCII.
    if !emoji.is_empty() && emoji.is_ascii() {
        return Err(fields.invalid("emoji", "is not an emoji"));
    }
    Ok(Checked { target: Some(target), ..Checked::service() })
}
