//! What control calls answer.

use std::collections::BTreeMap;

use serde::Serialize;

pub use crate::callback::Attempt;
use crate::faults::FaultRule;
use crate::limits::{LimitSettings, Stopped};
use crate::media::{LinkPolicy, MediaFaultRule};
use crate::plan::{Status, StatusPlan};
use crate::shared::Shared;

/// What came of a customer's message.
#[derive(Clone, Debug, Serialize)]
pub struct InboundResult {
    /// Its id.
    pub message_id: String,
    /// The callback's answer to the first try; `None` when there was no answer.
    pub http_status: Option<u16>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Switches and counters.
#[derive(Clone, Debug, Serialize)]
pub struct StateView {
    /// The id of the app.
    pub app_id: String,
    /// Where callbacks go.
    pub callback_url: Option<String>,
    /// How statuses are sent.
    pub statuses: StatusesView,
    /// The fault rules in force.
    pub faults: Vec<FaultRule>,
    /// The speed limits in force and what they stopped.
    pub limits: LimitsView,
    /// Which links are fetched.
    pub links: LinkPolicy,
    /// The faults of downloads in force.
    pub media_faults: Vec<MediaFaultRule>,
    /// How many phones there are.
    pub phones: usize,
    /// Messages accepted.
    pub accepted: usize,
    /// Accepted messages that repeat a text to the same recipient.
    pub doubles: usize,
    /// Messages of customers.
    pub inbound: usize,
    /// Graph calls that were refused.
    pub refused: usize,
    /// Callbacks that were answered 200.
    pub callbacks_ok: usize,
    /// Callback attempts with any other outcome.
    pub callbacks_refused: usize,
    /// Callbacks that were given up.
    pub callbacks_given_up: usize,
    /// Callbacks to come and statuses to happen.
    pub pending: usize,
}

/// The speed limits with their counters.
#[derive(Clone, Debug, Serialize)]
pub struct LimitsView {
    /// What was set.
    #[serde(flatten)]
    pub settings: LimitSettings,
    /// Stopped with 130429.
    pub throughput: Stopped,
    /// Stopped with 131056.
    pub pair: Stopped,
    /// Stopped with 80007 or 4.
    pub management: Stopped,
}

/// The status plan with its durations in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct StatusesView {
    /// From acceptance to `sent`.
    pub sent_ms: u64,
    /// From `sent` to `delivered`.
    pub delivered_ms: u64,
    /// From `delivered` to `read`, if nobody needs to look.
    pub auto_read_ms: Option<u64>,
    /// Extra copies.
    pub duplicate: u32,
    /// Random order.
    pub shuffle: bool,
    /// Probability of loss.
    pub drop: BTreeMap<Status, f64>,
    /// The first status comes before the answer to the send.
    pub before_answer: bool,
    /// Nothing is told for now.
    pub paused: bool,
    /// 131047 outside the customer service window.
    pub enforce_window: bool,
    /// Statuses per callback.
    pub batch: usize,
    /// Shapes of v23.0.
    pub old_shapes: bool,
    /// The wait before the second try.
    pub retry_first_ms: u64,
    /// How long a callback is tried.
    pub retry_total_ms: u64,
}

impl From<&StatusPlan> for StatusesView {
    fn from(plan: &StatusPlan) -> Self {
        let ms = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self {
            sent_ms: ms(plan.sent),
            delivered_ms: ms(plan.delivered),
            auto_read_ms: plan.auto_read.map(ms),
            duplicate: plan.duplicate,
            shuffle: plan.shuffle,
            drop: plan.drop.clone(),
            before_answer: plan.before_answer,
            paused: plan.paused,
            enforce_window: plan.enforce_window,
            batch: plan.batch,
            old_shapes: plan.old_shapes,
            retry_first_ms: ms(plan.retry_first),
            retry_total_ms: ms(plan.retry_total),
        }
    }
}

impl StateView {
    pub(crate) fn of(app: &Shared) -> Self {
        let pending = app.queue.pending();
        let world = app.world();
        Self {
            app_id: app.app_id.clone(),
            callback_url: world.callback_url.as_deref().map(str::to_owned),
            statuses: StatusesView::from(&world.plan),
            faults: world.faults.rules(),
            limits: LimitsView {
                settings: world.limits.settings.clone(),
                throughput: world.limits.throughput,
                pair: world.limits.pair,
                management: world.limits.management,
            },
            links: world.links,
            media_faults: world.media_faults.rules(),
            phones: world.phones.len(),
            accepted: world.ledger.accepted(),
            doubles: world.ledger.doubles(),
            inbound: world.counters.inbound,
            refused: world.counters.refused,
            callbacks_ok: world.counters.callbacks_ok,
            callbacks_refused: world.counters.callbacks_refused,
            callbacks_given_up: world.counters.callbacks_given_up,
            pending,
        }
    }
}
