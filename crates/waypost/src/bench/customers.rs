//! The people on the other side: Indian mobile numbers, walked in steps so that neighbours in time are not neighbours
//! in any index.

/// A prime, so that it steps through any number of recipients but its own multiples.
const STEP: u64 = 7919;

/// The telephone number, without `+`, of whoever has this turn.
pub(crate) fn digits(turn: u64, recipients: u32) -> String {
    let who = turn.wrapping_mul(STEP) % u64::from(recipients.max(1));
    format!("9198{:08}", 10_000_000 + who)
}
