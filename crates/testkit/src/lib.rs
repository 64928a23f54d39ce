#![doc = include_str!("../README.md")]

pub mod browser;
pub mod engine;
pub mod hooks;
pub mod http;
pub mod line;
pub mod postgres;

pub use domain::clock::MockClock;
