//! The application: all parts put together, started, and stopped in order.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::serve::ListenerExt;
use domain::clock::SharedClock;
use domain::ids::AccountId;
use domain::random::SharedRandom;
use domain::scope::AccountScope;
use messaging::accounts::Accounts;
use messaging::dispatch::{self, ownership, ownership::Ownership};
use messaging::hints::Hints;
use messaging::lines::{Application, CallbackRate, Line, Lines};
use messaging::media::Exchange;
use messaging::{Core, CoreSettings, apply, housekeeping, jobs};
use providers::links::Links;
use providers::{HttpClient, Provider, ProviderKind, Settings, meta_cloud};
use store::sender::{NewSender, Sender};
use store::{Store, StoreSettings, account, sender, setting};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use web::{Web, WebSettings, state::DemoLogin};

use crate::config::{Config, DatabaseTarget, DefaultProvider};
use crate::telemetry;

/// How long a server that stops waits for requests under way.
const REQUESTS_GRACE: Duration = Duration::from_secs(10);
/// How long it then waits for its parts and its database.
const PARTS_GRACE: Duration = Duration::from_secs(20);
/// How often histograms are gathered.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);
/// Name of the application that the environment configures.
const ENVIRONMENT: &str = "meta_cloud:environment";

/// What an application is started with.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// The checked configuration.
    pub config: Arc<Config>,
    /// What time it is.
    pub clock: SharedClock,
    /// Random bytes.
    pub random: SharedRandom,
    /// A sign-in to be shown on the sign-in page; only the demo has one.
    pub demo_login: Option<DemoLogin>,
}

/// A running application.
#[derive(Debug)]
pub struct App {
    address: SocketAddr,
    core: Core,
    requests: CancellationToken,
    parts: CancellationToken,
    leases: CancellationToken,
    server: JoinSet<()>,
    workers: JoinSet<()>,
    keeper: JoinSet<()>,
}

/// Opens the database as the configuration says.
///
/// # Errors
/// In words, what is in the way.
pub async fn open_store(config: &Config, clock: &SharedClock, random: &SharedRandom) -> anyhow::Result<Store> {
    use secrecy::ExposeSecret;
    let postgres_url = match &config.database.target {
        DatabaseTarget::Sqlite => None,
        DatabaseTarget::Postgres(url) => Some(url.expose_secret().to_owned()),
    };
    let settings = StoreSettings {
        data_dir: config.database.data_dir.clone(),
        postgres_url,
        connections: config.database.pool_connections,
        queue_max: config.limits.group_commit_queue_max,
        inlet_bytes_max: config.limits.inlet_bytes_max.map(u64::from),
        new_node: format!("node-{}", &web::auth::new_secret(random.as_ref())[..12]),
    };
    Ok(Store::open(&settings, clock.now()).await?)
}

impl App {
    /// Starts everything on an open database.
    ///
    /// # Errors
    /// In words, what is in the way.
    pub async fn start(settings: AppSettings, store: Store) -> anyhow::Result<Self> {
        let config = settings.config.clone();
        let core = make_core(&settings, store).await?;
        for route in core.lines.application_names() {
            core.store.inlet().retry_refused(route).await?;
        }
        let ownership = Ownership::default();
        let shards = ownership.take(&core).await.context("cannot take the leases on shards")?;
        tracing::info!(shards, node = core.store.node(), "This node owns {shards} shards");
        let listener = TcpListener::bind(config.server.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.server.listen))?;
        let address = listener.local_addr()?;
        let (requests, parts, leases) = (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
        let mut workers = JoinSet::new();
        workers.spawn(dispatch::run(core.clone(), ownership.clone(), parts.clone()));
        workers.spawn(apply::run(core.clone(), parts.clone()));
        workers.spawn(housekeeping::run(core.clone(), parts.clone()));
        workers.spawn(jobs::run(core.clone(), parts.clone()));
        workers.spawn(keep_metrics(parts.clone()));
        let mut keeper = JoinSet::new();
        keeper.spawn(ownership::run(core.clone(), ownership, leases.clone()));
        let web = make_web(&settings, core.clone(), requests.clone());
        let mut server = JoinSet::new();
        server.spawn(serve(listener, web, requests.clone()));
        Ok(Self { address, core, requests, parts, leases, server, workers, keeper })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The use cases, for commands that run beside the server.
    #[must_use]
    pub const fn core(&self) -> &Core {
        &self.core
    }

    /// Waits until a part ends by itself, which none should: a server without its dispatcher, say, only looks alive.
    pub async fn ended(&mut self) -> &'static str {
        tokio::select! {
            Some(_) = self.server.join_next() => "the HTTP server",
            Some(_) = self.workers.join_next() => "a worker",
            Some(_) = self.keeper.join_next() => "the keeper of leases",
        }
    }

