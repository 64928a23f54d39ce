//! A customer writes to the business.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::json;

use super::views::InboundResult;
use super::{ControlError, phone_digits};
use crate::callback::{self, Job, Post};
use crate::content::Content;
use crate::graph::media_url;
use crate::ids::{self, Writer};
use crate::phone::picture_sha256;
use crate::shared::{App, Shared};
use crate::world::{Message, Side, Ticks};

/// A message of a customer.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// The customer's number, with or without `+`.
    pub from: String,
    /// The business number it goes to; the first one if `None`.
    pub phone_number_id: Option<String>,
    /// What the customer sends.
    pub kind: InboundKind,
    /// The message it answers.
    pub context_message_id: Option<String>,
    /// Forces an id, so that the same message can be told twice.
    pub message_id: Option<String>,
    /// Whether it is tried again later, as Meta does, if the answer is not 200.
    pub retry: bool,
}

impl Inbound {
    /// A plain text, tried until it is taken.
    #[must_use]
    pub fn text(from: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            phone_number_id: None,
            kind: InboundKind::Text { text: text.into() },
            context_message_id: None,
            message_id: None,
            retry: true,
        }
    }
}

/// What a customer can send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InboundKind {
    /// Typed words.
    Text {
        /// The words.
        text: String,
    },
    /// The sample picture.
    Image {
        /// The words under it.
        caption: Option<String>,
    },
    /// A tapped quick-reply button of a template.
    Button {
        /// The label.
        text: String,
        /// What the business gave the button.
        payload: String,
    },
    /// A tapped button of an interactive message.
    InteractiveButton {
        /// The button's id.
        id: String,
        /// The label.
        title: String,
    },
    /// A chosen row of an interactive list.
    InteractiveList {
        /// The row's id.
        id: String,
        /// The row's title.
        title: String,
        /// The row's second line.
        description: Option<String>,
    },
}

/// Stores the message and tells it, at once.
pub(super) async fn deliver(app: &App, inbound: Inbound) -> Result<InboundResult, ControlError> {
    if app.world().callback_url.is_none() {
        return Err(ControlError::NoCallback);
    }
    let retry = inbound.retry;
    let (id, body) = write(app, inbound)?;
    let attempt = callback::inbound_now(app, Arc::clone(&id), body, retry).await;
    Ok(InboundResult { message_id: id.as_ref().to_owned(), http_status: attempt.http_status, error: attempt.error })
}

/// Stores the message and queues its callback: for a phone page, which does not wait for the business.
pub(crate) fn enqueue(app: &App, inbound: Inbound) -> Result<(), ControlError> {
    let (id, body) = write(app, inbound)?;
    let now = tokio::time::Instant::now();
    app.queue.push(now, Job::Post(Post::new(body, callback::About::Inbound(id))));
    Ok(())
}

/// Stores the message in the chat and returns its callback's body.
fn write(app: &Shared, inbound: Inbound) -> Result<(Arc<str>, Bytes), ControlError> {
    let digits = phone_digits(&inbound.from)?;
    let number = match &inbound.phone_number_id {
        None => 0,
        Some(id) => match app.number_by_id.get(id.as_str()) {
            Some(number) => *number,
            None => return Err(ControlError::UnknownNumber(id.clone())),
        },
    };
    let now = app.now();
    let (message, person) = {
        let mut world = app.world();
        let id = inbound
            .message_id
            .map_or_else(|| ids::wamid(&mut world.rng, &digits, Writer::Customer), |forced| Arc::from(forced.as_str()));
        let media = matches!(inbound.kind, InboundKind::Image { .. }).then(|| ids::object(&mut world.rng));
        if let Some(media) = &media {
            world.media.insert(media.clone(), crate::samples::MediumKind::Image.sample(number));
        }
        let phone = world.phone_mut(&digits);
        phone.wrote_at.insert(number, now);
        phone.number = number;
        let person = phone.owner.clone();
        let message = Message {
            id: Arc::clone(&id),
            number,
            customer: Arc::clone(&person.digits),
            at: now,
            content: content(app, &inbound.kind, media.as_deref()),
            context: inbound.context_message_id,
            side: Side::Customer(Ticks::Sent),
        };
        world.counters.inbound += 1;
        // A forced id may tell of a message that is in the chat already.
        if !world.messages.contains_key(&id) {
            world.phone_mut(&digits).chat.push(Arc::clone(&id));
            world.messages.insert(id, message.clone());
        }
        (message, person)
    };
    app.changed(&person.digits);
    let body = callback::inbound_body(app, &message, &person);
    Ok((message.id, body))
}

/// Type and content as the callback tells them.
fn content(app: &Shared, kind: &InboundKind, media: Option<&str>) -> Content {
    let (kind, object) = match kind {
        InboundKind::Text { text } => ("text", json!({"body": text})),
        InboundKind::Image { caption } => {
            let id = media.unwrap_or_default();
            let mut image = json!({
                "id": id, "mime_type": "image/png", "sha256": picture_sha256(), "url": media_url(app, id),
            });
            if let Some(caption) = caption {
                image["caption"] = json!(caption);
            }
            ("image", image)
        }
        InboundKind::Button { text, payload } => ("button", json!({"text": text, "payload": payload})),
        InboundKind::InteractiveButton { id, title } => {
            ("interactive", json!({"type": "button_reply", "button_reply": {"id": id, "title": title}}))
        }
        InboundKind::InteractiveList { id, title, description } => {
            let mut reply = json!({"id": id, "title": title});
            if let Some(description) = description {
                reply["description"] = json!(description);
            }
            ("interactive", json!({"type": "list_reply", "list_reply": reply}))
        }
    };
    Content::new(kind, object)
}
