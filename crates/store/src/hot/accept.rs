//! Accept: a message to be sent becomes a message row, an outbox row and an event, or is found to be a repetition.

use std::collections::HashMap;

use domain::address::Address;
use domain::ids::{AccountId, MessageId, SenderId};
use domain::message::{Class, Direction, Lane, MessageStatus};
use domain::scope::AccountScope;
use domain::shard::Shard;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::contact::{self, Identity};
use crate::error::StoreError;
use crate::event::{self, MESSAGE_CREATED, NewEvent};
use crate::idempotency::{self, Taken};
use crate::ids::{self, Sequence};
use crate::message::{self, Elsewhere, NewMessage};
use crate::outbox::{self, NewEntry};

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
}

type Key = (AccountId, &'static str, String);

pub(super) async fn run(conn: &mut Conn<'_>, accepts: &[&Accept]) -> Result<Vec<Accepted>, StoreError> {
    let ids = ids::take(conn, Sequence::Message, accepts.len()).await?;
    let mut answers: Vec<Accepted> = ids.into_iter().map(|id| Accepted::New(MessageId(id))).collect();
    settle_keys(conn, accepts, &mut answers).await?;
    let fresh: Vec<(MessageId, &Accept)> = answers
        .iter()
        .zip(accepts)
        .filter_map(|(answer, accept)| match answer {
            Accepted::New(id) => Some((*id, *accept)),
            _ => None,
        })
        .collect();
    store(conn, &fresh).await?;
    Ok(answers)
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
            external_id: None,
            created_at: accept.at,
            send_at: accept.send_at,
            expires_at: Some(accept.expires_at),
            delivered_at: None,
            elsewhere: Elsewhere::default(),
        })
        .collect();
    message::insert_all(conn, &messages).await?;
    let entries: Vec<NewEntry> = fresh
        .iter()
        .map(|(id, accept)| NewEntry {
            account: accept.scope.account(),
            message: *id,
            sender: accept.sender,
            shard: accept.shard,
            lane: accept.lane,
            due_at: accept.send_at.unwrap_or(accept.at),
            expires_at: accept.expires_at,
        })
        .collect();
    outbox::insert_all(conn, &entries).await?;
    let events: Vec<NewEvent> =
        fresh.iter().map(|(id, accept)| NewEvent::message(accept.scope.account(), MESSAGE_CREATED, *id, 1)).collect();
    event::insert_all(conn, &events, now).await
}
