//! The kinds of message that are simulated, each with its own checks.

use serde_json::Value;

use super::fields::Fields;
use super::{GraphError, parameters};
use crate::templates::{self, Category};
use crate::world::Content;

/// The kinds a send may have for now.
pub(super) const KINDS: &[&str] = &["text", "template", "image"];

const TEXT_MAX: usize = 4096;
const CAPTION_MAX: usize = 1024;

/// Content that passed its checks.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) content: Content,
    pub(super) category: Category,
}

/// Checks the member named after the kind.
pub(super) fn check(kind: &str, value: &Value) -> Result<Checked, GraphError> {
    match kind {
        "text" => text(value),
        "image" => image(value),
        "template" => template(value),
        _ => Err(GraphError::new(100, format!("kind not simulated yet: {kind}"))),
    }
}

fn text(value: &Value) -> Result<Checked, GraphError> {
    let fields = Fields::of("text", value, &["body", "preview_url"])?;
    fields.flag("preview_url")?;
    let body = fields.required_text("body")?;
    fields.bounded_text("body", TEXT_MAX)?;
    let content = Content { kind: "text", text: body.to_owned(), ..Content::default() };
    Ok(Checked { content, category: Category::Service })
}

fn image(value: &Value) -> Result<Checked, GraphError> {
    let fields = Fields::of("image", value, &["id", "link", "caption"])?;
    let picture = picture_source(fields, "image")?;
    let caption = fields.bounded_text("caption", CAPTION_MAX)?;
    let text = caption.unwrap_or(&picture).to_owned();
    let content = Content { kind: "image", text, picture: Some(picture), ..Content::default() };
    Ok(Checked { content, category: Category::Service })
}

/// Exactly one of `id` and `link`.
pub(super) fn picture_source(fields: Fields<'_>, name: &str) -> Result<String, GraphError> {
    match (fields.text("id")?, fields.text("link")?) {
        (Some(_), Some(_)) => {
            Err(GraphError::new(100, format!("Param {name} must have exactly one of 'id' and 'link', not both")))
        }
        (None, None) => Err(GraphError::new(131_008, format!("Parameter {name}['id'] or {name}['link'] is required"))),
        (Some(id), None) if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => Ok(id.to_owned()),
        (Some(_), None) => Err(GraphError::new(131_009, format!("Param {name}['id'] is not a media id"))),
        (None, Some(link)) if picture_link(link).is_some() => Ok(link.to_owned()),
        (None, Some(_)) => Err(GraphError::new(100, format!("Param {name}['link'] is not a valid URI"))),
    }
}

/// The address of a picture, if it is one the web can fetch.
fn picture_link(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    (!rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace)).then_some(text)
}

fn template(value: &Value) -> Result<Checked, GraphError> {
    let fields = Fields::of("template", value, &["name", "language", "components"])?;
    let name = fields.required_text("name")?;
    let Some(language) = fields.get("language") else {
        return Err(fields.missing("language"));
    };
    let language = Fields::of("template['language']", language, &["code", "policy"])?;
    let code = language.required_text("code")?;
    match language.text("policy")? {
        None | Some("deterministic") => {}
        Some(_) => {
            return Err(GraphError::new(100, "Param template['language']['policy'] must be deterministic"));
        }
    }
    let Some(definition) = templates::find(name, code) else {
        return Err(GraphError::new(132_001, format!("template name ({name}) does not exist in {code}")));
    };
    let content = parameters::check(definition, fields.list("components")?)?;
    Ok(Checked { content, category: definition.category })
}
