//! A customer writes to the business.

use std::sync::Arc;

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::compose::{Composed, compose};
use super::views::InboundResult;
use super::{ControlError, phone_digits};
use crate::callback::{self, Job, Post};
use crate::ids::{self, Writer};
use crate::samples::{MediumFile, MediumKind};
use crate::shared::{App, Shared};
use crate::world::{Message, Person, Side, Ticks, World};

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
    /// Whether it was written for somebody else first.
    pub forwarded: Forwarded,
    /// The advertisement that led to the chat.
    pub referral: Option<Referral>,
    /// Forces an id, so that the same message can be told twice.
    pub message_id: Option<String>,
    /// Whether it is tried again later, as Meta does, if the answer is not 200.
    pub retry: bool,
}

impl Inbound {
    /// A plain text, tried until it is taken.
    #[must_use]
    pub fn text(from: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(from, InboundKind::Text { text: text.into() })
    }

    /// Anything, tried until it is taken.
    #[must_use]
    pub fn new(from: impl Into<String>, kind: InboundKind) -> Self {
        Self {
            from: from.into(),
            phone_number_id: None,
            kind,
            context_message_id: None,
            forwarded: Forwarded::No,
            referral: None,
            message_id: None,
            retry: true,
        }
    }
}

/// How often a message was passed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forwarded {
    /// Never: the customer wrote it.
    #[default]
    No,
    /// Up to five times.
    Yes,
    /// More than five times.
    Frequently,
}

/// The advertisement or post a customer tapped before writing. Members that are `None` are not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Referral {
    /// Where it can be seen.
    pub source_url: String,
    /// Its id at Meta.
    pub source_id: String,
    /// `ad` or `post`.
    pub source_type: String,
    /// Its headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    /// Its words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// `image` or `video`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Where its picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Where its film is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video_url: Option<String>,
    /// Where a small picture of the film is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// The id of the click.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctwa_clid: Option<String>,
}

/// What a customer can send.
#[derive(Clone, Debug, PartialEq)]
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
    /// A medium of any kind.
    Medium(InboundMedium),
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
    /// A completed flow, or a form for an address.
    InteractiveFlow {
        /// `flow` or `address_message`.
        name: String,
        /// What the chat shows of it.
        body: String,
        /// The answers, as JSON in a string.
        response_json: String,
    },
    /// The answer to a request for permission to call.
    CallPermission {
        /// Whether the business may call.
        accept: bool,
        /// Whether it may until further notice; else for seven days.
        permanent: bool,
    },
    /// A place.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// Its name.
        name: Option<String>,
        /// Its address.
        address: Option<String>,
    },
    /// Cards of the address book, each in Meta's shape.
    Contacts {
        /// The cards.
        contacts: Vec<Value>,
    },
    /// A reaction to a message.
    Reaction {
        /// The message of the business.
        message_id: String,
        /// The emoji; `None` takes the reaction back.
        emoji: Option<String>,
    },
    /// A filled basket.
    Order {
        /// The catalogue the products are of.
        catalog_id: String,
        /// What the customer wrote to it.
        text: Option<String>,
        /// The products.
        items: Vec<OrderItem>,
    },
    /// Other words in an earlier message of the customer's own.
    Edit {
        /// That message: a text, or a medium with words under it.
        original_message_id: String,
        /// The new words.
        text: String,
    },
    /// An earlier message of the customer's own taken back.
    Revoke {
        /// That message.
        original_message_id: String,
    },
    /// Something the API cannot carry.
    Unsupported {
        /// Meta's word for it, such as `poll`.
        what: String,
    },
    /// The chat opened for the first time.
    RequestWelcome,
    /// The customer moved to another number.
    NumberChange {
        /// The new number.
        to: String,
    },
    /// Offers stopped or wanted again; told in a field of its own.
    MarketingPreference {
        /// Whether they are wanted.
        resume: bool,
    },
}

/// A medium with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundMedium {
    /// Its kind.
    pub kind: MediumKind,
    /// The words under it; pictures, films and documents only.
    pub caption: Option<String>,
    /// Whether a sound is a voice note.
    pub voice: bool,
    /// The file; the sample of its kind if `None`.
    pub file: Option<MediumFile>,
    /// A medium that was put on the shelf before, instead of a file.
    pub media_id: Option<String>,
}

/// A product of a basket.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderItem {
    /// The business's id of the product.
    pub product_retailer_id: String,
    /// How many.
    pub quantity: u32,
    /// The price of one.
    pub item_price: f64,
    /// Such as `USD`.
    pub currency: String,
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
        let person = world.phone_mut(&digits).owner.clone();
        let Composed { content, extra } = compose(app, &mut world, (&person, number), &inbound.kind)?;
        let extra = beside(app, &world, (&person, number), &inbound, extra);
        let id = inbound
            .message_id
            .map_or_else(|| ids::wamid(&mut world.rng, &digits, Writer::Customer), |forced| Arc::from(forced.as_str()));
        let phone = world.phone_mut(&digits);
        if opens_window(&content.kind) {
            phone.wrote_at.insert(number, now);
        }
        phone.number = number;
        let message = Message {
            id: Arc::clone(&id),
            number,
            customer: Arc::clone(&person.digits),
            at: now,
            content,
            context: inbound.context_message_id,
            extra,
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

/// A notice of Meta, a change of an earlier message or a setting is nothing the customer writes.
fn opens_window(kind: &str) -> bool {
    !matches!(kind, "system" | "user_preferences" | "edit" | "revoke")
}

/// The members beside the kind's own: what is answered or forwarded, and the advertisement.
fn beside(
    app: &Shared,
    world: &World,
    (person, number): (&Person, usize),
    inbound: &Inbound,
    mut extra: Map<String, Value>,
) -> Map<String, Value> {
    let mut context = Map::new();
    if let Some(id) = &inbound.context_message_id {
        let quoted = world.messages.get(id.as_str()).map(|message| &message.side);
        let from = match quoted {
            Some(Side::Customer(_)) => (!person.is_hidden()).then(|| person.digits.as_ref()),
            _ => app.numbers.get(number).map(|number| number.digits.as_str()),
        };
        if let Some(from) = from {
            context.insert("from".into(), json!(from));
        }
        context.insert("id".into(), json!(id));
    }
    match inbound.forwarded {
        Forwarded::No => {}
        Forwarded::Yes => {
            context.insert("forwarded".into(), json!(true));
        }
        Forwarded::Frequently => {
            context.insert("frequently_forwarded".into(), json!(true));
        }
    }
    if !context.is_empty() {
        extra.insert("context".into(), Value::Object(context));
    }
    if let Some(referral) = &inbound.referral {
        extra.insert("referral".into(), json!(referral));
    }
    extra
}
