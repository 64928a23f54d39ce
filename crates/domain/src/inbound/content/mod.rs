//! What a person sent, in Waypost's types; written and read as Meta's own message object.

mod cards;
mod media;
mod parts;
mod read;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reader::Node;
use super::write::Members;
use crate::content::excerpt;

pub use cards::{Card, CardAddress, CardEntry, CardName, CardPhone};
pub use media::{Media, MediaKind};
pub use parts::{CallPermission, Edit, FlowReply, ListReply, Location, Order, OrderItem, Reaction, SystemNotice};

/// What a person sent. Written and read as Meta's own message object, like what is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Value", from = "Value")]
pub enum InboundContent {
    /// Free text.
    Text {
        /// The text.
        body: String,
    },
    /// A file, still at the provider: picture, video, sound, document, sticker.
    Media(Media),
    /// A place.
    Location(Location),
    /// Contact cards.
    Contacts {
        /// The cards.
        cards: Vec<Card>,
        /// For a person's own number: `contact_request` if we asked for it, else `other`.
        origin: Option<String>,
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
    /// A chosen row of a list.
    ListReply(ListReply),
    /// A filled flow, or an address.
    FlowReply(FlowReply),
    /// Whether we may call them.
    CallPermission(CallPermission),
    /// A reaction to another message, or its removal.
    Reaction(Reaction),
    /// An order from a catalogue.
    Order(Order),
    /// WhatsApp's own notice about the person.
    System(SystemNotice),
    /// They opened the chat for the first time.
    RequestWelcome,
    /// What WhatsApp does not pass on.
    Unsupported {
        /// The provider's word for what it was, such as `poll`.
        kind: Option<String>,
    },
    /// The older word for the same.
    Unknown,
    /// Another text or file in place of an earlier message's.
    Edit(Box<Edit>),
    /// An earlier message is taken back.
    Revoke {
        /// The provider's id of that message.
        original_id: Option<String>,
    },
    /// A file of the history that follows on its own.
    MediaPlaceholder,
    /// A kind that this version does not read; kept as it came.
    Other {
        /// The provider's word for it.
        kind: String,
        /// The whole message.
        raw: Value,
    },
}

impl InboundContent {
    /// Reads the content of Meta's message object. A known kind that lacks what makes it one is kept as it came, like an
    /// unknown kind.
    #[must_use]
    pub fn read(message: Node<'_>) -> Self {
        read::content(message)
    }

    /// The kind, for lists and filters.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Media(media) => media.kind.as_str(),
            Self::Location(_) => "location",
            Self::Contacts { .. } => "contacts",
            Self::Button { .. } => "button",
            Self::ButtonReply { .. } => "button_reply",
            Self::ListReply(_) => "list_reply",
            Self::FlowReply(_) => "flow_reply",
            Self::CallPermission(_) => "call_permission_reply",
            Self::Reaction(_) => "reaction",
            Self::Order(_) => "order",
            Self::System(_) => "system",
            Self::RequestWelcome => "request_welcome",
            Self::Unsupported { .. } => "unsupported",
            Self::Unknown => "unknown",
            Self::Edit(_) => "edit",
            Self::Revoke { .. } => "revoke",
            Self::MediaPlaceholder => "media_placeholder",
            Self::Other { .. } => "other",
        }
    }

    /// One line for lists, empty where the kind says all.
    #[must_use]
    pub fn excerpt(&self) -> String {
        excerpt(&self.text())
    }

    /// What can be read of it, for people.
    #[must_use]
    pub fn text(&self) -> String {
        let maybe = |text: &Option<String>| text.clone().unwrap_or_default();
        match self {
            Self::Text { body } => body.clone(),
            Self::Media(media) => media.caption.clone().or_else(|| media.filename.clone()).unwrap_or_default(),
            Self::Location(place) => place.name.clone().or_else(|| place.address.clone()).unwrap_or_default(),
            Self::Contacts { cards, .. } => {
                let names: Vec<String> = cards.iter().filter_map(Card::shown_name).collect();
                names.join(", ")
            }
            Self::Button { text, .. } => text.clone(),
            Self::ButtonReply { title, .. } => title.clone(),
            Self::ListReply(reply) => reply.title.clone(),
            Self::FlowReply(reply) => maybe(&reply.body),
            Self::CallPermission(permission) => permission.response.clone(),
            Self::Reaction(reaction) => maybe(&reaction.emoji),
            Self::Order(order) => maybe(&order.text),
            Self::System(notice) => maybe(&notice.body),
            Self::Unsupported { kind } => maybe(kind),
            Self::Edit(edit) => edit.content.as_ref().map(Self::text).unwrap_or_default(),
            Self::RequestWelcome | Self::Unknown | Self::Revoke { .. } | Self::MediaPlaceholder => String::new(),
            Self::Other { kind, .. } => kind.clone(),
        }
    }
}

fn typed(kind: &str, object: Value) -> Value {
    Members::default().text("type", kind).put(kind, Some(object)).value()
}

fn interactive(kind: &str, object: Value) -> Value {
    typed("interactive", typed(kind, object))
}

impl From<InboundContent> for Value {
    fn from(content: InboundContent) -> Self {
        let kind = content.kind();
        match content {
            InboundContent::Text { body } => typed(kind, json!({"body": body})),
            InboundContent::Media(media) => typed(kind, media.value()),
            InboundContent::Location(location) => typed(kind, location.value()),
            InboundContent::Contacts { cards, origin } => Members::default()
                .text("type", kind)
                .put(kind, Some(cards.iter().map(Card::value).collect::<Vec<_>>()))
                .put("origin", origin)
                .value(),
            InboundContent::Button { text, payload } => {
                typed(kind, Members::default().text("text", &text).put("payload", payload).value())
            }
            InboundContent::ButtonReply { id, title } => interactive(kind, json!({"id": id, "title": title})),
            InboundContent::ListReply(reply) => interactive(kind, reply.value()),
            InboundContent::FlowReply(reply) => interactive("nfm_reply", reply.value()),
            InboundContent::CallPermission(permission) => interactive(kind, permission.value()),
            InboundContent::Reaction(reaction) => typed(kind, reaction.value()),
            InboundContent::Order(order) => typed(kind, order.value()),
            InboundContent::System(notice) => typed(kind, notice.value()),
            InboundContent::Unsupported { kind: what } => {
                let what = Members::default().put("type", what);
                Members::default().text("type", kind).object(kind, what).value()
            }
            InboundContent::Edit(edit) => typed(kind, edit.value()),
            InboundContent::Revoke { original_id } => {
                typed(kind, Members::default().put("original_message_id", original_id).value())
            }
            InboundContent::RequestWelcome | InboundContent::Unknown | InboundContent::MediaPlaceholder => {
                json!({"type": kind})
            }
            InboundContent::Other { raw, .. } => raw,
        }
    }
}

impl From<Value> for InboundContent {
    fn from(object: Value) -> Self {
        Self::read(Node::untracked(&object))
    }
}

#[cfg(test)]
mod tests;