    /// Stops: first taking requests, then the parts that work, then the leases, then the database.
    pub async fn stop(mut self) {
        self.requests.cancel();
        wait("requests", REQUESTS_GRACE, &mut self.server).await;
        self.parts.cancel();
        wait("parts", PARTS_GRACE, &mut self.workers).await;
        self.leases.cancel();
        wait("leases", PARTS_GRACE, &mut self.keeper).await;
        let store = self.core.store.clone();
        drop(self);
        if tokio::time::timeout(PARTS_GRACE, store.close()).await.is_err() {
            tracing::warn!("The database was still in use when the server stopped");
        }
    }
}

async fn wait(what: &str, grace: Duration, tasks: &mut JoinSet<()>) {
    let finish = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(grace, finish).await.is_err() {
        tracing::warn!("Gave up waiting for {what} to end");
        tasks.shutdown().await;
    }
}

async fn serve(listener: TcpListener, web: Web, stop: CancellationToken) {
    // Small answers go out at once; without this they wait for the client's acknowledgement.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "A connection keeps its delay: {error}");
        }
    });
    let service = web::router(web).into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "The server ended: {error}");
    }
}

/// Gathers histograms, which would otherwise grow until somebody reads them.
async fn keep_metrics(stop: CancellationToken) {
    let handle = telemetry::metrics_handle();
    while !stop.is_cancelled() {
        handle.run_upkeep();
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(METRICS_UPKEEP) => {}
        }
    }
}

fn make_web(settings: &AppSettings, core: Core, stop: CancellationToken) -> Web {
    let config = &settings.config;
    let web_settings = WebSettings {
        public_url: config.server.public_url.as_ref().map(|url| url.as_str().to_owned()),
        request_body_bytes_max: config.limits.request_body_bytes_max,
        callback_body_bytes_max: config.limits.callback_body_bytes_max,
        demo_login: settings.demo_login.clone(),
    };
    let handle = telemetry::metrics_handle();
    let metrics = Arc::new(move || handle.render());
    Web::new(core, web_settings, settings.random.clone(), metrics, stop)
}

async fn make_core(settings: &AppSettings, store: Store) -> anyhow::Result<Core> {
    let config = &settings.config;
    let now = settings.clock.now();
    let suggestion = web::auth::new_secret(settings.random.as_ref())[..8].to_owned();
    let mut tx = store.begin().await?;
    let installation = setting::find_or_put(&mut tx.conn(), setting::INSTALLATION, &suggestion).await?;
    tx.commit().await?;
    let lines = make_lines(settings, &store, now).await?;
    let links = Links::new(config.media.allow_private_links).context("cannot make an HTTP client")?;
    let core_settings = CoreSettings {
        pace: config.dispatch.pace,
        calls_in_flight_max: config.dispatch.calls_in_flight_max,
        request_timeout: config.dispatch.request_timeout,
        poll_interval: config.dispatch.poll_interval,
        default_region: config.accounts.default_region,
        inlet_retention: Duration::from_secs(30 * 24 * 60 * 60),
        media_bytes_max: config.media.bytes_max,
    };
    Ok(Core {
        store,
        clock: settings.clock.clone(),
        lines: Arc::new(lines),
        hints: Hints::default(),
        installation: installation.into(),
        settings: Arc::new(core_settings),
        accounts: Accounts::default(),
        exchange: Arc::new(Exchange::new(links)),
    })
}

