//! Messages that come from the provider become rows, each once.

use std::collections::HashSet;

use domain::address::IdentityKind;
use domain::ids::{AccountId, ContactId, ConversationId, InletId, MessageId};
use domain::message::{Class, Direction, MessageStatus};
use domain::time::Timestamp;

use super::super::{early, evidence};
use super::{Bearing, Inbound, Placed, changes, inlet};
use crate::call::{self, NewExternalId};
use crate::conn::Conn;
use crate::contact::{self, Identity};
use crate::conversation;
use crate::error::StoreError;
use crate::event::{self, MESSAGE_CREATED, MESSAGE_UPDATED, NewEvent};
use crate::ids::{self, Sequence};
use crate::media::{self, NewReceived};
use crate::message::{self, Elsewhere, NewMessage, Origin, Reply};
use crate::sql::Batch;
use crate::sql::Column::{Int, Text};
use crate::values;

/// A message that was not known before, with the id it got.
struct Fresh<'a> {
    place: usize,
    inlet: Option<InletId>,
    id: MessageId,
    line: &'a Inbound,
}

/// Answers the places of the messages that were new.
pub(super) async fn apply(
    conn: &mut Conn<'_>,
    messages: &[Placed<'_, Inbound>],
    inlets: &[Option<InletId>],
    now: Timestamp,
) -> Result<Vec<usize>, StoreError> {
    let (fresh, known) = only_new(conn, messages, inlets).await?;
    if fresh.is_empty() {
        take_places(conn, &known, now).await?;
        return Ok(Vec::new());
    }
    let people: Vec<contact::Wanted> =
        fresh.iter().map(|fresh| wanted(fresh.line, fresh.line.identities.clone(), fresh.line.name.clone())).collect();
    let groups: Vec<contact::Wanted> = fresh
        .iter()
        .filter_map(|fresh| Some(wanted(fresh.line, vec![Identity::of_group(fresh.line.group.as_deref()?)], None)))
        .collect();
    let both: Vec<contact::Wanted> = people.into_iter().chain(groups).collect();
    let contacts = contact::resolve_all(conn, &both, now).await?;
    let (contacts, groups) = contacts.split_at_checked(fresh.len()).unwrap_or_default();
    let conversations = threads(conn, &fresh, (contacts, groups), now).await?;
    let rows: Vec<NewMessage> = fresh
        .iter()
        .zip(contacts.iter().zip(conversations))
        .map(|(fresh, (contact, conversation))| new_message(fresh, *contact, conversation, now))
        .collect();
    message::insert_all(conn, &rows).await?;
    let received: Vec<NewReceived<'_>> =
        fresh.iter().filter_map(|fresh| received(fresh.line.account, fresh.id, fresh.line)).collect();
    media::insert_received(conn, &received, now).await?;
    note_attempts(conn, &fresh, now).await?;
    write_events(conn, &fresh, contacts, now).await?;
    // The row whose place is taken may be of this very batch.
    take_places(conn, &known, now).await?;
    let lines: Vec<&Inbound> = fresh.iter().map(|fresh| fresh.line).collect();
    changes::settle(conn, &lines, now).await?;
    Ok(fresh.into_iter().map(|fresh| fresh.place).collect())
}

fn wanted(line: &Inbound, identities: Vec<Identity>, name: Option<String>) -> contact::Wanted {
    contact::Wanted { account: line.account, identities, name, at: line.at, make: true }
}

/// The thread of each: the person's, or the group's, which is a contact of its own.
async fn threads(
    conn: &mut Conn<'_>,
    fresh: &[Fresh<'_>],
    (contacts, groups): (&[ContactId], &[ContactId]),
    now: Timestamp,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut groups = groups.iter();
    let wanted: Vec<conversation::Wanted> = fresh
        .iter()
        .zip(contacts)
        .map(|(Fresh { line, .. }, contact)| conversation::Wanted {
            account: line.account,
            sender: line.sender,
            contact: line.group.as_ref().and_then(|_| groups.next()).copied().unwrap_or(*contact),
            at: line.at,
            opens_window: matches!(line.bearing, Bearing::Answer | Bearing::Opening),
        })
        .collect();
    conversation::resolve(conn, &wanted, now).await
}

/// The messages whose id this sender has not seen, each once, with an id of ours; and those that are known.
async fn only_new<'a>(
    conn: &mut Conn<'_>,
    messages: &[Placed<'a, Inbound>],
    inlets: &[Option<InletId>],
) -> Result<(Vec<Fresh<'a>>, Vec<&'a Inbound>), StoreError> {
    // In the body's order, so that a person's lines get ascending ids, also those of one second.
    let mut seen = HashSet::new();
    let (distinct, mut known): (Vec<Placed<'a, Inbound>>, Vec<Placed<'a, Inbound>>) = messages
        .iter()
        .copied()
        .partition(|(_, line)| seen.insert((line.sender, line.id_kind, line.external_id.as_str())));
    let taken = ids::take(conn, Sequence::Message, distinct.len()).await?;
    let numbered: Vec<Fresh<'a>> = distinct
        .into_iter()
        .zip(taken)
        .map(|((place, line), id)| Fresh { place, inlet: inlet(inlets, place), id: MessageId(id), line })
        .collect();
    let ids: Vec<NewExternalId> = numbered.iter().map(external_id).collect();
    let won: HashSet<MessageId> = call::insert_external_ids(conn, &ids).await?.into_iter().collect();
    let (fresh, old): (Vec<_>, Vec<_>) = numbered.into_iter().partition(|fresh| won.contains(&fresh.id));
    known.extend(old.into_iter().map(|old| (old.place, old.line)));
    Ok((fresh, known.into_iter().map(|(_, line)| line).collect()))
}

fn external_id(fresh: &Fresh<'_>) -> NewExternalId {
    let Fresh { id, line, inlet, .. } = fresh;
    NewExternalId {
        account: line.account,
        sender: line.sender,
        kind: line.id_kind,
        value: line.external_id.clone(),
        message: *id,
        // What the business sent by other means has one attempt, so that statuses raise it like ours.
        attempt: (line.direction == Direction::Outbound).then_some(1),
        inlet: *inlet,
    }
}

static TAKE_PLACE: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("sender_id", Int),
        ("id_kind", Text),
        ("value", Text),
        ("replaced", Text),
        ("kind", Text),
        ("content", Text),
        ("excerpt", Text),
    ],
    "UPDATE message SET kind = input.kind, content = input.content, excerpt = input.excerpt, version = message.version + 1
     FROM input JOIN message_external_id e ON e.account_id = input.account_id AND e.sender_id = input.sender_id
       AND e.kind = input.id_kind AND e.value = input.value
     WHERE message.account_id = e.account_id AND message.id = e.message_id AND message.kind = input.replaced
       AND message.content <> input.content
     RETURNING message.account_id, message.id, message.version, message.external_id",
);

