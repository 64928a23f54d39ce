#![doc = include_str!("../README.md")]

pub mod assets;
pub mod auth;
pub mod callbacks;
pub mod catalogue;
mod media;
pub mod operations;
pub mod pages;
pub mod problem;
pub mod same_origin;
pub mod server;
pub mod state;
pub mod v1;
pub mod views;

pub use server::router;
pub use state::{Web, WebSettings};
