//! Tests of the whole server, through its front door.
#![cfg(test)]

mod bad_input;
mod crash;
mod kinds;

mod commands;
mod fixtures;
mod media;
mod operations;
mod outage;
mod pages;
mod receive;
mod retry;
mod send;
mod sessions;
mod support;
