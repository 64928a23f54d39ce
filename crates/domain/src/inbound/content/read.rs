//! Reading Meta's message object.

use super::super::reader::Node;
use super::{
    CallPermission, Card, Edit, FlowReply, InboundContent, ListReply, Location, Media, MediaKind, Order, Reaction,
    SystemNotice,
};

/// The content of a message. What makes no whole kind stays unread, and is kept as it came.
pub(super) fn content(message: Node<'_>) -> InboundContent {
    let place = message.place();
    known(message).unwrap_or_else(|| {
        message.rewind(place);
        let kind = message.text("type").unwrap_or_else(|| "unknown".to_owned());
        InboundContent::Other { kind, raw: message.raw().clone() }
    })
}

fn known(message: Node<'_>) -> Option<InboundContent> {
    let kind = message.text("type")?;
    match kind.as_str() {
        "request_welcome" => return Some(InboundContent::RequestWelcome),
        "media_placeholder" => return Some(InboundContent::MediaPlaceholder),
        "unknown" => return Some(InboundContent::Unknown),
        "unsupported" => {
            let kind = message.get("unsupported").and_then(|object| object.text("type"));
            return Some(InboundContent::Unsupported { kind });
        }
        "contacts" => return contacts(message),
        _ => {}
    }
    let object = message.get(&kind)?;
    match kind.as_str() {
        "text" => Some(InboundContent::Text { body: object.string("body")? }),
        "voice" => {
            let media = Media::read(MediaKind::Audio, object)?;
            Some(InboundContent::Media(Media { voice: media.voice.or(Some(true)), ..media }))
        }
        "location" => Location::read(object).map(InboundContent::Location),
        "button" => Some(InboundContent::Button { text: object.text("text")?, payload: object.text("payload") }),
        "interactive" => interactive(object),
        "reaction" => Reaction::read(object).map(InboundContent::Reaction),
        "order" => Order::read(object).map(InboundContent::Order),
        "system" => SystemNotice::read(object).map(InboundContent::System),
        "edit" => Edit::read(object).map(|edit| InboundContent::Edit(Box::new(edit))),
        "revoke" => {
            object.is_object().then(|| InboundContent::Revoke { original_id: object.text("original_message_id") })
        }
        word => Media::read(MediaKind::parse(word)?, object).map(InboundContent::Media),
    }
}

fn contacts(message: Node<'_>) -> Option<InboundContent> {
    let cards: Vec<Card> = message.list("contacts").into_iter().filter_map(Card::read).collect();
    let is_list = message.raw().get("contacts").is_some_and(serde_json::Value::is_array);
    is_list.then(|| InboundContent::Contacts { cards, origin: message.text("origin") })
}

fn interactive(object: Node<'_>) -> Option<InboundContent> {
    let kind = object.text("type")?;
    let reply = object.get(&kind)?;
    match kind.as_str() {
        "button_reply" => Some(InboundContent::ButtonReply { id: reply.text("id")?, title: reply.text("title")? }),
        "list_reply" => ListReply::read(reply).map(InboundContent::ListReply),
        "nfm_reply" => FlowReply::read(reply).map(InboundContent::FlowReply),
        "call_permission_reply" => CallPermission::read(reply).map(InboundContent::CallPermission),
        _ => None,
    }
}
