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
    /// Refused before it is accepted, with control over every member of the error.
    #[serde(rename = "error")]
    Refusal(Refusal),
    /// One outcome after the other, for one message each; then nothing.
    Script {
        /// What happens to each message in turn.
        outcomes: Vec<Fault>,
    },
    /// Nothing goes wrong; fills a place in a script.
    Ok,
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

/// An error in all its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Meta's error code.
    pub code: u32,
    /// The HTTP status, when it is to differ from the one Meta documents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
    /// `error_subcode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subcode: Option<u32>,
    /// Marks the error as worth another try.
    pub is_transient: bool,
    /// Leaves `error_data` out.
    pub without_data: bool,
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
    /// Only for messages of this type, such as `image`.
    pub message_type: Option<String>,
    /// Only for this template.
    pub template: Option<String>,
    /// Only for messages of this category, such as `marketing`; everything but templates is `service`.
    pub category: Option<String>,
}

/// What a rule looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LookedAt<'a> {
    pub(crate) digits: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) template: Option<&'a str>,
    pub(crate) category: &'a str,
}

impl FaultRule {
    /// A fault that always strikes.
    #[must_use]
    pub const fn always(fault: Fault) -> Self {
        Self {
            fault,
            every: None,
            times: None,
            probability: None,
            to: None,
            message_type: None,
            template: None,
            category: None,
        }
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
    pub(crate) fn judge(&mut self, message: &LookedAt<'_>, rng: &mut StdRng) -> Verdict {
        let mut verdict = Verdict::default();
        for watched in &mut self.0 {
            if !watched.strikes(message, rng) {
                continue;
            }
            match watched.outcome() {
                Fault::Ok => {}
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
    /// What happens at this strike.
    fn outcome(&self) -> &Fault {
        match &self.rule.fault {
            Fault::Script { outcomes } => {
                let place = usize::try_from(self.struck - 1).unwrap_or(usize::MAX);
                outcomes.get(place).unwrap_or(&Fault::Ok)
            }
            fault => fault,
        }
    }

    fn fits(&self, message: &LookedAt<'_>) -> bool {
        let rule = &self.rule;
        rule.to.as_deref().is_none_or(|to| to.trim_start_matches('+') == message.digits)
            && rule.message_type.as_deref().is_none_or(|kind| kind == message.kind)
            && rule.category.as_deref().is_none_or(|category| category.eq_ignore_ascii_case(message.category))
            && (rule.template.is_none() || rule.template.as_deref() == message.template)
    }

    fn strikes(&mut self, message: &LookedAt<'_>, rng: &mut StdRng) -> bool {
        if !self.fits(message) {
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
        self.struck = self.struck.saturating_add(1);
        true
    }
}
