//! A message as the provider's own object, and what stands around its content.

use serde_json::Value;

use super::content::InboundContent;
use super::people::Person;
use super::reader::Node;
use super::write::Members;
use crate::time::Timestamp;

/// A message from a person.
#[derive(Clone, Debug, PartialEq)]
pub struct InboundMessage {
    /// Who wrote.
    pub from: Person,
    /// What they wrote.
    pub object: MessageObject,
}

/// The part of a message that is the same whoever wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageObject {
    /// The provider's id, which makes it one message however often it is delivered.
    pub external_id: String,
    /// When, in the provider's words, where those are a time at all.
    pub at: Option<Timestamp>,
    /// What.
    pub content: InboundContent,
    /// What it answers or repeats.
    pub context: Option<Context>,
    /// The advertisement or post it came from.
    pub referral: Option<Referral>,
    /// What the provider could not pass on.
    pub errors: Vec<ReportedError>,
    /// A change of the writer's identity keys.
    pub identity: Option<IdentityChange>,
    /// The provider's id of the group it was written in.
    pub group_id: Option<String>,
}

impl MessageObject {
    /// What is stored: Meta's own message object with every member that has a type here, and without id, time and
    /// writer, which have columns of their own. Read back with [`InboundContent::from`], [`Context::read`],
    /// [`Referral::read`], [`ReportedError::read_list`] and [`IdentityChange::read`].
    #[must_use]
    pub fn stored(&self) -> Value {
        let mut object = Value::from(self.content.clone());
        let around = Members::default()
            .put("context", self.context.as_ref().map(Context::value))
            .put("referral", self.referral.as_ref().map(Referral::value))
            .list("errors", self.errors.iter().map(ReportedError::value).collect())
            .put("identity", self.identity.as_ref().map(IdentityChange::value))
            .put("group_id", self.group_id.clone());
        if let (Value::Object(object), Value::Object(around)) = (&mut object, around.value()) {
            object.extend(around);
        }
        object
    }
}

/// What a message answers or repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The provider's id of the message it answers.
    pub id: Option<String>,
    /// Who wrote that one, in the provider's digits.
    pub from: Option<String>,
    /// Who wrote that one, where they have no visible number.
    pub from_user_id: Option<String>,
    /// It was forwarded.
    pub forwarded: bool,
    /// It was forwarded more than five times.
    pub frequently_forwarded: bool,
    /// The catalogue of the product it asks about.
    pub catalog_id: Option<String>,
    /// The product it asks about.
    pub product_id: Option<String>,
}

impl Context {
    /// Reads Meta's `context` beside a message's content; `None` if there is none or nothing in it is known.
    #[must_use]
    pub fn read(message: Node<'_>) -> Option<Self> {
        let context = message.get("context")?;
        let product = context.get("referred_product");
        let read = Self {
            id: context.text("id"),
            from: context.text("from"),
            from_user_id: context.text("from_user_id"),
            forwarded: context.flag("forwarded").unwrap_or(false),
            frequently_forwarded: context.flag("frequently_forwarded").unwrap_or(false),
            catalog_id: product.and_then(|product| product.text("catalog_id")),
            product_id: product.and_then(|product| product.text("product_retailer_id")),
        };
        (read != Self::default()).then_some(read)
    }

    pub(super) fn value(&self) -> Value {
        let product = Members::default()
            .put("catalog_id", self.catalog_id.clone())
            .put("product_retailer_id", self.product_id.clone());
        Members::default()
            .put("id", self.id.clone())
            .put("from", self.from.clone())
            .put("from_user_id", self.from_user_id.clone())
            .put("forwarded", self.forwarded.then_some(true))
            .put("frequently_forwarded", self.frequently_forwarded.then_some(true))
            .object("referred_product", product)
            .value()
    }
}

/// The advertisement or post from which a person wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Referral {
    /// Its address.
    pub source_url: Option<String>,
    /// Its id.
    pub source_id: Option<String>,
    /// `ad` or `post`.
    pub source_type: Option<String>,
    /// Its headline.
    pub headline: Option<String>,
    /// Its text.
    pub body: Option<String>,
    /// `image` or `video`.
    pub media_type: Option<String>,
    /// Its picture.
    pub image_url: Option<String>,
    /// Its video.
    pub video_url: Option<String>,
    /// The video's preview.
    pub thumbnail_url: Option<String>,
    /// The click's id, for reports to the advertiser; absent for placements in Status.
    pub click_id: Option<String>,
    /// The greeting that was shown.
    pub welcome_text: Option<String>,
}

