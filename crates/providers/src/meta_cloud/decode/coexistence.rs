//! The WhatsApp Business app beside us: echoes, history, address book.

use domain::inbound::reader::Node;
use domain::inbound::{ContactSync, Echo, EchoSource, HistoryChunk, HistoryMessage, HookFact, Person, ReportedError};
use domain::message::Direction;
use domain::phone::E164;

use super::change::Facts;
use super::messages;
use super::people::{Contacts, named, username};

/// What tells the two sides of an old message apart.
#[derive(Clone, Copy)]
pub(super) struct History<'b> {
    /// Whether the change is of the field `history`.
    pub(super) is_field: bool,
    /// The business number.
    pub(super) business: Option<&'b E164>,
}

pub(super) fn echo(echo: Node<'_>, contacts: &Contacts<'_>, source: EchoSource) -> Result<Vec<HookFact>, String> {
    let object = messages::object(echo)?;
    let to = contacts.complete(named(echo, "to", "to_user_id", &["to_parent_user_id"]));
    if !to.is_known() && object.group_id.is_none() {
        return Err("it does not say to whom".to_owned());
    }
    Ok(vec![HookFact::Echo(Box::new(Echo { source, from: echo.phone("from"), to, object }))])
}

/// Media of old messages follow in deliveries of their own, as if they were new.
pub(super) fn late_media(
    message: Node<'_>,
    contacts: &Contacts<'_>,
    history: History<'_>,
) -> Result<Vec<HookFact>, String> {
    let object = messages::object(message)?;
    let status = status(message);
    let (person, direction) = sides(message, history);
    // Last: a description that was asked for counts as read.
    let person = contacts.complete(person);
    if !person.is_known() {
        return Err("it does not say who wrote".to_owned());
    }
    Ok(vec![HookFact::History(Box::new(HistoryMessage { person, direction, object, status, chunk: None }))])
}

/// The person at the other end, and who of the two wrote. Our own side is read where it is known to be ours.
fn sides(message: Node<'_>, history: History<'_>) -> (Person, Direction) {
    let from = named(message.peek(), "from", "from_user_id", &[]);
    let is_business = |phone: &E164| history.business.is_some_and(|ours| ours.match_key() == phone.match_key());
    let is_ours = match (&from.phone, history.business) {
        (Some(from), Some(_)) => is_business(from),
        _ => from.user_id.is_none() && message.peek().get("to").is_some(),
    };
    let own_side = if is_ours { "from" } else { "to" };
    if message.peek().phone(own_side).as_ref().is_some_and(is_business) {
        let _ = message.phone(own_side);
    }
    match is_ours {
        true => (named(message, "to", "to_user_id", &["to_parent_user_id"]), Direction::Outbound),
        false => (named(message, "from", "from_user_id", &["from_parent_user_id"]), Direction::Inbound),
    }
}

fn status(message: Node<'_>) -> Option<String> {
    message.get("history_context")?.text("status")
}

/// A part of the history: its progress, its messages, or why there is none.
pub(super) fn history(part: Node<'_>, path: &str, history: History<'_>, facts: &mut Facts<'_>) {
    let errors = ReportedError::read_list(part);
    let threads = part.list("threads");
    let metadata = part.get("metadata");
    if metadata.is_none() && threads.is_empty() && errors.is_empty() {
        facts.pass_over(path, "no part of a history");
    }
    errors.into_iter().for_each(|error| facts.push(HookFact::HistoryRefused(error)));
    let integer = |key: &str| metadata.and_then(|metadata| metadata.integer(key));
    let chunk = HistoryChunk { phase: integer("phase"), order: integer("chunk_order"), progress: integer("progress") };
    for (i, thread) in threads.into_iter().enumerate() {
        messages_of(thread, &format!("{path}.threads[{i}]"), (chunk, history), facts);
    }
    if chunk != HistoryChunk::default() {
        facts.push(HookFact::HistoryProgress(chunk));
    }
}

fn messages_of(thread: Node<'_>, path: &str, (chunk, history): (HistoryChunk, History<'_>), facts: &mut Facts<'_>) {
    let messages = thread.list("messages");
    if messages.is_empty() {
        return facts.pass_over(path, "no messages");
    }
    let other_side = thread_person(thread.peek(), true);
    // Whether its messages are with that person, if there are any.
    let mut is_with = None;
    for (i, message) in messages.into_iter().enumerate() {
        let place = message.place();
        match old_message(message, &other_side, chunk, history) {
            Ok(message) => {
                is_with = Some(is_with.unwrap_or(true) && is_same(&other_side, &message.person));
                facts.push(HookFact::History(Box::new(message)));
            }
            Err(reason) => {
                message.rewind(place);
                facts.pass_over(&format!("{path}.messages[{i}]"), &reason);
            }
        }
    }
    if let Some(is_with) = is_with {
        // Now it counts as read, but for ids that contradict its messages.
        let _ = thread_person(thread, is_with);
    }
}

/// Whom the thread is with; its ids are read without a trace where they are not what is told.
fn thread_person(thread: Node<'_>, is_told: bool) -> Person {
    fn ids(node: Node<'_>, number: &str, is_told: bool) -> Person {
        let node = if is_told { node } else { node.peek() };
        named(node, number, "user_id", &["parent_user_id"])
    }
    let by_id = ids(thread, "id", is_told);
    let Some(context) = thread.get("context") else { return by_id };
    let agrees = is_same(&by_id, &ids(context, "wa_id", false));
    let described = ids(context, "wa_id", is_told && agrees);
    Person {
        phone: by_id.phone.or(described.phone),
        user_id: by_id.user_id.or(described.user_id),
        parent_user_id: by_id.parent_user_id.or(described.parent_user_id),
        username: username(context),
        name: context.text("name").or_else(|| context.get("profile")?.text("name")),
        identity_hash: None,
    }
}

/// Whether nothing that both say differs.
fn is_same(one: &Person, other: &Person) -> bool {
    fn agrees<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    agrees(&one.phone, &other.phone)
        && agrees(&one.user_id, &other.user_id)
        && agrees(&one.parent_user_id, &other.parent_user_id)
}

fn old_message(
    message: Node<'_>,
    other_side: &Person,
    chunk: HistoryChunk,
    history: History<'_>,
) -> Result<HistoryMessage, String> {
    let object = messages::object(message)?;
    let (told, direction) = sides(message, history);
    let status = status(message);
    let person = Person {
        phone: told.phone.or_else(|| other_side.phone.clone()),
        user_id: told.user_id.or_else(|| other_side.user_id.clone()),
        parent_user_id: told.parent_user_id.or_else(|| other_side.parent_user_id.clone()),
        ..other_side.clone()
    };
    if !person.is_known() {
        return Err("it does not say with whom".to_owned());
    }
    Ok(HistoryMessage { person, direction, object, status, chunk: Some(chunk) })
}

pub(super) fn contact_sync(sync: Node<'_>) -> Vec<HookFact> {
    let contact = sync.get("contact");
    let mut person =
        contact.map(|contact| named(contact, "phone_number", "user_id", &["parent_user_id"])).unwrap_or_default();
    person.name = contact.and_then(|contact| contact.text("full_name"));
    person.username = contact.and_then(username);
    vec![HookFact::ContactSync(Box::new(ContactSync {
        kind: sync.text("type"),
        action: sync.text("action"),
        person,
        first_name: contact.and_then(|contact| contact.text("first_name")),
        at: sync.get("metadata").and_then(|metadata| metadata.time("timestamp")),
    }))]
}
