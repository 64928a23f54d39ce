//! Tests of the whole server, through its front door.
#![cfg(test)]

mod bad_input;
mod crash;

mod commands;
mod explain;
mod operations;
mod outage;
mod pages;
mod receive;
mod retry;
mod scheduled;
mod send;
mod sessions;
mod support;
