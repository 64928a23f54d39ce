//! Dispatch: the owner of a sender's shard claims what is due, calls the provider and commits what came of it.

mod call;
pub mod ownership;
mod pace;
mod prepare;
mod queue;

use std::collections::HashSet;
use std::time::Duration;

use domain::ids::SenderId;
use domain::refusal::{Failure, RefusalKind};
use domain::time::Timestamp;
use store::StoreError;
use store::pause::{self, NewPause};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use call::Done;
use ownership::Ownership;
use queue::Queues;

/// How long calls under way may take to finish when the server stops.
const GRACE: Duration = Duration::from_secs(15);

/// Dispatches until it is told to stop, then waits for the calls under way.
pub async fn run(core: Core, ownership: Ownership, stop: CancellationToken) {
    let mut queues = Queues::default();
    let mut running: JoinSet<Done> = JoinSet::new();
    let mut all_may_have_work = true;
    // Its own clock: a wait begun anew in each round would never end on a busy server, and what becomes due without a
    // hint (retries, schedules) would never be looked for.
    let mut poll = tokio::time::interval(core.settings.poll_interval);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while !stop.is_cancelled() {
        if all_may_have_work {
            match work_waiting(&core).await {
                Ok((senders, stated)) => {
                    queues.note_work(senders);
                    queues.note_stated(stated);
                }
                Err(error) => tracing::error!(%error, "The outbox cannot be read now: {error}"),
            }
            all_may_have_work = false;
        }
        queues.note_traffic(&core, core.hints.sender_traffic());
        let blocked = start_calls(&core, &ownership, &mut queues, &mut running).await;
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = running.join_next() => {
                note_done(&core, &mut queues, done).await;
                while let Some(done) = running.try_join_next() {
                    note_done(&core, &mut queues, done).await;
                }
            }
            senders = core.hints.senders_with_work(), if !blocked => queues.note_work(senders),
            () = tokio::time::sleep(queues.until_paced(core.now())), if !blocked => {}
            _ = poll.tick() => all_may_have_work = true,
        }
    }
    let finish = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, finish).await.is_err() {
        tracing::warn!("Calls to providers were still under way when the server stopped; their messages are unknown");
    }
}

/// Writes down why the sender waits, for those who ask.
async fn note_silence(core: &Core, sender: SenderId, until: Timestamp) -> Result<(), StoreError> {
    let reason = Failure {
        code: "no_answers".to_owned(),
        kind: RefusalKind::Transient,
        reason: "The provider left several calls in a row without an answer.".to_owned(),
        remedy: "Nothing to do: the sender goes on by itself, slowly at first.".to_owned(),
    };
    let mut tx = core.store.begin().await?;
    pause::note_all(&mut tx.conn(), vec![NewPause { sender, until, reason }], core.now()).await?;
    tx.commit().await
}

/// The senders with something to send, and what providers state of the paces of all.
async fn work_waiting(core: &Core) -> Result<(HashSet<SenderId>, Vec<(SenderId, Option<i64>)>), StoreError> {
    let mut reading = core.store.read().await?;
    let mut conn = reading.conn();
    let senders = store::outbox::senders_waiting(&mut conn).await?;
    Ok((senders.into_iter().collect(), store::sender::paces(&mut conn).await?))
}

/// Starts what can start now; answers whether there is more than there is room for.
async fn start_calls(core: &Core, ownership: &Ownership, queues: &mut Queues, running: &mut JoinSet<Done>) -> bool {
    while running.len() < core.settings.calls_in_flight_max {
        let next = match queues.next(core, ownership).await {
            Ok(Some(next)) => next,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(%error, "The outbox cannot be read now: {error}");
                return true;
            }
        };
        running.spawn(call::run(core.clone(), ownership.clone(), next));
    }
    true
}

async fn note_done(core: &Core, queues: &mut Queues, done: Result<Done, tokio::task::JoinError>) {
    match done {
        Ok(done) => {
            if let Some(until) = queues.note_done(core, &done)
                && let Err(error) = note_silence(core, done.sender, until).await
            {
                tracing::warn!(sender.id = %done.sender, %error, "The pause of sender {} could not be noted: {error}", done.sender);
            }
        }
        // The row stays claimed and becomes unknown with the next owner; the panic itself was reported.
        Err(error) => tracing::error!(%error, "A call to a provider ended abnormally: {error}"),
    }
}
