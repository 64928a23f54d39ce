//! Tests of the whole server, through its front door.
#![cfg(test)]

mod account_events;
mod bad_input;
mod crash;
mod kinds;

mod commands;
mod explain;
mod fixtures;
mod media;
mod operations;
mod outage;
mod pace;
mod pages;
mod pages_kinds;
mod people;
mod receive;
mod retry;
mod scheduled;
mod send;
mod sessions;
mod support;
mod templates;
