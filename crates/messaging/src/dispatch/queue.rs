//! What each sender has to send: read ahead from the outbox, taken in turns.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use domain::backoff;
use domain::ids::{MessageId, SenderId};
use domain::message::Lane;
use domain::shard::Shard;
use domain::time::Timestamp;
use store::StoreError;
use store::outbox::{self, Ready};

use super::call::{Done, Ended};
use super::ownership::Ownership;
use super::pace::Pace;
use crate::core::{Core, PaceSetting};
use crate::hints::Traffic;

/// How many messages of a sender are read ahead.
const READ_AHEAD: usize = 256;

/// A pace is kept in steps of at least this: the timers of the machine are not finer.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

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
    paces: Paces,
    /// When the first of those held up by their pace may send.
    paced_until: Option<Timestamp>,
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

/// What a sender has for now.
enum Next {
    /// A message that may go.
    Send(Box<Ready>),
    /// Messages that may go then.
    Paced(Timestamp),
    /// Nothing that could go.
    Nothing,
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

    /// What providers stated of their numbers, messages per second.
    pub(super) fn note_stated(&mut self, stated: Vec<(SenderId, Option<i64>)>) {
        let known = stated.into_iter().filter_map(|(sender, level)| Some((sender, u32::try_from(level?).ok()?)));
        self.paces.stated = known.collect();
    }

    /// What callbacks told of the numbers since this was last asked.
    pub(super) fn note_traffic(&mut self, core: &Core, traffic: HashMap<SenderId, Traffic>) {
        let now = core.now();
        for (sender, traffic) in traffic {
            let pace = self.paces.of(core, sender);
            pace.take(now, traffic.received);
            if traffic.limited {
                pace.note_refused_later(now);
            }
        }
        self.paces.by_sender.retain(|sender, pace| self.senders.contains_key(sender) || !pace.is_at_rest(now));
    }

    /// How long until the first sender that is held up by its pace may send.
    pub(super) fn until_paced(&self, now: Timestamp) -> Duration {
        // Longer than any poll: nobody is held up.
        self.paced_until.map_or(Duration::from_secs(3600), |until| until.since(now).max(SHORTEST_WAIT))
    }

    /// A call ended. Answers a pause that nobody else knows of: too many calls in a row went without an answer.
    pub(super) fn note_done(&mut self, core: &Core, done: &Done) -> Option<Timestamp> {
        let now = core.now();
        match done.ended {
            Ended::Taken => self.paces.of(core, done.sender).note_taken(now),
            Ended::Limited => self.paces.of(core, done.sender).note_refused(now),
            Ended::Unknown | Ended::Otherwise => {}
        }
        let queue = self.senders.get_mut(&done.sender)?;
        queue.taken.remove(&done.message);
        queue.unknowns = if done.ended == Ended::Unknown { queue.unknowns.saturating_add(1) } else { 0 };
        let after_unknowns = backoff::pause_after_unknowns(queue.unknowns);
        let pause = done.pause.or(after_unknowns)?;
        let until = now.plus(pause);
        queue.paused_until = Some(queue.paused_until.map_or(until, |known| known.max(until)));
        // What was read ahead is read again when the pause is over.
        queue.waiting.clear();
        queue.more = true;
        after_unknowns.filter(|_| done.pause.is_none()).map(|_| until)
    }

    /// The next message whose sender may send now, each sender in turn.
    pub(super) async fn next(&mut self, core: &Core, ownership: &Ownership) -> Result<Option<Ready>, StoreError> {
        self.paced_until = None;
        for _ in 0..self.turns.len() {
            let Some(sender) = self.turns.pop_front() else { break };
            let pace = self.paces.of(core, sender);
            let has_company = self.senders.len() > 1;
            let Some(queue) = self.senders.get_mut(&sender) else { continue };
            // One sender whose provider hangs must not hold every slot while others have work.
            if has_company && queue.taken.len() >= core.settings.calls_in_flight_max.div_ceil(2) {
                self.turns.push_back(sender);
                continue;
            }
            let found = queue.next(core, ownership, sender, pace).await;
            if let Ok(Next::Paced(until)) = found {
                self.paced_until = Some(self.paced_until.map_or(until, |known| known.min(until)));
            }
            if queue.is_idle() {
                self.senders.remove(&sender);
            } else {
                self.turns.push_back(sender);
            }
            if let Next::Send(ready) = found? {
                return Ok(Some(*ready));
            }
        }
        Ok(None)
    }
}

/// The paces of all senders.
#[derive(Debug, Default)]
struct Paces {
    /// Outlives the queue of a sender that has nothing to send for a moment.
    by_sender: HashMap<SenderId, Pace>,
    /// What providers stated of their numbers, messages per second.
    stated: HashMap<SenderId, u32>,
}

impl Paces {
    /// The pace of a sender, at the level that is in force now.
    fn of(&mut self, core: &Core, sender: SenderId) -> &mut Pace {
        let at_first = || core.lines.line(sender).and_then(|line| line.provider.capabilities().messages_per_second);
        let level = match core.settings.pace {
            PaceSetting::Stated => self.stated.get(&sender).copied().or_else(at_first),
            PaceSetting::PerSecond(per_second) => Some(per_second.get()),
            PaceSetting::Unlimited => None,
        };
        let pace = self.by_sender.entry(sender).or_default();
        pace.set_level(level);
        pace
    }
}

impl Queue {
    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.taken.is_empty() && !self.more
    }

    async fn next(
        &mut self,
        core: &Core,
        own: &Ownership,
        sender: SenderId,
        pace: &mut Pace,
    ) -> Result<Next, StoreError> {
        let now = core.now();
        if self.paused_until.is_some_and(|until| until > now) {
            return Ok(Next::Nothing);
        }
        self.paused_until = None;
        if own.epoch(Shard::of(sender).number(), core.settings.request_timeout).is_none() {
            return Ok(Next::Nothing);
        }
        if self.waiting.is_empty() && self.more {
            self.read(core, sender, now).await?;
        }
        while let Some(ready) = self.waiting.pop_front() {
            // What is past its expiry is the housekeeping's.
            if ready.expires_at <= now || self.taken.contains(&ready.message) {
                continue;
            }
            // What the sandbox sends reaches no provider.
            if !ready.simulated {
                let due = pace.next_at(now);
                if due > now {
                    self.waiting.push_front(ready);
                    return Ok(Next::Paced(due));
                }
                pace.take(now, 1);
            }
            self.taken.insert(ready.message);
            return Ok(Next::Send(Box::new(ready)));
        }
        Ok(Next::Nothing)
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
