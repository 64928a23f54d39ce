//! Interactive messages: what can be tapped.

mod address;
mod buttons;
mod carousel;
mod flow;
mod order;

use serde_json::{Value, json};

pub use address::AddressRequest;
pub use buttons::{Link, ListSection, ReplyButton, Row};
pub(super) use carousel::read_card_index;
pub use carousel::{Card, CardAction};
pub use flow::{Flow, FlowReference};
pub use order::{OrderDetails, OrderStatus};

use super::media::MediaPlace;
use super::products::ProductSection;
use super::{Media, MediaKind, MediumMut, object, unsupported};
use crate::fields::{FieldError, Fields};

/// An interactive message: its parts fit its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Interactive {
    header: Option<Header>,
    body: Option<String>,
    footer: Option<String>,
    action: Action,
}

/// What stands above the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Header {
    /// A line of text.
    Text(String),
    /// A picture, film or file.
    Media(Media),
}

/// What can be done with the message; decides its `type`.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// `button`: one to three buttons that answer.
    Buttons(Vec<ReplyButton>),
    /// `list`: a menu.
    List {
        /// The text that opens it.
        button: String,
        /// Its entries, ten in all.
        sections: Vec<ListSection>,
    },
    /// `cta_url`: a button that opens an address.
    Link(Link),
    /// `location_request_message`: a button that sends where the person is.
    RequestLocation,
    /// `flow`: a form.
    Flow(Flow),
    /// `product`: one product.
    Product {
        /// Meta's id of the catalogue.
        catalog_id: String,
        /// The shop's id of the product.
        retailer_id: String,
    },
    /// `product_list`: several products.
    Products {
        /// Meta's id of the catalogue.
        catalog_id: String,
        /// The products.
        sections: Vec<ProductSection>,
    },
    /// `catalog_message`: the whole catalogue.
    Catalog {
        /// The product whose picture shows.
        thumbnail: Option<String>,
    },
    /// `carousel`: two to ten cards.
    Carousel(Vec<Card>),
    /// `address_message`: a form for a postal address, in India.
    RequestAddress(AddressRequest),
    /// `call_permission_request`: asks whether the business may call.
    RequestCallPermission,
    /// `request_contact_info`: asks a person who is known by name only for the number.
    RequestContactInfo,
    /// `order_status`: how an order that was paid in WhatsApp stands.
    OrderStatus(OrderStatus),
    /// `order_details`: a request to pay an order.
    OrderDetails(OrderDetails),
}

pub(super) const KINDS: &[&str] = &[
    "button",
    "list",
    "cta_url",
    "location_request_message",
    "flow",
    "product",
    "product_list",
    "catalog_message",
    "carousel",
    "address_message",
    "call_permission_request",
    "request_contact_info",
    "order_status",
    "order_details",
];

/// Which header a kind takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HeaderRule {
    Any,
    Text,
    TextRequired,
    None,
}

/// What a kind takes beside its action.
struct Rules {
    header: HeaderRule,
    body_required: bool,
    body_chars_max: usize,
    footer: bool,
}

impl Rules {
    fn of(kind: &str) -> Self {
        let header = match kind {
            "button" | "cta_url" | "flow" | "address_message" | "order_details" => HeaderRule::Any,
            "list" => HeaderRule::Text,
            "product_list" => HeaderRule::TextRequired,
            _ => HeaderRule::None,
        };
        Self {
            header,
            body_required: !matches!(kind, "product" | "call_permission_request"),
            body_chars_max: if kind == "list" { 4096 } else { 1024 },
            footer: kind != "carousel",
        }
    }
}

impl Interactive {
    /// What stands above the text.
    #[must_use]
    pub const fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The text.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// The small print.
    #[must_use]
    pub fn footer(&self) -> Option<&str> {
        self.footer.as_deref()
    }

    /// What can be done with it.
    #[must_use]
    pub const fn action(&self) -> &Action {
        &self.action
    }