fn received(account: AccountId, message: MessageId, line: &Inbound) -> Option<NewReceived<'_>> {
    Some(NewReceived { account, message, sender: line.sender, medium: line.media.as_ref()? })
}

/// What was only announced before gets its content: the media of an older message, the end of a call.
async fn take_places(conn: &mut Conn<'_>, known: &[&Inbound], now: Timestamp) -> Result<(), StoreError> {
    let rows: Vec<_> = known
        .iter()
        .filter_map(|line| {
            let (replaced, id, kind) = (line.replaces?, line.external_id.as_str(), line.kind.as_str());
            let (content, excerpt) = (line.content.as_str(), line.excerpt.as_str());
            Some(values![line.account, line.sender, line.id_kind, id, replaced, kind, content, excerpt])
        })
        .collect();
    let (mut changed, mut media) = (Vec::new(), Vec::new());
    for row in conn.batch(&TAKE_PLACE, &rows).await? {
        let mut row = row.reader();
        let (account, id, version) = (row.read()?, row.read()?, row.read()?);
        let external_id: Option<String> = row.read()?;
        let mut lines = known.iter().filter(|line| line.replaces.is_some() && line.account == account);
        let line = lines.find(|line| Some(&line.external_id) == external_id.as_ref());
        media.extend(line.and_then(|line| received(account, id, line)));
        changed.push((account, id, version));
    }
    media::insert_received(conn, &media, now).await?;
    changes::tell(conn, changed, now).await
}

