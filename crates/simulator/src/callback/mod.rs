//! Callbacks: what the simulator tells the system under test, when, and how often it tries.

mod dispatch;
mod handshake;
mod inbound_shape;
mod poster;
mod queue;
mod shape;

use std::sync::Arc;

use axum::body::Bytes;
use domain::time::Timestamp;
use tokio::time::Instant;

pub(crate) use dispatch::{inbound_now, run, tell_now};
pub(crate) use handshake::{handshake, handshake_with};
pub(crate) use inbound_shape::inbound_body;
pub use poster::Attempt;
pub(crate) use poster::{Poster, post, signature_with};
pub(crate) use queue::Queue;

use crate::numbers::{DueEvent, ThroughputLevel};
use crate::plan::{Planned, Status};
use crate::shared::Shared;

/// Something that is due at some moment.
#[derive(Debug)]
pub(crate) enum Job {
    Happen(Happening),
    Post(Post),
}

/// A status that is about to happen in the customer's world.
#[derive(Debug)]
pub(crate) struct Happening {
    pub(crate) message: Arc<str>,
    pub(crate) planned: Planned,
    pub(crate) accepted_at: Timestamp,
}

/// A callback on its way.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    pub(crate) parts: Vec<Part>,
    pub(crate) attempt: u32,
    pub(crate) first_at: Instant,
}

/// One update in a callback.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// The change as it stands in the body.
    pub(crate) change: Bytes,
    pub(crate) about: About,
}

/// What a callback tells.
#[derive(Clone, Debug)]
pub(crate) enum About {
    /// A status of the business's message with this id; held while statuses are paused.
    Status(Arc<str>),
    /// The customer's message with this id.
    Inbound(Arc<str>),
    /// Something about the account; always goes to the app's own callback.
    Account(Timestamp),
}

impl Post {
    pub(crate) fn new(change: Bytes, about: About) -> Self {
        Self::of(vec![Part { change, about }])
    }

    pub(crate) fn of(parts: Vec<Part>) -> Self {
        Self { parts, attempt: 1, first_at: Instant::now() }
    }

    pub(crate) fn is_status(&self) -> bool {
        matches!(self.parts.first(), Some(Part { about: About::Status(_), .. }))
    }
}

/// Queues a callback about the account or a template.
pub(crate) fn tell_account(app: &Shared, field: &str, value: &serde_json::Value) {
    let change = shape::change(field, value);
    app.queue.push(Instant::now(), Job::Post(Post::new(change, About::Account(app.now()))));
}

/// Tells what is due by the clock.
pub(crate) fn tell_due(app: &Shared) {
    let now = app.now();
    let due: Vec<DueEvent> = {
        let mut world = app.world();
        let world = &mut *world;
        let (due, later) = std::mem::take(&mut world.due).into_iter().partition(|event| event.at <= now);
        world.due = later;
        for event in &due {
            if let Some(state) = event.raises.and_then(|number| world.numbers.get_mut(number)) {
                state.level = ThroughputLevel::High;
                state.maintenance_until = None;
            }
        }
        due
    };
    for event in due {
        tell_account(app, &event.field, &event.value);
    }
}

/// Plans the statuses of a message that was just accepted.
pub(crate) fn plan(
    app: &Shared,
    message: &Arc<str>,
    fails_with: Option<u32>,
    accepted_at: Timestamp,
) -> Vec<Happening> {
    let mut world = app.world();
    let world = &mut *world;
    let is_reaction = world.messages.get(message).is_some_and(|message| message.content.kind == "reaction");
    let mut planned = match fails_with {
        Some(code) => world.plan.failure(code, &mut world.rng),
        None => world.plan.journey(&mut world.rng),
    };
    // Nobody is told when a reaction arrives or is seen.
    planned.retain(|planned| !is_reaction || matches!(planned.status, Status::Sent | Status::Failed));
    planned.into_iter().map(|planned| Happening { message: Arc::clone(message), planned, accepted_at }).collect()
}

/// Puts planned statuses into the queue.
pub(crate) fn schedule(app: &Shared, happenings: impl IntoIterator<Item = Happening>) {
    let now = Instant::now();
    for happening in happenings {
        app.queue.push(now + happening.planned.told_after, Job::Happen(happening));
    }
}

/// The customer looked at the chat: unread messages become read, at once.
pub(crate) fn look_at(app: &Shared, digits: &str) {
    let now = app.now();
    let happenings: Vec<Happening> = {
        let mut world = app.world();
        let ids = world.look_at(digits);
        let world = &mut *world;
        ids.into_iter().map(|message| at_once(message, Status::Read, world, now)).collect()
    };
    schedule(app, happenings);
}

/// The phone was switched on: what waited arrives.
pub(crate) fn deliver_waiting(app: &Shared, digits: &str) {
    let now = app.now();
    let happenings: Vec<Happening> = {
        let mut world = app.world();
        let world = &mut *world;
        let waiting = world.take_waiting(digits, now);
        let auto_read = world.plan.auto_read;
        let mut happenings = Vec::new();
        for message in waiting {
            happenings.push(at_once(Arc::clone(&message), Status::Delivered, world, now));
            if let Some(after) = auto_read {
                let mut read = at_once(message, Status::Read, world, now);
                read.planned.told_after = after;
                read.planned.happens_after = after;
                happenings.push(read);
            }
        }
        happenings
    };
    schedule(app, happenings);
}

fn at_once(message: Arc<str>, status: Status, world: &mut crate::world::World, now: Timestamp) -> Happening {
    let zero = std::time::Duration::ZERO;
    let silent = world.plan.is_dropped(status, &mut world.rng);
    let planned = Planned { told_after: zero, happens_after: zero, status, code: None, silent };
    Happening { message, planned, accepted_at: now }
}
