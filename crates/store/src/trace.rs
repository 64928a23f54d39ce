//! The trace of an attempt: each piece of evidence as it came to be known, also what changed nothing. It rides in the
//! statement that writes the attempt, and explains how the attempt came to stand where it stands.

use domain::attempt::{AttemptStatus, Evidence};
use domain::ids::InletId;
use domain::message::MessageStatus;
use domain::refusal::Failure;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Evidence that changes nothing is left out beyond this many bytes: a provider may repeat itself for days.
const BYTES_MAX: i64 = 4096;

/// Where evidence came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The answer to our request.
    Answer {
        /// A new attempt is due then.
        retry_at: Option<Timestamp>,
    },
    /// A callback, stored under this id.
    Callback(Option<InletId>),
    /// The same, which came before its message was known.
    EarlyCallback(Option<InletId>),
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// Where it came from.
    pub source: Source,
    /// What was reported.
    pub status: AttemptStatus,
    /// When it happened, in the reporter's words.
    pub at: Timestamp,
    /// When it was applied.
    pub applied_at: Timestamp,
    /// Whether it raised the attempt.
    pub raised: bool,
    /// What the message's status became, where it changed.
    pub message: Option<MessageStatus>,
    /// For a failure: why.
    pub failure: Option<Failure>,
}

/// As stored: short names, since every message has a few.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    /// Source: `a` answer, `c` callback, `e` early callback.
    b: char,
    s: i64,
    t: i64,
    k: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    r: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    m: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    i: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<Failure>,
}

impl TraceLine {
    pub(crate) fn new(source: Source, evidence: &Evidence, applied_at: Timestamp) -> Self {
        Self {
            source,
            status: evidence.status,
            at: evidence.at,
            applied_at,
            raised: false,
            message: None,
            failure: evidence.failure.clone(),
        }
    }

    /// Whether it is worth its place in a trace of `length` bytes.
    pub(crate) const fn fits(&self, length: i64) -> bool {
        self.raised || self.message.is_some() || length < BYTES_MAX
    }

    /// Adds it to what is to be stored.
    pub(crate) fn write(self, text: &mut String) {
        let (source, inlet, retry_at) = match self.source {
            Source::Answer { retry_at } => ('a', None, retry_at),
            Source::Callback(inlet) => ('c', inlet, None),
            Source::EarlyCallback(inlet) => ('e', inlet, None),
        };
        let written = Written {
            b: source,
            s: self.status.rank(),
            t: self.at.as_micros(),
            k: self.applied_at.as_micros(),
            r: self.raised,
            m: self.message.map(MessageStatus::code),
            i: inlet.map(|id| id.0),
            n: retry_at.map(Timestamp::as_micros),
            f: self.failure,
        };
        // A struct of numbers and strings always serializes.
        if let Ok(line) = serde_json::to_string(&written) {
            text.push_str(&line);
            text.push('\n');
        }
    }

    /// Reads a stored trace; what a later version wrote and this one cannot read is passed over.
    pub(crate) fn read_all(text: &str) -> Vec<Self> {
        text.lines().filter_map(|line| Self::read(serde_json::from_str(line).ok()?)).collect()
    }

    fn read(written: Written) -> Option<Self> {
        let inlet = written.i.map(InletId);
        let source = match written.b {
            'a' => Source::Answer { retry_at: written.n.map(Timestamp::from_micros) },
            'c' => Source::Callback(inlet),
            'e' => Source::EarlyCallback(inlet),
            _ => return None,
        };
        Some(Self {
            source,
            status: AttemptStatus::from_rank(written.s)?,
            at: Timestamp::from_micros(written.t),
            applied_at: Timestamp::from_micros(written.k),
            raised: written.r,
            message: written.m.and_then(MessageStatus::from_code),
            failure: written.f,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let at = Timestamp::from_micros(1_795_168_800_000_001);
        let lines: Vec<TraceLine> = [
            Source::Answer { retry_at: Some(at) },
            Source::Answer { retry_at: None },
            Source::Callback(Some(InletId(7))),
            Source::EarlyCallback(None),
        ]
        .into_iter()
        .zip(AttemptStatus::ALL)
        .map(|(source, status)| TraceLine {
            raised: status > AttemptStatus::Calling,
            message: (status > AttemptStatus::Calling).then_some(MessageStatus::from(status)),
            failure: (status == AttemptStatus::Unknown).then(Failure::without_reason),
            ..TraceLine::new(source, &Evidence { status, at, failure: None }, at)
        })
        .collect();
        let mut text = String::new();
        for line in lines.clone() {
            line.write(&mut text);
        }
        assert_eq!(TraceLine::read_all(&text), lines);
        assert_eq!(TraceLine::read_all("{\"b\":\"z\",\"s\":3,\"t\":1,\"k\":1}\nnothing\n"), []);
    }

    #[test]
    fn a_long_trace_takes_only_what_changes_something() {
        let at = Timestamp::from_micros(1);
        let evidence = Evidence { status: AttemptStatus::Sent, at, failure: None };
        let line = TraceLine::new(Source::Callback(None), &evidence, at);
        assert!(line.fits(0) && !line.fits(BYTES_MAX));
        assert!(TraceLine { raised: true, ..line }.fits(BYTES_MAX));
    }
}
