use proptest::prelude::*;

use super::*;

fn at_level(level: Option<u32>) -> Pace {
    let mut pace = Pace::default();
    pace.set_level(level);
    pace
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(1_790_000_000_000_000 + millis * 1000)
}

/// Sends whenever it may, for `millis`; answers when each message went.
fn run(pace: &mut Pace, from: i64, millis: i64) -> Vec<i64> {
    let mut sent = Vec::new();
    for now in from..from + millis {
        while pace.next_at(at(now)) <= at(now) && sent.len() < 100_000 {
            pace.take(at(now), 1);
            sent.push(now);
        }
    }
    sent
}

/// A provider that takes at most `limit` within any second: counts what it would have refused.
fn refusals(sent: &[i64], limit: usize) -> usize {
    let (mut taken, mut refused) = (std::collections::VecDeque::new(), 0);
    for now in sent {
        while taken.front().is_some_and(|first| now - first >= 1000) {
            taken.pop_front();
        }
        if taken.len() < limit {
            taken.push_back(*now);
        } else {
            refused += 1;
        }
    }
    refused
}

#[test]
fn a_stated_level_is_used_and_never_exceeded() {
    for level in [20, 80, 1000] {
        let sent = run(&mut at_level(Some(level)), 0, 10_000);
        assert_eq!(refusals(&sent, level as usize), 0, "{level}");
        assert!(sent.len() >= level as usize * 9, "{level}: only {} in ten seconds", sent.len());
    }
}

#[test]
fn without_a_level_there_is_no_limit_until_one_is_met() {
    let mut pace = at_level(None);
    assert_eq!(pace.per_second(at(0)), None);
    for millis in 0..800 {
        if millis % 10 == 0 {
            pace.note_taken(at(millis));
        }
    }
    pace.note_refused(at(800));
    // 80 were taken within the second before.
    assert_eq!(pace.per_second(at(800)), Some(76));
    assert_eq!(refusals(&run(&mut pace, 2000, 30_000), 80), 0);
}

#[test]
fn refusals_of_one_second_are_one_and_calm_brings_the_pace_back_up_to_the_level() {
    let mut pace = at_level(Some(80));
    for _ in 0..50 {
        pace.note_refused(at(0));
    }
    assert_eq!(pace.per_second(at(0)), Some(38));
    pace.note_refused(at(1000));
    assert_eq!(pace.per_second(at(1000)), Some(19));
    assert_eq!(pace.per_second(at(62_000)), Some(20));
    assert_eq!(pace.per_second(at(10 * 3_600_000)), Some(76));
}

#[test]
fn a_callback_soon_after_a_refusal_tells_of_what_was_sent_before_it() {
    let mut pace = at_level(Some(80));
    pace.note_refused(at(0));
    pace.note_refused_later(at(4000));
    assert_eq!(pace.per_second(at(4000)), Some(38));
    pace.note_refused_later(at(5000));
    assert_eq!(pace.per_second(at(5000)), Some(19));
}

#[test]
fn what_comes_in_counts_too() {
    let mut pace = at_level(Some(80));
    pace.take(at(0), 40);
    assert!(pace.next_at(at(400)) > at(400));
    assert!(pace.next_at(at(600)) <= at(600));
    assert!(!pace.is_at_rest(at(100)));
    assert!(pace.is_at_rest(at(1000)));
    // What was taken a moment ago is what a refusal will be measured by.
    pace.note_taken(at(1000));
    assert!(!pace.is_at_rest(at(1900)));
    assert!(pace.is_at_rest(at(2000)));
}

proptest! {
    /// However refusals fall, the pace stays between the floor and the stated level.
    #[test]
    fn the_pace_stays_within_its_bounds(level in 1_u32..2000, events in prop::collection::vec((0_i64..3000, any::<bool>()), 0..60)) {
        let (mut pace, mut now) = (at_level(Some(level)), 0);
        for (pause, refused) in events {
            now += pause;
            if refused { pace.note_refused(at(now)) } else { pace.note_taken(at(now)) }
            let per_second = pace.per_second(at(now)).unwrap();
            prop_assert!(per_second >= 1 && per_second <= i64::from(level).max(1), "{per_second}");
        }
    }
}
