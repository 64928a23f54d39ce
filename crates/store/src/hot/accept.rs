//! Accept: a message to be sent becomes a message row, an outbox row and an event, or is found to be a repetition.

use std::collections::HashMap;

use domain::address::Address;
use domain::ids::{AccountId, MessageId, SenderId};
use domain::message::{Class, Direction, Lane, MessageStatus};
use domain::scope::AccountScope;
use domain::shard::Shard;
use domain::time::Timestamp;
use serde_json::json;

use crate::conn::Conn;
use crate::contact::{self, Identity};
use crate::error::StoreError;
use crate::event::{self, MESSAGE_CREATED, NewEvent};
use crate::idempotency::{self, Taken};
use crate::ids::{self, Sequence};
use crate::message::{self, Elsewhere, NewMessage};
use crate::note::{self, NewNote};
use crate::outbox::{self, NewEntry};
use crate::scheduled::{self, ScheduleKey};

/// A message to be sent, past every rule.
#[derive(Clone, Debug)]
pub struct Accept {
    /// Who asks.
    pub scope: AccountScope,
    /// From which number.
    pub sender: SenderId,
    /// The sender's shard.
    pub shard: Shard,
    /// To whom.
    pub to: Address,
    /// Meta's message object, as JSON text.
    pub content: String,
    /// Its kind.
    pub kind: &'static str,
    /// One line of it.
    pub excerpt: String,
    /// What it is for.
    pub class: Class,
    /// Where it waits.
    pub lane: Lane,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
    /// How it is handed over, as JSON text.
    pub options: Option<String>,
    /// The caller's name for it.
    pub reference: Option<String>,
    /// Whether the sandbox sends it.
    pub simulated: bool,
    /// Not before; `None` at once.
    pub send_at: Option<Timestamp>,
    /// Not after.
    pub expires_at: Timestamp,
    /// Now.
    pub at: Timestamp,
    /// The caller's key, if any.
    pub idempotency: Option<IdempotencyKey>,
    /// Under which name it is scheduled, if it is and has one.
    pub schedule: Option<ScheduleKey>,
}

/// A caller's key with the hash of its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The surface it was given on.
    pub surface: &'static str,
    /// The key.
    pub key: String,
    /// Hash of the body.
    pub fingerprint: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Stored.
    New(MessageId),
    /// The same key and body as before: this is the first message.
    Repeated(MessageId),
    /// The same key with another body: nothing was stored.
    KeyReused,
    /// The schedule key and what was asked for are those of this message, which is still scheduled.
    Scheduled(MessageId),
    /// Something else is scheduled under the schedule key, as this message: nothing was stored.
    ScheduleKeyReused(MessageId),
}

type Key = (AccountId, &'static str, String);

pub(super) async fn run(conn: &mut Conn<'_>, accepts: &[&Accept]) -> Result<Vec<Accepted>, StoreError> {
    let mut answers = vec![Accepted::KeyReused; accepts.len()];
    for round in rounds(accepts) {
        let part: Vec<&Accept> = round.iter().filter_map(|place| accepts.get(*place).copied()).collect();
        for (place, answer) in round.into_iter().zip(run_round(conn, &part).await?) {
            if let Some(slot) = answers.get_mut(place) {
                *slot = answer;
            }
        }
    }
    Ok(answers)
}

/// Places of the batch in rounds, in each of which a schedule key stands once: a second one is decided by what became of
/// the first. Nearly always one round.
fn rounds(accepts: &[&Accept]) -> Vec<Vec<usize>> {
    let mut seen: HashMap<(AccountId, &str), usize> = HashMap::new();
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for (place, accept) in accepts.iter().enumerate() {
        let round = accept.schedule.as_ref().map_or(0, |schedule| {
            let count = seen.entry((accept.scope.account(), schedule.key.as_str())).or_default();
            *count += 1;
            *count - 1
        });
        if rounds.len() <= round {
            rounds.resize_with(round + 1, Vec::new);
        }
        if let Some(round) = rounds.get_mut(round) {
            round.push(place);
        }
    }
    rounds
}

async fn run_round(conn: &mut Conn<'_>, accepts: &[&Accept]) -> Result<Vec<Accepted>, StoreError> {
    let ids = ids::take(conn, Sequence::Message, accepts.len()).await?;
    let mut answers: Vec<Accepted> = ids.into_iter().map(|id| Accepted::New(MessageId(id))).collect();
    settle_keys(conn, accepts, &mut answers).await?;
    settle_schedules(conn, accepts, &mut answers).await?;
    correct_keys(conn, accepts, &answers).await?;
    note_repetitions(conn, accepts, &answers).await?;
    store(conn, &fresh(accepts, &answers)).await?;
    Ok(answers)
}

fn fresh<'a>(accepts: &[&'a Accept], answers: &[Accepted]) -> Vec<(MessageId, &'a Accept)> {
    let new = answers.iter().zip(accepts).filter_map(|(answer, accept)| match answer {
        Accepted::New(id) => Some((*id, *accept)),
        _ => None,
    });
    new.collect()
}

