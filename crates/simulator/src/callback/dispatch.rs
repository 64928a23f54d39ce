//! The loop that lets statuses happen and sends what is due, a bounded number at a time.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::error;

use super::poster::{Attempt, post};
use super::queue::Popped;
use super::shape::{Subject, status_body};
use super::{About, Happening, Job, Post};
use crate::shared::{App, Shared};
use crate::world::{Side, Ticks};

const IN_FLIGHT_MAX: usize = 16;
const RETRY_DELAY_MAX: Duration = Duration::from_secs(60);

/// Runs until the simulator stops.
pub(crate) async fn run(app: App) {
    let mut flight = Flight::default();
    loop {
        let has_room = flight.running.len() < IN_FLIGHT_MAX;
        let mut wake_at = None;
        if has_room {
            let paused = app.world().plan.paused;
            match app.queue.pop(Instant::now(), paused) {
                Popped::Ready(Job::Happen(happening)) => {
                    happen(&app, &happening);
                    app.queue.done();
                    continue;
                }
                Popped::Ready(Job::Post(one)) => {
                    flight.start(&app, one);
                    continue;
                }
                Popped::Until(at) => wake_at = Some(at),
                Popped::Nothing => {}
            }
        }
        let wake = wake_at.unwrap_or_else(Instant::now);
        tokio::select! {
            () = app.stop.cancelled() => break,
            Some(ended) = flight.running.join_next() => match ended {
                Ok(about) => flight.land(&app, &about),
                Err(error) => error!("A callback broke off: {error}"),
            },
            () = app.queue.news(), if has_room => {}
            () = sleep_until(wake), if wake_at.is_some() => {}
        }
    }
    // The other side may be down or slow; nobody waits for its answers any more.
    flight.running.shutdown().await;
}

/// The callbacks on their way.
///
/// Statuses of one message go one after the other: two at once would arrive in any order, and disorder is to happen when
/// it is asked for, not when a machine is busy.
#[derive(Default)]
struct Flight {
    running: JoinSet<About>,
    /// Per message with a status on its way: the ones behind it.
    behind: HashMap<Arc<str>, VecDeque<Post>>,
}

impl Flight {
    fn start(&mut self, app: &App, one: Post) {
        if let About::Status(message) = &one.about {
            match self.behind.entry(Arc::clone(message)) {
                Entry::Occupied(mut behind) => return behind.get_mut().push_back(one),
                Entry::Vacant(free) => free.insert(VecDeque::new()),
            };
        }
        self.running.spawn(send(Arc::clone(app), one));
    }

    fn land(&mut self, app: &App, about: &About) {
        let About::Status(message) = about else { return };
        match self.behind.get_mut(message).and_then(VecDeque::pop_front) {
            Some(next) => {
                self.running.spawn(send(Arc::clone(app), next));
            }
            None => {
                self.behind.remove(message);
            }
        }
    }
}

async fn send(app: App, one: Post) -> About {
    let about = one.about.clone();
    attempt(&app, one).await;
    app.queue.done();
    about
}

/// Lets a status happen; queues the callbacks that tell it.
fn happen(app: &Shared, happening: &Happening) {
    let Some((body, copies)) = told(app, happening) else {
        return;
    };
    let now = Instant::now();
    for _ in 0..copies {
        app.queue.push(now, Job::Post(Post::new(body.clone(), About::Status(Arc::clone(&happening.message)))));
    }
}

/// Lets a status happen and waits until it is told.
pub(crate) async fn tell_now(app: &Shared, happening: &Happening) {
    let Some((body, copies)) = told(app, happening) else {
        return;
    };
    for _ in 0..copies {
        attempt(app, Post::new(body.clone(), About::Status(Arc::clone(&happening.message)))).await;
    }
}

/// What is to be told of a status that happens now, and how often; `None`: nothing.
fn told(app: &Shared, happening: &Happening) -> Option<(Bytes, u32)> {
    let planned = &happening.planned;
    let (subject, copies) = {
        let mut world = app.world();
        if !world.happen(&happening.message, planned.status) {
            return None;
        }
        let message = world.messages.get(&happening.message)?;
        let Side::Business(outgoing) = &message.side else {
            return None;
        };
        let person = world.phones.get(&message.customer)?.owner.clone();
        let subject =
            Subject { id: Arc::clone(&message.id), number: message.number, outgoing: outgoing.clone(), person };
        (subject, world.plan.duplicate.saturating_add(1))
    };
    app.changed(&subject.person.digits);
    if planned.silent {
        return None;
    }
    // A clock that stands still must not be overtaken by the plan.
    let at = app.now().min(happening.accepted_at.plus(planned.happens_after));
    Some((status_body(app, &subject, planned, at), copies))
}

/// Sends a customer's message at once; it is tried again later if `retry` is set and the answer is not 200.
pub(crate) async fn inbound_now(app: &Shared, message: Arc<str>, body: Bytes, retry: bool) -> Attempt {
    let one = Post::new(body, About::Inbound(message));
    if retry { attempt(app, one).await } else { once(app, &one).await }
}

/// Sends a callback once and queues the next attempt if it failed.
async fn attempt(app: &Shared, mut one: Post) -> Attempt {
    let attempt = once(app, &one).await;
    if attempt.is_ok() {
        return attempt;
    }
    let (first, total) = {
        let world = app.world();
        // Without a callback there is nobody to try again for.
        if world.callback_url.is_none() {
            return attempt;
        }
        (world.plan.retry_first, world.plan.retry_total)
    };
    let delay = first.saturating_mul(1 << (one.attempt - 1).min(16)).min(RETRY_DELAY_MAX);
    if one.first_at.elapsed() + delay > total {
        app.world().counters.callbacks_given_up += 1;
    } else {
        one.attempt += 1;
        app.queue.push(Instant::now() + delay, Job::Post(one));
    }
    attempt
}

async fn once(app: &Shared, one: &Post) -> Attempt {
    let Some(url) = app.world().callback_url.clone() else {
        return Attempt { error: Some("no callback URL is set".to_owned()), ..Attempt::default() };
    };
    let signature = app.poster.signature(&one.body);
    let attempt = post(app, &url, one.body.clone(), Some(signature)).await;
    let is_ok = attempt.is_ok();
    let customer = {
        let mut world = app.world();
        if is_ok {
            world.counters.callbacks_ok += 1;
        } else {
            world.counters.callbacks_refused += 1;
        }
        match &one.about {
            About::Inbound(id) if is_ok => world.messages.get_mut(id).and_then(|message| match &mut message.side {
                Side::Customer(ticks) if *ticks == Ticks::Sent => {
                    *ticks = Ticks::Delivered;
                    Some(Arc::clone(&message.customer))
                }
                _ => None,
            }),
            _ => None,
        }
    };
    if let Some(customer) = customer {
        app.changed(&customer);
    }
    attempt
}
