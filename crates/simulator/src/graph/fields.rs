//! JSON objects read strictly: every member is asked for by name, and what is left over is refused.

use serde_json::{Map, Value};

use super::GraphError;

/// An object with the path it stands at, for the words of an error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    path: &'a str,
    members: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// Reads `value` as an object that has no members but `known`.
    pub(super) fn of(path: &'a str, value: &'a Value, known: &[&str]) -> Result<Self, GraphError> {
        let Value::Object(members) = value else {
            return Err(GraphError::new(100, format!("Param {path} must be a JSON object")));
        };
        match members.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(GraphError::new(100, format!("Unexpected key \"{key}\" on param \"{path}\""))),
            None => Ok(Self { path, members }),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, GraphError> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(GraphError::new(100, format!("Param {} must be a string", self.name_of(name)))),
        }
    }

    pub(super) fn required_text(&self, name: &str) -> Result<&'a str, GraphError> {
        match self.text(name)? {
            None => Err(self.missing(name)),
            Some("") => {
                Err(GraphError::new(100, format!("Param {} must be at least 1 characters long", self.name_of(name))))
            }
            Some(text) => Ok(text),
        }
    }

    /// A text of at most `max` characters.
    pub(super) fn bounded_text(&self, name: &str, max: usize) -> Result<Option<&'a str>, GraphError> {
        let text = self.text(name)?;
        if text.is_some_and(|text| text.chars().count() > max) {
            let name = self.name_of(name);
            return Err(GraphError::new(100, format!("Param {name} must be at most {max} characters long")));
        }
        Ok(text)
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, GraphError> {
        match self.members.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(GraphError::new(100, format!("Param {} must be a boolean", self.name_of(name)))),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<&'a [Value], GraphError> {
        match self.members.get(name) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(GraphError::new(100, format!("Param {} must be an array", self.name_of(name)))),
        }
    }

    pub(super) fn missing(&self, name: &str) -> GraphError {
        GraphError::new(131_008, format!("Parameter {} is required", self.name_of(name)))
    }

    fn name_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}['{name}']", self.path) }
    }
}
