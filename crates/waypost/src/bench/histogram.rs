//! Latencies in buckets of at most 1.6 % width, so that millions cost a few kilobytes.

use std::time::Duration;

/// Buckets per doubling; a power of two.
const STEPS: u64 = 64;
const STEPS_BITS: u32 = STEPS.ilog2();
/// Up to 2^36 µs, which is 19 hours.
const DOUBLINGS: u64 = 36;

/// Counted latencies.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    count: u64,
    max: u64,
}

impl Histogram {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; usize::try_from(STEPS * DOUBLINGS).unwrap_or(0)], count: 0, max: 0 }
    }

    /// Counts one.
    pub(crate) fn record(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let place = bucket(micros).min(self.counts.len() - 1);
        if let Some(count) = self.counts.get_mut(place) {
            *count += 1;
        }
        self.count += 1;
        self.max = self.max.max(micros);
    }

    /// Takes in another's.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.count += other.count;
        self.max = self.max.max(other.max);
    }

    /// The longest, in milliseconds.
    pub(crate) fn max_ms(&self) -> f64 {
        milliseconds(self.max)
    }

    /// What `share` of all did not exceed, in milliseconds, rounded up to the end of its bucket.
    pub(crate) fn quantile_ms(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are far below 2^52"
        )]
        let wanted = (self.count as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && *count > 0 {
                return milliseconds(bucket_end(place as u64).min(self.max));
            }
        }
        0.0
    }
}

#[expect(clippy::cast_precision_loss, reason = "times are far below 2^52")]
fn milliseconds(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

fn bucket(micros: u64) -> usize {
    let place = if micros < STEPS {
        micros
    } else {
        let doubling = micros.ilog2() - STEPS_BITS;
        u64::from(doubling + 1) * STEPS + ((micros >> doubling) & (STEPS - 1))
    };
    usize::try_from(place).unwrap_or(usize::MAX)
}

const fn bucket_end(place: u64) -> u64 {
    if place < STEPS {
        return place;
    }
    let doubling = place / STEPS - 1;
    ((STEPS + place % STEPS + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bucket_ends_where_the_next_begins() {
        for micros in (0..100_000_u64).chain([1 << 30, (1 << 30) + 12_345_678]) {
            let place = bucket(micros) as u64;
            assert!(bucket_end(place) >= micros && bucket_end(place) - micros <= micros / 60, "{micros}");
            assert!(place == 0 || bucket_end(place - 1) < micros, "{micros}");
        }
    }

    #[test]
    fn quantiles_are_those_of_what_was_counted() {
        let mut histogram = Histogram::new();
        let mut other = Histogram::new();
        for ms in 1..=100 {
            let half = if ms % 2 == 0 { &mut histogram } else { &mut other };
            half.record(Duration::from_millis(ms));
        }
        histogram.merge(&other);
        assert_eq!(histogram.count, 100);
        assert!((histogram.quantile_ms(0.5) - 50.0).abs() < 1.0, "{}", histogram.quantile_ms(0.5));
        assert!((histogram.quantile_ms(0.99) - 99.0).abs() < 2.0, "{}", histogram.quantile_ms(0.99));
        assert!((histogram.max_ms() - 100.0).abs() < f64::EPSILON);
        assert!(Histogram::new().quantile_ms(0.5).abs() < f64::EPSILON);
    }
}
