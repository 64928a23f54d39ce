//! The wire log: the last requests in both directions, for people who wonder what was said.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use domain::time::Timestamp;
use serde::Serialize;

const ENTRIES_MAX: usize = 200;
const TEXT_BYTES_MAX: usize = 4096;

/// Which way a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the system under test to the simulator.
    Received,
    /// From the simulator to the callback.
    Sent,
}

/// One request with its answer. Headers are left out: they hold the token.
#[derive(Clone, Debug, Serialize)]
pub struct WireEntry {
    /// When the answer was there.
    pub at: Timestamp,
    /// Which way the request went.
    pub direction: Direction,
    /// The method.
    pub method: String,
    /// Path or address.
    pub path: String,
    /// The answer's status; `None` when there was no answer.
    pub status: Option<u16>,
    /// The request's body, cut at 4 KB.
    pub request: String,
    /// The answer's body or what went wrong, cut at 4 KB.
    pub response: String,
    /// How long it took.
    pub took_ms: u64,
}

/// A ring of the last entries.
#[derive(Debug, Default)]
pub(crate) struct WireLog(Mutex<VecDeque<WireEntry>>);

impl WireLog {
    pub(crate) fn push(&self, entry: WireEntry) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() == ENTRIES_MAX {
            ring.pop_front();
        }
        ring.push_back(entry);
    }

    pub(crate) fn all(&self) -> Vec<WireEntry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A body as text, short enough to be kept.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..TEXT_BYTES_MAX).unwrap_or(bytes)).into_owned()
}
