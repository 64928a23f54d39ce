//! When a refused message is tried again. Pure: chance comes from the message itself.

use std::time::Duration;

use crate::ids::MessageId;
use crate::refusal::{Failure, NOT_CONNECTED, RefusalKind};

/// After so many refusals that are not limits a message is given up.
pub const ATTEMPTS_MAX: i64 = 8;
/// So many unknown outcomes in a row are bad luck; more are an outage.
const UNKNOWNS_TOLERATED: u32 = 3;

/// What follows a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Again, after this time.
    Retry(Duration),
    /// Never.
    GiveUp,
}

/// What follows the refusal of attempt `number` (from 1) of a message.
///
/// A limit slows a message down and never fails it: its own expiry ends it. An authentication failure keeps the message
/// too, since the message is not at fault, and so does a provider that could not be reached.
#[must_use]
pub fn after_refusal(failure: &Failure, message: MessageId, number: i64, told: Option<Duration>) -> Next {
    let kind = failure.kind;
    let exponent = u32::try_from((number - 1).clamp(0, 16)).unwrap_or(0);
    let wait = match kind {
        RefusalKind::Transient if number >= ATTEMPTS_MAX && !failure.never_left() => return Next::GiveUp,
        // Meta advises exponential waits from 1 s with full jitter, at most 60 s.
        RefusalKind::Transient | RefusalKind::SenderRate => {
            jittered(Duration::from_secs(1 << exponent.min(6)).min(Duration::from_secs(60)), message, number)
        }
        // Meta: wait 4^n seconds before the next message to the same person.
        RefusalKind::PairRate => Duration::from_secs(4_u64.pow(exponent.min(5))),
        RefusalKind::Authentication => Duration::from_secs(60),
        RefusalKind::Template | RefusalKind::Recipient | RefusalKind::Policy | RefusalKind::Permanent => {
            return Next::GiveUp;
        }
    };
    Next::Retry(told.map_or(wait, |told| told.max(wait)))
}

/// How long the whole sender waits after such a refusal.
#[must_use]
pub fn sender_pause(failure: &Failure, wait: Duration) -> Option<Duration> {
    match failure.kind {
        RefusalKind::SenderRate | RefusalKind::Authentication => Some(wait),
        RefusalKind::Transient if failure.code == NOT_CONNECTED => Some(wait),
        _ => None,
    }
}

/// How long the whole sender waits after so many unknown outcomes in a row: a provider that answers nothing would
/// otherwise turn a whole queue into messages of which nobody knows whether they were sent.
#[must_use]
pub fn pause_after_unknowns(in_a_row: u32) -> Option<Duration> {
    let exponent = in_a_row.checked_sub(UNKNOWNS_TOLERATED)?;
    Some(Duration::from_secs(1 << exponent.min(6)).min(Duration::from_secs(60)))
}

/// Between half of `wait` and all of it, the same for the same attempt of the same message: a crowd that was refused
/// together does not come back together.
fn jittered(wait: Duration, message: MessageId, number: i64) -> Duration {
    // SplitMix64's finisher spreads consecutive ids over the whole range.
    let mut x = message.0.wrapping_mul(31).wrapping_add(number).cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let share = u32::try_from((x ^ (x >> 31)) & 0xffff).unwrap_or(0);
    wait / 2 + wait / 2 * share / 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: RefusalKind) -> Failure {
        Failure { kind, ..Failure::without_reason() }
    }

    #[test]
    fn what_never_left_is_not_given_up_and_holds_its_sender() {
        let failure = Failure { code: NOT_CONNECTED.to_owned(), ..of(RefusalKind::Transient) };
        let Next::Retry(wait) = after_refusal(&failure, MessageId(7), 1_000, None) else { panic!("given up") };
        assert!(wait <= Duration::from_secs(60));
        assert_eq!(sender_pause(&failure, wait), Some(wait));
        assert_eq!(sender_pause(&of(RefusalKind::Transient), wait), None);
    }

    #[test]
    fn an_outage_that_answers_nothing_pauses_the_sender_longer_and_longer() {
        let seconds: Vec<u64> = (0..12).map(|n| pause_after_unknowns(n).map_or(0, |pause| pause.as_secs())).collect();
        assert_eq!(seconds, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }

    #[test]
    fn a_limit_never_fails_a_message() {
        for kind in RefusalKind::ALL.into_iter().filter(|kind| kind.is_limit()) {
            for number in [1, 8, 100, i64::MAX] {
                assert!(
                    matches!(after_refusal(&of(kind), MessageId(7), number, None), Next::Retry(_)),
                    "{kind:?} {number}"
                );
            }
        }
    }

    #[test]
    fn a_passing_fault_is_given_up_in_the_end_and_a_lasting_one_at_once() {
        assert!(matches!(
            after_refusal(&of(RefusalKind::Transient), MessageId(7), ATTEMPTS_MAX - 1, None),
            Next::Retry(_)
        ));
        assert_eq!(after_refusal(&of(RefusalKind::Transient), MessageId(7), ATTEMPTS_MAX, None), Next::GiveUp);
        for kind in [RefusalKind::Template, RefusalKind::Recipient, RefusalKind::Policy, RefusalKind::Permanent] {
            assert_eq!(after_refusal(&of(kind), MessageId(7), 1, None), Next::GiveUp);
        }
    }

    #[test]
    fn waits_grow_spread_and_respect_what_the_provider_says() {
        let wait = |message, number| match after_refusal(&of(RefusalKind::SenderRate), MessageId(message), number, None)
        {
            Next::Retry(wait) => wait,
            Next::GiveUp => panic!("given up"),
        };
        for number in 1..12 {
            let full = Duration::from_secs(1 << (number - 1).min(6)).min(Duration::from_secs(60));
            let waits: Vec<Duration> = (0..50).map(|message| wait(message, number)).collect();
            assert!(waits.iter().all(|wait| *wait >= full / 2 && *wait <= full), "{number}: {waits:?}");
            assert!(waits.iter().max() > waits.iter().min());
        }
        let told = Some(Duration::from_secs(300));
        let next = after_refusal(&of(RefusalKind::Transient), MessageId(7), 1, told);
        assert_eq!(next, Next::Retry(Duration::from_secs(300)));
    }
}
