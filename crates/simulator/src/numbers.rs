//! How the business numbers and the account stand with Meta, which tests change while the simulator runs.

use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A number's level of throughput.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ThroughputLevel {
    /// 80 messages per second.
    #[default]
    Standard,
    /// 1,000 messages per second.
    High,
    /// The number is not registered.
    NotApplicable,
}

/// How a number stands.
#[derive(Clone, Debug)]
pub(crate) struct NumberState {
    /// `false`: sends are refused with 133010.
    pub(crate) registered: bool,
    /// Meta's word, such as `CONNECTED`; no other can send.
    pub(crate) status: String,
    pub(crate) level: ThroughputLevel,
    /// The number also lives in the WhatsApp Business app, which fixes it at 20 messages per second.
    pub(crate) coexistence: bool,
    pub(crate) quality: String,
    pub(crate) tier: String,
    /// Sends are refused with 131057 before this moment.
    pub(crate) maintenance_until: Option<Timestamp>,
    /// Where callbacks of this number go instead.
    pub(crate) override_url: Option<String>,
}

impl Default for NumberState {
    fn default() -> Self {
        Self {
            registered: true,
            status: "CONNECTED".to_owned(),
            level: ThroughputLevel::Standard,
            coexistence: false,
            quality: "GREEN".to_owned(),
            tier: "TIER_250".to_owned(),
            maintenance_until: None,
            override_url: None,
        }
    }
}

impl NumberState {
    /// Messages per second in both directions.
    pub(crate) const fn rate(&self) -> u32 {
        match self.level {
            _ if self.coexistence => 20,
            ThroughputLevel::High => 1_000,
            ThroughputLevel::Standard | ThroughputLevel::NotApplicable => 80,
        }
    }

    /// The code a send is refused with, if the number cannot send.
    pub(crate) fn refusal(&self, now: Timestamp) -> Option<u32> {
        if !self.registered || self.status != "CONNECTED" {
            return Some(133_010);
        }
        self.maintenance_until.is_some_and(|until| now < until).then_some(131_057)
    }
}

/// How the account and its token stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountState {
    /// The code every send is refused with: 131031 for a locked account, 368 for a blocked one.
    pub(crate) refuses_with: Option<u32>,
    /// The token is refused with 190 and this subcode.
    pub(crate) token_subcode: Option<u32>,
    /// Where messages of all numbers go instead.
    pub(crate) override_url: Option<String>,
    pub(crate) unsubscribed: bool,
}

/// A callback that is due when the clock gets there.
#[derive(Clone, Debug)]
pub(crate) struct DueEvent {
    pub(crate) at: Timestamp,
    pub(crate) field: String,
    pub(crate) value: serde_json::Value,
    /// The number that gets this level then.
    pub(crate) raises: Option<usize>,
}