    pub(super) fn read(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let found = fields.text("type")?;
        let Some(kind) = KINDS.iter().find(|kind| **kind == found) else {
            return Err(unsupported(&fields, "type", found, KINDS));
        };
        let rules = Rules::of(kind);
        let header = read_header(&mut fields, kind, rules.header)?;
        let body = read_part(&mut fields, "body", rules.body_chars_max)?;
        if rules.body_required && body.is_none() {
            return Err(fields.error("missing_field", "body", "this field is required"));
        }
        if !rules.footer {
            fields.refuse("footer", &format!("a message of type `{kind}` has no footer"))?;
        }
        let footer = read_part(&mut fields, "footer", 60)?;
        let action = Action::read(kind, fields.object("action")?)?;
        fields.finish()?;
        Ok(Self { header, body, footer, action })
    }

    pub(super) fn to_value(&self) -> Value {
        object([
            ("type", Some(json!(self.action.kind()))),
            ("header", self.header.as_ref().map(Header::to_value)),
            ("body", self.body().map(|text| json!({"text": text}))),
            ("footer", self.footer().map(|text| json!({"text": text}))),
            ("action", Some(self.action.to_value())),
        ])
    }

    pub(super) fn media_mut(&mut self) -> Vec<MediumMut<'_>> {
        let mut media = Vec::new();
        if let Some(Header::Media(medium)) = &mut self.header {
            media.push(MediumMut { path: format!("interactive.header.{}", medium.kind()), media: medium });
        }
        if let Action::Carousel(cards) = &mut self.action {
            media.extend(cards.iter_mut().enumerate().map(|(i, card)| {
                let medium = card.header_mut();
                MediumMut { path: format!("interactive.action.cards[{i}].header.{}", medium.kind()), media: medium }
            }));
        }
        media
    }

    pub(super) fn excerpt(&self) -> &str {
        let header = match &self.header {
            Some(Header::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        self.body().or(header).unwrap_or_else(|| self.action.label())
    }
}

impl Header {
    fn read(mut fields: Fields<'_>, kinds: &[&'static str]) -> Result<Self, FieldError> {
        let kind = fields.word("type", kinds)?;
        let header = match MediaKind::parse(kind) {
            None => Self::Text(fields.text_within("text", 60)?.to_owned()),
            Some(medium) => Self::Media(Media::read(fields.object(kind)?, medium, MediaPlace::Header)?),
        };
        fields.finish()?;
        Ok(header)
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::Media(media) => medium_to_value(media),
        }
    }
}

fn medium_to_value(media: &Media) -> Value {
    let kind = media.kind().as_str();
    object([("type", Some(json!(kind))), (kind, Some(media.to_value()))])
}

fn read_header(fields: &mut Fields<'_>, kind: &str, rule: HeaderRule) -> Result<Option<Header>, FieldError> {
    let kinds: &[_] = if rule == HeaderRule::Any { &["text", "image", "video", "document"] } else { &["text"] };
    if rule == HeaderRule::None {
        fields.refuse("header", &format!("a message of type `{kind}` has no header"))?;
        return Ok(None);
    }
    if rule == HeaderRule::TextRequired {
        return Header::read(fields.object("header")?, kinds).map(Some);
    }
    fields.optional_object("header")?.map(|header| Header::read(header, kinds)).transpose()
}

/// An object that holds one text.
fn read_part(fields: &mut Fields<'_>, key: &'static str, chars_max: usize) -> Result<Option<String>, FieldError> {
    let Some(mut part) = fields.optional_object(key)? else { return Ok(None) };
    let text = part.text_within("text", chars_max)?.to_owned();
    part.finish()?;
    Ok(Some(text))
}

/// The member `name`, which Meta's actions repeat.
fn named(fields: &mut Fields<'_>, name: &'static str) -> Result<(), FieldError> {
    fields.word("name", &[name]).map(|_| ())
}

