//! People: who wrote, who was written to, and what became of their ids and choices.

use crate::address::UserIdentifier;
use crate::phone::E164;
use crate::time::Timestamp;

/// The other side, as far as the provider tells: at least one of number and id is there, unless said otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Telephone number; absent for people with a username.
    pub phone: Option<E164>,
    /// Business-scoped user id.
    pub user_id: Option<UserIdentifier>,
    /// The same for the linked portfolios above ours.
    pub parent_user_id: Option<UserIdentifier>,
    /// The name they adopted on WhatsApp, without `@`.
    pub username: Option<String>,
    /// The name they chose for their profile.
    pub name: Option<String>,
    /// A hash of their identity keys; another one means another phone or installation.
    pub identity_hash: Option<String>,
}

impl Person {
    /// Whether there is a number or an id to know them by.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.phone.is_some() || self.user_id.is_some()
    }
}

/// A person's choice about a category of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPreference {
    /// Who.
    pub person: Person,
    /// Of what, such as `marketing_messages`.
    pub category: Option<String>,
    /// `stop`, `resume` or `signup`.
    pub value: String,
    /// In words.
    pub detail: Option<String>,
    /// The sign-up link's id, for `signup`.
    pub signup_id: Option<String>,
    /// When they chose.
    pub at: Option<Timestamp>,
}

/// A person's ids before and after a change of number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserIdUpdate {
    /// Who, with the ids from the description beside the update, if any.
    pub person: Person,
    /// The id until now.
    pub previous: Option<UserIdentifier>,
    /// The id from now on.
    pub current: Option<UserIdentifier>,
    /// The parent id until now.
    pub parent_previous: Option<UserIdentifier>,
    /// The parent id from now on.
    pub parent_current: Option<UserIdentifier>,
    /// In words.
    pub detail: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}
