//! Who a message goes to or comes from: a person has a phone number, a business-scoped user id, or both.

use serde::{Deserialize, Serialize};

use crate::phone::E164;

/// The kinds of identity a contact may be known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// A telephone number in E.164.
    Phone,
    /// Meta's business-scoped user id (BSUID), one per person and business portfolio.
    UserId,
    /// The same for the linked portfolios above ours.
    ParentUserId,
    /// The name a person adopted on WhatsApp. It may be given up and taken by somebody else.
    Username,
    /// A group's id at the provider: a group is a contact, whose conversation the group's is.
    Group,
}

impl IdentityKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Phone, Self::UserId, Self::ParentUserId, Self::Username, Self::Group];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::UserId => "user_id",
            Self::ParentUserId => "parent_user_id",
            Self::Username => "username",
            Self::Group => "group",
        }
    }

    /// Reads [`Self::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Meta's business-scoped user id: two letters of a country, a dot, up to 128 letters and digits, opaque.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserIdentifier(String);

/// A text that is no business-scoped user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a business-scoped user id such as US.13491208655302741918")]
pub struct InvalidUserIdentifier;

impl UserIdentifier {
    /// The id as Meta wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for UserIdentifier {
    type Error = InvalidUserIdentifier;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (country, rest) = text.split_once('.').ok_or(InvalidUserIdentifier)?;
        let well_formed = country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && (1..=140).contains(&rest.len())
            // Parent ids carry a second part, `US.ENT.118…`.
            && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        if well_formed { Ok(Self(text)) } else { Err(InvalidUserIdentifier) }
    }
}

impl From<UserIdentifier> for String {
    fn from(id: UserIdentifier) -> Self {
        id.0
    }
}

/// Meta's id of a group, opaque.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GroupIdentifier(String);

/// A text that is no id of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected Meta's id of a group: 1 to 256 visible ASCII characters")]
pub struct InvalidGroupIdentifier;

impl GroupIdentifier {
    /// The id as Meta wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for GroupIdentifier {
    type Error = InvalidGroupIdentifier;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let well_formed = (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if well_formed { Ok(Self(text)) } else { Err(InvalidGroupIdentifier) }
    }
}

/// Where a message is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// Meta's `to`.
    Phone(E164),
    /// Meta's `recipient`.
    UserId(UserIdentifier),
    /// Meta's `to` with `"recipient_type": "group"`.
    Group(GroupIdentifier),
}

impl Address {
    /// The kind of identity this is.
    #[must_use]
    pub const fn kind(&self) -> IdentityKind {
        match self {
            Self::Phone(_) => IdentityKind::Phone,
            Self::UserId(_) => IdentityKind::UserId,
            Self::Group(_) => IdentityKind::Group,
        }
    }

    /// The identity's text: E.164 with `+`, or the id.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::Phone(number) => number.as_str(),
            Self::UserId(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
        }
    }

    /// Reads back what [`Self::kind`] and [`Self::value`] gave.
    #[must_use]
    pub fn from_stored(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "phone" => E164::try_from(value.to_owned()).ok().map(Self::Phone),
            "user_id" => UserIdentifier::try_from(value.to_owned()).ok().map(Self::UserId),
            "group" => GroupIdentifier::try_from(value.to_owned()).ok().map(Self::Group),
            _ => None,
        }
    }
}
