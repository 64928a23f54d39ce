//! Apply: what a callback body says, in any order, any number of times.

use std::collections::{HashMap, HashSet};

use domain::address::Address;
use domain::attempt::{AttemptReference, AttemptStatus, Evidence};
use domain::ids::{AccountId, ContactId, ConversationId, InletId, MessageId, SenderId};
use domain::message::{Class, Direction, MessageStatus};
use domain::time::Timestamp;

use super::early::{self, EarlyStatus};
use super::evidence::{self, Finding};
use crate::call::{self, AttemptKey, NewExternalId};
use crate::conn::Conn;
use crate::contact::{self, Identity};
use crate::conversation;
use crate::error::StoreError;
use crate::event::{self, MESSAGE_CREATED, MESSAGE_UPDATED, NewEvent};
use crate::ids::{self, Sequence};
use crate::media::{self, NewReceived, ReceivedMedium};
use crate::message::{self, NewMessage, Reply};
use crate::trace::Source;

/// What one stored body says about senders of ours.
#[derive(Clone, Debug)]
pub struct Apply {
    /// What became of our messages.
    pub statuses: Vec<StatusChange>,
    /// What people wrote.
    pub messages: Vec<Inbound>,
    /// The stored body.
    pub inlet: Option<InletId>,
    /// Now.
    pub at: Timestamp,
}

impl Apply {
    pub(super) fn bytes(&self) -> usize {
        self.statuses.len() * 256 + self.messages.iter().map(|m| 256 + m.content.len()).sum::<usize>()
    }
}

/// Something became of a message of ours.
#[derive(Clone, Debug)]
pub struct StatusChange {
    /// The sender's owner.
    pub account: AccountId,
    /// Over which number.
    pub sender: SenderId,
    /// Kind of the provider's id.
    pub kind: &'static str,
    /// The provider's id.
    pub external_id: String,
    /// Our reference, if it was echoed and is of this installation.
    pub reference: Option<AttemptReference>,
    /// What happened.
    pub evidence: Evidence,
}

/// A person wrote.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The sender's owner.
    pub account: AccountId,
    /// To which number.
    pub sender: SenderId,
    /// Kind of the provider's id.
    pub id_kind: &'static str,
    /// The provider's id.
    pub external_id: String,
    /// Who wrote: at least one identity, the phone number first.
    pub identities: Vec<Identity>,
    /// Where an answer goes.
    pub address: Address,
    /// Their profile's name.
    pub name: Option<String>,
    /// When they wrote.
    pub at: Timestamp,
    /// Kind of the content.
    pub kind: String,
    /// Content as JSON text.
    pub content: String,
    /// One line of it.
    pub excerpt: String,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
    /// The medium that came with it.
    pub media: Option<ReceivedMedium>,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Messages that were new.
    pub messages_new: usize,
    /// Statuses whose message is not known yet; they wait.
    pub statuses_early: usize,
}

pub(super) async fn run(conn: &mut Conn<'_>, applies: &[&Apply]) -> Result<Vec<Applied>, StoreError> {
    let Some(first) = applies.first() else { return Ok(Vec::new()) };
    let mut answers = vec![Applied::default(); applies.len()];
    let statuses: Vec<(usize, &StatusChange)> =
        applies.iter().enumerate().flat_map(|(place, apply)| apply.statuses.iter().map(move |s| (place, s))).collect();
    let inlets: Vec<Option<InletId>> = applies.iter().map(|apply| apply.inlet).collect();
    for place in apply_statuses(conn, &statuses, &inlets, first.at).await? {
        if let Some(answer) = answers.get_mut(place) {
            answer.statuses_early += 1;
        }
    }
    let messages: Vec<(usize, &Inbound)> =
        applies.iter().enumerate().flat_map(|(place, apply)| apply.messages.iter().map(move |m| (place, m))).collect();
    for place in apply_messages(conn, &messages, &inlets, first.at).await? {
        if let Some(answer) = answers.get_mut(place) {
            answer.messages_new += 1;
        }
    }
    Ok(answers)
}

/// Answers the places of the statuses that wait for their message.
async fn apply_statuses(
    conn: &mut Conn<'_>,
    statuses: &[(usize, &StatusChange)],
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

fn inlet(inlets: &[Option<InletId>], place: usize) -> Option<InletId> {
    inlets.get(place).copied().flatten()
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
    }
}

fn early_status(status: &StatusChange, inlet: Option<InletId>) -> EarlyStatus<'_> {
    EarlyStatus {
        account: status.account,
        sender: status.sender,
        kind: status.kind,
        value: &status.external_id,
        evidence: &status.evidence,
        inlet,
    }
}

