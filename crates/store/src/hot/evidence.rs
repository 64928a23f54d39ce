//! Evidence about attempts, from answers and from callbacks alike: read, raised by the one rule, written back.

use std::collections::{BTreeMap, HashMap};

use domain::attempt::{AttemptState, AttemptStatus, Evidence};
use domain::backoff::{self, Next};
use domain::ids::{AccountId, MessageId, SenderId};
use domain::message::MessageStatus;
use domain::shard::Shard;
use domain::time::Timestamp;

use crate::call::{self, AttemptKey, Loaded};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::event::{self, MESSAGE_UPDATED, NewEvent};
use crate::message::{self, MessageChange};
use crate::outbox::{self, Requeued};
use crate::trace::{Source, TraceLine};

/// What is known about one attempt now.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub key: AttemptKey,
    /// Over which number it was learnt; evidence about another number's message is not believed.
    pub sender: SenderId,
    pub evidence: Vec<(Source, Evidence)>,
    /// The provider's id, as far as it is told.
    pub external_id: Option<String>,
    /// The message goes back to the outbox: a new attempt will be made.
    pub requeued: bool,
    /// This is the end of its call, told once, by whoever made it.
    pub ends_call: bool,
    /// What the provider says about the price, as a JSON object.
    pub billing: Option<String>,
}

/// Of two reports about the price the one that says more, in whatever order they come.
fn fuller(one: Option<String>, other: Option<String>) -> Option<String> {
    let size = |text: &String| (text.len(), text.clone());
    one.into_iter().chain(other).max_by_key(size)
}

/// Where an attempt came to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// The number it was made over.
    pub sender: SenderId,
    /// Whether the message went back to the outbox.
    pub requeued: bool,
    /// A limit was reported after the provider took it: a new attempt is due then.
    pub limited_until: Option<Timestamp>,
    /// Whether the person has the message, by this attempt or an earlier one.
    pub is_received: bool,
    pub before: AttemptStatus,
    pub after: AttemptStatus,
}

/// Raises attempts and their messages by `findings`; answers where each attempt stands, those that exist.
pub(super) async fn raise(
    conn: &mut Conn<'_>,
    findings: Vec<Finding>,
    now: Timestamp,
) -> Result<HashMap<AttemptKey, Standing>, StoreError> {
    let keys: Vec<AttemptKey> = findings.iter().map(|finding| finding.key).collect();
    // By sender too: what another number says must neither be believed with the truth nor spoil it.
    let mut merged: HashMap<(AttemptKey, SenderId), Finding> = HashMap::with_capacity(findings.len());
    for finding in findings {
        match merged.get_mut(&(finding.key, finding.sender)) {
            None => {
                merged.insert((finding.key, finding.sender), finding);
            }
            Some(known) => {
                known.evidence.extend(finding.evidence);
                known.external_id = known.external_id.take().or(finding.external_id);
                known.requeued |= finding.requeued;
                known.ends_call |= finding.ends_call;
                known.billing = fuller(known.billing.take(), finding.billing);
            }
        }
    }
    let mut standings = HashMap::with_capacity(merged.len());
    let mut attempts = Vec::new();
    let mut messages: BTreeMap<(AccountId, MessageId), MessageChange> = BTreeMap::new();
    for loaded in call::load_all(conn, &keys).await? {
        let Some(finding) = merged.get(&(loaded.key, loaded.sender)) else { continue };
        let known = messages.get(&(loaded.key.account, loaded.key.message));
        let stands = known.map_or(loaded.message_status, |change| change.status);
        let raised = finding.evidence.iter().fold(loaded.state.clone(), |state, (_, evidence)| state.on(evidence));
        let (before, after) = (loaded.state.status, raised.status);
        let limited_until = limited_until((&loaded, stands), &raised, finding, now);
        let requeued = finding.requeued || limited_until.is_some();
        let trace = trace(&loaded, stands, (finding, requeued), now);
        let is_received = stands.is_received();
        let standing = Standing { sender: loaded.sender, requeued, limited_until, before, after, is_received };
        standings.insert(loaded.key, standing);
        let is_new_id = finding.external_id.is_some() && loaded.state.status < AttemptStatus::Submitted;
        let is_billed = finding.billing.is_some() && loaded.message_billing.is_none();
        if raised != loaded.state || requeued || is_new_id || is_billed {
            fold_into_message(&mut messages, &loaded, &raised, (finding, requeued));
            attempts.push((loaded.key, raised, trace));
        } else if !trace.is_empty() {
            attempts.push((loaded.key, raised, trace));
        }
    }
    for (key, standing) in &mut standings {
        let folded = messages.get(&(key.account, key.message));
        standing.is_received = folded.map_or(standing.is_received, |change| change.status.is_received());
        // A delivery told together with a limit, of whichever attempt: the person has it.
        standing.limited_until = standing.limited_until.filter(|_| !standing.is_received);
    }
    write(conn, &attempts, messages.into_values().collect(), now).await?;
    close_settled(conn, &standings).await?;
    Ok(standings)
}

