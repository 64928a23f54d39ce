//! Every text that people read on the pages, by key and language.
//!
//! English is complete; another language answers with the English text for what it lacks. Templates and handlers ask
//! with literal keys (`t("messages.title")`), so that the tests find keys that are missing and keys nobody uses.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The language that has every key.
pub const FALLBACK: &str = "en";

/// What is compiled in: language, writing direction, texts.
const SOURCES: [(&str, Direction, &str); 1] =
    [(FALLBACK, Direction::LeftToRight, include_str!("../catalogues/en.toml"))];

static CATALOGUES: LazyLock<Vec<Catalogue>> =
    LazyLock::new(|| SOURCES.map(|(language, direction, source)| Catalogue::parse(language, direction, source)).into());

static NOTHING: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(FALLBACK, Direction::LeftToRight, ""));

/// Which way a language is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Like English.
    LeftToRight,
    /// Like Hebrew.
    RightToLeft,
}

impl Direction {
    /// As the `dir` attribute wants it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

/// The texts of one language.
#[derive(Debug)]
pub struct Catalogue {
    language: &'static str,
    direction: Direction,
    texts: HashMap<String, String>,
}

impl Catalogue {
    /// The catalogue of a language tag such as `he` or `pt-BR`, or the English one.
    #[must_use]
    pub fn get(language: &str) -> &'static Self {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        let find = |wanted: &str| CATALOGUES.iter().find(|known| known.language.eq_ignore_ascii_case(wanted));
        find(language).or_else(|| find(primary)).or_else(|| find(FALLBACK)).unwrap_or(&NOTHING)
    }

    /// The language of these texts, for the `lang` attribute.
    #[must_use]
    pub const fn language(&self) -> &'static str {
        self.language
    }

    /// Its writing direction.
    #[must_use]
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// The text of a key; a key nobody wrote shows as itself, which a test prevents.
    #[must_use]
    pub fn t<'a>(&'a self, key: &'a str) -> &'a str {
        if let Some(text) = self.texts.get(key) {
            return text;
        }
        let fallback = Self::get(FALLBACK);
        if std::ptr::eq(self, fallback) { key } else { fallback.texts.get(key).map_or(key, String::as_str) }
    }

    /// The text of a key with its `{name}` places filled. What is filled in is never looked at again, so a person may
    /// be called `{host}`.
    #[must_use]
    pub fn tf(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        let mut rest = self.t(key);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let place = after.split_once('}');
            let value = place.and_then(|(name, _)| values.iter().find(|(known, _)| *known == name));
            match (place, value) {
                (Some((_, behind)), Some((_, value))) => {
                    filled.push_str(value);
                    rest = behind;
                }
                _ => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled + rest
    }

    /// Every key, sorted.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.texts.keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    fn parse(language: &'static str, direction: Direction, source: &str) -> Self {
        let mut texts = HashMap::new();
        // The sources are compiled in and a test reads them, so a broken one never leaves this repository.
        for (table, entries) in source.parse::<toml::Table>().unwrap_or_default() {
            let toml::Value::Table(entries) = entries else { continue };
            for (key, text) in entries {
                if let toml::Value::String(text) = text {
                    texts.insert(format!("{table}.{key}"), text);
                }
            }
        }
        Self { language, direction, texts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_parses_and_has_no_key_that_english_lacks() {
        let english = Catalogue::get(FALLBACK);
        assert!(english.keys().len() > 50);
        for (language, _, source) in SOURCES {
            assert!(source.parse::<toml::Table>().is_ok(), "{language} does not parse");
            for key in Catalogue::get(language).keys() {
                assert!(english.texts.contains_key(key), "{language} has {key}, English has not");
            }
        }
    }

    #[test]
    fn places_are_filled_once() {
        let english = Catalogue::get("en-GB");
        assert_eq!(english.tf("sign_in.host", &[("host", "{host}")]), "to {host}");
        assert_eq!(english.tf("sign_in.host", &[]), "to {host}");
    }

    #[test]
    fn an_unknown_language_speaks_english() {
        assert_eq!(Catalogue::get("tlh").language(), "en");
        assert_eq!(Catalogue::get("").t("messages.title"), "Messages");
    }
}
