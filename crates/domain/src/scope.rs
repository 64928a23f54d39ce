//! Proof of who asks: every use case and every query on an account's data takes an [`AccountScope`].

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, TokenId, UserId};

/// What a user may do in an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works with conversations and messages.
    Agent,
    /// Also manages the account.
    Administrator,
}

impl Role {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Administrator => "administrator",
        }
    }

    /// Reads back what [`Self::as_str`] gave; an unknown text gets the least rights.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        if text == "administrator" { Self::Administrator } else { Self::Agent }
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A signed-in person.
    User(UserId),
    /// A program with a token.
    Token(TokenId),
    /// Waypost itself: jobs, callbacks, the dispatcher.
    System,
}

impl Actor {
    /// As written into the audit log.
    #[must_use]
    pub fn describe(self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::Token(id) => format!("token:{id}"),
            Self::System => "system".to_owned(),
        }
    }
}

/// Which account, who, with which rights. Authentication makes it; nothing reads an account's rows without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountScope {
    account: AccountId,
    actor: Actor,
    role: Role,
}

impl AccountScope {
    /// What authentication found.
    #[must_use]
    pub const fn new(account: AccountId, actor: Actor, role: Role) -> Self {
        Self { account, actor, role }
    }

    /// Waypost acting on an account's behalf.
    #[must_use]
    pub const fn system(account: AccountId) -> Self {
        Self { account, actor: Actor::System, role: Role::Administrator }
    }

    /// The account whose rows may be seen.
    #[must_use]
    pub const fn account(self) -> AccountId {
        self.account
    }

    /// Who acts.
    #[must_use]
    pub const fn actor(self) -> Actor {
        self.actor
    }

    /// With which rights.
    #[must_use]
    pub const fn role(self) -> Role {
        self.role
    }
}
