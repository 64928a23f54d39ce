//! Who people are: descriptions, new numbers and ids, choices.

use std::collections::BTreeSet;

use domain::address::{Address, UserIdentifier};
use domain::ids::AccountId;
use domain::inbound::{ContactSync, Person, SystemNotice, UserIdUpdate, UserPreference};
use domain::time::Timestamp;
use store::consent::NewConsent;
use store::contact::{Identity, NumberChange, Wanted};

use super::{Place, Reading, bounded, lines};
use crate::lines::Application;

/// Somebody is described. It makes nobody a contact who has not written, or been written to.
pub(super) fn take_profile(read: &mut Reading, place: Place<'_>, person: Person) {
    let identities = Identity::of_person(&person);
    let (account, at) = (place.sender.account, place.time(None));
    read.apply.people.push(Wanted { account, identities, name: person.name, at, make: false });
}

/// The phone app's address book: ids that belong together. What the business calls somebody there is not what they call
/// themselves, and whoever is removed from it stays known here.
pub(super) fn take_sync(read: &mut Reading, place: Place<'_>, sync: ContactSync) {
    if sync.action.as_deref() == Some("remove") || !sync.person.is_known() {
        return;
    }
    let identities = Identity::of_person(&sync.person);
    let (account, at) = (place.sender.account, place.time(sync.at));
    read.apply.people.push(Wanted { account, identities, name: None, at, make: false });
}

pub(super) fn take_preference(read: &mut Reading, place: Place<'_>, preference: UserPreference) {
    let identities = Identity::of_person(&preference.person);
    if identities.is_empty() {
        return read.note("user preference of nobody passed over".to_owned());
    }
    let mut detail = preference.detail;
    if let Some(id) = preference.signup_id {
        detail = Some(detail.map_or_else(|| format!("sign-up {id}"), |detail| format!("{detail} (sign-up {id})")));
    }
    read.apply.consents.push(NewConsent {
        account: place.sender.account,
        identities,
        name: preference.person.name,
        category: preference.category.unwrap_or_else(|| "marketing_messages".to_owned()),
        value: preference.value,
        source: "user_preferences",
        detail,
        at: place.time(preference.at),
    });
}

pub(super) fn take_user_ids(read: &mut Reading, place: Place<'_>, update: UserIdUpdate) {
    let at = place.time(update.at);
    new_ids(read, place.sender.account, at, update, true);
}

/// Meta names the business account only. An id means one person wherever it is known; where one account has all numbers
/// of the application, it is that one's.
pub(super) fn take_user_ids_of_business(
    read: &mut Reading,
    application: &Application,
    (sent_at, now): (Timestamp, Timestamp),
    update: UserIdUpdate,
) {
    let accounts: BTreeSet<AccountId> = application.senders.values().map(|sender| sender.account).collect();
    let at = bounded(update.at.unwrap_or(sent_at), now);
    let make = accounts.len() == 1;
    for account in accounts {
        read.concerns(account);
        new_ids(read, account, at, update.clone(), make);
    }
}

/// A person's id is never another's: before and after are one person.
fn new_ids(read: &mut Reading, account: AccountId, at: Timestamp, update: UserIdUpdate, make: bool) {
    let named = |user_id: Option<UserIdentifier>, parent_user_id: Option<UserIdentifier>| {
        Identity::of_person(&Person { user_id, parent_user_id, ..Person::default() })
    };
    let before = named(update.previous, update.parent_previous);
    let mut all = named(update.current, update.parent_current);
    all.extend(Identity::of_person(&update.person));
    if !before.is_empty() {
        let wanted = Wanted { account, identities: before.clone(), name: None, at, make };
        read.apply.people.push(wanted);
    }
    all.extend(before);
    all.sort();
    all.dedup();
    // A moment later, so that of the two ids the new one is the later.
    let at = Timestamp::from_micros(at.as_micros().saturating_add(1));
    read.apply.people.push(Wanted { account, identities: all, name: update.person.name, at, make });
}

/// WhatsApp's notice that somebody has a new number, or a new id.
pub(super) fn take_notice(read: &mut Reading, place: Place<'_>, from: &Person, notice: &SystemNotice, at: Timestamp) {
    let account = place.sender.account;
    let new = Person {
        phone: notice.phone.clone(),
        user_id: notice.user_id.clone(),
        parent_user_id: notice.parent_user_id.clone(),
        ..Person::default()
    };
    let mut identities = Identity::of_person(&new);
    let old = notice.previous_phone.as_ref().or(from.phone.as_ref());
    let is_same = |old| notice.phone.as_ref().is_some_and(|new| new.match_key() == domain::phone::E164::match_key(old));
    let ids =
        Person { user_id: from.user_id.clone(), parent_user_id: from.parent_user_id.clone(), ..Person::default() };
    identities.extend(Identity::of_person(&ids));
    match old.filter(|old| lines::is_number_change(notice) && !is_same(old)) {
        Some(old) => {
            let old = Identity::from(&Address::Phone(old.clone()));
            read.apply.number_changes.push(NumberChange { account, at, old, identities });
        }
        None => {
            identities.extend(from.phone.clone().map(|phone| Identity::from(&Address::Phone(phone))));
            read.apply.people.push(Wanted { account, identities, name: None, at, make: true });
        }
    }
}
