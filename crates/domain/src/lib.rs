#![doc = include_str!("../README.md")]

pub mod address;
pub mod attempt;
pub mod backoff;
pub mod clock;
pub mod draft;
pub mod fields;
pub mod ids;
pub mod inbound;
pub mod message;
pub mod phone;
pub mod random;
pub mod refusal;
pub mod scope;
pub mod sender_state;
pub mod shard;
pub mod time;
