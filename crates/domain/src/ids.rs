//! One id type per entity, over `i64` (which Chatwoot's clients expect), so that two cannot be swapped by mistake.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id_types! {
    /// The tenant.
    AccountId,
    /// A person who signs in.
    UserId,
    /// A signed-in browser.
    SessionId,
    /// A token of the native API.
    TokenId,
    /// A business number on a provider.
    SenderId,
    /// The person on the other side.
    ContactId,
    /// A thread with one contact on one sender.
    ConversationId,
    /// One message, sent or received.
    MessageId,
    /// One HTTP request to a provider.
    CallId,
    /// A change that screens and webhooks hear of.
    EventId,
    /// A stored callback body.
    InletId,
}

/// A node's claim on a shard; it grows with every change of owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub i64);