/// The senders that can send: the one of the environment, and the owner's sandbox where that is asked for.
async fn make_lines(settings: &AppSettings, store: &Store, now: domain::time::Timestamp) -> anyhow::Result<Lines> {
    let config = &settings.config;
    let http = HttpClient::new(config.dispatch.request_timeout).context("cannot make an HTTP client")?;
    let sandbox = providers::connect(Settings::Sandbox, &http);
    let (mut lines, mut applications) = (Vec::new(), Vec::new());
    let Some(owner) = environment_owner(config, store).await? else {
        tracing::warn!("There is no account yet; `waypost setup` makes the first one");
        return Ok(Lines::new(lines, applications, sandbox));
    };
    let mut tx = store.begin().await?;
    if let Some((sender, provider)) = meta_sender(config, &http, owner, &mut tx, now).await? {
        let senders = HashMap::from([(sender.number_id.clone(), sender.clone())]);
        let verify_token = config.meta.webhook_verify_token.clone();
        let name = ENVIRONMENT.to_owned();
        let rate = CallbackRate::per_second(config.limits.callbacks_per_second_max);
        applications.push(Application { name, provider: provider.clone(), verify_token, senders, rate });
        lines.push(Line { sender, provider });
    }
    if config.accounts.default_provider == Some(DefaultProvider::Sandbox) {
        let number_id = format!("sandbox-{owner}");
        let new = NewSender {
            account: owner,
            name: "Sandbox",
            provider: ProviderKind::Sandbox.as_str(),
            phone: None,
            number_id: &number_id,
            business_account_id: None,
        };
        let sender = sender::find_or_insert(&mut tx.conn(), &new, now).await?;
        lines.push(Line { sender, provider: sandbox.clone() });
    }
    tx.commit().await?;
    Ok(Lines::new(lines, applications, sandbox))
}

/// The account that owns what the environment configures: `WAYPOST_ENV_ACCOUNT`, else the first.
async fn environment_owner(config: &Config, store: &Store) -> anyhow::Result<Option<AccountId>> {
    let mut reading = store.read().await?;
    let found = match config.meta.env_account {
        Some(id) => account::find(&mut reading.conn(), &AccountScope::system(id))
            .await?
            .with_context(|| format!("WAYPOST_ENV_ACCOUNT names account {id}, which does not exist"))
            .map(Some)?,
        None => account::first(&mut reading.conn()).await?,
    };
    Ok(found.map(|account| account.id))
}

async fn meta_sender(
    config: &Config,
    http: &HttpClient,
    owner: AccountId,
    tx: &mut store::pools::Tx,
    now: domain::time::Timestamp,
) -> anyhow::Result<Option<(Sender, Arc<dyn Provider>)>> {
    let meta = &config.meta;
    let (Some(access_token), Some(number_id)) = (&meta.access_token, &meta.phone_number_id) else {
        return Ok(None);
    };
    let new = NewSender {
        account: owner,
        name: "WhatsApp",
        provider: ProviderKind::MetaCloud.as_str(),
        phone: meta.display_phone_number.as_ref().map(domain::phone::E164::as_str),
        number_id: number_id.as_str(),
        business_account_id: meta.business_account_id.as_ref().map(crate::config::MetaId::as_str),
    };
    let sender = sender::find_or_insert(&mut tx.conn(), &new, now).await?;
    let settings = meta_cloud::Settings {
        graph_base_url: meta.graph_base_url.as_str().to_owned(),
        graph_version: meta.graph_api_version.to_string(),
        phone_number_id: number_id.as_str().to_owned(),
        media_host: meta.media_host.clone(),
        access_token: access_token.clone(),
        app_secret: meta.app_secret.clone(),
    };
    Ok(Some((sender, providers::connect(Settings::MetaCloud(settings), http))))
}
