//! What all parts of a running simulator hold together.

use std::collections::HashMap;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::clock::SharedClock;
use domain::time::Timestamp;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::callback::{Poster, Queue};
use crate::settings::BusinessNumber;
use crate::wire::WireLog;
use crate::world::World;

/// The handle every handler gets.
pub(crate) type App = Arc<Shared>;

/// A business number with its id ready to be shared.
#[derive(Debug)]
pub(crate) struct Number {
    pub(crate) id: Arc<str>,
    pub(crate) digits: String,
    pub(crate) name: String,
}

impl From<BusinessNumber> for Number {
    fn from(number: BusinessNumber) -> Self {
        let digits = crate::world::digits_of(&number.display_phone_number);
        Self { id: number.phone_number_id.into(), digits, name: number.verified_name }
    }
}

/// Settings, world, queue and signals.
pub(crate) struct Shared {
    pub(crate) app_id: String,
    pub(crate) verify_token: String,
    pub(crate) access_token: String,
    pub(crate) waba_id: String,
    pub(crate) numbers: Vec<Number>,
    pub(crate) number_by_id: HashMap<Arc<str>, usize>,
    pub(crate) base_url: String,
    pub(crate) clock: SharedClock,
    pub(crate) world: Mutex<World>,
    pub(crate) queue: Queue,
    pub(crate) poster: Poster,
    pub(crate) wire: WireLog,
    /// The digits of phones on which something changed.
    pub(crate) changes: broadcast::Sender<Arc<str>>,
    /// How many messages were accepted, for those who wait.
    pub(crate) accepted: watch::Sender<usize>,
    /// How much of the hour's management calls is used, for the headers of every answer.
    pub(crate) usage_percent: AtomicU32,
    /// What goes on after its request has ended; it ends with the simulator.
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The world, even after a panic elsewhere: a simulator that half works still shows what happened.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells open phone pages to look again. Nobody may be listening, which is fine.
    pub(crate) fn changed(&self, digits: &Arc<str>) {
        let _ = self.changes.send(Arc::clone(digits));
    }
}
