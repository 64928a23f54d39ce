//! Fault rules as the control API takes them.

use serde::Deserialize;

use super::ControlError;
use super::bodies::probability;
use crate::faults::{Fault, FaultRule, Refusal};
use crate::media::{MediaFault, MediaFaultRule};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultsBody {
    pub(super) rules: Vec<RuleBody>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FaultKind {
    Error,
    Slow,
    ResetBefore,
    ResetAfter,
    #[serde(rename = "http_500_after")]
    Http500After,
    #[serde(rename = "html_502")]
    Html502,
    FailedStatus,
    Script,
    Ok,
}

/// A fault alone, as it stands in a script.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultBody {
    kind: FaultKind,
    code: Option<u32>,
    http_status: Option<u16>,
    subcode: Option<u32>,
    is_transient: Option<bool>,
    error_data: Option<bool>,
    ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleBody {
    kind: FaultKind,
    code: Option<u32>,
    http_status: Option<u16>,
    subcode: Option<u32>,
    is_transient: Option<bool>,
    error_data: Option<bool>,
    ms: Option<u64>,
    outcomes: Option<Vec<FaultBody>>,
    every: Option<u32>,
    times: Option<u32>,
    probability: Option<f64>,
    to: Option<String>,
    message_type: Option<String>,
    template: Option<String>,
    category: Option<String>,
}

impl TryFrom<FaultBody> for Fault {
    type Error = ControlError;

    fn try_from(body: FaultBody) -> Result<Self, ControlError> {
        let needs = |name: &str| ControlError::Body(format!("this kind of fault needs \"{name}\""));
        let kind = body.kind;
        let belongs = [
            ("code", body.code.is_some(), matches!(kind, FaultKind::Error | FaultKind::FailedStatus)),
            ("http_status", body.http_status.is_some(), kind == FaultKind::Error),
            ("subcode", body.subcode.is_some(), kind == FaultKind::Error),
            ("is_transient", body.is_transient.is_some(), kind == FaultKind::Error),
            ("error_data", body.error_data.is_some(), kind == FaultKind::Error),
            ("ms", body.ms.is_some(), kind == FaultKind::Slow),
        ];
        if let Some((name, ..)) = belongs.into_iter().find(|(_, is_given, fits)| *is_given && !fits) {
            return Err(ControlError::Body(format!("{name} belongs to another kind of fault than {kind:?}")));
        }
        if body.http_status.is_some_and(|status| !(400..=599).contains(&status)) {
            return Err(ControlError::Body("http_status is between 400 and 599".to_owned()));
        }
        Ok(match kind {
            FaultKind::Error => error(&body, body.code.ok_or_else(|| needs("code"))?),
            FaultKind::FailedStatus => Self::FailedStatus { code: body.code.ok_or_else(|| needs("code"))? },
            FaultKind::Slow => Self::Slow { ms: body.ms.ok_or_else(|| needs("ms"))? },
            FaultKind::ResetBefore => Self::ResetBefore,
            FaultKind::ResetAfter => Self::ResetAfter,
            FaultKind::Http500After => Self::Http500After,
            FaultKind::Html502 => Self::Html502,
            FaultKind::Ok => Self::Ok,
            FaultKind::Script => return Err(ControlError::Body("a script stands in no script".to_owned())),
        })
    }
}

fn error(body: &FaultBody, code: u32) -> Fault {
    if body.subcode.is_none() && body.is_transient.is_none() && body.error_data.is_none() {
        return Fault::Error { code, http_status: body.http_status };
    }
    Fault::Refusal(Refusal {
        code,
        http_status: body.http_status,
        subcode: body.subcode,
        is_transient: body.is_transient.unwrap_or(false),
        without_data: body.error_data == Some(false),
    })
}

impl TryFrom<RuleBody> for FaultRule {
    type Error = ControlError;

    fn try_from(rule: RuleBody) -> Result<Self, Self::Error> {
        if rule.every == Some(0) {
            return Err(ControlError::Body("every counts from 1".to_owned()));
        }
        probability("probability", rule.probability)?;
        let fault = match (rule.kind, rule.outcomes) {
            (FaultKind::Script, Some(outcomes)) => {
                let outcomes: Result<Vec<Fault>, ControlError> = outcomes.into_iter().map(Fault::try_from).collect();
                Fault::Script { outcomes: outcomes? }
            }
            (FaultKind::Script, None) => {
                return Err(ControlError::Body("this kind of fault needs \"outcomes\"".to_owned()));
            }
            (_, Some(_)) => return Err(ControlError::Body("outcomes belong to a script".to_owned())),
            (kind, None) => Fault::try_from(FaultBody {
                kind,
                code: rule.code,
                http_status: rule.http_status,
                subcode: rule.subcode,
                is_transient: rule.is_transient,
                error_data: rule.error_data,
                ms: rule.ms,
            })?,
        };
        Ok(Self {
            fault,
            every: rule.every,
            times: rule.times,
            probability: rule.probability,
            to: rule.to,
            message_type: rule.message_type,
            template: rule.template,
            category: rule.category,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaFaultsBody {
    pub(super) rules: Vec<MediaRuleBody>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum MediaFaultKind {
    Expired,
    Slow,
    Truncated,
    Html,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaRuleBody {
    kind: MediaFaultKind,
    ms: Option<u64>,
    media_id: Option<String>,
    times: Option<u32>,
}

impl TryFrom<MediaRuleBody> for MediaFaultRule {
    type Error = ControlError;

    fn try_from(rule: MediaRuleBody) -> Result<Self, Self::Error> {
        let fault = match (rule.kind, rule.ms) {
            (MediaFaultKind::Slow, Some(ms)) => MediaFault::Slow { ms },
            (MediaFaultKind::Expired, None) => MediaFault::Expired,
            (MediaFaultKind::Truncated, None) => MediaFault::Truncated,
            (MediaFaultKind::Html, None) => MediaFault::Html,
            _ => return Err(ControlError::Body("ms belongs to slow, and slow needs it".to_owned())),
        };
        Ok(Self { fault, media_id: rule.media_id, times: rule.times })
    }
}
