//! What a provider's callback says, in Waypost's words. Each decoder of `providers` speaks these types.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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

/// What a person sent. Written and read as Meta's own message object, like what is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Value", from = "Value")]
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
            Self::Text { body } => crate::content::excerpt(body),
            Self::Image { caption, .. } => crate::content::excerpt(caption.as_deref().unwrap_or_default()),
            Self::Button { text, .. } => crate::content::excerpt(text),
            Self::ButtonReply { title, .. } => crate::content::excerpt(title),
            Self::Unsupported { kind, .. } => kind.clone(),
        }
    }
}

impl From<InboundContent> for Value {
    fn from(content: InboundContent) -> Self {
        match content {
            InboundContent::Text { body } => json!({"type": "text", "text": {"body": body}}),
            InboundContent::Image { media_id, mime_type, caption } => {
                json!({"type": "image", "image": {"id": media_id, "mime_type": mime_type, "caption": caption}})
            }
            InboundContent::Button { text, payload } => {
                json!({"type": "button", "button": {"text": text, "payload": payload}})
            }
            InboundContent::ButtonReply { id, title } => json!({
                "type": "interactive",
                "interactive": {"type": "button_reply", "button_reply": {"id": id, "title": title}},
            }),
            InboundContent::Unsupported { raw, .. } => raw,
        }
    }
}

impl From<Value> for InboundContent {
    fn from(object: Value) -> Self {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).map(ToOwned::to_owned);
        let kind = text("/type").unwrap_or_default();
        let known = match kind.as_str() {
            "text" => text("/text/body").map(|body| Self::Text { body }),
            "image" => text("/image/id").map(|media_id| Self::Image {
                media_id,
                mime_type: text("/image/mime_type"),
                caption: text("/image/caption"),
            }),
            "button" => {
                text("/button/text").map(|label| Self::Button { text: label, payload: text("/button/payload") })
            }
            "interactive" => {
                let path = "/interactive/button_reply";
                let (id, title) = (text(&format!("{path}/id")), text(&format!("{path}/title")));
                id.zip(title).map(|(id, title)| Self::ButtonReply { id, title })
            }
            _ => None,
        };
        known.unwrap_or_else(|| Self::Unsupported { kind, raw: object.clone() })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_reads_back_from_metas_own_object() {
        let some = |text: &str| Some(text.to_owned());
        for content in [
            InboundContent::Text { body: "שלום".to_owned() },
            InboundContent::Image { media_id: "65463453".to_owned(), mime_type: some("image/jpeg"), caption: None },
            InboundContent::Button { text: "Confirm".to_owned(), payload: some("YES-77") },
            InboundContent::Button { text: "Confirm".to_owned(), payload: None },
            InboundContent::ButtonReply { id: "front".to_owned(), title: "Front office".to_owned() },
            InboundContent::Unsupported {
                kind: "poll".to_owned(),
                raw: json!({"type": "poll", "poll": {"name": "When?"}}),
            },
        ] {
            let object = Value::from(content.clone());
            assert_eq!(InboundContent::from(object), content);
        }
        assert_eq!(
            Value::from(InboundContent::Text { body: "hi".to_owned() }),
            json!({"type": "text", "text": {"body": "hi"}})
        );
    }
}
