//! Who: the people beside the messages (`contacts[]`), and what became of their ids and choices.

use std::cell::Cell;

use domain::address::UserIdentifier;
use domain::inbound::reader::Node;
use domain::inbound::{HookFact, Person, UserIdUpdate, UserPreference};
use domain::phone::E164;

/// The people a value describes, and which of them somebody asked for.
pub(super) struct Contacts<'v>(Vec<(Node<'v>, Cell<bool>)>);

impl<'v> Contacts<'v> {
    pub(super) fn of(value: Node<'v>) -> Self {
        Self(value.list("contacts").into_iter().map(|contact| (contact, Cell::new(false))).collect())
    }

    /// The person with what is described of them. One whom nothing names is the only one who is described.
    pub(super) fn complete(&self, person: Person) -> Person {
        let found = match self.0.as_slice() {
            [only] if !person.is_known() => Some(only),
            all => all.iter().find(|(contact, _)| is_same(*contact, &person)),
        };
        let Some((contact, is_used)) = found else { return person };
        is_used.set(true);
        let described = describe(*contact, Some(&person));
        Person {
            phone: person.phone.or(described.phone),
            user_id: person.user_id.or(described.user_id),
            parent_user_id: person.parent_user_id.or(described.parent_user_id),
            username: person.username.or(described.username),
            name: person.name.or(described.name),
            identity_hash: person.identity_hash.or(described.identity_hash),
        }
    }

    /// Like [`Self::complete`], where the one person described need not be the one meant.
    pub(super) fn complete_known(&self, person: Person) -> Person {
        if person.is_known() { self.complete(person) } else { person }
    }

    /// Who is described and belongs to nothing else.
    pub(super) fn unused(&self) -> Vec<Person> {
        let unused = self.0.iter().filter(|(_, is_used)| !is_used.get());
        let people = unused.filter(|(contact, _)| describe(contact.peek(), None).is_known());
        people.map(|(contact, _)| describe(*contact, None)).collect()
    }
}

/// What a contact says. An id that contradicts the one already known stays unread.
fn describe(contact: Node<'_>, known: Option<&Person>) -> Person {
    let agrees = |person: &Person| -> [bool; 3] {
        let theirs = ids(contact.peek());
        let same_phone = match (&theirs.phone, &person.phone) {
            (Some(theirs), Some(ours)) => theirs.match_key() == ours.match_key(),
            _ => true,
        };
        let same = |theirs: &Option<UserIdentifier>, ours: &Option<UserIdentifier>| ours.is_none() || theirs == ours;
        [same_phone, same(&theirs.user_id, &person.user_id), same(&theirs.parent_user_id, &person.parent_user_id)]
    };
    let [phone, user_id, parent] = known.map_or([true; 3], agrees);
    let reader = |agrees: bool| if agrees { contact } else { contact.peek() };
    let profile = contact.get("profile");
    Person {
        phone: reader(phone).phone("wa_id"),
        user_id: reader(user_id).user_id("user_id"),
        parent_user_id: reader(parent).user_id("parent_user_id"),
        username: profile.and_then(username).or_else(|| username(contact)),
        name: profile.and_then(|profile| profile.text("name")),
        identity_hash: contact.text("identity_key_hash"),
    }
}

fn ids(contact: Node<'_>) -> Person {
    Person {
        phone: contact.phone("wa_id"),
        user_id: contact.user_id("user_id"),
        parent_user_id: contact.user_id("parent_user_id"),
        ..Person::default()
    }
}

fn is_same(contact: Node<'_>, person: &Person) -> bool {
    let theirs = ids(contact.peek());
    // The user id decides where both sides have one.
    if let (Some(theirs), Some(ours)) = (&theirs.user_id, &person.user_id) {
        return theirs == ours;
    }
    match (&theirs.phone, &person.phone) {
        // Brazil's and Mexico's numbers come in two forms, at times both in one delivery.
        (Some(theirs), Some(ours)) => theirs.match_key() == ours.match_key(),
        _ => false,
    }
}

/// A username, which comes with or without its `@`.
pub(super) fn username(node: Node<'_>) -> Option<String> {
    let text = node.text("username")?;
    Some(text.strip_prefix('@').unwrap_or(&text).to_owned())
}

/// A person by the members that name them: number, id, parent id. A number's place may hold an id.
pub(super) fn named(node: Node<'_>, phone: &str, user_id: &str, parents: &[&str]) -> Person {
    let by_number: Option<E164> = node.phone(phone);
    let by_id = node.user_id(user_id).or_else(|| node.user_id(phone));
    let parent_user_id = parents.iter().find_map(|parent| node.user_id(parent));
    Person { phone: by_number, user_id: by_id, parent_user_id, ..Person::default() }
}

pub(super) fn preference(preference: Node<'_>, contacts: &Contacts<'_>) -> Result<Vec<HookFact>, String> {
    let value = preference.text("value").ok_or("no value")?;
    let person = contacts.complete(named(preference, "wa_id", "user_id", &["parent_user_id"]));
    if !person.is_known() {
        return Err("it does not say who".to_owned());
    }
    Ok(vec![HookFact::Preference(Box::new(UserPreference {
        person,
        category: preference.text("category"),
        value,
        detail: preference.text("detail"),
        signup_id: preference.text("signup_id"),
        at: preference.time("timestamp"),
    }))])
}

pub(super) fn user_ids(update: Node<'_>, contacts: &Contacts<'_>) -> Result<Vec<HookFact>, String> {
    let pair = |key: &str| {
        let pair = update.get(key);
        [pair.and_then(|pair| pair.user_id("previous")), pair.and_then(|pair| pair.user_id("current"))]
    };
    let [previous, current] = pair("user_id");
    let [parent_previous, parent_current] = pair("parent_user_id");
    // The contact beside it may carry the id before or after the change.
    let phone = update.phone("wa_id");
    let people = [None, current.clone(), previous.clone()];
    let people = people.map(|user_id| Person { phone: phone.clone(), user_id, ..Person::default() });
    let known = people.into_iter().find(|person| contacts.0.iter().any(|(contact, _)| is_same(*contact, person)));
    let person = known.map(|person| contacts.complete(person));
    let person = person.unwrap_or_else(|| Person { phone, ..Person::default() });
    let fact = UserIdUpdate {
        person,
        previous,
        current,
        parent_previous,
        parent_current,
        detail: update.text("detail"),
        at: update.time("timestamp"),
    };
    if fact.current.is_none() && fact.previous.is_none() && !fact.person.is_known() {
        return Err("it names neither a number nor an id".to_owned());
    }
    Ok(vec![HookFact::UserIds(Box::new(fact))])
}
