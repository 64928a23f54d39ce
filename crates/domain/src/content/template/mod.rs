//! Templates with what fills them.

mod button;
mod carousel;
mod component;
mod parameter;

use serde_json::{Value, json};

pub use button::{Button, ButtonAction};
pub use carousel::TemplateCard;
pub use component::{Component, HeaderParameter};
pub use parameter::{DateTime, Parameter};

use super::{MediaKind, MediumMut, object};
use crate::fields::{FieldError, Fields};

/// A template with what fills it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    name: String,
    language: String,
    /// Whether the language's policy is written out. It has one value and says nothing.
    has_policy: bool,
    components: Vec<Component>,
}

impl Template {
    /// Exact name: lower-case letters, digits and underscores.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Code of an approved language, such as `en_US`.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The same template in another of its languages, `code` being one that was read or derived from one.
    pub fn set_language(&mut self, code: &str) {
        code.clone_into(&mut self.language);
    }

    /// Only the components that take parameters.
    #[must_use]
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Reads Meta's object, and two shorthands: the language as plain text, and `templateParams`, the texts of the body
    /// in the order of their places.
    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let name = fields.text_within("name", 512)?.to_owned();
        if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
            return Err(fields.error("invalid_name", "name", "lower-case letters, digits and underscores only"));
        }
        let (language, has_policy) = read_language(&mut fields)?;
        let mut components = component::read_all(&mut fields)?;
        if let Some(body) = parameter::read_shorthand(&mut fields)? {
            if components.iter().any(|component| matches!(component, Component::Body(_))) {
                let detail = "give the body's values once: here, or as a component of type `body`";
                return Err(fields.error("exactly_one", "templateParams", detail));
            }
            let place = usize::from(matches!(components.first(), Some(Component::Header(_))));
            components.insert(place, Component::Body(body));
        }
        fields.finish()?;
        Ok(Self { name, language, has_policy, components })
    }

    pub(super) fn to_value(&self) -> Value {
        let policy = self.has_policy.then(|| json!("deterministic"));
        let language = object([("policy", policy), ("code", Some(json!(self.language)))]);
        let components = || self.components.iter().map(Component::to_value).collect();
        object([
            ("name", Some(json!(self.name))),
            ("language", Some(language)),
            ("components", (!self.components.is_empty()).then(components)),
        ])
    }

    pub(super) fn media_mut(&mut self) -> Vec<MediumMut<'_>> {
        let components = self.components.iter_mut().enumerate();
        components.flat_map(|(i, component)| component.media_mut(&format!("template.components[{i}]"))).collect()
    }

    pub(super) fn excerpt(&self) -> String {
        let texts: Vec<&str> = self.components.iter().flat_map(Component::texts).collect();
        if texts.is_empty() { self.name.clone() } else { format!("{}: {}", self.name, texts.join(" · ")) }
    }

    /// Path of the first header that only marketing messages may have, within the message.
    #[must_use]
    pub fn gif_path(&self) -> Option<String> {
        let mut headers = self.components.iter().enumerate().filter_map(|(i, component)| match component {
            Component::Header(HeaderParameter::Media(media)) if media.kind() == MediaKind::Gif => Some(i),
            _ => None,
        });
        headers.next().map(|i| format!("template.components[{i}].parameters[0].type"))
    }

    /// The code that an authentication template carries in its body, the one on its button, and the latter's path.
    #[must_use]
    pub fn codes(&self) -> Option<(&str, &str, String)> {
        let body = self.components.iter().find_map(|component| match component {
            Component::Body(parameters) => match parameters.as_slice() {
                [Parameter::Text { text, .. }] => Some(text.as_str()),
                _ => None,
            },
            _ => None,
        })?;
        let (i, button) = self.components.iter().enumerate().find_map(|(i, component)| match component {
            Component::Button(button) => match button.action() {
                ButtonAction::Url(text) => Some((i, text.as_str())),
                _ => None,
            },
            _ => None,
        })?;
        Some((body, button, format!("template.components[{i}].parameters[0].text")))
    }
}

fn read_language(fields: &mut Fields<'_>) -> Result<(String, bool), FieldError> {
    if matches!(fields.required("language")?, Value::String(_)) {
        return Ok((fields.text_within("language", LANGUAGE_CHARS_MAX)?.to_owned(), false));
    }
    let mut language = fields.object("language")?;
    let code = language.text_within("code", LANGUAGE_CHARS_MAX)?.to_owned();
    // The only policy that is left; it says nothing, and Meta still takes it.
    let policy = language.optional_word("policy", &["deterministic"])?;
    language.finish()?;
    Ok((code, policy.is_some()))
}

/// Longer than any code of a language that Meta lists.
const LANGUAGE_CHARS_MAX: usize = 16;
