//! Meta's speed limits: per number, per pair of number and customer, and of the management calls.
//!
//! All are off until they are switched on: a load run is to find the limits of the system under test first.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::time::Timestamp;
use rand::Rng;
use rand::rngs::StdRng;
use serde::Serialize;

/// A pair may be this far ahead of one message in six seconds.
const PAIR_BURST: f64 = 45.0;
const PAIR_PER_SECOND: f64 = 1.0 / 6.0;
const SECOND: Duration = Duration::from_secs(1);
const HOUR_MICROS: i64 = 3_600_000_000;
/// What an account with a registered number may do in an hour; the usage headers count against it.
const MANAGEMENT_DEFAULT: u32 = 5_000;

/// Which limits are in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LimitSettings {
    /// Messages per second and number, both directions together; above it sends are refused with 130429.
    pub throughput_per_second: Option<u32>,
    /// The throughput follows the number's level instead: 80, 1,000, or 20 in coexistence.
    pub throughput_by_level: bool,
    /// One message in six seconds to the same customer, 45 of them ahead; above it 131056.
    pub pair_limit: bool,
    /// The HTTP status of both refusals; Meta's table says 400, captures also show 429.
    pub http_status: u16,
    /// The probability that a limit is told by a `failed` status, after the send was answered 200.
    pub told_by_callback: f64,
    /// Management calls in an hour.
    pub management_per_hour: Option<u32>,
    /// The code above that: 80007 for the account, 4 for the app.
    pub management_code: u32,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            throughput_per_second: None,
            throughput_by_level: false,
            pair_limit: false,
            http_status: 400,
            told_by_callback: 0.0,
            management_per_hour: None,
            management_code: 80_007,
        }
    }
}

/// What one limit has stopped since it was set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// When it stopped the first message.
    pub first_at: Option<Timestamp>,
    /// How many in the first second from then.
    pub within_first_second: usize,
    /// How many later. A sender that slows down when it is told leaves this near zero.
    pub after: usize,
}

impl Stopped {
    fn count(&mut self, now: Timestamp) {
        let first_at = *self.first_at.get_or_insert(now);
        if now.since(first_at) < SECOND {
            self.within_first_second += 1;
        } else {
            self.after += 1;
        }
    }
}

/// A limit a message ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limited {
    pub(crate) code: u32,
    pub(crate) http_status: u16,
    /// Told by a `failed` status instead of a refusal.
    pub(crate) by_callback: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    const fn full(capacity: f64, now: Timestamp) -> Self {
        Self { tokens: capacity, at: now }
    }

    fn refill(&mut self, capacity: f64, per_second: f64, now: Timestamp) {
        self.tokens = (self.tokens + now.since(self.at).as_secs_f64() * per_second).min(capacity);
        self.at = self.at.max(now);
    }

    fn take(&mut self) -> bool {
        // Refills of a sixth add up to a little less than one.
        let is_there = self.tokens > 1.0 - 1e-6;
        if is_there {
            self.tokens -= 1.0;
        }
        is_there
    }
}

/// The limits in force with their counters.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    pub(crate) settings: LimitSettings,
    pub(crate) throughput: Stopped,
    pub(crate) pair: Stopped,
    pub(crate) management: Stopped,
    numbers: HashMap<usize, Bucket>,
    pairs: HashMap<(usize, Arc<str>), Bucket>,
    hour: i64,
    calls: u32,
}

impl Limits {
    pub(crate) fn new(settings: LimitSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Counts a send, or says which limit it runs into. `level_rate` is the throughput of the number's level.
    pub(crate) fn admit(
        &mut self,
        (number, level_rate): (usize, u32),
        customer: &str,
        now: Timestamp,
        rng: &mut StdRng,
    ) -> Option<Limited> {
        let code = if !self.number_has_room(number, level_rate, now) {
            self.throughput.count(now);
            130_429
        } else if !self.pair_has_room(number, customer, now) {
            self.pair.count(now);
            131_056
        } else {
            return None;
        };
        let by_callback = self.settings.told_by_callback > 0.0 && rng.random::<f64>() < self.settings.told_by_callback;
        Some(Limited { code, http_status: self.settings.http_status, by_callback })
    }

    /// A customer's message takes from the same throughput; it is never refused.
    pub(crate) fn inbound(&mut self, number: usize, level_rate: u32, now: Timestamp) {
        self.number_has_room(number, level_rate, now);
    }

    fn number_has_room(&mut self, number: usize, level_rate: u32, now: Timestamp) -> bool {
        let by_level = self.settings.throughput_by_level.then_some(level_rate);
        let Some(rate) = self.settings.throughput_per_second.or(by_level) else {
            return true;
        };
        let rate = f64::from(rate);
        let bucket = self.numbers.entry(number).or_insert_with(|| Bucket::full(rate, now));
        bucket.refill(rate, rate, now);
        bucket.take()
    }

    fn pair_has_room(&mut self, number: usize, customer: &str, now: Timestamp) -> bool {
        if !self.settings.pair_limit {
            return true;
        }
        let bucket = self.pairs.entry((number, Arc::from(customer))).or_insert_with(|| Bucket::full(PAIR_BURST, now));
        bucket.refill(PAIR_BURST, PAIR_PER_SECOND, now);
        bucket.take()
    }

    /// Counts a management call; returns the part of the hour's budget that is used, in percent, and the code if that
    /// was too many.
    pub(crate) fn manage(&mut self, now: Timestamp) -> (u32, Option<u32>) {
        let hour = now.as_micros().div_euclid(HOUR_MICROS);
        if hour != self.hour {
            self.hour = hour;
            self.calls = 0;
        }
        self.calls = self.calls.saturating_add(1);
        let budget = self.settings.management_per_hour;
        let percent = u64::from(self.calls) * 100 / u64::from(budget.unwrap_or(MANAGEMENT_DEFAULT).max(1));
        let is_over = budget.is_some_and(|budget| self.calls > budget);
        if is_over {
            self.management.count(now);
        }
        (u32::try_from(percent).unwrap_or(u32::MAX), is_over.then_some(self.settings.management_code))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_pair_may_be_45_messages_ahead_and_pays_them_back() {
        let mut limits = Limits::new(LimitSettings { pair_limit: true, ..LimitSettings::default() });
        let mut rng = StdRng::seed_from_u64(1);
        let start = Timestamp::from_seconds(1_000);
        let mut send = |to: &str, at: Timestamp| limits.admit((0, 80), to, at, &mut rng).map(|limited| limited.code);
        assert!((0..45).all(|_| send("1", start).is_none()));
        assert_eq!(send("1", start), Some(131_056));
        assert_eq!(send("2", start), None);
        assert_eq!(send("1", start.plus(Duration::from_secs(5))), Some(131_056));
        assert_eq!(send("1", start.plus(Duration::from_secs(6))), None);
        assert_eq!(send("1", start.plus(Duration::from_secs(6))), Some(131_056));
    }

    #[test]
    fn throughput_counts_both_directions() {
        let mut limits = Limits::new(LimitSettings { throughput_by_level: true, ..LimitSettings::default() });
        let mut rng = StdRng::seed_from_u64(1);
        let start = Timestamp::from_seconds(1_000);
        for _ in 0..30 {
            limits.inbound(0, 80, start);
        }
        let refused = (0..80).filter(|_| limits.admit((0, 80), "1", start, &mut rng).is_some()).count();
        assert_eq!((refused, limits.throughput.within_first_second), (30, 30));
        assert!(limits.admit((0, 80), "1", start.plus(SECOND), &mut rng).is_none());
    }
}
