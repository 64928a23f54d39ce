#![doc = include_str!("../README.md")]

pub mod account;
mod http;
pub mod links;
pub mod media;
pub mod meta_cloud;
mod sandbox;
mod signature;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::address::Address;
use domain::attempt::{AttemptReference, AttemptStatus};
use domain::content::{Content, Template};
use domain::inbound::{DecodedHook, UndecodableHook};
use domain::options::SendOptions;
use domain::refusal::Failure;

use crate::account::{NumberDescription, ReadError, TemplatePage};
pub use crate::http::{HttpClient, NoHttpClient};
use crate::media::{MediaDescription, MediaDownload, MediaError, MediaUpload, UploadResult};

/// The longest part of an answer's body that is kept.
pub const ANSWER_BYTES_KEPT_MAX: usize = 64 * 1024;

/// The providers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// Meta's WhatsApp Cloud API.
    MetaCloud,
    /// Nobody: every message ends as delivered and none leaves the house.
    Sandbox,
}

impl ProviderKind {
    /// Every provider.
    pub const ALL: [Self; 2] = [Self::MetaCloud, Self::Sandbox];

    /// As stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MetaCloud => "meta_cloud",
            Self::Sandbox => "sandbox",
        }
    }

    /// Reads [`Self::as_str`], and `meta`, which the setting `WHATSAPP_PROVIDER` allows too.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "meta" => Some(Self::MetaCloud),
            _ => Self::ALL.into_iter().find(|kind| kind.as_str() == text),
        }
    }
}

/// What a provider can do; policy and screens ask this and never the provider's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// How many messages one request may carry.
    pub recipients_per_call: usize,
    /// How many messages per second a number sends and receives before anything else is known of it; `None`: no limit.
    pub messages_per_second: Option<u32>,
    /// Whether callbacks repeat our reference, so that a lost answer can be settled.
    pub echoes_reference: bool,
    /// Whether free text is bound to the service window.
    pub has_service_window: bool,
    /// The kinds of content it can send, as [`Content::kind`] names them.
    pub kinds: &'static [&'static str],
    /// Whether it has an endpoint of its own for marketing templates.
    pub marketing_messages: bool,
}

/// One message of a call, as the adapter gets it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbound {
    /// Our name for the attempt.
    pub reference: AttemptReference,
    /// To whom.
    pub to: Address,
    /// What.
    pub content: Content,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
    /// How it is handed over.
    pub options: SendOptions,
}

/// One HTTP request for 1..n messages, n at most [`Capabilities::recipients_per_call`].
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The messages, in the order of their outcomes.
    pub messages: Vec<Outbound>,
}

/// The exact request, built before the call is claimed and kept with it; holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Path below the provider's base address, beginning with `/`.
    pub path: String,
    /// The body, byte for byte.
    pub payload: String,
}

/// What the provider cannot do, by field; nothing is dropped silently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {detail}")]
pub struct NotSupported {
    /// The field of the message that cannot be translated.
    pub field: String,
    /// Why, in words for people.
    pub detail: String,
}

/// What became of a message that was handed to a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The provider took it.
    Sent {
        /// The provider's names for it.
        external_ids: Vec<ExternalId>,
        /// `Submitted`, or `Delivered` in the sandbox.
        status: AttemptStatus,
    },
    /// It was not sent, for certain.
    Refused(Refusal),
    /// It may have been sent: the request left us and no clear answer came. The text is the cause, for people.
    Unknown(String),
}

/// The provider's name for a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExternalId {
    /// Which of the provider's names: `wamid`, `sandbox`.
    pub kind: &'static str,
    /// The name.
    pub value: String,
}

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened and what helps.
    pub failure: Failure,
    /// How long to wait, where the provider said so or documents it.
    pub retry_after: Option<Duration>,
}

/// The outcome of a call: one for all its messages, or one for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// The same for every message.
    Whole(Outcome),
    /// One per message, in the call's order.
    Each(Vec<Outcome>),
}

impl CallOutcome {
    /// One outcome for each of the call's `n` messages. A message that the provider did not mention may have been sent.
    #[must_use]
    pub fn each(self, n: usize) -> Vec<Outcome> {
        match self {
            Self::Whole(outcome) => vec![outcome; n],
            Self::Each(mut outcomes) => {
                outcomes.resize(n, Outcome::Unknown("the provider's answer does not mention this message".to_owned()));
                outcomes
            }
        }
    }
}

/// What came back of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it means.
    pub outcome: CallOutcome,
    /// The HTTP status, if an answer came.
    pub http_status: Option<u16>,
    /// The body, if one came: at most [`ANSWER_BYTES_KEPT_MAX`], valid UTF-8 and without NUL, so that it can be stored.
    pub body: Option<String>,
}

