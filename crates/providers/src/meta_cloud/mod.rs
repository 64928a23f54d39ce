//! Meta's WhatsApp Cloud API, `POST /{version}/{phone number id}/messages` of the Graph API, and its callbacks.

mod account;
mod client;
mod codes;
mod decode;
mod encode;
mod errors;
mod media;
mod part;
mod settings;
mod wire;

pub use settings::Settings;

pub(crate) use client::MetaCloud;
pub(crate) use decode::decode;
pub(crate) use encode::{endpoint, payload};
pub(crate) use part::part;

#[cfg(test)]
pub(crate) mod tests;
