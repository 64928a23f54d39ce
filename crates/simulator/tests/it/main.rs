//! The simulator through its front door: HTTP on one side, a callback that listens on the other.
#![expect(clippy::expect_used, reason = "helpers of tests fail the test")]
#![expect(clippy::disallowed_methods, reason = "the tests' own client plays the system under test")]

mod callbacks;
mod control;
mod faults;
mod graph;
mod phone;
mod world;