/// The headers of a callback that an adapter needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookHeaders {
    /// `X-Hub-Signature-256`.
    pub signature: Option<String>,
}

/// Why a callback is not proven to come from the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSignature {
    /// It carries no signature.
    #[error("the callback carries no signature")]
    Missing,
    /// The signature is not that of these bytes and this application.
    #[error("the callback's signature does not match its body and the application's secret")]
    Wrong,
    /// There is nothing to check against.
    #[error("no application secret is known, so no signature can be checked")]
    NoSecret,
}

/// One business number on one provider, ready to be used.
#[async_trait]
pub trait Provider: Debug + Send + Sync {
    /// Which provider it is.
    fn kind(&self) -> ProviderKind;

    /// What it can do.
    fn capabilities(&self) -> &'static Capabilities;

    /// Translates, or refuses with the field the provider cannot do. Pure.
    ///
    /// # Errors
    /// The first field without a place in the provider's request.
    fn prepare(&self, call: &Call) -> Result<Prepared, NotSupported>;

    /// The language in which a refused template is worth one more try, if its own is what the provider does not know.
    fn fallback_language(&self, failure: &Failure, template: &Template) -> Option<String> {
        let _ = (failure, template);
        None
    }

    /// Makes the request, once: no retry is hidden in here.
    async fn send(&self, prepared: &Prepared) -> Answer;

    /// Tells the person that their message was read, and that somebody is typing.
    async fn mark_read(&self, external_id: &str, typing: bool) -> Answer;

    /// Asks what the provider knows of this number.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn describe_number(&self) -> Result<NumberDescription, ReadError> {
        Err(ReadError::NotOffered)
    }

    /// Asks for a page of the business account's templates, the first one or the one that begins at `after`.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn list_templates(&self, business_account: &str, after: Option<&str>) -> Result<TemplatePage, ReadError> {
        let _ = (business_account, after);
        Err(ReadError::NotOffered)
    }

    /// Hands over a medium, once; the id belongs to this sender. No message is sent by it, so every failure is a
    /// refusal.
    async fn upload_media(&self, upload: MediaUpload) -> UploadResult;

    /// Asks what the provider knows of a medium that a person sent, and where its bytes are for some minutes.
    async fn describe_media(&self, id: &str) -> Result<MediaDescription, MediaError>;

    /// Begins to fetch a medium. The sender's token goes to the provider's own hosts and to no other.
    async fn download_media(&self, url: &str) -> Result<MediaDownload, MediaError>;

    /// Whether this refusal of a message may mean that the provider does not know its medium any more.
    fn may_be_about_media(&self, failure: &Failure) -> bool;

    /// Whether the signature over the exact bytes is this sender's application's; in constant time.
    ///
    /// # Errors
    /// The signature is missing or wrong, or there is no secret.
    fn verify_hook(&self, headers: &HookHeaders, body: &[u8]) -> Result<(), InvalidSignature>;
}

/// Decodes a callback's body; pure, and needs no credentials.
///
/// # Errors
/// A body that is none of the provider's shapes at all. What is merely unknown in it is passed over by name.
pub fn decode_hook(kind: ProviderKind, body: &[u8]) -> Result<DecodedHook, UndecodableHook> {
    match kind {
        ProviderKind::MetaCloud => meta_cloud::decode(body),
        ProviderKind::Sandbox => Err(UndecodableHook("the sandbox makes no callbacks".to_owned())),
    }
}

/// What of a callback's body concerns one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookPart {
    /// All of it.
    Whole,
    /// This much, as JSON text; the rest is about others.
    Part(String),
}

/// Narrows a callback's body to what names one of the provider's `ids`, or one of our references that begin with
/// `reference`: a body may speak of many people's messages. `None` when nothing does.
#[must_use]
pub fn hook_part(kind: ProviderKind, body: &[u8], ids: &[&str], reference: &str) -> Option<HookPart> {
    match kind {
        ProviderKind::MetaCloud => meta_cloud::part(body, ids, reference),
        ProviderKind::Sandbox => None,
    }
}

/// What is needed to use one sender.
#[derive(Debug)]
pub enum Settings {
    /// Meta's WhatsApp Cloud API.
    MetaCloud(meta_cloud::Settings),
    /// Nothing.
    Sandbox,
}

/// Makes a sender ready to be used. Nothing is asked of the provider here.
#[must_use]
pub fn connect(settings: Settings, http: &HttpClient) -> Arc<dyn Provider> {
    match settings {
        Settings::MetaCloud(settings) => Arc::new(meta_cloud::MetaCloud::new(settings, http.clone())),
        Settings::Sandbox => Arc::new(sandbox::Sandbox),
    }
}

#[cfg(test)]
#[path = "lib_tests.rs"]
mod tests;
