//! Turns text into types, key by key, and keeps every problem instead of stopping at the first.

use secrecy::ExposeSecret;

use super::error::Problem;
use super::keys::{KEYS, Key, Kind};
use super::layers::{Layers, Raw};
use super::summary::{SettingLine, Warning};

/// Why a text is not a value of its key: what is wrong, what would be right. Never the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    pub wrong: String,
    pub right: String,
}

impl Invalid {
    pub fn new(wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self { wrong: wrong.into(), right: right.into() }
    }
}

/// Reads typed values out of the layers.
pub(super) struct Reader {
    layers: Layers,
    invalid: Vec<Problem>,
}

impl Reader {
    pub fn new(layers: Layers) -> Self {
        Self { layers, invalid: Vec::new() }
    }

    /// The value of a key that always has one; `None` when it is wrong, which is then among the problems.
    pub fn value<T>(&mut self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, Invalid>) -> Option<T> {
        let raw = self.layers.values.get(name)?;
        match parse(raw.text.expose_secret()) {
            Ok(value) => Some(value),
            Err(invalid) => {
                let problem = explain(name, raw, invalid);
                self.invalid.push(problem);
                None
            }
        }
    }

    /// The value of a key that may be empty: `Some(None)` when it is not set, `None` when it is wrong.
    pub fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        self.value(name, |text| if text.is_empty() { Ok(None) } else { parse(text).map(Some) })
    }

    /// The summary, the warnings and the problems.
    pub fn finish(self) -> (Vec<SettingLine>, Vec<Warning>, Vec<Problem>) {
        let Layers { values, mut problems, warnings } = self.layers;
        problems.extend(self.invalid);
        let line = |key: &'static Key| values.get(key.name).map(|raw| SettingLine::of(key, raw));
        (KEYS.iter().filter_map(line).collect(), warnings, problems)
    }
}

fn explain(name: &str, raw: &Raw, invalid: Invalid) -> Problem {
    let text = raw.text.expose_secret();
    // A value is quoted where that helps and cannot give away a secret: an `@` may stand behind a password.
    let may_quote = Key::by_name(name).is_some_and(|key| matches!(key.kind, Kind::Text | Kind::Number | Kind::Switch));
    let wrong = if may_quote && text.len() <= 40 && !text.contains('@') {
        format!("{text:?} {}", invalid.wrong)
    } else {
        format!("the value {}", invalid.wrong)
    };
    Problem { key: Some(name.to_owned()), origin: raw.origin.clone(), wrong, right: Some(invalid.right) }
}
