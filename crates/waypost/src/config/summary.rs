//! What is in effect and from where, fit to be shown: for `check-config`, the settings page and support.

use std::fmt;

use secrecy::ExposeSecret;
use serde::Serialize;

use super::Config;
use super::error::Origin;
use super::keys::{Key, Kind, Purpose};
use super::layers::Raw;
use super::values::{DatabaseTarget, GraphVersion, masked, phone};

/// Which layer a value comes from; a later one overrides an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Built in.
    Default,
    /// The operator's file.
    File,
    /// The environment.
    Environment,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Environment => "environment",
        })
    }
}

/// One setting as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingLine {
    /// `section.name`.
    pub key: &'static str,
    /// The value; of a secret only that it is set and, if it is long, its last four characters.
    pub value_or_mask: String,
    /// Whether there is a value at all.
    pub is_set: bool,
    /// The layer in effect.
    pub layer: Layer,
    /// The place in that layer.
    pub origin: Origin,
    /// The variable that overrides it.
    pub env_name: &'static str,
    /// What does not work without it.
    pub required_for: &'static [Purpose],
}

impl SettingLine {
    pub(super) fn of(key: &'static Key, raw: &Raw) -> Self {
        let is_set = !raw.text.expose_secret().is_empty();
        Self {
            key: key.name,
            value_or_mask: if is_set { shown(key.kind, raw) } else { "not set".to_owned() },
            is_set,
            layer: raw.origin.layer(),
            origin: raw.origin.clone(),
            env_name: key.env,
            required_for: key.required_for,
        }
    }

    /// Where an operator can set it: the variable, or the key of the file.
    #[must_use]
    pub fn places(&self) -> String {
        let (section, name) = self.key.split_once('.').unwrap_or(("", self.key));
        format!("{}, or {name} under [{section}]", self.env_name)
    }
}

fn shown(kind: Kind, raw: &Raw) -> String {
    let text = raw.text.expose_secret();
    match kind {
        Kind::Text | Kind::Number | Kind::Switch | Kind::Id => text.to_owned(),
        Kind::Secret => masked(&raw.text),
        Kind::DatabaseUrl => DatabaseTarget::shown(text),
        Kind::Phone => phone(text).map_or_else(|_| "set".to_owned(), |number| number.masked()),
    }
}

/// Something that is allowed but probably not meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// A stable name, for scripts and searches.
    pub code: &'static str,
    /// What, and what to do about it.
    pub text: String,
}

impl Warning {
    pub(super) fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.text, self.code)
    }
}

/// Warnings that need the typed values.
pub(super) fn warnings_about(config: &Config) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let version = config.meta.graph_api_version;
    if !version.is_supported() {
        let oldest = GraphVersion::OLDEST_SUPPORTED;
        let text = format!("meta.graph_api_version is {version}, which is older than {oldest} and not supported");
        warnings.push(Warning::new("graph_version_unsupported", text));
    }
    if config.server.public_url.as_ref().is_some_and(|url| !url.is_https()) {
        let text = "server.public_url is not https: Meta calls no such address, and no account can go live";
        warnings.push(Warning::new("public_url_not_https", text));
    }
    if !config.meta.graph_base_url.is_https() {
        let text = "meta.graph_base_url is not https: the access token travels unencrypted (fine for the simulator)";
        warnings.push(Warning::new("graph_base_url_not_https", text));
    }
    let is_hex = |secret: &str| secret.len() == 32 && secret.bytes().all(|b| b.is_ascii_hexdigit());
    if config.meta.app_secret.as_ref().is_some_and(|secret| !is_hex(secret.expose_secret())) {
        let text = "meta.app_secret does not look like Meta's, which has 32 hexadecimal digits; \
                    with a wrong one every callback is refused";
        warnings.push(Warning::new("app_secret_shape", text));
    }
    warnings
}
