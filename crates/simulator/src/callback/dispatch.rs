//! The loop that lets statuses happen and sends what is due, a bounded number at a time.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::error;

use super::poster::{Attempt, post};
use super::queue::Popped;
use super::shape::{Subject, body, status_body};
use super::{About, Happening, Job, Part, Post};
use crate::numbers::NumberState;
use crate::shared::{App, Shared};
use crate::world::{Side, Ticks, World};

const IN_FLIGHT_MAX: usize = 16;
/// How long a status waits for others to share its callback.
const BATCH_WAIT: Duration = Duration::from_millis(100);
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
                    for one in gather(&app, one) {
                        flight.start(&app, one);
                    }
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
                Ok(abouts) => flight.land(&app, &abouts),
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
    running: JoinSet<Vec<About>>,
    /// Per message with a status on its way: the ones behind it.
    behind: HashMap<Arc<str>, VecDeque<Post>>,
}

impl Flight {
    fn start(&mut self, app: &App, one: Post) {
        let mut free: Vec<Part> = Vec::with_capacity(one.parts.len());
        // Statuses of one message may share a callback, where they have an order.
        let mut taken: HashSet<Arc<str>> = HashSet::new();
        for part in one.parts {
            if let About::Status(message) = &part.about
                && !taken.contains(message)
            {
                match self.behind.entry(Arc::clone(message)) {
                    Entry::Occupied(mut behind) => {
                        app.queue.hold();
                        behind.get_mut().push_back(Post { parts: vec![part], ..one });
                        continue;
                    }
                    Entry::Vacant(vacant) => vacant.insert(VecDeque::new()),
                };
                taken.insert(Arc::clone(message));
            }
            free.push(part);
        }
        if free.is_empty() {
            app.queue.done();
        } else {
            self.running.spawn(send(Arc::clone(app), Post { parts: free, ..one }));
        }
    }

    /// What waited behind the statuses that were told goes on, again in one callback if they shared one.
    fn land(&mut self, app: &App, abouts: &[About]) {
        let mut next: Option<Post> = None;
        for about in abouts {
            let About::Status(message) = about else { continue };
            let Entry::Occupied(mut behind) = self.behind.entry(Arc::clone(message)) else { continue };
            match (behind.get_mut().pop_front(), &mut next) {
                (None, _) => {
                    behind.remove();
                }
                (Some(one), Some(next)) if one.attempt == next.attempt => {
                    next.parts.extend(one.parts);
                    app.queue.done();
                }
                (Some(one), Some(_)) => {
                    self.running.spawn(send(Arc::clone(app), one));
                }
                (Some(one), None) => next = Some(one),
            }
        }
        if let Some(next) = next {
            self.running.spawn(send(Arc::clone(app), next));
        }
    }
}

async fn send(app: App, one: Post) -> Vec<About> {
    let mut seen = HashSet::new();
    let is_first = |about: &About| match about {
        About::Status(message) => seen.insert(Arc::clone(message)),
        About::Inbound(_) | About::Account(_) => true,
    };
    let abouts = one.parts.iter().map(|part| part.about.clone()).filter(is_first).collect();
    attempt(&app, one).await;
    app.queue.done();
    abouts
}

/// Puts more statuses into the same callback when batching is asked for; one callback per address they go to.
fn gather(app: &Shared, one: Post) -> Vec<Post> {
    let batch = app.world().plan.batch;
    if batch <= 1 || !one.is_status() || one.attempt > 1 {
        return vec![one];
    }
    let more = app.queue.take_statuses(batch - one.parts.len().min(batch));
    let world = app.world();
    let mut by_url: HashMap<Option<Arc<str>>, Vec<Part>> = HashMap::new();
    for part in one.parts.into_iter().chain(more) {
        by_url.entry(url_of(&world, &part.about)).or_default().push(part);
    }
    // All of them counted as one job so far.
    for _ in 1..by_url.len() {
        app.queue.hold();
    }
    by_url.into_values().map(Post::of).collect()
}

