//! The typed sections, one struct per heading of the reference.

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

use domain::ids::AccountId;
use domain::phone::{E164, Region};
use messaging::core::PaceSetting;
use secrecy::SecretString;

use super::reader::Reader;
use super::values::{
    self, BaseUrl, DatabaseTarget, DefaultProvider, GraphVersion, LogFilter, LogFormat, MetaId, TimeZoneName, whole,
};

/// `[server]`
#[derive(Clone, Debug)]
pub struct ServerSection {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// Where the internet reaches it.
    pub public_url: Option<BaseUrl>,
}

/// `[database]`
#[derive(Clone, Debug)]
pub struct DatabaseSection {
    /// Which database.
    pub target: DatabaseTarget,
    /// The folder of SQLite, the lock file and media.
    pub data_dir: PathBuf,
    /// Readers of SQLite, or the pool of PostgreSQL.
    pub pool_connections: u32,
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct LogSection {
    /// For people or for machines.
    pub format: LogFormat,
    /// What is logged.
    pub filter: LogFilter,
}

/// `[meta]`
#[derive(Clone, Debug)]
pub struct MetaSection {
    /// The system user's token.
    pub access_token: Option<SecretString>,
    /// The number's id at Meta.
    pub phone_number_id: Option<MetaId>,
    /// The WhatsApp business account's id at Meta.
    pub business_account_id: Option<MetaId>,
    /// The version in the path of every call.
    pub graph_api_version: GraphVersion,
    /// What Meta says back when the webhook is registered.
    pub webhook_verify_token: Option<SecretString>,
    /// What callbacks are signed with.
    pub app_secret: Option<SecretString>,
    /// The number as people know it.
    pub display_phone_number: Option<E164>,
    /// Where the Graph API is.
    pub graph_base_url: BaseUrl,
    /// Where media are downloaded from, besides.
    pub media_host: String,
    /// The owner of the sender; `None`: the first account.
    pub env_account: Option<AccountId>,
}

/// `[limits]`
#[derive(Clone, Debug)]
pub struct LimitsSection {
    /// Of a request to our own API.
    pub request_body_bytes_max: usize,
    /// Of a provider's callback.
    pub callback_body_bytes_max: usize,
    /// On one callback path; `None`: no limit.
    pub callbacks_per_second_max: Option<NonZeroU32>,
    /// Of all raw callbacks kept; `None`: no quota.
    pub inlet_bytes_max: Option<NonZeroU64>,
    /// Commands that may wait for the writer.
    pub group_commit_queue_max: usize,
}

/// `[dispatch]`
#[derive(Clone, Debug)]
pub struct DispatchSection {
    /// How fast a number may send.
    pub pace: PaceSetting,
    /// Calls that run at the same time.
    pub calls_in_flight_max: usize,
    /// How long one call may take.
    pub request_timeout: Duration,
    /// How often the outbox is looked at without a hint.
    pub poll_interval: Duration,
}

/// `[media]`
#[derive(Clone, Debug)]
pub struct MediaSection {
    /// Of a medium.
    pub bytes_max: u64,
    /// Whether links may lead to private networks.
    pub allow_private_links: bool,
}

/// `[accounts]`
#[derive(Clone, Debug)]
pub struct AccountsSection {
    /// `None`: Meta when its credentials are complete.
    pub default_provider: Option<DefaultProvider>,
    /// Whose national numbers are understood without `+`.
    pub default_region: Region,
    /// Whose days and hours schedules mean.
    pub default_time_zone: TimeZoneName,
}

impl ServerSection {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let listen = reader.value("server.listen", values::socket_address);
        let public_url = reader.optional("server.public_url", BaseUrl::parse);
        Some(Self { listen: listen?, public_url: public_url? })
    }
}