/// How often a schedule key is asked for that somebody else takes or gives up meanwhile.
const SCHEDULE_TRIES: usize = 4;

/// Puts what is for later into the outbox: the row of a schedule key is what decides who has it.
async fn settle_schedules(
    conn: &mut Conn<'_>,
    accepts: &[&Accept],
    answers: &mut [Accepted],
) -> Result<(), StoreError> {
    let mut open: Vec<(MessageId, &Accept)> = fresh(accepts, answers);
    open.retain(|(_, accept)| accept.send_at.is_some());
    for _ in 0..SCHEDULE_TRIES {
        let entries: Vec<_> = open.iter().map(|(id, accept)| (entry(*id, accept), accept.schedule.as_ref())).collect();
        let won = scheduled::insert_all(conn, &entries).await?;
        open.retain(|(id, _)| !won.contains(id));
        let Some((_, first)) = open.first() else { return Ok(()) };
        let now = first.at;
        let keys: Vec<_> = open.iter().filter_map(|(_, a)| Some((a.scope.account(), a.schedule.as_ref()?))).collect();
        let taken = scheduled::taken(conn, &keys).await?;
        let mut replaced = Vec::new();
        let mut undecided = Vec::new();
        for (id, accept) in open {
            let holder = taken.iter().find(|taken| {
                taken.account == accept.scope.account()
                    && accept.schedule.as_ref().is_some_and(|schedule| schedule.key == taken.key)
            });
            let (Some(holder), Some(schedule)) = (holder, &accept.schedule) else {
                // Given up between our insert and our look.
                undecided.push((id, accept));
                continue;
            };
            if schedule.fingerprint == holder.fingerprint {
                put(answers, id, Accepted::Scheduled(holder.message));
            } else if schedule.replace {
                replaced.push((accept.scope.account(), holder.message, id));
                undecided.push((id, accept));
            } else {
                put(answers, id, Accepted::ScheduleKeyReused(holder.message));
            }
        }
        scheduled::replace_all(conn, &replaced, now).await?;
        open = undecided;
    }
    if open.is_empty() {
        return Ok(());
    }
    Err(StoreError::GaveWay("a schedule key changes hands too fast".to_owned()))
}

/// A request that made no message has taken its idempotency key for one all the same.
async fn correct_keys(conn: &mut Conn<'_>, accepts: &[&Accept], answers: &[Accepted]) -> Result<(), StoreError> {
    let corrections: Vec<_> = accepts
        .iter()
        .zip(answers)
        .filter_map(|(accept, answer)| {
            let stands_for = match answer {
                Accepted::Scheduled(id) => Some(*id),
                Accepted::ScheduleKeyReused(_) => None,
                _ => return None,
            };
            let given = accept.idempotency.as_ref()?;
            Some((accept.scope.account(), given.surface, given.key.as_str(), stands_for))
        })
        .collect();
    idempotency::correct_all(conn, &corrections).await
}

fn put(answers: &mut [Accepted], id: MessageId, settled: Accepted) {
    for answer in answers.iter_mut().filter(|answer| **answer == Accepted::New(id)) {
        *answer = settled;
    }
}

fn entry(id: MessageId, accept: &Accept) -> NewEntry {
    NewEntry {
        account: accept.scope.account(),
        message: id,
        sender: accept.sender,
        shard: accept.shard,
        lane: accept.lane,
        due_at: accept.send_at.unwrap_or(accept.at),
        expires_at: accept.expires_at,
    }
}

async fn note_repetitions(conn: &mut Conn<'_>, accepts: &[&Accept], answers: &[Accepted]) -> Result<(), StoreError> {
    let Some(first) = accepts.first() else { return Ok(()) };
    let notes = accepts.iter().zip(answers).filter_map(|(accept, answer)| {
        let (message, details) = match answer {
            Accepted::Repeated(id) => (*id, json!({"idempotency_key": accept.idempotency.as_ref()?.key})),
            Accepted::Scheduled(id) => (*id, json!({"schedule_key": accept.schedule.as_ref()?.key})),
            _ => return None,
        };
        Some(NewNote { account: accept.scope.account(), message, kind: note::REPEATED, details })
    });
    note::insert_all(conn, &notes.collect::<Vec<_>>(), first.at).await
}

