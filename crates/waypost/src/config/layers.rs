//! The three layers as text: who set which key last. Values are checked later, names and kinds here.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Origin, Problem};
use super::keys::{DATABASE_URL_FALLBACK, ENV_PREFIXES_IGNORED, Key, Kind};
use super::suggest;
use super::summary::Warning;

/// One value as it was written. All are held as secrets, so that none can be printed by accident.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub text: SecretString,
    pub origin: Origin,
}

/// The values in effect and what was wrong on the way.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub values: BTreeMap<&'static str, Raw>,
    pub problems: Vec<Problem>,
    pub warnings: Vec<Warning>,
}

impl Layers {
    /// The reference: every key has a value afterwards (a test says so).
    pub fn add_defaults(&mut self, text: &str) {
        self.add_text(text, &|_| Origin::Default);
    }

    /// The operator's file.
    pub fn add_file(&mut self, path: &Path) {
        match std::fs::read_to_string(path) {
            Ok(text) => self.add_text(&text, &|line| Origin::in_file(path, line)),
            Err(error) => self.problems.push(Problem {
                key: None,
                origin: Origin::File { path: path.to_path_buf(), line: None },
                wrong: format!("the configuration file cannot be read: {error}"),
                right: None,
            }),
        }
    }

    /// The environment; sorted, so that problems come in the same order at every start.
    pub fn add_environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        let environment: BTreeMap<String, String> =
            environment.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
        for (name, value) in &environment {
            match Key::by_env(name) {
                Some(key) => self.set_from_environment(key, name, value),
                None => self.check_unknown_variable(name),
            }
        }
        if let Some(value) = environment.get(DATABASE_URL_FALLBACK) {
            self.add_database_url_fallback(value);
        }
    }

    fn set_from_environment(&mut self, key: &Key, name: &str, value: &str) {
        let origin = Origin::Environment(name.to_owned());
        if value.contains(char::REPLACEMENT_CHARACTER) {
            return self.problem(key.name, origin, "the value is not UTF-8", None);
        }
        self.values.insert(key.name, Raw { text: value.trim().into(), origin });
    }

    fn check_unknown_variable(&mut self, name: &str) {
        let suggestion = suggest::for_env(name);
        let is_ours = name.starts_with("WAYPOST_") && !ENV_PREFIXES_IGNORED.iter().any(|p| name.starts_with(p));
        if is_ours {
            let right = suggestion.map_or_else(
                || "the reference of all settings (default.toml) lists their names".to_owned(),
                |suggestion| format!("did you mean {suggestion}?"),
            );
            self.problems.push(Problem {
                key: None,
                origin: Origin::Environment(name.to_owned()),
                wrong: "there is no such setting".to_owned(),
                right: Some(right),
            });
        } else if let Some(suggestion) = suggestion.filter(|_| name.starts_with("WHATSAPP_")) {
            // Other programs use this prefix too, so a likely typing mistake is no reason not to start.
            let text = format!("{name} is not a setting of Waypost and is ignored; did you mean {suggestion}?");
            self.warnings.push(Warning::new("environment_name_unknown", text));
        }
    }

    fn add_database_url_fallback(&mut self, value: &str) {
        let key = "database.url";
        match self.values.get(key).map(|raw| &raw.origin) {
            None | Some(Origin::Default) => {
                let origin = Origin::Environment(DATABASE_URL_FALLBACK.to_owned());
                self.values.insert(key, Raw { text: value.trim().into(), origin });
            }
            Some(origin) => {
                let text = format!("DATABASE_URL is ignored, since database.url is set by {origin}");
                self.warnings.push(Warning::new("database_url_ignored", text));
            }
        }
    }

    fn add_text(&mut self, text: &str, origin: &dyn Fn(usize) -> Origin) {
        let (table, errors) = DeTable::parse_recoverable(text);
        let at = |span: std::ops::Range<usize>| origin(line_of(text, span.start));
        if let Some(error) = errors.iter().min_by_key(|error| error.span().map(|span| span.start)) {
            // Only the first: what follows a syntax error is usually its echo. `Display` would quote the line, and
            // with it a secret, so only the message is taken.
            let wrong = format!("this is not valid TOML: {}", error.message());
            let origin = at(error.span().unwrap_or_default());
            return self.problems.push(Problem { key: None, origin, wrong, right: None });
        }
        for (section, content) in table.get_ref() {
            match content.get_ref() {
                DeValue::Table(keys) => self.add_section(section.get_ref(), keys, &at),
                _ => self.not_a_section(section.get_ref(), at(section.span())),
            }
        }
    }

    fn add_section(&mut self, section: &str, keys: &DeTable<'_>, at: &dyn Fn(std::ops::Range<usize>) -> Origin) {
        for (name, value) in keys {
            let written = format!("{section}.{}", name.get_ref());
            let Some(key) = Key::by_name(&written) else {
                let right = suggest::for_file_key(section, name.get_ref()).map(|key| format!("did you mean {key}?"));
                let right = right.or_else(|| suggest::for_section(section).map(|s| format!("did you mean [{s}]?")));
                self.problem(&written, at(name.span()), "there is no such setting", right);
                continue;
            };
            match text_of(key.kind, value) {
                // What is empty here and in the reference is not set, so that a copy of the reference says nothing.
                Ok(text) if text.is_empty() && self.is_empty(key) => {}
                Ok(text) => {
                    self.values.insert(key.name, Raw { text: text.trim().into(), origin: at(name.span()) });
                }
                Err((wrong, right)) => self.problem(key.name, at(value.span()), wrong, Some(right.to_owned())),
            }
        }
    }

    fn is_empty(&self, key: &Key) -> bool {
        self.values.get(key.name).is_some_and(|raw| raw.text.expose_secret().is_empty())
    }

    fn not_a_section(&mut self, name: &str, origin: Origin) {
        let right = suggest::for_file_key("", name).or_else(|| suggest::for_section(name));
        let right = right.map(|key| match key.split_once('.') {
            Some((section, key)) => format!("write {key} under the heading [{section}]"),
            None => format!("write the heading [{key}]"),
        });
        self.problem(name, origin, "every setting stands under the heading of a section", right);
    }

    fn problem(&mut self, key: &str, origin: Origin, wrong: &str, right: Option<String>) {
        self.problems.push(Problem { key: Some(key.to_owned()), origin, wrong: wrong.to_owned(), right });
    }
}

/// The value as text, or what is wrong with its kind and what would be right.
fn text_of(kind: Kind, value: &Spanned<DeValue<'_>>) -> Result<String, (&'static str, &'static str)> {
    match (kind, value.get_ref()) {
        (Kind::Number, DeValue::Integer(number)) => i64::from_str_radix(number.as_str(), number.radix())
            .map(|number| number.to_string())
            .map_err(|_| ("the number is too large", "write a smaller one")),
        (Kind::Switch, DeValue::Boolean(on)) => Ok(on.to_string()),
        (Kind::Switch, _) => Err(("true or false is expected", "write true or false without quotes")),
        (Kind::Number, _) => Err(("a whole number is expected", "write digits without quotes")),
        (_, DeValue::String(text)) => Ok(text.trim().to_owned()),
        _ => Err(("a text is expected", "write it in double quotes")),
    }
}

fn line_of(text: &str, position: usize) -> usize {
    1 + text.bytes().take(position).filter(|byte| *byte == b'\n').count()
}
