//! What became of our messages.

use std::collections::HashMap;

use domain::attempt::AttemptStatus;
use domain::ids::{InletId, SenderId};
use domain::time::Timestamp;

use super::super::early::{self, EarlyStatus};
use super::super::evidence::{self, Finding};
use super::{Placed, StatusChange, inlet};
use crate::call::{self, AttemptKey, NewExternalId};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::trace::Source;

/// Answers the places of the statuses that wait for their message.
pub(super) async fn apply(
    conn: &mut Conn<'_>,
    statuses: &[Placed<'_, StatusChange>],
    inlets: &[Option<InletId>],
    now: Timestamp,
) -> Result<Vec<usize>, StoreError> {
    if statuses.is_empty() {
        return Ok(Vec::new());
    }
    let unnamed: Vec<_> = statuses
        .iter()
        .filter(|(_, s)| s.reference.is_none())
        .map(|(_, s)| (s.account, s.sender, s.kind, s.external_id.as_str()))
        .collect();
    let found: HashMap<(SenderId, String), AttemptKey> = call::find_by_external_ids(conn, &unnamed)
        .await?
        .into_iter()
        .map(|(sender, value, key)| ((sender, value), key))
        .collect();
    let mut findings = Vec::with_capacity(statuses.len());
    let mut waiting = Vec::new();
    for (place, status) in statuses {
        let named = status.reference.as_ref().map(|reference| AttemptKey {
            account: reference.account,
            message: reference.message,
            number: reference.number,
        });
        let key = named.or_else(|| found.get(&(status.sender, status.external_id.clone())).copied());
        match key {
            Some(key) => findings.push(finding(key, status, inlet(inlets, *place))),
            None => waiting.push((*place, *status)),
        }
    }
    let standings = evidence::raise(conn, findings, now).await?;
    evidence::requeue_limited(conn, &standings, now).await?;
    let early: Vec<EarlyStatus<'_>> =
        waiting.iter().map(|(place, status)| early_status(status, inlet(inlets, *place))).collect();
    early::keep_all(conn, &early, now).await?;
    let learnt = learn_ids(conn, statuses, inlets, &standings).await?;
    let woken = early::take_all(conn, &learnt).await?;
    if !woken.is_empty() {
        let standings = evidence::raise(conn, woken, now).await?;
        evidence::requeue_limited(conn, &standings, now).await?;
    }
    Ok(waiting.into_iter().map(|(place, _)| place).collect())
}

/// A status that names its attempt also proves that the provider took it.
fn finding(key: AttemptKey, status: &StatusChange, inlet: Option<InletId>) -> Finding {
    Finding {
        key,
        sender: status.sender,
        evidence: vec![(Source::Callback(inlet), status.evidence.clone())],
        external_id: Some(status.external_id.clone()),
        requeued: false,
        ends_call: false,
        billing: status.billing.clone(),
    }
}

fn early_status(status: &StatusChange, inlet: Option<InletId>) -> EarlyStatus<'_> {
    EarlyStatus {
        account: status.account,
        sender: status.sender,
        kind: status.kind,
        value: &status.external_id,
        evidence: &status.evidence,
        billing: status.billing.as_deref(),
        inlet,
    }
}

/// Where the answer was lost or is late, the callback's echo of our reference teaches us the provider's id; answers what
/// was learnt, since statuses without an echo may be waiting for it.
async fn learn_ids(
    conn: &mut Conn<'_>,
    statuses: &[Placed<'_, StatusChange>],
    inlets: &[Option<InletId>],
    standings: &HashMap<AttemptKey, evidence::Standing>,
) -> Result<Vec<NewExternalId>, StoreError> {
    let ids: Vec<NewExternalId> = statuses
        .iter()
        .filter_map(|(place, status)| {
            let reference = status.reference.as_ref()?;
            let key = AttemptKey { account: reference.account, message: reference.message, number: reference.number };
            let standing = standings.get(&key).filter(|standing| standing.sender == status.sender)?;
            (standing.before < AttemptStatus::Submitted).then(|| NewExternalId {
                account: status.account,
                sender: status.sender,
                kind: status.kind,
                value: status.external_id.clone(),
                message: key.message,
                attempt: Some(key.number),
                inlet: inlet(inlets, *place),
            })
        })
        .collect();
    call::insert_external_ids(conn, &ids).await?;
    Ok(ids)
}
