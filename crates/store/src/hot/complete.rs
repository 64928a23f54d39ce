//! Complete: what came of a call, with the statuses that arrived before it.

use std::collections::HashMap;

use domain::attempt::{AttemptStatus, Evidence};
use domain::ids::{AccountId, CallId, Epoch, MessageId, SenderId};
use domain::refusal::Failure;
use domain::time::Timestamp;

use super::evidence::{self, Finding, Standing};
use crate::call::{self, AttemptKey, CallEnd, NewExternalId};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::hot::early;
use crate::outbox::{self, Again};
use crate::pause::{self, NewPause};
use crate::trace::Source;

/// What came of the call for one message.
#[derive(Clone, Debug)]
pub struct Complete {
    /// Whose message.
    pub account: AccountId,
    /// Which message.
    pub message: MessageId,
    /// Which attempt, from 1.
    pub number: i64,
    /// The call.
    pub call: CallId,
    /// Over which number.
    pub sender: SenderId,
    /// The epoch under which it was claimed.
    pub epoch: Epoch,
    /// The answer's status line.
    pub http_status: Option<i64>,
    /// The answer.
    pub answer: Option<String>,
    /// What it means.
    pub settled: Settlement,
    /// Until when the whole sender waits after it.
    pub pause_until: Option<Timestamp>,
    /// Now.
    pub at: Timestamp,
}

/// What an answer means for the message.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// The provider has it, under these ids; `status` is at least submitted.
    Taken {
        /// Kind and value of each id.
        external_ids: Vec<(&'static str, String)>,
        /// How far it is.
        status: AttemptStatus,
    },
    /// It was refused; tried again at the given time, or given up.
    Refused {
        /// Why.
        failure: Failure,
        /// When a new attempt is due.
        retry_at: Option<Timestamp>,
        /// The language the new attempt is made in, instead of the template's own.
        language: Option<String>,
    },
    /// No answer came; it may have been sent.
    Unknown {
        /// What went wrong.
        cause: String,
    },
}

/// Where the attempt stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its status.
    pub status: AttemptStatus,
}

pub(super) async fn run(conn: &mut Conn<'_>, completes: &[&Complete]) -> Result<Vec<Settled>, StoreError> {
    let Some(first) = completes.first() else { return Ok(Vec::new()) };
    finish_calls(conn, completes).await?;
    let ids: Vec<NewExternalId> = completes.iter().flat_map(|complete| external_ids(complete)).collect();
    call::insert_external_ids(conn, &ids).await?;
    let mut findings: Vec<Finding> = completes.iter().map(|complete| finding(complete)).collect();
    findings.extend(early::take_all(conn, &ids).await?);
    let standings = evidence::raise(conn, findings, first.at).await?;
    settle_outbox(conn, completes, &standings).await?;
    pause::note_all(conn, completes.iter().filter_map(|complete| new_pause(complete)).collect(), first.at).await?;
    let status = |complete| standings.get(&key(complete)).map_or(AttemptStatus::Unknown, |standing| standing.after);
    Ok(completes.iter().map(|complete| Settled { status: status(complete) }).collect())
}

fn new_pause(complete: &Complete) -> Option<NewPause> {
    let (Settlement::Refused { failure, .. }, Some(until)) = (&complete.settled, complete.pause_until) else {
        return None;
    };
    Some(NewPause { sender: complete.sender, until, reason: failure.clone() })
}

const fn key(complete: &Complete) -> AttemptKey {
    AttemptKey { account: complete.account, message: complete.message, number: complete.number }
}

async fn finish_calls(conn: &mut Conn<'_>, completes: &[&Complete]) -> Result<(), StoreError> {
    let ends: Vec<CallEnd<'_>> = completes
        .iter()
        .map(|complete| CallEnd {
            account: complete.account,
            id: complete.call,
            at: complete.at,
            http_status: complete.http_status,
            answer: complete.answer.as_deref(),
            note: match &complete.settled {
                Settlement::Unknown { cause } => Some(cause.as_str()),
                _ => None,
            },
        })
        .collect();
    call::finish_all(conn, &ends).await
}

fn external_ids(complete: &Complete) -> Vec<NewExternalId> {
    let Settlement::Taken { external_ids, .. } = &complete.settled else { return Vec::new() };
    external_ids
        .iter()
        .map(|(kind, value)| NewExternalId {
            account: complete.account,
            sender: complete.sender,
            kind,
            value: value.clone(),
            message: complete.message,
            attempt: Some(complete.number),
            inlet: None,
        })
        .collect()
}

fn finding(complete: &Complete) -> Finding {
    let at = complete.at;
    let report = |status, failure| Evidence { status, at, failure };
    let (evidence, external_id, requeued) = match &complete.settled {
        Settlement::Taken { external_ids, status } => {
            let mut evidence = vec![report(AttemptStatus::Submitted, None)];
            if *status > AttemptStatus::Submitted {
                evidence.push(report(*status, None));
            }
            (evidence, external_ids.first().map(|(_, value)| value.clone()), false)
        }
        Settlement::Refused { failure, retry_at, .. } => {
            (vec![report(AttemptStatus::Failed, Some(failure.clone()))], None, retry_at.is_some())
        }
        Settlement::Unknown { .. } => (vec![report(AttemptStatus::Unknown, None)], None, false),
    };
    let retry_at = match &complete.settled {
        Settlement::Refused { retry_at, .. } => *retry_at,
        _ => None,
    };
    let evidence = evidence.into_iter().map(|evidence| (Source::Answer { retry_at }, evidence)).collect();
    let (key, sender) = (key(complete), complete.sender);
    Finding { key, sender, evidence, external_id, requeued, ends_call: true, billing: None }
}

async fn settle_outbox(
    conn: &mut Conn<'_>,
    completes: &[&Complete],
    standings: &HashMap<AttemptKey, Standing>,
) -> Result<(), StoreError> {
    let (mut done, mut again, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for complete in completes {
        let (account, message, epoch) = (complete.account, complete.message, complete.epoch);
        let again_at = |due_at, language| Again { account, message, epoch, due_at, language };
        let standing = standings.get(&key(complete));
        let status = standing.map_or(AttemptStatus::Unknown, |standing| standing.after);
        let is_received = standing.is_some_and(|standing| standing.is_received);
        match &complete.settled {
            // A callback may have overtaken the answer, also one about an earlier attempt: what the person has is not
            // sent again.
            Settlement::Refused { retry_at: Some(at), language, .. } if !is_received => {
                again.push(again_at(*at, language.as_deref()));
            }
            Settlement::Unknown { .. } if status == AttemptStatus::Unknown => {
                unknown.push((account, message, epoch));
            }
            _ => match standing.and_then(|standing| standing.limited_until) {
                Some(at) => again.push(again_at(at, None)),
                None => done.push((account, message, complete.number)),
            },
        }
    }
    outbox::remove(conn, &done).await?;
    outbox::reschedule(conn, &again).await?;
    outbox::mark_unknown(conn, &unknown).await
}