/// Where a callback goes: the number's own address, the account's, the app's; what is about the account to the app's.
fn url_of(world: &World, about: &About) -> Option<Arc<str>> {
    if world.account.unsubscribed {
        return None;
    }
    let number = match about {
        About::Account(_) => return world.callback_url.clone(),
        About::Status(id) | About::Inbound(id) => world.messages.get(id).map(|message| message.number),
    };
    let own = number.and_then(|number| world.numbers.get(number)).and_then(|state| state.override_url.as_deref());
    match own.or(world.account.override_url.as_deref()) {
        Some(url) => Some(Arc::from(url)),
        None => world.callback_url.clone(),
    }
}

/// Lets a status happen; queues the callbacks that tell it.
fn happen(app: &Shared, happening: &Happening) {
    let Some(Told { body, copies, wait }) = told(app, happening) else {
        return;
    };
    let at = Instant::now() + wait;
    for _ in 0..copies {
        app.queue.push(at, Job::Post(Post::new(body.clone(), About::Status(Arc::clone(&happening.message)))));
    }
}

/// Lets a status happen and waits until it is told.
pub(crate) async fn tell_now(app: &Shared, happening: &Happening) {
    let Some(Told { body, copies, .. }) = told(app, happening) else {
        return;
    };
    for _ in 0..copies {
        attempt(app, Post::new(body.clone(), About::Status(Arc::clone(&happening.message)))).await;
    }
}

/// What is to be told of a status that happens now.
struct Told {
    body: Bytes,
    copies: u32,
    /// For others to share the callback.
    wait: Duration,
}

/// Lets a status happen; `None`: nothing is to be told.
fn told(app: &Shared, happening: &Happening) -> Option<Told> {
    let planned = &happening.planned;
    let (subject, copies, wait) = {
        let mut world = app.world();
        if !world.happen(&happening.message, planned.status) {
            return None;
        }
        let message = world.messages.get(&happening.message)?;
        let Side::Business(outgoing) = &message.side else {
            return None;
        };
        let person = world.phones.get(&message.customer)?.owner.clone();
        let subject = Subject {
            id: Arc::clone(&message.id),
            number: message.number,
            outgoing: outgoing.clone(),
            person,
            old_shapes: world.plan.old_shapes,
        };
        let wait = if world.plan.batch > 1 { BATCH_WAIT } else { Duration::ZERO };
        (subject, world.plan.duplicate.saturating_add(1), wait)
    };
    app.changed(&subject.person.digits);
    if planned.silent {
        return None;
    }
    // A clock that stands still must not be overtaken by the plan.
    let at = app.now().min(happening.accepted_at.plus(planned.happens_after));
    Some(Told { body: status_body(app, &subject, planned, at), copies, wait })
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
        if one.parts.first().and_then(|part| url_of(&world, &part.about)).is_none() {
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

/// What customers write takes from the throughput of the number.
fn count_inbound(app: &Shared, one: &Post) {
    let Some(About::Inbound(id)) = one.parts.first().map(|part| &part.about) else {
        return;
    };
    let now = app.now();
    let mut world = app.world();
    let world = &mut *world;
    if let Some(number) = world.messages.get(id).map(|message| message.number) {
        let rate = world.numbers.get(number).map_or(80, NumberState::rate);
        world.limits.inbound(number, rate, now);
    }
}

async fn once(app: &Shared, one: &Post) -> Attempt {
    let url = one.parts.first().and_then(|part| url_of(&app.world(), &part.about));
    let Some(url) = url else {
        return Attempt { error: Some("no callback URL is set".to_owned()), ..Attempt::default() };
    };
    if one.attempt == 1 {
        count_inbound(app, one);
    }
    let body = body(&app.waba_id, &one.parts);
    let signature = app.poster.signature(&body);
    let attempt = post(app, &url, body, Some(signature)).await;
    let is_ok = attempt.is_ok();
    let customer = {
        let mut world = app.world();
        if is_ok {
            world.counters.callbacks_ok += 1;
        } else {
            world.counters.callbacks_refused += 1;
        }
        match one.parts.first().map(|part| &part.about) {
            Some(About::Inbound(id)) if is_ok => {
                world.messages.get_mut(id).and_then(|message| match &mut message.side {
                    Side::Customer(ticks) if *ticks == Ticks::Sent => {
                        *ticks = Ticks::Delivered;
                        Some(Arc::clone(&message.customer))
                    }
                    _ => None,
                })
            }
            _ => None,
        }
    };
    if let Some(customer) = customer {
        app.changed(&customer);
    }
    attempt
}
