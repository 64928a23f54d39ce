//! Who: the people beside the messages (`contacts[]`), and what became of their ids and choices.

use std::cell::Cell;

use domain::inbound::reader::Node;
use domain::inbound::{HookFact, Person, UserIdUpdate, UserPreference};
use domain::phone::E164;

/// The people a value describes.
pub(super) struct Contacts<'v>(Vec<Contact<'v>>);

struct Contact<'v> {
    node: Node<'v>,
    /// What it says, read without a trace: most bodies describe one person beside very many statuses.
    person: Person,
    is_used: Cell<bool>,
    /// Whether all of it counts as read.
    is_read: Cell<bool>,
}

impl<'v> Contacts<'v> {
    pub(super) fn of(value: Node<'v>) -> Self {
        let contact = |node: Node<'v>| Contact {
            node,
            person: describe(node.peek()),
            is_used: Cell::new(false),
            is_read: Cell::new(false),
        };
        Self(value.list("contacts").into_iter().map(contact).collect())
    }

    /// The person with what is described of them. One whom nothing names is the only one who is described.
    pub(super) fn complete(&self, person: Person) -> Person {
        let found = match self.0.as_slice() {
            [only] if !person.is_known() => Some(only),
            all => all.iter().find(|contact| contact.is(&person)),
        };
        let Some(contact) = found else { return person };
        contact.mark(&person);
        let described = &contact.person;
        Person {
            phone: person.phone.or_else(|| described.phone.clone()),
            user_id: person.user_id.or_else(|| described.user_id.clone()),
            parent_user_id: person.parent_user_id.or_else(|| described.parent_user_id.clone()),
            username: person.username.or_else(|| described.username.clone()),
            name: person.name.or_else(|| described.name.clone()),
            identity_hash: person.identity_hash.or_else(|| described.identity_hash.clone()),
        }
    }

    /// Like [`Self::complete`], where the one person described need not be the one meant.
    pub(super) fn complete_known(&self, person: Person) -> Person {
        if person.is_known() { self.complete(person) } else { person }
    }

    /// Who is described and belongs to nothing else.
    pub(super) fn unused(&self) -> Vec<Person> {
        let unused = self.0.iter().filter(|contact| !contact.is_used.get() && contact.person.is_known());
        unused.map(|contact| describe(contact.node)).collect()
    }
}

impl Contact<'_> {
    fn is(&self, person: &Person) -> bool {
        // The user id decides where both sides have one.
        if let (Some(theirs), Some(ours)) = (&self.person.user_id, &person.user_id) {
            return theirs == ours;
        }
        match (&self.person.phone, &person.phone) {
            (Some(theirs), Some(ours)) => is_same_number(theirs, ours),
            _ => false,
        }
    }

    /// Counts it as read, but for an id or a hash that contradicts the one already known.
    fn mark(&self, person: &Person) {
        self.is_used.set(true);
        if self.is_read.get() {
            return;
        }
        let place = self.node.place();
        let theirs = describe(self.node);
        let agrees = agrees(&theirs.phone, &person.phone, is_same_number)
            && agrees(&theirs.user_id, &person.user_id, PartialEq::eq)
            && agrees(&theirs.parent_user_id, &person.parent_user_id, PartialEq::eq)
            && agrees(&theirs.identity_hash, &person.identity_hash, PartialEq::eq);
        self.is_read.set(agrees);
        if !agrees {
            self.node.rewind(place);
            self.mark_agreeing(person);
        }
    }

    fn mark_agreeing(&self, person: &Person) {
        let node = |agrees: bool| if agrees { self.node } else { self.node.peek() };
        let _ = node(agrees(&self.person.phone, &person.phone, is_same_number)).phone("wa_id");
        let _ = node(agrees(&self.person.user_id, &person.user_id, PartialEq::eq)).user_id("user_id");
        let parent = agrees(&self.person.parent_user_id, &person.parent_user_id, PartialEq::eq);
        let _ = node(parent).user_id("parent_user_id");
        let hash = agrees(&self.person.identity_hash, &person.identity_hash, PartialEq::eq);
        let _ = node(hash).text("identity_key_hash");
        let _ = names(self.node);
    }
}

/// Brazil's and Mexico's numbers come in two forms, at times both in one delivery.
fn is_same_number(theirs: &E164, ours: &E164) -> bool {
    theirs == ours || theirs.match_key() == ours.match_key()
}

fn agrees<T>(theirs: &Option<T>, ours: &Option<T>, is_same: impl Fn(&T, &T) -> bool) -> bool {
    match (theirs, ours) {
        (Some(theirs), Some(ours)) => is_same(theirs, ours),
        _ => true,
    }
}

/// What a contact says.
fn describe(contact: Node<'_>) -> Person {
    let (username, name) = names(contact);
    Person {
        phone: contact.phone("wa_id"),
        user_id: contact.user_id("user_id"),
        parent_user_id: contact.user_id("parent_user_id"),
        username,
        name,
        identity_hash: contact.text("identity_key_hash"),
    }
}

fn names(contact: Node<'_>) -> (Option<String>, Option<String>) {
    let profile = contact.get("profile");
    let username = profile.and_then(username).or_else(|| username(contact));
    (username, profile.and_then(|profile| profile.text("name")))
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
    let known = people.into_iter().find(|person| contacts.0.iter().any(|contact| contact.is(person)));
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
