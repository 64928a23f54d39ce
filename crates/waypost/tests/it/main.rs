//! Tests of the whole server, through its front door.
#![cfg(test)]

mod account_events;
mod bad_input;
mod crash;

mod commands;
mod operations;
mod outage;
mod pages;
mod receive;
mod retry;
mod send;
mod sessions;
mod support;
