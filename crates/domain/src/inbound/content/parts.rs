//! Places, replies, reactions, orders, notices and edits.

use serde_json::{Map, Value};

use super::super::message::Context;
use super::super::reader::Node;
use super::super::write::Members;
use super::InboundContent;
use crate::address::UserIdentifier;
use crate::phone::E164;
use crate::time::Timestamp;

/// A place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// The name of what is there.
    pub name: Option<String>,
    /// Its postal address.
    pub address: Option<String>,
    /// Its page.
    pub url: Option<String>,
}

impl Location {
    pub(super) fn read(location: Node<'_>) -> Option<Self> {
        Some(Self {
            latitude: location.number("latitude")?,
            longitude: location.number("longitude")?,
            name: location.text("name"),
            address: location.text("address"),
            url: location.text("url"),
        })
    }

    pub(super) fn value(&self) -> Value {
        Members::default()
            .put("latitude", Some(self.latitude))
            .put("longitude", Some(self.longitude))
            .put("name", self.name.clone())
            .put("address", self.address.clone())
            .put("url", self.url.clone())
            .value()
    }
}

/// A chosen row of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListReply {
    /// The row's id.
    pub id: String,
    /// What it says.
    pub title: String,
    /// What it says below.
    pub description: Option<String>,
}

impl ListReply {
    pub(super) fn read(reply: Node<'_>) -> Option<Self> {
        Some(Self { id: reply.text("id")?, title: reply.text("title")?, description: reply.text("description") })
    }

    pub(super) fn value(&self) -> Value {
        Members::default()
            .text("id", &self.id)
            .text("title", &self.title)
            .put("description", self.description.clone())
            .value()
    }
}

/// A filled flow, or an address (Meta's `nfm_reply`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowReply {
    /// `flow` or `address_message`.
    pub name: Option<String>,
    /// A line about it, such as `Sent`.
    pub body: Option<String>,
    /// What was filled in: JSON in a text, mostly an object.
    pub response_json: String,
}

impl FlowReply {
    pub(super) fn read(reply: Node<'_>) -> Option<Self> {
        Some(Self { name: reply.text("name"), body: reply.text("body"), response_json: reply.string("response_json")? })
    }

    pub(super) fn value(&self) -> Value {
        Members::default()
            .put("name", self.name.clone())
            .put("body", self.body.clone())
            .text("response_json", &self.response_json)
            .value()
    }

    /// What was filled in, where it is an object.
    #[must_use]
    pub fn response(&self) -> Option<Map<String, Value>> {
        serde_json::from_str(&self.response_json).ok()
    }
}

/// Whether we may call somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallPermission {
    /// `accept` or `reject`.
    pub response: String,
    /// Whether the yes holds until it is taken back.
    pub is_permanent: Option<bool>,
    /// Until when the yes holds.
    pub expires_at: Option<Timestamp>,
    /// `user_action` or `automatic`.
    pub source: Option<String>,
}

impl CallPermission {
    pub(super) fn read(reply: Node<'_>) -> Option<Self> {
        Some(Self {
            response: reply.text("response")?,
            is_permanent: reply.flag("is_permanent"),
            expires_at: reply.time("expiration_timestamp"),
            source: reply.text("response_source"),
        })
    }

    pub(super) fn value(&self) -> Value {
        Members::default()
            .text("response", &self.response)
            .put("is_permanent", self.is_permanent)
            .time("expiration_timestamp", self.expires_at)
            .put("response_source", self.source.clone())
            .value()
    }
}

/// A reaction to another message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reaction {
    /// The provider's id of that message.
    pub message_id: String,
    /// The emoji; absent when the reaction is taken back.
    pub emoji: Option<String>,
}

impl Reaction {
    pub(super) fn read(reaction: Node<'_>) -> Option<Self> {
        Some(Self { message_id: reaction.text("message_id")?, emoji: reaction.text("emoji") })
    }

    pub(super) fn value(&self) -> Value {
        Members::default().text("message_id", &self.message_id).put("emoji", self.emoji.clone()).value()
    }
}

/// An order from a catalogue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Order {
    /// The catalogue.
    pub catalog_id: Option<String>,
    /// What was written with it.
    pub text: Option<String>,
    /// What was ordered.
    pub items: Vec<OrderItem>,
}

