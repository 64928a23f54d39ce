//! The commands of the binary.

pub mod bench;
pub mod check_config;
pub mod demo;
pub mod serve;