impl Referral {
    /// Reads Meta's `referral` beside a message's content; `None` if there is none or nothing in it is known.
    #[must_use]
    pub fn read(message: Node<'_>) -> Option<Self> {
        let referral = message.get("referral")?;
        let read = Self {
            source_url: referral.text("source_url"),
            source_id: referral.text("source_id"),
            source_type: referral.text("source_type"),
            headline: referral.text("headline"),
            body: referral.text("body"),
            media_type: referral.text("media_type"),
            image_url: referral.text("image_url"),
            video_url: referral.text("video_url"),
            thumbnail_url: referral.text("thumbnail_url"),
            click_id: referral.text("ctwa_clid"),
            welcome_text: referral.get("welcome_message").and_then(|welcome| welcome.text("text")),
        };
        (read != Self::default()).then_some(read)
    }

    pub(super) fn value(&self) -> Value {
        Members::default()
            .put("source_url", self.source_url.clone())
            .put("source_id", self.source_id.clone())
            .put("source_type", self.source_type.clone())
            .put("headline", self.headline.clone())
            .put("body", self.body.clone())
            .put("media_type", self.media_type.clone())
            .put("image_url", self.image_url.clone())
            .put("video_url", self.video_url.clone())
            .put("thumbnail_url", self.thumbnail_url.clone())
            .put("ctwa_clid", self.click_id.clone())
            .object("welcome_message", Members::default().put("text", self.welcome_text.clone()))
            .value()
    }
}

/// A change of somebody's identity keys: another phone, or another installation of WhatsApp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdentityChange {
    /// Whether the business acknowledged the new keys.
    pub acknowledged: Option<bool>,
    /// When the keys were made.
    pub created_at: Option<Timestamp>,
    /// The new keys' hash.
    pub hash: Option<String>,
}

impl IdentityChange {
    /// Reads Meta's `identity` beside a message's content; `None` if there is none or nothing in it is known.
    #[must_use]
    pub fn read(message: Node<'_>) -> Option<Self> {
        let identity = message.get("identity")?;
        let read = Self {
            acknowledged: identity.flag("acknowledged"),
            created_at: identity.time("created_timestamp"),
            hash: identity.text("hash"),
        };
        (read != Self::default()).then_some(read)
    }

    pub(super) fn value(&self) -> Value {
        Members::default()
            .put("acknowledged", self.acknowledged)
            .time("created_timestamp", self.created_at)
            .put("hash", self.hash.clone())
            .value()
    }
}

/// An error in the provider's words, under a message, a status or by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportedError {
    /// The number to go by.
    pub code: Option<i64>,
    /// A second number, seen outside of messaging.
    pub subcode: Option<i64>,
    /// A few words.
    pub title: Option<String>,
    /// Mostly the same words.
    pub message: Option<String>,
    /// The most exact words.
    pub details: Option<String>,
    /// Where the provider explains it.
    pub href: Option<String>,
    /// Whether the provider says that it will pass.
    pub is_transient: Option<bool>,
}

impl ReportedError {
    /// Reads one; `None` if nothing in it is known.
    #[must_use]
    pub fn read(error: Node<'_>) -> Option<Self> {
        let data = error.get("error_data");
        if let Some(data) = data {
            data.is("messaging_product", "whatsapp");
        }
        // `error_data` is a plain text at times, and older deliveries put the details beside it.
        let details = data.and_then(|data| data.text("details")).or_else(|| error.text("error_data"));
        let read = Self {
            code: error.integer("code"),
            subcode: error.integer("error_subcode"),
            title: error.text("title"),
            message: error.text("message"),
            details: details.or_else(|| error.text("details")).or_else(|| error.text("error_user_msg")),
            href: error.text("href"),
            is_transient: error.flag("is_transient"),
        };
        (read != Self::default()).then_some(read)
    }

    /// Reads Meta's list `errors`.
    #[must_use]
    pub fn read_list(parent: Node<'_>) -> Vec<Self> {
        parent.list("errors").into_iter().filter_map(Self::read).collect()
    }

    pub(super) fn value(&self) -> Value {
        Members::default()
            .put("code", self.code)
            .put("error_subcode", self.subcode)
            .put("title", self.title.clone())
            .put("message", self.message.clone())
            .object("error_data", Members::default().put("details", self.details.clone()))
            .put("href", self.href.clone())
            .put("is_transient", self.is_transient)
            .value()
    }

    /// The code as a text, for notes.
    #[must_use]
    pub fn code_text(&self) -> String {
        self.code.map_or_else(|| "without code".to_owned(), |code| code.to_string())
    }
}
