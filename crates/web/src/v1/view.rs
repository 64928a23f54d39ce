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
use store::message::{Around, Message};

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
    contact: ContactView,
    conversation_id: Option<i64>,
    /// The provider's id of the group it was written in.
    group_id: Option<String>,
    /// The person's number in E.164, or their id.
    address: String,
    kind: String,
    /// Null once it was deleted.
    message: Option<Box<RawValue>>,
    /// Where it was written, if neither here nor by the person just now: `phone_app`, `other_application`, `history`.
    origin: Option<String>,
    class: &'static str,
    reference: Option<String>,
    external_id: Option<String>,
    /// The provider's id of the message this one answers.
    context: Option<String>,
    /// The provider's id of the message this one reacts to, edits or deletes.
    target: Option<String>,
    /// The message of `target`, else of `context`, where it is known.
    quoted: Option<QuotedView>,
    reactions: Vec<ReactionView>,
    /// As it was asked for.
    provider_options: Option<Value>,
    /// As it was asked for.
    recipient_identity_key_hash: Option<String>,
    attempts: i64,
    /// Whether the sandbox sent it.
    simulated: bool,
    failure: Option<Failure>,
    /// What the provider says about its price.
    billing: Option<Box<RawValue>>,
    created_at: Timestamp,
    edited_at: Option<Timestamp>,
    deleted_at: Option<Timestamp>,
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
        let is_shown = self.deleted_at.is_none();
        let own = media.iter().filter(|medium| medium.message.is_some_and(|message| is_shown && message.0 == self.id));
        self.media = own.map(MediaView::from).collect();
        self
    }
}

/// The person, or the group.
#[derive(Debug, Serialize)]
struct ContactView {
    id: i64,
    name: Option<String>,
    phone: Option<String>,
    user_id: Option<String>,
    username: Option<String>,
}

/// A message that another one points to.
#[derive(Debug, Serialize)]
struct QuotedView {
    id: i64,
    /// One line of it; null if it was deleted.
    excerpt: Option<String>,
}

/// A present reaction.
#[derive(Debug, Serialize)]
struct ReactionView {
    emoji: String,
    direction: &'static str,
    contact_id: i64,
    at: Timestamp,
}

impl MessageView {
    /// The message with what is shown around it.
    pub(super) fn new(message: Message, around: Around) -> Self {
        let raw = |text: String| RawValue::from_string(text).ok();
        let is_deleted = message.is_deleted();
        let times: StatusTimes = message.times;
        // What this version cannot read fails the sending, and says so there.
        let options = SendOptions::from_stored(message.options.as_deref()).unwrap_or_default();
        Self {
            id: message.id.0,
            status: message.status.as_str(),
            direction: message.direction.as_str(),
            sender_id: message.sender.0,
            contact_id: message.contact.0,
            contact: ContactView {
                id: message.contact.0,
                name: around.contact.name,
                phone: around.contact.phone,
                user_id: around.contact.user_id,
                username: around.contact.username,
            },
            group_id: message.group,
            conversation_id: message.conversation.map(|id| id.0),
            address: message.address,
            kind: message.kind,
            // Whoever took it back does not want it read; it stays stored for the business's own records.
            message: raw(message.content).filter(|_| !is_deleted),
            origin: message.origin,
            class: Class::as_str(message.class),
            reference: message.reference,
            external_id: message.external_id,
            context: message.context,
            target: message.target,
            quoted: around.quoted.map(|quoted| QuotedView { id: quoted.id.0, excerpt: quoted.excerpt }),
            reactions: around
                .reactions
                .into_iter()
                .map(|reaction| ReactionView {
                    emoji: reaction.emoji,
                    direction: reaction.direction,
                    contact_id: reaction.contact.0,
                    at: reaction.at,
                })
                .collect(),
            provider_options: options.provider_options(),
            recipient_identity_key_hash: options.identity_key_hash,
            attempts: message.attempts,
            simulated: message.simulated,
            failure: message.failure,
            billing: message.billing.and_then(raw),
            created_at: message.created_at,
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
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
