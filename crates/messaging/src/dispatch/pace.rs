//! The pace of one sender: how fast its number may send, from what the provider states and from what it refuses.
//!
//! A leaky bucket in whole microseconds (GCRA): one timestamp says when the next message would be due at an even pace,
//! and a small burst may run ahead of it. Meta counts what a number sends and receives together, so both are taken from it.
//! Pure: time is an argument.

use std::time::Duration;

use domain::time::Timestamp;

/// What stays unused of a stated level, in percent: requests bunch up on their way, and a limit is counted at its end.
const MARGIN_PERCENT: i64 = 5;
/// After a refusal the pace is what the provider took within the second before it, less the margin; and at least this.
const FLOOR_PER_SECOND: i64 = 1;
/// What is left of the pace after a second refusal, in percent.
const AGAIN_PERCENT: i64 = 80;
/// After so long without a refusal the pace rises by a step.
const CALM: Duration = Duration::from_secs(60);
/// A callback may tell of what was sent before the pace was lowered: so long it says nothing new.
const CALLBACK_LATENCY: Duration = Duration::from_secs(5);
/// How much it rises, in percent.
const STEP_PERCENT: i64 = 5;
const SECOND_MICROS: i64 = 1_000_000;
/// What was taken is counted in tenths of a second.
const BUCKETS: usize = 10;
const BUCKET_MICROS: i64 = SECOND_MICROS / 10;

/// How fast a sender sends.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// What the provider states, messages per second; `None` where it states no limit.
    level: Option<i64>,
    /// The pace after the last refusal, and when that was.
    shrunk: Option<(i64, Timestamp)>,
    /// When the next message is due at an even pace, in microseconds.
    next: i64,
    taken: Taken,
}

impl Pace {
    /// The level that the provider states now.
    pub(super) fn set_level(&mut self, level: Option<u32>) {
        self.level = level.map(i64::from);
    }

    /// Messages per second now; `None` for any number.
    pub(super) fn per_second(&self, now: Timestamp) -> Option<i64> {
        let of_level = self.level.map(|level| (level * (100 - MARGIN_PERCENT) / 100).max(FLOOR_PER_SECOND));
        let of_refusals = self.shrunk.map(|(pace, since)| {
            let calm = now.since(since).as_secs() / CALM.as_secs();
            let steps = i64::try_from(calm).unwrap_or(i64::MAX).min(1_000);
            pace + (pace * STEP_PERCENT * steps / 100).max(steps)
        });
        match (of_level, of_refusals) {
            (Some(level), Some(refusals)) => Some(level.min(refusals)),
            (level, refusals) => level.or(refusals),
        }
    }

    /// When the next message may go; now or earlier if it may go at once.
    pub(super) fn next_at(&self, now: Timestamp) -> Timestamp {
        let Some(per_second) = self.per_second(now) else { return now };
        let burst = burst(per_second) * (SECOND_MICROS / per_second.max(1));
        Timestamp::from_micros(self.next.saturating_sub(burst))
    }

    /// A message goes out, or came in.
    pub(super) fn take(&mut self, now: Timestamp, messages: u32) {
        if let Some(per_second) = self.per_second(now) {
            let each = SECOND_MICROS / per_second.max(1);
            self.next = self.next.max(now.as_micros()).saturating_add(each.saturating_mul(i64::from(messages)));
        }
    }

    /// The provider took a message.
    pub(super) fn note_taken(&mut self, now: Timestamp) {
        self.taken.note(now);
    }

    /// The provider refused a message for this number's rate. Refusals of the same second are one refusal.
    pub(super) fn note_refused(&mut self, now: Timestamp) {
        self.shrink(now, Duration::from_secs(1));
    }

    /// The provider told by callback that a message was over this number's rate.
    pub(super) fn note_refused_later(&mut self, now: Timestamp) {
        self.shrink(now, CALLBACK_LATENCY);
    }

    fn shrink(&mut self, now: Timestamp, unless_within: Duration) {
        if self.shrunk.is_some_and(|(_, since)| now.since(since) < unless_within) {
            return;
        }
        let taken = self.taken.within_a_second(now);
        let was_taken = taken * (100 - MARGIN_PERCENT) / 100;
        let bearable = match (self.per_second(now), self.shrunk) {
            (None, _) => was_taken,
            // Nothing was taken, so the second before says nothing about what can be borne.
            (Some(pace), _) if taken == 0 => pace / 2,
            (Some(pace), None) => pace.min(was_taken),
            // A provider that lets a second's worth run ahead takes more in that second than it will go on taking.
            (Some(pace), Some(_)) => was_taken.min(pace * AGAIN_PERCENT / 100),
        };
        self.shrunk = Some((bearable.max(FLOOR_PER_SECOND), now));
    }

    /// Whether nothing of it is worth keeping while the sender has no work.
    pub(super) fn is_at_rest(&self, now: Timestamp) -> bool {
        self.shrunk.is_none() && self.next <= now.as_micros() && self.taken.is_forgotten(now)
    }
}

/// How many messages may run ahead of an even pace: few, since the margin and the burst together must stay below the
/// level within any one second.
fn burst(per_second: i64) -> i64 {
    (per_second * MARGIN_PERCENT / 200).max(1)
}

/// What was taken within the last second.
#[derive(Clone, Debug, Default)]
struct Taken {
    counts: [i64; BUCKETS],
    /// The tenth of a second that was counted last.
    last: i64,
}

impl Taken {
    fn note(&mut self, now: Timestamp) {
        self.advance(now);
        if let Some(count) = usize::try_from(self.last.rem_euclid(10)).ok().and_then(|i| self.counts.get_mut(i)) {
            *count += 1;
        }
    }

    fn within_a_second(&mut self, now: Timestamp) -> i64 {
        self.advance(now);
        self.counts.iter().sum()
    }

    fn is_forgotten(&self, now: Timestamp) -> bool {
        now.as_micros().div_euclid(BUCKET_MICROS).saturating_sub(self.last) >= 10
    }

    /// Forgets what is more than a second old.
    fn advance(&mut self, now: Timestamp) {
        let tenth = now.as_micros().div_euclid(BUCKET_MICROS);
        let passed = tenth.saturating_sub(self.last).clamp(0, 10);
        for step in 0..passed {
            let place = usize::try_from((tenth - step).rem_euclid(10)).unwrap_or(0);
            if let Some(count) = self.counts.get_mut(place) {
                *count = 0;
            }
        }
        self.last = self.last.max(tenth);
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;