impl DatabaseSection {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let target = reader.value("database.url", DatabaseTarget::parse);
        let data_dir = reader.value("database.data_dir", values::folder);
        let pool_connections = reader.value("database.pool_connections", |text| whole(text, 1..=500));
        Some(Self { target: target?, data_dir: data_dir?, pool_connections: pool_connections? })
    }
}

impl LogSection {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let format = reader.value("log.format", LogFormat::parse);
        let filter = reader.value("log.filter", LogFilter::parse);
        Some(Self { format: format?, filter: filter? })
    }
}

impl MetaSection {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let access_token = reader.optional("meta.access_token", values::token);
        let phone_number_id = reader.optional("meta.phone_number_id", MetaId::parse);
        let business_account_id = reader.optional("meta.business_account_id", MetaId::parse);
        let graph_api_version = reader.value("meta.graph_api_version", GraphVersion::parse);
        let webhook_verify_token = reader.optional("meta.webhook_verify_token", values::passphrase);
        let app_secret = reader.optional("meta.app_secret", values::token);
        let display_phone_number = reader.optional("meta.display_phone_number", values::phone);
        let graph_base_url = reader.value("meta.graph_base_url", BaseUrl::parse);
        let media_host = reader.value("meta.media_host", values::host);
        let env_account = reader.value("meta.env_account", values::account_or_first);
        Some(Self {
            access_token: access_token?,
            phone_number_id: phone_number_id?,
            business_account_id: business_account_id?,
            graph_api_version: graph_api_version?,
            webhook_verify_token: webhook_verify_token?,
            app_secret: app_secret?,
            display_phone_number: display_phone_number?,
            graph_base_url: graph_base_url?,
            media_host: media_host?,
            env_account: env_account?,
        })
    }
}

const MIB: u64 = 1024 * 1024;

impl LimitsSection {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let request = reader.value("limits.request_body_bytes_max", |text| whole(text, 1024..=64 * MIB));
        let callback = reader.value("limits.callback_body_bytes_max", |text| whole(text, MIB..=64 * MIB));
        let rate = reader.value("limits.callbacks_per_second_max", |text| whole(text, 0..=1_000_000));
        let inlet = reader.value("limits.inlet_bytes_max", values::inlet_quota);
        let queue = reader.value("limits.group_commit_queue_max", |text| whole(text, 16..=1_000_000));
        Some(Self {
            request_body_bytes_max: request?,
            callback_body_bytes_max: callback?,
            callbacks_per_second_max: NonZeroU32::new(rate?),
            inlet_bytes_max: inlet?,
            group_commit_queue_max: queue?,
        })
    }
}

impl DispatchSection {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let pace = reader.value("dispatch.messages_per_second", values::pace);
        let calls = reader.value("dispatch.calls_in_flight_max", |text| whole(text, 1..=10_000));
        // A node's lease lasts 12 seconds and is renewed every 2; a call must be over before another node may take it.
        let timeout = reader.value("dispatch.request_timeout_ms", |text| whole(text, 500..=9_000));
        let poll = reader.value("dispatch.poll_interval_ms", |text| whole(text, 50..=60_000));
        Some(Self {
            pace: pace?,
            calls_in_flight_max: calls?,
            request_timeout: Duration::from_millis(timeout?),
            poll_interval: Duration::from_millis(poll?),
        })
    }
}

impl MediaSection {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let bytes_max = reader.value("media.bytes_max", |text| whole(text, MIB..=1024 * MIB));
        let allow_private_links = reader.value("media.allow_private_links", values::switch);
        Some(Self { bytes_max: bytes_max?, allow_private_links: allow_private_links? })
    }
}

impl AccountsSection {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let default_provider = reader.optional("accounts.default_provider", DefaultProvider::parse);
        let default_region = reader.value("accounts.default_region", values::region);
        let default_time_zone = reader.value("accounts.default_time_zone", TimeZoneName::parse);
        Some(Self {
            default_provider: default_provider?,
            default_region: default_region?,
            default_time_zone: default_time_zone?,
        })
    }
}