/// A line of an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderItem {
    /// The product's id in the catalogue.
    pub product_id: Option<String>,
    /// How many.
    pub quantity: Option<i64>,
    /// The price of one, in whole units of the currency.
    pub price: Option<f64>,
    /// The currency in three letters.
    pub currency: Option<String>,
}

impl Order {
    pub(super) fn read(order: Node<'_>) -> Option<Self> {
        let item = |item: Node<'_>| OrderItem {
            product_id: item.text("product_retailer_id"),
            quantity: item.integer("quantity"),
            price: item.number("item_price"),
            currency: item.text("currency"),
        };
        order.is_object().then(|| Self {
            catalog_id: order.text("catalog_id"),
            text: order.text("text"),
            items: order.list("product_items").into_iter().filter(|item| item.is_object()).map(item).collect(),
        })
    }

    pub(super) fn value(&self) -> Value {
        let item = |item: &OrderItem| {
            Members::default()
                .put("product_retailer_id", item.product_id.clone())
                .put("quantity", item.quantity)
                .put("item_price", item.price)
                .put("currency", item.currency.clone())
                .value()
        };
        Members::default()
            .put("catalog_id", self.catalog_id.clone())
            .put("text", self.text.clone())
            .list("product_items", self.items.iter().map(item).collect())
            .value()
    }
}

/// WhatsApp's own notice about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SystemNotice {
    /// `user_changed_number`, `user_changed_user_id`, `customer_identity_changed`, and older words.
    pub kind: Option<String>,
    /// In a sentence.
    pub body: Option<String>,
    /// Their number from now on.
    pub phone: Option<E164>,
    /// Their id from now on.
    pub user_id: Option<UserIdentifier>,
    /// Their parent id from now on.
    pub parent_user_id: Option<UserIdentifier>,
    /// The hash of their new identity keys, as older versions tell it.
    pub identity_hash: Option<String>,
    /// Their number until now, as older versions tell it.
    pub previous_phone: Option<E164>,
}

impl SystemNotice {
    pub(super) fn read(notice: Node<'_>) -> Option<Self> {
        let read = Self {
            kind: notice.text("type"),
            body: notice.text("body"),
            phone: notice.phone("wa_id").or_else(|| notice.phone("new_wa_id")),
            user_id: notice.user_id("user_id"),
            parent_user_id: notice.user_id("parent_user_id"),
            identity_hash: notice.text("identity"),
            previous_phone: notice.phone("customer"),
        };
        (read != Self::default()).then_some(read)
    }

    pub(super) fn value(&self) -> Value {
        let digits = |phone: &Option<E164>| phone.as_ref().map(|phone| phone.digits().to_owned());
        Members::default()
            .put("type", self.kind.clone())
            .put("body", self.body.clone())
            .put("wa_id", digits(&self.phone))
            .put("user_id", self.user_id.clone().map(String::from))
            .put("parent_user_id", self.parent_user_id.clone().map(String::from))
            .put("identity", self.identity_hash.clone())
            .put("customer", digits(&self.previous_phone))
            .value()
    }
}

/// Another text or file in place of an earlier message's. Within 15 minutes, in the phone app only.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The provider's id of that message.
    pub original_id: Option<String>,
    /// What it says from now on.
    pub content: Option<InboundContent>,
    /// What it answers.
    pub context: Option<Context>,
}

impl Edit {
    pub(super) fn read(edit: Node<'_>) -> Option<Self> {
        let message = edit.get("message").filter(|message| message.is_object());
        let read = Self {
            original_id: edit.text("original_message_id"),
            content: message.map(InboundContent::read),
            context: message.and_then(Context::read),
        };
        (read.original_id.is_some() || read.content.is_some()).then_some(read)
    }

    pub(super) fn value(&self) -> Value {
        let message = self.content.clone().map(|content| {
            let mut message = Value::from(content);
            if let (Value::Object(message), Some(context)) = (&mut message, &self.context) {
                message.insert("context".to_owned(), context.value());
            }
            message
        });
        Members::default().put("original_message_id", self.original_id.clone()).put("message", message).value()
    }
}
