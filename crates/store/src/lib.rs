#![doc = include_str!("../README.md")]

pub mod access;
pub mod account;
pub mod audit;
pub mod call;
pub mod conn;
pub mod consent;
pub mod contact;
pub mod conversation;
pub mod error;
pub mod event;
pub mod group;
pub mod hot;
pub mod idempotency;
pub mod ids;
pub mod inlet;
pub mod job;
pub mod lease;
pub mod lock;
pub mod message;
pub mod migrate;
pub mod note;
pub mod open;
pub mod outbox;
pub mod pause;
pub mod pools;
pub mod recipient;
pub mod schedule;
pub mod scheduled;
pub mod sender;
pub mod setting;
pub mod sql;
pub mod trace;

pub use error::StoreError;
pub use open::{Store, StoreSettings};