/// When a new attempt is due, where a callback tells of a limit after the provider had taken the message. Told once: by
/// the report that raises the attempt, or, while its call is under way, by the end of the call, which holds the row.
fn limited_until(
    (loaded, message): (&Loaded, MessageStatus),
    raised: &AttemptState,
    finding: &Finding,
    now: Timestamp,
) -> Option<Timestamp> {
    let key = loaded.key;
    let is_news = loaded.state.status < AttemptStatus::Failed || finding.ends_call;
    let is_open = key.number == loaded.message_attempts && !message.is_received();
    // What was sent elsewhere is not ours to send again.
    if loaded.is_from_elsewhere || !is_news || !is_open || finding.requeued || raised.status != AttemptStatus::Failed {
        return None;
    }
    let failure = raised.failure.as_ref().filter(|failure| failure.kind.is_limit())?;
    match backoff::after_refusal(failure, key.message, key.number, None) {
        Next::Retry(wait) => Some(now.plus(wait)),
        Next::GiveUp => None,
    }
}

/// What is to be added to the attempt's trace.
fn trace(
    loaded: &Loaded,
    mut message: MessageStatus,
    (finding, is_requeued): (&Finding, bool),
    now: Timestamp,
) -> String {
    let (mut state, mut trace) = (loaded.state.clone(), String::new());
    for (source, evidence) in &finding.evidence {
        let before = state.status;
        state = state.on(evidence);
        let mut line = TraceLine::new(*source, evidence, now);
        line.raised = state.status != before;
        if line.raised {
            let reported = message.on(state.status, loaded.key.number == loaded.message_attempts);
            let is_again = is_requeued && state.status == AttemptStatus::Failed;
            let reported = if is_again { requeued(reported) } else { reported };
            line.message = (reported != message).then_some(reported);
            message = reported;
        }
        if line.fits(loaded.trace_length + i64::try_from(trace.len()).unwrap_or(i64::MAX)) {
            line.write(&mut trace);
        }
    }
    trace
}

/// Only a new attempt takes a message from failed to queued, and nothing takes it back from the person.
const fn requeued(status: MessageStatus) -> MessageStatus {
    match status {
        MessageStatus::Delivered | MessageStatus::Read => status,
        _ => MessageStatus::Queued,
    }
}

fn fold_into_message(
    messages: &mut BTreeMap<(AccountId, MessageId), MessageChange>,
    loaded: &Loaded,
    raised: &AttemptState,
    (finding, is_requeued): (&Finding, bool),
) {
    let key = loaded.key;
    let change = messages.entry((key.account, key.message)).or_insert_with(|| MessageChange {
        account: key.account,
        id: key.message,
        status: loaded.message_status,
        version: loaded.message_version + 1,
        times: loaded.message_times,
        failure: loaded.message_failure.clone(),
        external_id: None,
        billing: loaded.message_billing.clone(),
    });
    let is_newest = key.number == loaded.message_attempts;
    // An attempt that stands where it stood says nothing new of its message, which may wait for the next attempt.
    if raised.status != loaded.state.status {
        change.status = change.status.on(raised.status, is_newest);
    }
    change.times = change.times.merge(raised.times);
    if is_newest && raised.failure.is_some() {
        change.failure.clone_from(&raised.failure);
    }
    if is_requeued {
        change.status = requeued(change.status);
    }
    change.external_id = change.external_id.take().or_else(|| finding.external_id.clone());
    change.billing = fuller(change.billing.take(), finding.billing.clone());
}

async fn write(
    conn: &mut Conn<'_>,
    attempts: &[(AttemptKey, AttemptState, String)],
    messages: Vec<MessageChange>,
    now: Timestamp,
) -> Result<(), StoreError> {
    call::update_all(conn, attempts).await?;
    message::update_all(conn, &messages).await?;
    let events: Vec<NewEvent> = messages
        .iter()
        .map(|change| NewEvent::message(change.account, MESSAGE_UPDATED, change.id, change.version))
        .collect();
    event::insert_all(conn, &events, now).await
}

/// An attempt nobody knew the outcome of is settled by the first evidence that it was taken, and a delivery closes
/// whatever else was planned for the message.
async fn close_settled(conn: &mut Conn<'_>, standings: &HashMap<AttemptKey, Standing>) -> Result<(), StoreError> {
    let mut settled: Vec<(AccountId, MessageId)> = standings
        .iter()
        .filter(|(_, standing)| {
            let was_unknown = standing.before == AttemptStatus::Unknown
                && standing.after >= AttemptStatus::Submitted
                && !standing.requeued;
            let is_received = standing.after.is_received() && !standing.before.is_received();
            was_unknown || is_received
        })
        .map(|(key, _)| (key.account, key.message))
        .collect();
    settled.sort_unstable();
    settled.dedup();
    outbox::remove_settled_by_evidence(conn, &settled).await
}

/// Puts back what a limit held up after the provider had taken it. A row whose call is under way stays with it.
pub(super) async fn requeue_limited(
    conn: &mut Conn<'_>,
    standings: &HashMap<AttemptKey, Standing>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut limited: Vec<Requeued> = standings
        .iter()
        .filter_map(|(key, standing)| {
            Some(Requeued {
                account: key.account,
                message: key.message,
                sender: standing.sender,
                shard: Shard::of(standing.sender),
                attempts: key.number,
                due_at: standing.limited_until?,
            })
        })
        .collect();
    limited.sort_unstable_by_key(|entry| (entry.account, entry.message));
    outbox::requeue(conn, &limited, now).await
}