/// Turns repetitions of a key, within the batch or of an earlier message, into their answers.
async fn settle_keys(conn: &mut Conn<'_>, accepts: &[&Accept], answers: &mut [Accepted]) -> Result<(), StoreError> {
    let mut first: HashMap<Key, (&str, MessageId)> = HashMap::new();
    let mut wanted = Vec::new();
    for (accept, answer) in accepts.iter().zip(answers.iter_mut()) {
        let (Some(given), Accepted::New(id)) = (&accept.idempotency, *answer) else { continue };
        let account = accept.scope.account();
        match first.get(&(account, given.surface, given.key.clone())) {
            Some((print, first)) => *answer = repetition(print, given, *first),
            None => {
                first.insert((account, given.surface, given.key.clone()), (&given.fingerprint, id));
                wanted.push(idempotency::Wanted {
                    account,
                    surface: given.surface,
                    key: given.key.clone(),
                    fingerprint: given.fingerprint.clone(),
                    message: id,
                    at: accept.at,
                });
            }
        }
    }
    for taken in idempotency::take_all(conn, wanted).await? {
        for (accept, answer) in accepts.iter().zip(answers.iter_mut()) {
            if let Some(given) = accept.idempotency.as_ref().filter(|given| is_same(&taken, accept, given)) {
                *answer = repetition(&taken.fingerprint, given, taken.message);
            }
        }
    }
    Ok(())
}

fn is_same(taken: &Taken, accept: &Accept, given: &IdempotencyKey) -> bool {
    taken.account == accept.scope.account() && taken.surface == given.surface && taken.key == given.key
}

fn repetition(first_print: &str, given: &IdempotencyKey, first: MessageId) -> Accepted {
    if first_print == given.fingerprint { Accepted::Repeated(first) } else { Accepted::KeyReused }
}

async fn store(conn: &mut Conn<'_>, fresh: &[(MessageId, &Accept)]) -> Result<(), StoreError> {
    let Some((_, any)) = fresh.first() else { return Ok(()) };
    let now = any.at;
    let wanted: Vec<_> = fresh
        .iter()
        .map(|(_, accept)| contact::Wanted {
            account: accept.scope.account(),
            identities: vec![Identity::from(&accept.to)],
            name: None,
            at: now,
            make: true,
        })
        .collect();
    let contacts = contact::resolve_all(conn, &wanted, now).await?;
    let messages: Vec<NewMessage> = fresh
        .iter()
        .zip(contacts)
        .map(|((id, accept), contact)| NewMessage {
            account: accept.scope.account(),
            id: *id,
            sender: accept.sender,
            contact,
            conversation: None,
            direction: Direction::Outbound,
            kind: accept.kind.to_owned(),
            content: accept.content.clone(),
            excerpt: accept.excerpt.clone(),
            class: accept.class,
            status: accept.send_at.map_or(MessageStatus::Queued, |_| MessageStatus::Scheduled),
            simulated: accept.simulated,
            address: accept.to.clone(),
            reference: accept.reference.clone(),
            context: accept.context.clone(),
            options: accept.options.clone(),
            external_id: None,
            created_at: accept.at,
            send_at: accept.send_at,
            expires_at: Some(accept.expires_at),
            delivered_at: None,
            elsewhere: Elsewhere::default(),
        })
        .collect();
    message::insert_all(conn, &messages).await?;
    // What is scheduled is in the outbox already.
    let entries: Vec<NewEntry> =
        fresh.iter().filter(|(_, a)| a.send_at.is_none()).map(|(id, accept)| entry(*id, accept)).collect();
    outbox::insert_all(conn, &entries).await?;
    note::insert_all(
        conn,
        &fresh.iter().filter_map(|(id, accept)| schedule_note(*id, accept)).collect::<Vec<_>>(),
        now,
    )
    .await?;
    let events: Vec<NewEvent> =
        fresh.iter().map(|(id, accept)| NewEvent::message(accept.scope.account(), MESSAGE_CREATED, *id, 1)).collect();
    event::insert_all(conn, &events, now).await
}

/// What a scheduled message was asked to do at first: its times may be changed later.
fn schedule_note(message: MessageId, accept: &Accept) -> Option<NewNote> {
    let key = accept.schedule.as_ref().map(|schedule| schedule.key.as_str());
    let details = json!({"send_at": accept.send_at?, "expires_at": accept.expires_at, "schedule_key": key});
    Some(NewNote { account: accept.scope.account(), message, kind: note::SCHEDULED, details })
}
