//! What a provider's callback says, in Waypost's words. Each decoder of `providers` speaks these types.
//!
//! A body becomes a list of facts, each with what it is about, and a list of the leaves nobody read. Words that a
//! provider may add to at any time (events, decisions, severities) are texts here, in the provider's spelling.

mod account;
mod call;
mod coexistence;
mod content;
mod group;
mod message;
mod number;
mod people;
pub mod reader;
mod status;
mod template;
mod update;
mod write;

use serde_json::Value;

use crate::phone::E164;
use crate::time::Timestamp;

pub use account::{AccountEvent, AlertDetails, Capability, FlowError, FlowEvent, Security};
pub use call::{CallEvent, CallMedia, CallSession};
pub use coexistence::{ContactSync, Echo, EchoSource, HistoryChunk, HistoryMessage};
pub use content::{
    CallPermission, Card, CardAddress, CardEntry, CardName, CardPhone, Edit, FlowReply, InboundContent, ListReply,
    Location, Media, MediaKind, Order, OrderItem, Reaction, SystemNotice,
};
pub use group::{GroupChange, GroupEvent, GroupParticipant};
pub use message::{Context, IdentityChange, InboundMessage, MessageObject, Referral, ReportedError};
pub use number::{NameDecision, NumberQuality, NumberSettings, UsernameChange};
pub use people::{Person, UserIdUpdate, UserPreference};
pub use status::{Conversation, GroupRecipient, Pricing, ReportedStatus, StatusReport};
pub use template::{TemplateButton, TemplateEvent, TemplateNews};
pub use update::{AccountUpdate, BusinessInfo, Certification, RateEligibility, RateException, Restriction, VolumeTier};

/// One fact of a callback body, with what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct HookItem {
    /// What it is about.
    pub subject: Subject,
    /// The business account (WABA) around it, where the delivery names one.
    pub business_account: Option<String>,
    /// The portfolio, where the delivery names that instead, as for what partners do.
    pub portfolio: Option<String>,
    /// When the delivery was made, where it says so: stands in for facts without a time of their own.
    pub at: Option<Timestamp>,
    /// What happened.
    pub fact: HookFact,
    /// What the fact was read from, where it is kept beside it: for [`HookFact::Account`].
    pub source: Option<Box<HookSource>>,
}

/// A part of a callback body as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct HookSource {
    /// The provider's name for it.
    pub field: String,
    /// The value.
    pub value: Value,
}

/// What a fact is about: the narrowest thing the delivery names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A business number.
    Number {
        /// The provider's id of it (Meta's `phone_number_id`).
        id: String,
        /// The number itself as the provider writes it, with or without signs between the digits.
        display: Option<String>,
    },
    /// A business number of which only the number itself is told, as Meta's account events do.
    DisplayNumber(String),
    /// A business account (WABA).
    BusinessAccount(String),
    /// A business portfolio, which owns business accounts.
    Portfolio(String),
    /// The delivery names nothing.
    Unnamed,
}

impl Subject {
    /// The provider's id of the number, where it is one with an id.
    #[must_use]
    pub fn number_id(&self) -> Option<&str> {
        match self {
            Self::Number { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The number itself, where it is told and reads as one.
    #[must_use]
    pub fn phone(&self) -> Option<E164> {
        match self {
            Self::Number { display, .. } => reader::phone(display.as_deref()?),
            Self::DisplayNumber(display) => reader::phone(display),
            _ => None,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum HookFact {
    /// A person wrote.
    Message(Box<InboundMessage>),
    /// Something became of a message of ours.
    Status(Box<StatusReport>),
    /// The business wrote to a person by other means than this application.
    Echo(Box<Echo>),
    /// An old message, from the phone app's history.
    History(Box<HistoryMessage>),
    /// A part of the history has arrived, as far as this.
    HistoryProgress(HistoryChunk),
    /// The history is not shared, or could not be read. Meta's code 2593109 is the business's own choice.
    HistoryRefused(ReportedError),
    /// The phone app's address book changed.
    ContactSync(Box<ContactSync>),
    /// A person chose what they want to hear.
    Preference(Box<UserPreference>),
    /// A person has new ids.
    UserIds(Box<UserIdUpdate>),
    /// A call began, changed or ended.
    Call(Box<CallEvent>),
    /// Something became of a group.
    Group(Box<GroupEvent>),
    /// Something became of the business account, its numbers or its templates.
    Account(Box<AccountEvent>),
    /// The provider reports an error that belongs to no message.
    Error(ReportedError),
    /// A person is described, and nothing else is said about them.
    Profile(Person),
    /// Known by name and kept as it came, or of a kind this version does not read.
    Other {
        /// The provider's name for it: a field, or `field.member`.
        field: String,
        /// The value.
        raw: Value,
    },
}

impl HookFact {
    /// Its name, for notes; a provider's word in it is cut after 64 characters.
    #[must_use]
    pub fn name(&self) -> String {
        let word = |word: &str| word.chars().take(64).collect::<String>();
        match self {
            Self::Message(_) => "message".to_owned(),
            Self::Status(_) => "status".to_owned(),
            Self::Echo(_) => "echo".to_owned(),
            Self::History(_) => "history message".to_owned(),
            Self::HistoryProgress(_) => "history progress".to_owned(),
            Self::HistoryRefused(error) => format!("history refused with error {}", error.code_text()),
            Self::ContactSync(_) => "contact sync".to_owned(),
            Self::Preference(_) => "user preference".to_owned(),
            Self::UserIds(_) => "user id update".to_owned(),
            Self::Call(call) => format!("call event `{}`", word(&call.event)),
            Self::Group(group) => format!("group event `{}`", word(&group.kind)),
            Self::Account(event) => format!("account event `{}`", word(&event.name())),
            Self::Error(error) => format!("error {}", error.code_text()),
            Self::Profile(_) => "profile".to_owned(),
            Self::Other { field, .. } => format!("field `{}`", word(field)),
        }
    }
}

/// What a decoder made of a body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DecodedHook {
    /// The facts, in the body's order.
    pub items: Vec<HookItem>,
    /// What lacks what makes it a fact, with its path and the reason: shown with the stored body.
    pub passed_over: Vec<String>,
    /// The paths of all leaves that nobody read.
    pub unknown: Vec<String>,
}

/// A body that is none of the provider's shapes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UndecodableHook(pub String);
