//! What a message says, in Meta's own object of its kind, so that nothing is lost between the Graph API, the phone and
//! the callbacks.

use domain::time::Timestamp;
use serde_json::Value;

/// What a message says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    /// Meta's `type`, in both directions.
    pub(crate) kind: String,
    /// The member named after the kind: as it was accepted from the business, as the callback tells it of a customer.
    pub(crate) object: Value,
    /// How a template looks with its parameters filled in.
    pub(crate) template: Option<RenderedTemplate>,
}

/// A template as the customer sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct RenderedTemplate {
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) header: Option<RenderedHeader>,
    pub(crate) text: String,
    pub(crate) footer: Option<String>,
    pub(crate) buttons: Vec<RenderedButton>,
    /// The cards of a carousel.
    pub(crate) cards: Vec<RenderedCard>,
    pub(crate) offer: Option<RenderedOffer>,
}

/// What stands above the text.
#[derive(Clone, Debug)]
pub(crate) enum RenderedHeader {
    Text(String),
    /// A medium, a location or a product: Meta's `type` and the object of that name.
    Object {
        kind: String,
        object: Value,
    },
}

/// A button under a template, with its place in the list of all buttons.
#[derive(Clone, Debug)]
pub(crate) struct RenderedButton {
    /// Meta's type in lower case: `quick_reply`, `url`, `phone_number`, `copy_code`, `otp`, `flow`, `catalog`, `mpm`...
    pub(crate) kind: String,
    /// The label.
    pub(crate) text: String,
    /// The payload, the whole address, the number, the code or the flow's token.
    pub(crate) value: Option<String>,
}

/// A card of a carousel.
#[derive(Clone, Debug, Default)]
pub(crate) struct RenderedCard {
    pub(crate) header: Option<RenderedHeader>,
    pub(crate) text: String,
    pub(crate) buttons: Vec<RenderedButton>,
}

/// A limited-time offer.
#[derive(Clone, Debug, Default)]
pub(crate) struct RenderedOffer {
    pub(crate) text: String,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Content {
    /// A kind with its object.
    pub(crate) fn new(kind: impl Into<String>, object: Value) -> Self {
        Self { kind: kind.into(), object, template: None }
    }

    /// The words a person remembers the message by; empty if it has none.
    pub(crate) fn words(&self) -> &str {
        if let Some(template) = &self.template {
            return &template.text;
        }
        let at = |pointer: &str| self.object.pointer(pointer).and_then(Value::as_str);
        let pointers: &[&str] = match self.kind.as_str() {
            "text" => &["/body"],
            "image" | "video" | "audio" | "sticker" => &["/caption"],
            "document" => &["/caption", "/filename"],
            "location" => &["/name", "/address"],
            "contacts" => &["/0/name/formatted_name"],
            "reaction" => &["/emoji"],
            "button" => &["/text"],
            "interactive" => {
                &["/button_reply/title", "/list_reply/title", "/nfm_reply/body", "/body/text", "/header/text"]
            }
            "order" => &["/text"],
            "system" => &["/body"],
            _ => &[],
        };
        pointers.iter().find_map(|pointer| at(pointer)).unwrap_or_default()
    }

    /// What the ledger knows the message by: its words, else where its medium is, else its kind.
    pub(crate) fn ledger_text(&self) -> String {
        let at = |name: &str| self.object.get(name).and_then(Value::as_str);
        let words = Some(self.words()).filter(|words| !words.is_empty());
        words.or_else(|| at("link")).or_else(|| at("id")).unwrap_or(&self.kind).to_owned()
    }

    /// Name and language of a template, such as `order_update/en_US`.
    pub(crate) fn template_id(&self) -> Option<String> {
        self.template.as_ref().map(|template| format!("{}/{}", template.name, template.language))
    }
}
