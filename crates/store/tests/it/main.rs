//! The contract of the store: every test here runs on both databases.

// Says to clippy that helpers may unwrap too; an integration test is compiled for tests anyway.
#![cfg(test)]

mod accept;
mod claim;
mod complete;
mod contacts;
mod epochs;
mod events;
mod evidence;
mod group;
mod inbound;
mod inlet;
mod jobs;
mod limits;
mod lists;
mod media;
mod opening;
mod outbox;
mod people;
mod plans;
mod scheduled;
mod schema;
mod statuses;
mod support;
