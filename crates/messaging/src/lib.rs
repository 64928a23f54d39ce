#![doc = include_str!("../README.md")]

pub mod account_events;
pub mod accounts;
pub mod apply;
pub mod callbacks;
pub mod core;
pub mod dispatch;
pub mod explain;
pub mod hints;
pub mod hooks;
pub mod housekeeping;
pub mod jobs;
pub mod lines;
pub mod media;
pub mod messages;
pub mod metric;
pub mod reading;
pub mod scheduled;
pub mod send;
pub mod sender_state;
pub mod templates;

pub use core::{Core, CoreSettings};
