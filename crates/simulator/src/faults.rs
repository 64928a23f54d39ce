//! What goes wrong on purpose, and when.

use std::time::Duration;

use rand::Rng;
use rand::rngs::StdRng;
use serde::Serialize;

/// One thing that goes wrong with a send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// Refused before it is accepted, in Meta's error shape.
    Error {
        /// Meta's error code.
        code: u32,
        /// The HTTP status, when it is to differ from the one Meta documents.
        #[serde(skip_serializing_if = "Option::is_none")]
        http_status: Option<u16>,
    },
    /// The answer takes longer. Later rules still apply.
    Slow {
        /// By how much.
        ms: u64,
    },
    /// The connection is reset, the message is not accepted.
    ResetBefore,
    /// The message is accepted, then the connection is reset.
    ResetAfter,
    /// The message is accepted, the answer is status 500 with code 131000.
    #[serde(rename = "http_500_after")]
    Http500After,
    /// A proxy's page with status 502; the message is not accepted.
    #[serde(rename = "html_502")]
    Html502,
    /// Accepted, then a `failed` status.
    FailedStatus {
        /// The code in the status.
        code: u32,
    },
}

/// A fault and when it strikes. All conditions that are set must hold.
#[derive(Clone, Debug, Serialize)]
pub struct FaultRule {
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
    /// Only every n-th message the rule looks at.
    pub every: Option<u32>,
    /// At most this many times.
    pub times: Option<u32>,
    /// With this probability.
    pub probability: Option<f64>,
    /// Only for this recipient (digits, with or without `+`).
    pub to: Option<String>,
}

impl FaultRule {
    /// A fault that always strikes.
    #[must_use]
    pub const fn always(fault: Fault) -> Self {
        Self { fault, every: None, times: None, probability: None, to: None }
    }

    /// A fault that strikes the next `times` messages.
    #[must_use]
    pub fn times(fault: Fault, times: u32) -> Self {
        Self { times: Some(times), ..Self::always(fault) }
    }
}

/// What the rules say about one message.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) wait: Duration,
    pub(crate) fault: Option<Fault>,
}

#[derive(Debug)]
struct Watched {
    rule: FaultRule,
    seen: u32,
    struck: u32,
}

/// The rules in force with their counters.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Watched>);

impl Faults {
    pub(crate) fn new(rules: Vec<FaultRule>) -> Self {
        Self(rules.into_iter().map(|rule| Watched { rule, seen: 0, struck: 0 }).collect())
    }

    pub(crate) fn rules(&self) -> Vec<FaultRule> {
        self.0.iter().map(|watched| watched.rule.clone()).collect()
    }

    /// Asks every rule in turn; waits add up, the first other fault wins.
    pub(crate) fn judge(&mut self, digits: &str, rng: &mut StdRng) -> Verdict {
        let mut verdict = Verdict::default();
        for watched in &mut self.0 {
            if !watched.strikes(digits, rng) {
                continue;
            }
            match &watched.rule.fault {
                Fault::Slow { ms } => verdict.wait += Duration::from_millis(*ms),
                fault => {
                    verdict.fault = Some(fault.clone());
                    break;
                }
            }
        }
        verdict
    }
}

impl Watched {
    fn strikes(&mut self, digits: &str, rng: &mut StdRng) -> bool {
        if self.rule.to.as_deref().is_some_and(|to| to.trim_start_matches('+') != digits) {
            return false;
        }
        if self.rule.times.is_some_and(|times| self.struck >= times) {
            return false;
        }
        self.seen = self.seen.wrapping_add(1);
        if self.rule.every.is_some_and(|every| !self.seen.is_multiple_of(every.max(1))) {
            return false;
        }
        if self.rule.probability.is_some_and(|probability| rng.random::<f64>() >= probability) {
            return false;
        }
        self.struck += 1;
        true
    }
}
