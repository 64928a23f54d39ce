//! The one source of random bytes: the operating system's.

use std::process::abort;

use domain::random::Random;
use rand::TryRngCore;
use rand::rngs::OsRng;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        if OsRng.try_fill_bytes(&mut bytes).is_err() {
            // Without randomness no secret is one; a server that went on would hand out guessable sessions.
            abort();
        }
        bytes
    }
}
