//! What each sender has to send: read ahead from the outbox, taken in turns.

use std::collections::{HashMap, HashSet, VecDeque};

use domain::ids::{MessageId, SenderId};
use domain::message::Lane;
use domain::shard::Shard;
use domain::time::Timestamp;
use store::StoreError;
use store::outbox::{self, Ready};

use super::backoff;
use super::call::Done;
use super::ownership::Ownership;
use crate::core::Core;

/// How many messages of a sender are read ahead.
const READ_AHEAD: usize = 256;

/// The lanes in the order of reading, each with the part of the room it may take: a quarter is kept for retries, which
/// would otherwise wait behind a campaign until they expire.
const LANES: [(Lane, usize); 5] = [
    (Lane::Retry, 4),
    (Lane::Interactive, 1),
    (Lane::Transactional, 1),
    (Lane::Conversational, 1),
    (Lane::Marketing, 1),
];

/// The senders with work, in turns.
#[derive(Debug, Default)]
pub(super) struct Queues {
    senders: HashMap<SenderId, Queue>,
    turns: VecDeque<SenderId>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Ready>,
    /// Being called; their rows still wait until the claim commits, so a read may find them again.
    taken: HashSet<MessageId>,
    /// The outbox may hold more than was read.
    more: bool,
    paused_until: Option<Timestamp>,
    /// Calls without an answer since the last one with an answer.
    unknowns: u32,
}

impl Queues {
    /// These senders may have work.
    pub(super) fn note_work(&mut self, senders: HashSet<SenderId>) {
        for sender in senders {
            let queue = self.senders.entry(sender).or_insert_with(|| {
                self.turns.push_back(sender);
                Queue::default()
            });
            queue.more = true;
        }
    }

    /// A call ended. Answers a pause that nobody else knows of: too many calls in a row went without an answer.
    pub(super) fn note_done(&mut self, core: &Core, done: &Done) -> Option<Timestamp> {
        let queue = self.senders.get_mut(&done.sender)?;
        queue.taken.remove(&done.message);
        queue.unknowns = if done.unknown { queue.unknowns.saturating_add(1) } else { 0 };
        let after_unknowns = backoff::pause_after_unknowns(queue.unknowns);
        let pause = done.pause.or(after_unknowns)?;
        let until = core.now().plus(pause);
        queue.paused_until = Some(queue.paused_until.map_or(until, |known| known.max(until)));
        // What was read ahead is read again when the pause is over.
        queue.waiting.clear();
        queue.more = true;
        after_unknowns.filter(|_| done.pause.is_none()).map(|_| until)
    }

    /// The next message whose sender may send now, each sender in turn.
    pub(super) async fn next(&mut self, core: &Core, ownership: &Ownership) -> Result<Option<Ready>, StoreError> {
        for _ in 0..self.turns.len() {
            let Some(sender) = self.turns.pop_front() else { break };
            let has_company = self.senders.len() > 1;
            let Some(queue) = self.senders.get_mut(&sender) else { continue };
            // One sender whose provider hangs must not hold every slot while others have work.
            if has_company && queue.taken.len() >= core.settings.calls_in_flight_max.div_ceil(2) {
                self.turns.push_back(sender);
                continue;
            }
            let found = queue.next(core, ownership, sender).await;
            if queue.is_idle() {
                self.senders.remove(&sender);
            } else {
                self.turns.push_back(sender);
            }
            if let Some(ready) = found? {
                return Ok(Some(ready));
            }
        }
        Ok(None)
    }
}

impl Queue {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.taken.is_empty() && !self.more
    }

    async fn next(&mut self, core: &Core, own: &Ownership, sender: SenderId) -> Result<Option<Ready>, StoreError> {
        let now = core.now();
        if self.paused_until.is_some_and(|until| until > now) {
            return Ok(None);
        }
        self.paused_until = None;
        if own.epoch(Shard::of(sender).number(), core.settings.request_timeout).is_none() {
            return Ok(None);
        }
        if self.waiting.is_empty() && self.more {
            self.read(core, sender, now).await?;
        }
        while let Some(ready) = self.waiting.pop_front() {
            // What is past its expiry is the housekeeping's.
            if ready.expires_at > now && self.taken.insert(ready.message) {
                return Ok(Some(ready));
            }
        }
        Ok(None)
    }

    /// Reads ahead, lane by lane.
    async fn read(&mut self, core: &Core, sender: SenderId, now: Timestamp) -> Result<(), StoreError> {
        let limit = READ_AHEAD + self.taken.len();
        let mut reading = core.store.read().await?;
        let mut conn = reading.conn();
        let mut read = 0;
        self.more = false;
        for (lane, share) in LANES {
            let missing = i64::try_from(limit.saturating_sub(read).min(limit / share)).unwrap_or(0);
            if missing == 0 {
                continue;
            }
            let found = outbox::ready(&mut conn, (sender, Shard::of(sender)), lane, now, missing).await?;
            read += found.len();
            self.more |= i64::try_from(found.len()).is_ok_and(|count| count >= missing);
            self.waiting.extend(found.into_iter().filter(|ready| !self.taken.contains(&ready.message)));
        }
        Ok(())
    }
}
