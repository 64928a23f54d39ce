//! What a provider's callback says, in Waypost's words. Each decoder of `providers` speaks these types.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::address::UserIdentifier;
use crate::attempt::Evidence;
use crate::phone::E164;
use crate::time::Timestamp;

/// One fact of a callback body, with the number it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct HookItem {
    /// The provider's id of the business number (Meta's `phone_number_id`).
    pub number_id: String,
    /// What happened.
    pub fact: HookFact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum HookFact {
    /// A person wrote.
    Message(Box<InboundMessage>),
    /// Something became of a message of ours.
    Status(Box<StatusReport>),
}

/// A message from a person.
#[derive(Clone, Debug, PartialEq)]
pub struct InboundMessage {
    /// The provider's id, which makes it one message however often it is delivered.
    pub external_id: String,
    /// Who wrote.
    pub from: Person,
    /// When, in the provider's words.
    pub at: Timestamp,
    /// What.
    pub content: InboundContent,
    /// The provider's id of the message it answers.
    pub context: Option<String>,
}

/// The other side, as far as the provider tells: at least one of number and id is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Telephone number; absent for people with a username.
    pub phone: Option<E164>,
    /// Business-scoped user id.
    pub user_id: Option<UserIdentifier>,
    /// The name they chose for their profile.
    pub name: Option<String>,
}

/// What a person sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InboundContent {
    /// Free text.
    Text {
        /// The text.
        body: String,
    },
    /// A picture, still at the provider.
    Image {
        /// The provider's id of the medium.
        media_id: String,
        /// Its media type.
        mime_type: Option<String>,
        /// Text below it.
        caption: Option<String>,
    },
    /// A tapped quick-reply button of a template.
    Button {
        /// What it says.
        text: String,
        /// What we gave it to send back.
        payload: Option<String>,
    },
    /// A tapped reply button of an interactive message.
    ButtonReply {
        /// The button's id.
        id: String,
        /// What it says.
        title: String,
    },
    /// A kind that this version does not read; kept as it came.
    Unsupported {
        /// The provider's word for it.
        kind: String,
        /// The whole message.
        raw: Value,
    },
}

impl InboundContent {
    /// The kind, for lists and filters.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Image { .. } => "image",
            Self::Button { .. } => "button",
            Self::ButtonReply { .. } => "button_reply",
            Self::Unsupported { .. } => "unsupported",
        }
    }

    /// One line for lists.
    #[must_use]
    pub fn excerpt(&self) -> String {
        match self {
            Self::Text { body } => crate::message::excerpt(body),
            Self::Image { caption, .. } => crate::message::excerpt(caption.as_deref().unwrap_or_default()),
            Self::Button { text, .. } => crate::message::excerpt(text),
            Self::ButtonReply { title, .. } => crate::message::excerpt(title),
            Self::Unsupported { kind, .. } => kind.clone(),
        }
    }
}

/// What became of a message of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusReport {
    /// The provider's id of the message.
    pub external_id: String,
    /// Our own reference, where the provider echoes it.
    pub reference: Option<String>,
    /// What happened and when.
    pub evidence: Evidence,
}

/// What a decoder made of a body: every fact it knows, and in words what it passed over.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecodedHook {
    /// The facts, in the body's order.
    pub items: Vec<HookItem>,
    /// What was passed over, such as ``field `flows` ``: shown with the stored body.
    pub passed_over: Vec<String>,
}

/// A body that is none of the provider's shapes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UndecodableHook(pub String);
