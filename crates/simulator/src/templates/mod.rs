//! The message templates of the account: their texts, their buttons, and how they stand with Meta's reviewers.

mod catalogue;
mod parse;
mod text;

use std::sync::Arc;

use domain::time::Timestamp;
use serde_json::{Map, Value, json};

pub(crate) use catalogue::{Catalogue, Sendable};
pub(crate) use parse::{Draft, MalformedTemplate};
pub(crate) use text::Text;

/// What a template is for, which decides its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    Authentication,
    Marketing,
    Utility,
    /// Not a template: an answer inside the customer service window.
    Service,
}

impl Category {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Authentication => "authentication",
            Self::Marketing => "marketing",
            Self::Utility => "utility",
            Self::Service => "service",
        }
    }

    /// The category of a template; upper and lower case are taken.
    pub(crate) fn of_template(word: &str) -> Option<Self> {
        [Self::Authentication, Self::Marketing, Self::Utility]
            .into_iter()
            .find(|category| category.word().eq_ignore_ascii_case(word))
    }

    fn upper(self) -> String {
        self.word().to_uppercase()
    }
}

/// What stands above the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    Text(Text),
    /// `image`, `video`, `gif` or `document`.
    Media(&'static str),
    Location,
    Product,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    QuickReply,
    /// The address; ends in `{{1}}` if it has a variable.
    Url(String),
    PhoneNumber(String),
    CopyCode,
    Otp,
    Flow,
    Catalog,
    Mpm,
    Spm,
    VoiceCall,
    RequestContactInfo,
}

impl Action {
    /// The word a send names the button by; also what the phone knows it by.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::QuickReply => "quick_reply",
            Self::Url(_) => "url",
            Self::PhoneNumber(_) => "phone_number",
            Self::CopyCode => "copy_code",
            Self::Otp => "otp",
            Self::Flow => "flow",
            Self::Catalog => "catalog",
            Self::Mpm => "mpm",
            Self::Spm => "spm",
            Self::VoiceCall => "voice_call",
            Self::RequestContactInfo => "request_contact_info",
        }
    }
}

/// A button; its place in the list is how a send addresses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) text: String,
    pub(crate) action: Action,
}

/// A card of a carousel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) header: Option<Header>,
    pub(crate) body: Option<Text>,
    pub(crate) buttons: Vec<Button>,
}

/// A limited-time offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) text: String,
    pub(crate) expires: bool,
}

/// The parts of a template, as a send fills them in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) header: Option<Header>,
    pub(crate) body: Text,
    pub(crate) footer: Option<String>,
    pub(crate) buttons: Vec<Button>,
    pub(crate) cards: Vec<Card>,
    pub(crate) offer: Option<Offer>,
}

/// A template of the account.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) id: Arc<str>,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) category: Category,
    /// Meta's word in upper case; new words appear over time, hence no enum.
    pub(crate) status: String,
    pub(crate) quality: String,
    pub(crate) rejected_reason: String,
    pub(crate) previous_category: Option<Category>,
    pub(crate) correct_category: Option<Category>,
    pub(crate) ttl_seconds: Option<i64>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Paced: messages wait until Meta has seen how the first ones are liked.
    pub(crate) held: bool,
    /// Whether the placeholders have names instead of numbers.
    pub(crate) named: bool,
    /// As the management API lists them.
    pub(crate) components: Value,
    pub(crate) shape: Shape,
}

impl Template {
    /// A template out of a draft that was checked.
    pub(crate) fn new(id: Arc<str>, draft: Draft, status: &str, now: Timestamp) -> Self {
        Self {
            id,
            name: draft.name,
            language: draft.language,
            category: draft.category,
            status: status.to_owned(),
            quality: "GREEN".to_owned(),
            rejected_reason: "NONE".to_owned(),
            previous_category: None,
            correct_category: None,
            ttl_seconds: draft.ttl_seconds,
            created_at: now,
            updated_at: now,
            held: false,
            named: draft.named,
            components: draft.components,
            shape: draft.shape,
        }
    }

    /// Takes over what an edit says; the name and the language of a template never change.
    pub(crate) fn replace(&mut self, draft: Draft, now: Timestamp) {
        self.category = draft.category;
        self.ttl_seconds = draft.ttl_seconds;
        self.named = draft.named;
        self.components = draft.components;
        self.shape = draft.shape;
        self.status = "PENDING".to_owned();
        self.updated_at = now;
    }

    /// The template as the management API shows it, with everything that can be asked for.
    pub(crate) fn to_json(&self) -> Value {
        let mut shown = Map::new();
        let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
        put("name", json!(self.name));
        put("parameter_format", json!(if self.named { "NAMED" } else { "POSITIONAL" }));
        put("components", self.components.clone());
        put("language", json!(self.language));
        put("status", json!(self.status));
        put("category", json!(self.category.upper()));
        put("id", json!(self.id));
        put("quality_score", json!({"score": self.quality, "date": 1_758_754_645}));
        put("rejected_reason", json!(self.rejected_reason));
        put("last_updated_time", json!(self.updated_at.to_string()));
        put("correct_category", json!(self.correct_category.unwrap_or(self.category).upper()));
        put("cta_url_link_tracking_opted_out", json!(false));
        put("previous_category", json!(self.previous_category.map(Category::upper)));
        put("message_send_ttl_seconds", json!(self.ttl_seconds));
        put(
            "health_status",
            json!({"can_send_message": if self.status == "APPROVED" { "AVAILABLE" } else { "BLOCKED" }}),
        );
        Value::Object(shown)
    }
}
