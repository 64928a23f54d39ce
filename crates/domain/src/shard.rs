//! Virtual shards: who may dispatch and apply for a sender.

use crate::ids::SenderId;

/// How many virtual shards there are; a change would move senders between owners, so it is fixed.
pub const SHARD_COUNT: i64 = 256;

/// One of the 256 virtual shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(i64);

impl Shard {
    /// The shard of a sender that paces alone. A sender that shares its portfolio's limits is put on the shard of
    /// that group when it is stored; readers take the stored value.
    #[must_use]
    pub const fn of(sender: SenderId) -> Self {
        Self(sender.0.rem_euclid(SHARD_COUNT))
    }

    /// The shard's number, 0 to 255.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }
}