fn new_message(
    Fresh { id, line, .. }: &Fresh<'_>,
    contact: ContactId,
    conversation: ConversationId,
    now: Timestamp,
) -> NewMessage {
    let is_ours = line.direction == Direction::Outbound;
    let writer = line.identities.iter().find(|identity| identity.kind == IdentityKind::UserId);
    NewMessage {
        account: line.account,
        id: *id,
        sender: line.sender,
        contact,
        conversation: Some(conversation),
        direction: line.direction,
        kind: line.kind.clone(),
        content: line.content.clone(),
        excerpt: line.excerpt.clone(),
        class: Class::Conversational,
        status: if is_ours { MessageStatus::from(line.reached) } else { MessageStatus::Delivered },
        simulated: false,
        address: line.address.clone(),
        reference: None,
        context: line.context.clone(),
        options: None,
        external_id: Some(line.external_id.clone()),
        created_at: line.at,
        send_at: None,
        expires_at: None,
        delivered_at: (!is_ours).then_some(now),
        elsewhere: Elsewhere {
            origin: line.origin,
            target: line.target.clone(),
            group: line.group.clone(),
            writer: writer.filter(|_| !is_ours).map(|identity| identity.value.clone()),
            sent_at: is_ours.then_some(line.at),
        },
    }
}

/// What the business sent by other means has an attempt, for statuses that come and those that came already.
async fn note_attempts(conn: &mut Conn<'_>, fresh: &[Fresh<'_>], now: Timestamp) -> Result<(), StoreError> {
    let ours: Vec<&Fresh<'_>> = fresh.iter().filter(|fresh| fresh.line.direction == Direction::Outbound).collect();
    let attempts: Vec<_> =
        ours.iter().map(|Fresh { id, line, .. }| (line.account, *id, line.reached, line.at)).collect();
    call::insert_elsewhere(conn, &attempts).await?;
    let ids: Vec<NewExternalId> = ours.into_iter().map(external_id).collect();
    let woken = early::take_all(conn, &ids).await?;
    if !woken.is_empty() {
        evidence::raise(conn, woken, now).await?;
    }
    Ok(())
}

async fn write_events(
    conn: &mut Conn<'_>,
    fresh: &[Fresh<'_>],
    contacts: &[ContactId],
    now: Timestamp,
) -> Result<(), StoreError> {
    let replies: Vec<Reply> =
        fresh.iter().zip(contacts).filter_map(|(fresh, contact)| reply(fresh.line, *contact)).collect();
    let answered = message::mark_replied(conn, &replies).await?;
    // Nobody is told of what was said before we were connected.
    let news = fresh.iter().filter(|fresh| fresh.line.origin != Some(Origin::History));
    let created = news.map(|fresh| NewEvent::message(fresh.line.account, MESSAGE_CREATED, fresh.id, 1));
    let updated =
        answered.into_iter().map(|(account, id, version)| NewEvent::message(account, MESSAGE_UPDATED, id, version));
    let events: Vec<NewEvent> = created.chain(updated).collect();
    event::insert_all(conn, &events, now).await
}

fn reply(line: &Inbound, contact: ContactId) -> Option<Reply> {
    let (context, quoted_only) = match line.bearing {
        // In a group somebody else may have been asked.
        Bearing::Answer => (line.context.clone(), line.group.is_some()),
        Bearing::Reaction => (line.target.clone(), true),
        Bearing::Opening | Bearing::Nothing => return None,
    };
    if quoted_only && context.is_none() {
        return None;
    }
    let (account, sender, kind, at) = (line.account, line.sender, line.id_kind, line.at);
    Some(Reply { account, sender, contact, kind, context, quoted_only, at })
}
