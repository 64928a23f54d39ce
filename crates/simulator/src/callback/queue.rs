//! What is due when: two heaps, because statuses can be held back and everything else cannot.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tracing::warn;

use super::{Job, Part};

/// A callback that is not answered stays here for minutes; this many are more than any load run leaves behind.
const JOBS_MAX: usize = 2_000_000;

#[derive(Debug)]
struct Due {
    at: Instant,
    /// Keeps jobs of the same moment in the order they came.
    order: u64,
    job: Job,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    /// Reversed, since `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

#[derive(Debug, Default)]
struct Heaps {
    jobs: BinaryHeap<Due>,
    statuses: BinaryHeap<Due>,
    order: u64,
}

/// What the queue has to offer at a moment.
#[derive(Debug)]
pub(crate) enum Popped {
    Ready(Job),
    Until(Instant),
    Nothing,
}

/// The jobs to come.
#[derive(Debug)]
pub(crate) struct Queue {
    heaps: Mutex<Heaps>,
    news: Notify,
    /// Jobs in the queue and in flight.
    pending: watch::Sender<usize>,
}

impl Queue {
    pub(crate) fn new() -> Self {
        Self { heaps: Mutex::default(), news: Notify::new(), pending: watch::Sender::new(0) }
    }

    pub(crate) fn push(&self, at: Instant, job: Job) {
        {
            let mut heaps = self.heaps();
            if heaps.jobs.len() + heaps.statuses.len() >= JOBS_MAX {
                warn!("A callback is dropped: {JOBS_MAX} are waiting already");
                return;
            }
            heaps.order += 1;
            let due = Due { at, order: heaps.order, job };
            match &due.job {
                Job::Post(post) if post.is_status() => heaps.statuses.push(due),
                Job::Post(_) | Job::Happen(_) => heaps.jobs.push(due),
            }
            self.pending.send_modify(|pending| *pending += 1);
        }
        self.news.notify_one();
    }

    /// Takes the next job that is due. Whoever takes one calls [`Queue::done`] afterwards.
    pub(crate) fn pop(&self, now: Instant, paused: bool) -> Popped {
        let mut heaps = self.heaps();
        let job_at = heaps.jobs.peek().map(|due| due.at);
        let status_at = if paused { None } else { heaps.statuses.peek().map(|due| due.at) };
        let (from_jobs, at) = match (job_at, status_at) {
            (None, None) => return Popped::Nothing,
            (Some(job), Some(status)) if status < job => (false, status),
            (Some(job), _) => (true, job),
            (None, Some(status)) => (false, status),
        };
        if at > now {
            return Popped::Until(at);
        }
        let due = if from_jobs { heaps.jobs.pop() } else { heaps.statuses.pop() };
        due.map_or(Popped::Nothing, |due| Popped::Ready(due.job))
    }

    /// Takes up to `max` more statuses that were not told yet, due or not. They count as one job with the status they
    /// go with.
    pub(crate) fn take_statuses(&self, max: usize) -> Vec<Part> {
        let mut heaps = self.heaps();
        let mut parts = Vec::new();
        let is_fresh = |due: &Due| matches!(&due.job, Job::Post(post) if post.attempt == 1);
        while parts.len() < max && heaps.statuses.peek().is_some_and(is_fresh) {
            if let Some(Due { job: Job::Post(post), .. }) = heaps.statuses.pop() {
                parts.extend(post.parts);
                self.pending.send_modify(|pending| *pending = pending.saturating_sub(1));
            }
        }
        parts
    }

    /// Counts something that will become jobs later; [`Queue::done`] ends it.
    pub(crate) fn hold(&self) {
        self.pending.send_modify(|pending| *pending += 1);
    }

    /// A job that was taken has ended.
    pub(crate) fn done(&self) {
        self.pending.send_modify(|pending| *pending = pending.saturating_sub(1));
    }

    /// Waits for a push or a change of the plan.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }

    pub(crate) fn wake(&self) {
        self.news.notify_one();
    }

    pub(crate) fn clear(&self) {
        let mut heaps = self.heaps();
        let dropped = heaps.jobs.len() + heaps.statuses.len();
        heaps.jobs.clear();
        heaps.statuses.clear();
        self.pending.send_modify(|pending| *pending = pending.saturating_sub(dropped));
    }

    pub(crate) fn pending(&self) -> usize {
        *self.pending.borrow()
    }

    /// Returns as soon as nothing is queued and nothing in flight.
    pub(crate) async fn idle(&self) {
        // It fails only when the sender is gone, and that is `self`.
        let _ = self.pending.subscribe().wait_for(|pending| *pending == 0).await;
    }

    fn heaps(&self) -> MutexGuard<'_, Heaps> {
        self.heaps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
