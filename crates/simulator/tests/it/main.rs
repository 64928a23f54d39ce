//! The simulator through its front door: HTTP on one side, a callback that listens on the other.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]
#![expect(clippy::disallowed_methods, reason = "the tests' own client plays the system under test")]

mod account;
mod answers;
mod callbacks;
mod control;
mod faults;
mod fixtures;
mod graph;
mod kinds;
mod limits;
mod media;
mod phone;
mod templates;
mod world;
