//! How often somebody may guess a password.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::time::Timestamp;
use sha2::{Digest, Sha256};

const TRIES_MAX: usize = 5;
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// More guessers than this are not remembered apart: the oldest tries are forgotten first.
const KEYS_MAX: usize = 20_000;

/// Tries to sign in that were not right, in this process.
#[derive(Debug, Default)]
pub(crate) struct WrongTries(Mutex<HashMap<String, Vec<Timestamp>>>);

impl WrongTries {
    /// Takes a try before the password is looked at, so that many at once are not all looked at. `Err` says for how
    /// many minutes there is none.
    pub(crate) fn take(&self, keys: &[String], now: Timestamp) -> Result<(), u32> {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.minus(WINDOW);
        let waits = keys.iter().filter_map(|key| {
            let recent: Vec<&Timestamp> = tries.get(key)?.iter().filter(|at| **at > since).collect();
            let frees = recent.len().checked_sub(TRIES_MAX).and_then(|at| recent.get(at))?;
            Some(frees.plus(WINDOW).since(now))
        });
        if let Some(wait) = waits.max() {
            return Err(u32::try_from(wait.as_secs().div_ceil(60)).unwrap_or(u32::MAX).max(1));
        }
        if tries.len() > KEYS_MAX {
            tries.retain(|_, times| times.last().is_some_and(|at| *at > since));
        }
        if tries.len() > KEYS_MAX {
            let oldest = tries.iter().min_by_key(|(_, times)| times.last().copied()).map(|(key, _)| key.clone());
            oldest.and_then(|key| tries.remove(&key));
        }
        for key in keys {
            let times = tries.entry(key.clone()).or_default();
            times.retain(|at| *at > since);
            times.push(now);
        }
        Ok(())
    }

    /// Gives a try back that was right, or was not looked at.
    pub(crate) fn give_back(&self, keys: &[String]) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            if let Some(times) = tries.get_mut(key) {
                times.pop();
            }
        }
    }
}

/// Whom tries are counted against: the address of the account, and where the request comes from. A private address is
/// a proxy's or a whole office's; one guesser there must not lock out everybody.
pub(crate) fn keys(email: &str, client: Option<IpAddr>) -> Vec<String> {
    // Hashed, since people type passwords into the wrong field.
    let email = Sha256::digest(email.trim().to_lowercase().as_bytes());
    let email = format!("email {}", hex::encode(email));
    let client = client.map(|address| address.to_canonical()).filter(|address| !is_shared(*address));
    std::iter::once(email).chain(client.map(|address| format!("client {address}"))).collect()
}

const fn is_shared(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_sixth_try_waits() {
        let (tries, start) = (WrongTries::default(), Timestamp::from_seconds(1_795_168_800));
        let noa = keys("noa@carmelview.example", None);
        for minute in 0..5 {
            assert_eq!(tries.take(&noa, start.plus(MINUTE * minute)), Ok(()));
        }
        assert_eq!(tries.take(&noa, start.plus(MINUTE * 5)), Err(10));
        assert_eq!(tries.take(&keys("dan@carmelview.example", None), start.plus(MINUTE * 5)), Ok(()));
        assert_eq!(tries.take(&keys(" Noa@CarmelView.example", None), start.plus(MINUTE * 15)), Ok(()));
        assert_eq!(tries.take(&noa, start.plus(MINUTE * 15)), Err(1));
    }

    #[test]
    fn right_ones_are_free() {
        let (tries, now) = (WrongTries::default(), Timestamp::from_seconds(1_795_168_800));
        let noa = keys("noa@carmelview.example", Some(IpAddr::from([203, 0, 113, 9])));
        for _ in 0..20 {
            assert_eq!(tries.take(&noa, now), Ok(()));
            tries.give_back(&noa);
        }
    }

    #[test]
    fn guesses_at_many_accounts_count_for_the_client() {
        let (tries, now) = (WrongTries::default(), Timestamp::from_seconds(1_795_168_800));
        let from = |number: usize, client| keys(&format!("{number}@carmelview.example"), Some(IpAddr::from(client)));
        let taken = (0..9).filter(|number| tries.take(&from(*number, [203, 0, 113, 9]), now).is_ok()).count();
        assert_eq!(taken, TRIES_MAX);
        let behind_a_proxy = (20..29).filter(|number| tries.take(&from(*number, [10, 0, 0, 1]), now).is_ok()).count();
        assert_eq!(behind_a_proxy, 9);
    }
}
