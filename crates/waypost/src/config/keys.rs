//! The list of all settings: name, environment variable, kind, and what needs it.

use std::fmt;

use serde::Serialize;

/// What a setting may be needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Sending messages through Meta.
    Sending,
    /// Taking Meta's callbacks.
    Receiving,
    /// Listing and submitting templates at Meta.
    Templates,
    /// Letting an account send to real people.
    GoingLive,
}

impl Purpose {
    /// All of them, in the order an operator meets them.
    pub const ALL: [Self; 4] = [Self::Sending, Self::Receiving, Self::Templates, Self::GoingLive];
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sending => "sending",
            Self::Receiving => "receiving",
            Self::Templates => "templates",
            Self::GoingLive => "going live",
        })
    }
}

/// How a value is written in the file, and how much of it may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text that may be shown.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Switch,
    /// An id at Meta: shown in the summary, but never quoted in an error, since a token may stand there by mistake.
    Id,
    /// Shown at most by its last four characters.
    Secret,
    /// A telephone number, shown masked.
    Phone,
    /// An address that may hold a password, shown without.
    DatabaseUrl,
}

/// One setting.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub env: &'static str,
    pub kind: Kind,
    pub required_for: &'static [Purpose],
}

const fn key(name: &'static str, env: &'static str, kind: Kind) -> Key {
    Key { name, env, kind, required_for: &[] }
}

const fn required(name: &'static str, env: &'static str, kind: Kind, required_for: &'static [Purpose]) -> Key {
    Key { name, env, kind, required_for }
}

/// All settings in the order of the reference.
pub(super) const KEYS: &[Key] = &[
    key("server.listen", "WAYPOST_SERVER_LISTEN", Kind::Text),
    required("server.public_url", "WAYPOST_SERVER_PUBLIC_URL", Kind::Text, &[Purpose::GoingLive]),
    key("database.url", "WAYPOST_DATABASE_URL", Kind::DatabaseUrl),
    key("database.data_dir", "WAYPOST_DATABASE_DATA_DIR", Kind::Text),
    key("database.pool_connections", "WAYPOST_DATABASE_POOL_CONNECTIONS", Kind::Number),
    key("log.format", "WAYPOST_LOG_FORMAT", Kind::Text),
    key("log.filter", "WAYPOST_LOG_FILTER", Kind::Text),
    required("meta.access_token", "WHATSAPP_ACCESS_TOKEN", Kind::Secret, &[Purpose::Sending, Purpose::Templates]),
    required("meta.phone_number_id", "WHATSAPP_PHONE_NUMBER_ID", Kind::Id, &[Purpose::Sending]),
    required("meta.business_account_id", "WHATSAPP_BUSINESS_ACCOUNT_ID", Kind::Id, &[Purpose::Templates]),
    key("meta.graph_api_version", "WHATSAPP_GRAPH_API_VERSION", Kind::Id),
    required("meta.webhook_verify_token", "WHATSAPP_WEBHOOK_VERIFY_TOKEN", Kind::Secret, &[Purpose::Receiving]),
    required("meta.app_secret", "WHATSAPP_APP_SECRET", Kind::Secret, &[Purpose::Receiving]),
    key("meta.display_phone_number", "WAYPOST_META_DISPLAY_PHONE_NUMBER", Kind::Phone),
    key("meta.graph_base_url", "WAYPOST_META_GRAPH_BASE_URL", Kind::Text),
    key("meta.media_host", "WAYPOST_META_MEDIA_HOST", Kind::Text),
    key("meta.env_account", "WAYPOST_ENV_ACCOUNT", Kind::Number),
    key("limits.request_body_bytes_max", "WAYPOST_LIMITS_REQUEST_BODY_BYTES_MAX", Kind::Number),
    key("limits.callback_body_bytes_max", "WAYPOST_LIMITS_CALLBACK_BODY_BYTES_MAX", Kind::Number),
    key("limits.callbacks_per_second_max", "WAYPOST_LIMITS_CALLBACKS_PER_SECOND_MAX", Kind::Number),
    key("limits.inlet_bytes_max", "WAYPOST_LIMITS_INLET_BYTES_MAX", Kind::Number),
    key("limits.group_commit_queue_max", "WAYPOST_LIMITS_GROUP_COMMIT_QUEUE_MAX", Kind::Number),
    key("dispatch.messages_per_second", "WAYPOST_DISPATCH_MESSAGES_PER_SECOND", Kind::Text),
    key("dispatch.calls_in_flight_max", "WAYPOST_DISPATCH_CALLS_IN_FLIGHT_MAX", Kind::Number),
    key("dispatch.request_timeout_ms", "WAYPOST_DISPATCH_REQUEST_TIMEOUT_MS", Kind::Number),
    key("dispatch.poll_interval_ms", "WAYPOST_DISPATCH_POLL_INTERVAL_MS", Kind::Number),
    key("media.bytes_max", "WAYPOST_MEDIA_BYTES_MAX", Kind::Number),
    key("media.allow_private_links", "WAYPOST_MEDIA_ALLOW_PRIVATE_LINKS", Kind::Switch),
    key("accounts.default_provider", "WHATSAPP_PROVIDER", Kind::Text),
    key("accounts.default_region", "WAYPOST_ACCOUNTS_DEFAULT_REGION", Kind::Text),
    key("accounts.default_time_zone", "WAYPOST_ACCOUNTS_DEFAULT_TIME_ZONE", Kind::Text),
];

/// The variable many hosts set by themselves; it counts only where nothing of ours names a database.
pub(super) const DATABASE_URL_FALLBACK: &str = "DATABASE_URL";

/// Variables that begin with `WAYPOST_` and belong to the test scripts, not to the server.
pub(super) const ENV_PREFIXES_IGNORED: &[&str] = &["WAYPOST_TEST_"];

impl Key {
    pub fn by_name(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    pub fn by_env(env: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.env == env)
    }

    /// Section and key as they stand in the file.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or(("", self.name))
    }
}