/// Where the answer was lost or is late, the callback's echo of our reference teaches us the provider's id; answers what
/// was learnt, since statuses without an echo may be waiting for it.
async fn learn_ids(
    conn: &mut Conn<'_>,
    statuses: &[(usize, &StatusChange)],
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

/// Answers the places of the messages that were new.
async fn apply_messages(
    conn: &mut Conn<'_>,
    messages: &[(usize, &Inbound)],
    inlets: &[Option<InletId>],
    now: Timestamp,
) -> Result<Vec<usize>, StoreError> {
    let fresh = only_new(conn, messages, inlets).await?;
    if fresh.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: Vec<contact::Wanted> = fresh
        .iter()
        .map(|(_, _, m)| contact::Wanted { account: m.account, identities: m.identities.clone(), name: m.name.clone() })
        .collect();
    let contacts = contact::resolve(conn, &wanted, now).await?;
    let names: Vec<_> = fresh
        .iter()
        .zip(&contacts)
        .filter_map(|((_, _, m), contact)| Some((m.account, *contact, m.name.clone()?)))
        .collect();
    contact::name_all(conn, &names).await?;
    let threads: Vec<_> = fresh
        .iter()
        .zip(&contacts)
        .map(|((_, _, m), contact)| conversation::Wanted {
            account: m.account,
            sender: m.sender,
            contact: *contact,
            at: m.at,
        })
        .collect();
    let conversations = conversation::resolve_inbound(conn, &threads, now).await?;
    let rows: Vec<NewMessage> = fresh
        .iter()
        .zip(contacts.iter().zip(conversations))
        .map(|((_, id, m), (contact, conversation))| new_message(*id, m, *contact, conversation, now))
        .collect();
    message::insert_all(conn, &rows).await?;
    let received: Vec<NewReceived<'_>> = fresh.iter().filter_map(|(_, id, inbound)| received(*id, inbound)).collect();
    media::insert_received(conn, &received, now).await?;
    write_events(conn, &fresh, &contacts, now).await?;
    Ok(fresh.into_iter().map(|(place, _, _)| place).collect())
}

/// The messages whose id this sender has not seen, each once, with an id of ours.
async fn only_new<'a>(
    conn: &mut Conn<'_>,
    messages: &[(usize, &'a Inbound)],
    inlets: &[Option<InletId>],
) -> Result<Vec<(usize, MessageId, &'a Inbound)>, StoreError> {
    // In the body's order, so that a person's lines get ascending ids, also those of one second.
    let mut seen = HashSet::new();
    let distinct: Vec<(usize, &Inbound)> = messages
        .iter()
        .filter(|(_, inbound)| seen.insert((inbound.sender, inbound.external_id.as_str())))
        .copied()
        .collect();
    let taken = ids::take(conn, Sequence::Message, distinct.len()).await?;
    let numbered: Vec<_> =
        distinct.into_iter().zip(taken).map(|((place, inbound), id)| (place, MessageId(id), inbound)).collect();
    let ids: Vec<NewExternalId> = numbered
        .iter()
        .map(|(place, id, inbound)| NewExternalId {
            account: inbound.account,
            sender: inbound.sender,
            kind: inbound.id_kind,
            value: inbound.external_id.clone(),
            message: *id,
            attempt: None,
            inlet: inlet(inlets, *place),
        })
        .collect();
    let won: HashSet<MessageId> = call::insert_external_ids(conn, &ids).await?.into_iter().collect();
    Ok(numbered.into_iter().filter(|(_, id, _)| won.contains(id)).collect())
}

fn new_message(
    id: MessageId,
    inbound: &Inbound,
    contact: ContactId,
    conversation: ConversationId,
    now: Timestamp,
) -> NewMessage {
    NewMessage {
        account: inbound.account,
        id,
        sender: inbound.sender,
        contact,
        conversation: Some(conversation),
        direction: Direction::Inbound,
        kind: inbound.kind.clone(),
        content: inbound.content.clone(),
        excerpt: inbound.excerpt.clone(),
        class: Class::Conversational,
        status: MessageStatus::Delivered,
        simulated: false,
        address: inbound.address.clone(),
        reference: None,
        context: inbound.context.clone(),
        options: None,
        external_id: Some(inbound.external_id.clone()),
        created_at: inbound.at,
        send_at: None,
        expires_at: None,
        delivered_at: Some(now),
    }
}

fn received<'a>(message: MessageId, inbound: &'a Inbound) -> Option<NewReceived<'a>> {
    let medium = inbound.media.as_ref()?;
    Some(NewReceived { account: inbound.account, message, sender: inbound.sender, medium })
}

async fn write_events(
    conn: &mut Conn<'_>,
    fresh: &[(usize, MessageId, &Inbound)],
    contacts: &[ContactId],
    now: Timestamp,
) -> Result<(), StoreError> {
    let replies: Vec<Reply> = fresh
        .iter()
        .zip(contacts)
        .map(|((_, _, m), contact)| Reply {
            account: m.account,
            sender: m.sender,
            contact: *contact,
            context: m.context.clone(),
            at: m.at,
        })
        .collect();
    let answered = message::mark_replied(conn, &replies).await?;
    let created = fresh.iter().map(|(_, id, m)| NewEvent::message(m.account, MESSAGE_CREATED, *id, 1));
    let updated =
        answered.into_iter().map(|(account, id, version)| NewEvent::message(account, MESSAGE_UPDATED, id, version));
    let events: Vec<NewEvent> = created.chain(updated).collect();
    event::insert_all(conn, &events, now).await
}
