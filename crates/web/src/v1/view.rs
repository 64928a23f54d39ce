//! How the native API shows a message.

use domain::attempt::{AttemptStatus, StatusTimes};
use domain::message::{Class, Direction};
use domain::options::SendOptions;
use domain::refusal::Failure;
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use store::media::Medium;
use store::message::Message;

use super::media::MediaView;

/// A message as the API answers it. `message` is Meta's own object for what was sent, and the decoded content of what
/// was received.
#[derive(Debug, Serialize)]
pub(super) struct MessageView {
    id: i64,
    status: &'static str,
    direction: &'static str,
    sender_id: i64,
    contact_id: i64,
    conversation_id: Option<i64>,
    /// The person's number in E.164, or their id.
    address: String,
    kind: String,
    message: Box<RawValue>,
    class: &'static str,
    reference: Option<String>,
    external_id: Option<String>,
    /// The provider's id of the message this one answers.
    context: Option<String>,
    /// As it was asked for.
    provider_options: Option<Value>,
    /// As it was asked for.
    recipient_identity_key_hash: Option<String>,
    attempts: i64,
    /// Whether the sandbox sent it.
    simulated: bool,
    failure: Option<Failure>,
    created_at: Timestamp,
    send_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    submitted_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
    read_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    replied_at: Option<Timestamp>,
    /// What came with it.
    media: Vec<MediaView>,
}

impl MessageView {
    /// The same, with those of the media that came with it.
    pub(super) fn with_media(mut self, media: &[Medium]) -> Self {
        let own = media.iter().filter(|medium| medium.message.is_some_and(|message| message.0 == self.id));
        self.media = own.map(MediaView::from).collect();
        self
    }
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        let times: StatusTimes = message.times;
        // What this version cannot read fails the sending, and says so there.
        let options = SendOptions::from_stored(message.options.as_deref()).unwrap_or_default();
        Self {
            id: message.id.0,
            status: message.status.as_str(),
            direction: message.direction.as_str(),
            sender_id: message.sender.0,
            contact_id: message.contact.0,
            conversation_id: message.conversation.map(|id| id.0),
            address: message.address,
            kind: message.kind,
            message: RawValue::from_string(message.content).unwrap_or_default(),
            class: Class::as_str(message.class),
            reference: message.reference,
            external_id: message.external_id,
            context: message.context,
            provider_options: options.provider_options(),
            recipient_identity_key_hash: options.identity_key_hash,
            attempts: message.attempts,
            simulated: message.simulated,
            failure: message.failure,
            created_at: message.created_at,
            send_at: message.send_at,
            expires_at: message.expires_at,
            submitted_at: times.submitted,
            sent_at: times.sent,
            // For what we sent, read without delivered counts as delivered.
            delivered_at: match message.direction {
                Direction::Outbound => times.received(),
                Direction::Inbound => times.delivered,
            },
            read_at: times.read,
            failed_at: times.failed,
            replied_at: message.replied_at,
            media: Vec::new(),
        }
    }
}

/// One attempt with the exact request and what came back.
#[derive(Debug, Serialize)]
pub(super) struct AttemptView {
    number: i64,
    status: AttemptStatus,
    path: String,
    /// The exact request, without secrets.
    payload: String,
    http_status: Option<i64>,
    /// The provider's answer, as it came.
    answer: Option<String>,
    /// What we noted where no answer came.
    note: Option<String>,
    /// What was decided before the call, such as another language.
    decision: Option<String>,
    failure: Option<Failure>,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
}

impl From<store::call::AttemptView> for AttemptView {
    fn from(attempt: store::call::AttemptView) -> Self {
        Self {
            number: attempt.number,
            status: attempt.status,
            path: attempt.path,
            payload: attempt.payload,
            http_status: attempt.http_status,
            answer: attempt.answer,
            note: attempt.note,
            decision: attempt.decision,
            failure: attempt.failure,
            started_at: attempt.started_at,
            finished_at: attempt.finished_at,
        }
    }
}