impl Action {
    /// The message's `type`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Buttons(_) => "button",
            Self::List { .. } => "list",
            Self::Link(_) => "cta_url",
            Self::RequestLocation => "location_request_message",
            Self::Flow(_) => "flow",
            Self::Product { .. } => "product",
            Self::Products { .. } => "product_list",
            Self::Catalog { .. } => "catalog_message",
            Self::Carousel(_) => "carousel",
            Self::RequestAddress(_) => "address_message",
            Self::RequestCallPermission => "call_permission_request",
            Self::RequestContactInfo => "request_contact_info",
            Self::OrderStatus(_) => "order_status",
            Self::OrderDetails(_) => "order_details",
        }
    }

    /// What stands for a message without text.
    fn label(&self) -> &str {
        match self {
            Self::Product { retailer_id, .. } => retailer_id,
            other => other.kind(),
        }
    }

    fn read(kind: &str, mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let action = match kind {
            "button" => Self::Buttons(ReplyButton::read_all(&mut fields, "reply", 1..=3)?),
            "list" => {
                let button = fields.text_within("button", 20)?.to_owned();
                Self::List { button, sections: ListSection::read_all(&mut fields)? }
            }
            "cta_url" => Self::Link(Link::read(&mut fields)?),
            "location_request_message" => named(&mut fields, "send_location").map(|()| Self::RequestLocation)?,
            "flow" => {
                named(&mut fields, "flow")?;
                Self::Flow(Flow::read(fields.object("parameters")?)?)
            }
            "product" => {
                let catalog_id = fields.text_within("catalog_id", 128)?.to_owned();
                Self::Product { catalog_id, retailer_id: fields.text_within("product_retailer_id", 256)?.to_owned() }
            }
            "product_list" => {
                let catalog_id = fields.text_within("catalog_id", 128)?.to_owned();
                Self::Products { catalog_id, sections: ProductSection::read_all(&mut fields)? }
            }
            "catalog_message" => {
                named(&mut fields, "catalog_message")?;
                Self::Catalog { thumbnail: read_thumbnail(&mut fields)? }
            }
            "carousel" => Self::Carousel(Card::read_all(&mut fields)?),
            "address_message" => {
                named(&mut fields, "address_message")?;
                Self::RequestAddress(AddressRequest::read(fields.object("parameters")?)?)
            }
            "call_permission_request" => {
                named(&mut fields, "call_permission_request").map(|()| Self::RequestCallPermission)?
            }
            "request_contact_info" => named(&mut fields, "request_contact_info").map(|()| Self::RequestContactInfo)?,
            "order_details" => {
                named(&mut fields, "review_and_pay")?;
                Self::OrderDetails(OrderDetails::read(&mut fields)?)
            }
            _ => {
                named(&mut fields, "review_order")?;
                Self::OrderStatus(OrderStatus::read(fields.object("parameters")?)?)
            }
        };
        fields.finish()?;
        Ok(action)
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Buttons(buttons) => json!({"buttons": ReplyButton::to_values(buttons, "reply")}),
            Self::List { button, sections } => {
                json!({"button": button, "sections": sections.iter().map(ListSection::to_value).collect::<Vec<_>>()})
            }
            Self::Link(link) => link.to_value(),
            Self::RequestLocation => json!({"name": "send_location"}),
            Self::Flow(flow) => json!({"name": "flow", "parameters": flow.to_value()}),
            Self::Product { catalog_id, retailer_id } => {
                json!({"catalog_id": catalog_id, "product_retailer_id": retailer_id})
            }
            Self::Products { catalog_id, sections } => {
                let sections: Vec<Value> = sections.iter().map(ProductSection::to_value).collect();
                json!({"catalog_id": catalog_id, "sections": sections})
            }
            Self::Catalog { thumbnail } => {
                let parameters = thumbnail.as_ref().map(|id| json!({"thumbnail_product_retailer_id": id}));
                object([("name", Some(json!("catalog_message"))), ("parameters", parameters)])
            }
            Self::Carousel(cards) => json!({"cards": cards.iter().map(Card::to_value).collect::<Vec<_>>()}),
            Self::RequestAddress(request) => json!({"name": "address_message", "parameters": request.to_value()}),
            Self::RequestCallPermission => json!({"name": "call_permission_request"}),
            Self::RequestContactInfo => json!({"name": "request_contact_info"}),
            Self::OrderStatus(order) => json!({"name": "review_order", "parameters": order.to_value()}),
            Self::OrderDetails(order) => json!({"name": "review_and_pay", "parameters": order.to_value()}),
        }
    }
}

fn read_thumbnail(fields: &mut Fields<'_>) -> Result<Option<String>, FieldError> {
    let Some(mut parameters) = fields.optional_object("parameters")? else { return Ok(None) };
    let thumbnail = parameters.text_within("thumbnail_product_retailer_id", 256)?.to_owned();
    parameters.finish()?;
    Ok(Some(thumbnail))
}
