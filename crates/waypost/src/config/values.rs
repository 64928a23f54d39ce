//! The types of values. Each is made in one place from text, and a text that is none says what would be right.

use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use domain::ids::AccountId;
use domain::phone::{E164, Region};
use messaging::core::PaceSetting;
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;

use super::reader::Invalid;

/// `stated`, `unlimited`, or messages per second.
pub(super) fn pace(text: &str) -> Result<PaceSetting, Invalid> {
    match text {
        "stated" => Ok(PaceSetting::Stated),
        "unlimited" => Ok(PaceSetting::Unlimited),
        number => number.parse().map(PaceSetting::PerSecond).map_err(|_| {
            Invalid::new("is no pace", "write stated, unlimited, or a number of messages per second from 1 on")
        }),
    }
}

/// An `http` or `https` address without user, query and fragment, and without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |wrong: &str| Invalid::new(wrong, "write an address such as https://chat.example.com");
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| invalid("does not begin with https:// or http://"))?;
        if scheme != "https" && scheme != "http" {
            return Err(invalid("does not begin with https:// or http://"));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            return Err(invalid("contains a user name or password"));
        }
        if text.contains(['?', '#']) || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(invalid("contains a query, a fragment or white space"));
        }
        if !is_authority(authority) {
            return Err(invalid("names no valid host and port"));
        }
        let path = path.trim_end_matches('/');
        let slash = if path.is_empty() { "" } else { "/" };
        Ok(Self(format!("{scheme}://{}{slash}{path}", authority.to_ascii_lowercase())))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The address of `path` below this one; a leading slash makes no difference.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}/{}", self.0, path.trim_start_matches('/'))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_authority(authority: &str) -> bool {
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port != 0);
    if let Some(rest) = authority.strip_prefix('[') {
        let Some((host, port)) = rest.split_once(']') else {
            return false;
        };
        return host.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

/// Which database holds the data.
#[derive(Clone, Debug)]
pub enum DatabaseTarget {
    /// The embedded one, in the data folder.
    Sqlite,
    /// A server; the address may hold a password.
    Postgres(SecretString),
}

impl DatabaseTarget {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Ok(Self::Sqlite);
        }
        let right = "write postgres://user:password@host:5432/name, or leave it empty for SQLite in database.data_dir";
        let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        let rest = rest.ok_or_else(|| Invalid::new("is not an address of PostgreSQL", right))?;
        if rest.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(Invalid::new("names no host or contains white space", right));
        }
        Ok(Self::Postgres(text.into()))
    }

    /// The address without user, password and options, for people.
    pub(super) fn shown(text: &str) -> String {
        let (scheme, rest) = text.split_once("://").unwrap_or(("postgres", ""));
        // A password may contain any of these signs unescaped; the last @ ends it, and options may hold another one.
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        format!("{scheme}://{rest}")
    }
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object per line.
    Json,
}

impl LogFormat {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(Invalid::new("is not a log format", "write text or json")),
        }
    }
}

/// A filter that `tracing-subscriber` understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
        let right = "write a level (error, warn, info, debug, trace, off) or more, such as info,messaging=debug";
        // The library takes a bare word that is no level for a target at full detail, so `inof` would log everything.
        let is_bare_target = |part: &str| !part.contains('=') && !LEVELS.contains(&part.trim().to_lowercase().as_str());
        let has_spans = text.contains('[');
        if !has_spans && text.split(',').any(is_bare_target) {
            return Err(Invalid::new("is not a log filter", right));
        }
        // The library takes no space after a comma; people write one. Within a span's fields it may be meant.
        let text = if has_spans { text.to_owned() } else { text.replace(' ', "") };
        EnvFilter::try_new(&text).map_err(|_| Invalid::new("is not a log filter", right))?;
        Ok(Self(text))
    }

    /// The filter to install.
    #[must_use]
    pub fn to_env_filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

/// A version of the Graph API: `v`, a number, `.0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GraphVersion(u16);

impl GraphVersion {
    /// The oldest one we speak.
    pub const OLDEST_SUPPORTED: Self = Self(20);

    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        let digits = text.strip_prefix('v').and_then(|rest| rest.strip_suffix(".0"));
        digits
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0'))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or_else(|| Invalid::new("is not a version of the Graph API", "write v25.0, for example"))
    }

    /// Whether we speak this version.
    #[must_use]
    pub fn is_supported(self) -> bool {
        self >= Self::OLDEST_SUPPORTED
    }
}

impl fmt::Display for GraphVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.0", self.0)
    }
}

/// An id at Meta: digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaId(String);

