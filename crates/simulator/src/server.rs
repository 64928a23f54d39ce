//! The running server: start, stop, and the routes of all parts.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};

use crate::callback::{self, Poster, Queue};
use crate::connection::{CutSwitch, Door};
use crate::control::{self, Control};
use crate::settings::SimulatorSettings;
use crate::shared::{App, Number, Shared};
use crate::wire::WireLog;
use crate::world::World;
use crate::{graph, phone};

/// A change on a phone is a hint to look again; a page that missed some looks once.
const CHANGES_MAX: usize = 1024;
const STOP_WAIT: Duration = Duration::from_secs(3);

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("could not listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The client for callbacks could not be made.
    #[error("could not make the HTTP client for callbacks")]
    Client(#[from] reqwest::Error),
    /// The app secret cannot be a key.
    #[error("the app secret cannot be a signing key")]
    Secret,
    /// A template of the start is malformed.
    #[error("a template every account starts with is malformed: {0}")]
    Template(String),
}

/// A running simulator.
///
/// Dropping it ends everything at once; [`Simulator::stop`] also waits for the end.
pub struct Simulator {
    address: SocketAddr,
    control: Control,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Simulator {
    /// Listens, and serves until it is stopped or dropped.
    ///
    /// # Errors
    /// The address cannot be listened on, or the HTTP client or the signing key cannot be made.
    pub async fn start(settings: SimulatorSettings) -> Result<Self, StartError> {
        let address = settings.listen;
        let listening = TcpListener::bind(address).await.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = listening.map_err(|source| StartError::Listen { address, source })?;
        let app = shared(settings, address)?;
        let tasks = app.tasks.clone();
        tasks.spawn(callback::run(Arc::clone(&app)));
        tasks.spawn(serve(Arc::clone(&app), listener));
        tasks.close();
        Ok(Self { address, stop: app.stop.clone(), control: Control::new(app), tasks })
    }

    /// The base address, such as `http://127.0.0.1:4100`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops serving and sending, and waits a few seconds for what still runs.
    pub async fn stop(self) {
        self.stop.cancel();
        if timeout(STOP_WAIT, self.tasks.wait()).await.is_err() {
            warn!("The simulator did not end within {} s", STOP_WAIT.as_secs());
        }
    }

    /// Where callbacks go from now on.
    pub fn set_callback_url(&self, url: impl Into<String>) {
        self.control.set_callback_url(Some(url.into()));
    }

    /// In-process access to what the HTTP control API offers.
    #[must_use]
    pub const fn control(&self) -> &Control {
        &self.control
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn shared(settings: SimulatorSettings, address: SocketAddr) -> Result<App, StartError> {
    let key = Hmac::<Sha256>::new_from_slice(settings.app_secret.as_bytes()).map_err(|_| StartError::Secret)?;
    let world = World::new(&settings).map_err(|malformed| StartError::Template(malformed.reason))?;
    let numbers: Vec<Number> = settings.numbers.into_iter().map(Number::from).collect();
    let number_by_id: HashMap<Arc<str>, usize> =
        numbers.iter().enumerate().map(|(index, number)| (Arc::clone(&number.id), index)).collect();
    Ok(Arc::new(Shared {
        app_id: settings.app_id,
        verify_token: settings.verify_token,
        access_token: settings.access_token,
        waba_id: settings.waba_id,
        numbers,
        number_by_id,
        base_url: format!("http://{address}"),
        clock: settings.clock,
        world: Mutex::new(world),
        queue: Queue::new(),
        poster: Poster::new(Poster::client()?, key),
        wire: WireLog::default(),
        changes: broadcast::Sender::new(CHANGES_MAX),
        accepted: watch::Sender::new(0),
        usage_percent: AtomicU32::new(0),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    }))
}

async fn serve(app: App, listener: TcpListener) {
    let stop = app.stop.clone();
    let routes = Router::new()
        .route("/", get(async || Redirect::to("/phone")))
        .merge(phone::routes())
        .merge(control::routes())
        .merge(graph::routes(&app))
        .with_state(app);
    let service = routes.into_make_service_with_connect_info::<CutSwitch>();
    let serving = axum::serve(Door(listener), service).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = serving.await {
        error!("The simulator stopped serving: {error}");
    }
}
