//! The bodies of the HTTP control API, parsed into what the in-process control takes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use super::{ControlError, PhoneChange, RawCallback, SignatureChoice};
use crate::plan::{Status, StatusPlan};

/// Reads a body; an unknown member is an error that names the known ones.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ControlError> {
    let bytes = if bytes.is_empty() { b"{}".as_slice() } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| ControlError::Body(error.to_string()))
}

/// Tells `null` from a member that is not there.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallbackBody {
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) verify: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusesBody {
    sent_ms: Option<u64>,
    delivered_ms: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    auto_read_ms: Option<Option<u64>>,
    duplicate: Option<u32>,
    shuffle: Option<bool>,
    drop: Option<BTreeMap<Status, f64>>,
    before_answer: Option<bool>,
    paused: Option<bool>,
    enforce_window: Option<bool>,
    batch: Option<usize>,
    old_shapes: Option<bool>,
    retry_first_ms: Option<u64>,
    retry_total_ms: Option<u64>,
}

impl StatusesBody {
    /// The plan with the members that were given.
    pub(super) fn over(self, mut plan: StatusPlan) -> Result<StatusPlan, ControlError> {
        let ms = Duration::from_millis;
        plan.sent = self.sent_ms.map_or(plan.sent, ms);
        plan.delivered = self.delivered_ms.map_or(plan.delivered, ms);
        plan.auto_read = self.auto_read_ms.map_or(plan.auto_read, |read| read.map(ms));
        plan.duplicate = self.duplicate.unwrap_or(plan.duplicate);
        plan.shuffle = self.shuffle.unwrap_or(plan.shuffle);
        plan.before_answer = self.before_answer.unwrap_or(plan.before_answer);
        plan.paused = self.paused.unwrap_or(plan.paused);
        plan.enforce_window = self.enforce_window.unwrap_or(plan.enforce_window);
        plan.batch = match self.batch {
            Some(batch) if !(1..=1000).contains(&batch) => {
                return Err(ControlError::Body("batch is between 1 and 1000".to_owned()));
            }
            batch => batch.unwrap_or(plan.batch),
        };
        plan.old_shapes = self.old_shapes.unwrap_or(plan.old_shapes);
        plan.retry_first = self.retry_first_ms.map_or(plan.retry_first, ms);
        plan.retry_total = self.retry_total_ms.map_or(plan.retry_total, ms);
        if let Some(drop) = self.drop {
            for (status, value) in &drop {
                probability(&format!("drop.{}", status.word()), Some(*value))?;
            }
            plan.drop = drop;
        }
        Ok(plan)
    }
}

pub(super) fn probability(name: &str, value: Option<f64>) -> Result<(), ControlError> {
    match value {
        Some(value) if !(0.0..=1.0).contains(&value) => {
            Err(ControlError::Body(format!("{name} is a probability between 0 and 1, not {value}")))
        }
        _ => Ok(()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBody {
    body: String,
    secret: Option<String>,
    #[serde(default, deserialize_with = "present")]
    signature: Option<Option<String>>,
}

impl From<RawBody> for RawCallback {
    fn from(raw: RawBody) -> Self {
        let signature = match (raw.signature, raw.secret) {
            (Some(Some(text)), _) => SignatureChoice::Literal(text),
            (Some(None), _) => SignatureChoice::Missing,
            (None, Some(secret)) => SignatureChoice::WithSecret(secret),
            (None, None) => SignatureChoice::Correct,
        };
        Self { body: raw.body, signature }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneBody {
    pub(super) phone: String,
    on: Option<bool>,
    read_receipts: Option<bool>,
    blocked: Option<bool>,
}

impl PhoneBody {
    pub(super) const fn change(&self) -> PhoneChange {
        PhoneChange { on: self.on, read_receipts: self.read_receipts, blocked: self.blocked }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadBody {
    pub(super) phone: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoBody {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LedgerQuery {
    pub(super) to: Option<String>,
}
