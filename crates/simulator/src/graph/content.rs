//! The kinds of message that are simulated, each with its own checks.

use serde_json::Value;

use super::fields::Fields;
use super::{GraphError, parameters};
use crate::content::Content;
use crate::templates::{self, Category};

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
    fields.required_text("body")?;
    fields.bounded_text("body", TEXT_MAX)?;
    Ok(Checked { content: Content::new("text", value.clone()), category: Category::Service })
}

fn image(value: &Value) -> Result<Checked, GraphError> {
    let fields = Fields::of("image", value, &["id", "link", "caption"])?;
    picture_source(fields, "image")?;
    fields.bounded_text("caption", CAPTION_MAX)?;
    Ok(Checked { content: Content::new("image", value.clone()), category: Category::Service })
}

/// Exactly one of `id` and `link`.
pub(super) fn picture_source(fields: Fields<'_>, name: &str) -> Result<(), GraphError> {
    match (fields.text("id")?, fields.text("link")?) {
        (Some(_), Some(_)) => {
            Err(GraphError::new(100, format!("Param {name} must have exactly one of 'id' and 'link', not both")))
        }
        (None, None) => Err(GraphError::new(131_008, format!("Parameter {name}['id'] or {name}['link'] is required"))),
        (Some(id), None) if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
        (Some(_), None) => Err(GraphError::new(131_009, format!("Param {name}['id'] is not a media id"))),
        (None, Some(link)) if is_picture_link(link) => Ok(()),
        (None, Some(_)) => Err(GraphError::new(100, format!("Param {name}['link'] is not a valid URI"))),
    }
}

/// Whether it is an address the web can fetch.
fn is_picture_link(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace))
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
    let rendered = parameters::check(definition, fields.list("components")?)?;
    let content = Content { template: Some(rendered), ..Content::new("template", value.clone()) };
    Ok(Checked { content, category: definition.category })
}
