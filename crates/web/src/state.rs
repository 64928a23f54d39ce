//! What every handler needs.

use std::sync::Arc;
use std::time::Duration;

use domain::random::SharedRandom;
use messaging::Core;
use moka::future::Cache;
use store::access::TokenOwner;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::pages::tries::WrongTries;

/// How long a token is believed without asking the database again: a revoked one may work that much longer.
const TOKEN_BELIEVED: Duration = Duration::from_secs(5);
const TOKENS_MAX: u64 = 10_000;

/// How the surfaces behave.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Where the world reaches this server, without a slash at the end; none while it is not told.
    pub public_url: Option<String>,
    /// Largest body of an API request, in bytes.
    pub request_body_bytes_max: usize,
    /// Largest callback, in bytes.
    pub callback_body_bytes_max: usize,
    /// A sign-in to be shown on the sign-in page: only the demo has one.
    pub demo_login: Option<DemoLogin>,
}

/// A generated sign-in that may be shown.
#[derive(Clone, Debug)]
pub struct DemoLogin {
    /// E-mail address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// Renders the metrics as text.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// What every handler needs; cheap to clone.
#[derive(Clone)]
pub struct Web {
    /// The use cases.
    pub core: Core,
    /// How the surfaces behave.
    pub settings: Arc<WebSettings>,
    /// Random bytes for sessions and keys.
    pub random: SharedRandom,
    /// Metrics for operators.
    pub metrics: MetricsText,
    /// Ends what never ends by itself, such as event streams, when the server stops.
    pub stop: CancellationToken,
    pub(crate) tokens: Cache<String, Option<TokenOwner>>,
    /// Argon2id takes 19 MiB and a core for each sign-in; two at a time keep the rest of the server alive.
    pub(crate) hashing: Arc<Semaphore>,
    pub(crate) tries: Arc<WrongTries>,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Web {
    /// Puts the surfaces together.
    #[must_use]
    pub fn new(
        core: Core,
        settings: WebSettings,
        random: SharedRandom,
        metrics: MetricsText,
        stop: CancellationToken,
    ) -> Self {
        let tokens = Cache::builder().max_capacity(TOKENS_MAX).time_to_live(TOKEN_BELIEVED).build();
        Self {
            core,
            settings: Arc::new(settings),
            random,
            metrics,
            stop,
            tokens,
            hashing: Arc::new(Semaphore::new(2)),
            tries: Arc::default(),
        }
    }
}
