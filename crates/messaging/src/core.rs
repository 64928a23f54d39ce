//! The core: what every use case needs, put together once by the binary.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use domain::clock::SharedClock;
use domain::phone::Region;
use domain::time::Timestamp;
use store::Store;

use crate::accounts::Accounts;
use crate::hints::Hints;
use crate::lines::Lines;
use crate::media::Exchange;

/// How fast a number may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaceSetting {
    /// As its provider states.
    Stated,
    /// So many messages per second, whatever the provider states.
    PerSecond(NonZeroU32),
    /// As fast as it can, until the provider refuses.
    Unlimited,
}

/// How the core behaves.
#[derive(Clone, Debug)]
pub struct CoreSettings {
    /// How fast each number may send.
    pub pace: PaceSetting,
    /// How many calls to providers may be under way at once.
    pub calls_in_flight_max: usize,
    /// How long a provider may take to answer.
    pub request_timeout: Duration,
    /// How often work is looked for without a hint.
    pub poll_interval: Duration,
    /// Country of bare national numbers, where an account has none.
    pub default_region: Region,
    /// How long stored bodies are kept.
    pub inlet_retention: Duration,
    /// How large a medium may be, in bytes.
    pub media_bytes_max: u64,
}

/// What every use case needs; cheap to clone.
#[derive(Clone, Debug)]
pub struct Core {
    /// The database.
    pub store: Store,
    /// What time it is.
    pub clock: SharedClock,
    /// Senders and applications.
    pub lines: Arc<Lines>,
    /// Hints between the parts.
    pub hints: Hints,
    /// Short name of this installation.
    pub installation: Arc<str>,
    /// How the core behaves.
    pub settings: Arc<CoreSettings>,
    /// Accounts, as they were a moment ago.
    pub accounts: Accounts,
    /// What is known about media at providers.
    pub exchange: Arc<Exchange>,
}

impl Core {
    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