impl MetaId {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > 32 || !text.bytes().all(|b| b.is_ascii_digit()) {
            let right = "copy the id from Meta's dashboard (digits only, not the telephone number)";
            return Err(Invalid::new("is not an id of Meta", right));
        }
        Ok(Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The provider of accounts that have not chosen one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultProvider {
    /// The WhatsApp Cloud API.
    MetaCloud,
    /// Nothing is sent.
    Sandbox,
}

impl DefaultProvider {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "meta" | "meta_cloud" => Ok(Self::MetaCloud),
            "sandbox" => Ok(Self::Sandbox),
            _ => Err(Invalid::new("is not a provider of this version", "write meta_cloud, meta or sandbox")),
        }
    }
}

/// A time zone of the IANA database, such as `Asia/Kolkata`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneName(String);

impl TimeZoneName {
    pub(super) fn parse(text: &str) -> Result<Self, Invalid> {
        let zone = jiff::tz::TimeZone::get(text)
            .map_err(|_| Invalid::new("is not a time zone", "write an IANA name such as Asia/Kolkata"))?;
        Ok(Self(zone.iana_name().unwrap_or(text).to_owned()))
    }

    /// The IANA name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) fn socket_address(text: &str) -> Result<SocketAddr, Invalid> {
    text.parse().map_err(|_| {
        let right = "write 127.0.0.1:8480, or 0.0.0.0:8480 for all interfaces ([::]:8480 with IPv6)";
        Invalid::new("is not an IP address and a port", right)
    })
}

pub(super) fn folder(text: &str) -> Result<PathBuf, Invalid> {
    if text.is_empty() {
        return Err(Invalid::new("is empty", "write the path of a folder"));
    }
    Ok(PathBuf::from(text))
}

/// A secret that its issuer writes without spaces, so that one inside is a mistake of copying.
pub(super) fn token(text: &str) -> Result<SecretString, Invalid> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '"') {
        return Err(Invalid::new("contains white space or quotes", "copy it again, without quotes and line breaks"));
    }
    Ok(text.into())
}

/// A secret that an operator made up.
pub(super) fn passphrase(text: &str) -> Result<SecretString, Invalid> {
    if text.chars().any(char::is_control) {
        return Err(Invalid::new("contains a line break or another control character", "write it on one line"));
    }
    Ok(text.into())
}

pub(super) fn phone(text: &str) -> Result<E164, Invalid> {
    let invalid = |wrong: String| Invalid::new(wrong, "write it with + and the country code");
    if !text.starts_with('+') {
        return Err(invalid("does not begin with +".to_owned()));
    }
    E164::parse(text, Region::INDIA).map_err(|error| invalid(format!("is not a telephone number: {error}")))
}

pub(super) fn region(text: &str) -> Result<Region, Invalid> {
    Region::parse(text).map_err(|_| Invalid::new("is not a country", "write a two-letter code such as IN"))
}

/// Bytes the inlet may take; 0 is no quota, and less than the largest callbacks need is a mistake.
pub(super) fn inlet_quota(text: &str) -> Result<Option<NonZeroU64>, Invalid> {
    let right = "write 0 for no quota, or a whole number of bytes from 16777216";
    let quota = text.parse().map(NonZeroU64::new).map_err(|_| Invalid::new("is not a number of bytes", right))?;
    if quota.is_some_and(|bytes| bytes.get() < 16_777_216) {
        return Err(Invalid::new("is less than a few callbacks need", right));
    }
    Ok(quota)
}

pub(super) fn account_or_first(text: &str) -> Result<Option<AccountId>, Invalid> {
    let id: i64 = whole(text, 0..=i64::MAX.unsigned_abs())?;
    Ok((id != 0).then_some(AccountId(id)))
}

/// A whole number within `range`.
pub(super) fn whole<T: TryFrom<u64>>(text: &str, range: RangeInclusive<u64>) -> Result<T, Invalid> {
    let invalid = || {
        let right = format!("write a whole number from {} to {}", range.start(), range.end());
        Invalid::new("is not in range", right)
    };
    let number: u64 = text.parse().map_err(|_| invalid())?;
    if !range.contains(&number) {
        return Err(invalid());
    }
    T::try_from(number).map_err(|_| invalid())
}

pub(super) fn switch(text: &str) -> Result<bool, Invalid> {
    text.parse().map_err(|_| Invalid::new("is neither true nor false", "write true or false"))
}

/// A host's name without scheme, port and path.
pub(super) fn host(text: &str) -> Result<String, Invalid> {
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if text.split('.').all(is_label) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Invalid::new("is no name of a host", "write a name such as lookaside.fbsbx.com"))
}

/// The last four characters of a long secret; nothing of a short one, of which four would be too much.
pub(super) fn masked(secret: &SecretString) -> String {
    let characters = secret.expose_secret().chars().count();
    if characters < 16 {
        return "set".to_owned();
    }
    let end: String = secret.expose_secret().chars().skip(characters - 4).collect();
    format!("set, ends …{end}")
}
