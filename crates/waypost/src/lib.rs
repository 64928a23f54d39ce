#![doc = include_str!("../README.md")]

pub mod app;
pub mod bench;
pub mod clock;
pub mod commands;
pub mod config;
pub mod random;
pub mod setup;
pub mod telemetry;
