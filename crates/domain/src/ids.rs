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
    /// A picture, a sound, a film or a document, received or to be sent.
    MediaId,
}

impl MediaId {
    /// What every id of a medium of ours begins with, where a provider's own id could stand too.
    pub const PREFIX: &'static str = "wpm_";

    /// As callers write it, such as `wpm_17`.
    #[must_use]
    pub fn public(self) -> String {
        format!("{}{}", Self::PREFIX, self.0)
    }

    /// Reads [`Self::public`]; nothing else is taken, so that one medium has one name.
    #[must_use]
    pub fn parse_public(text: &str) -> Option<Self> {
        let id = Self(text.strip_prefix(Self::PREFIX)?.parse().ok()?);
        (id.0 > 0 && id.public() == text).then_some(id)
    }
}

/// A node's claim on a shard; it grows with every change of owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Epoch(pub i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_medium_has_one_name() {
        assert_eq!(MediaId::parse_public("wpm_17"), Some(MediaId(17)));
        assert_eq!(MediaId(17).public(), "wpm_17");
        for text in ["17", "wpm_", "wpm_017", "wpm_+17", "wpm_-1", "wpm_0", "wpm_17 ", "WPM_17"] {
            assert_eq!(MediaId::parse_public(text), None, "{text}");
        }
    }
}
