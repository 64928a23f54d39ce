//! testkit used as other crates use it.

// Says to clippy that helpers may unwrap too; an integration test is compiled for tests anyway.
#![cfg(test)]

mod browser;
mod databases;
mod page;
