//! Words, ticks and colours of what a message is: its status, direction and kind.

use domain::attempt::AttemptStatus;
use domain::message::MessageStatus;
use domain::refusal::RefusalKind;

/// The status of a message as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusWord {
    /// Goes out later.
    Scheduled,
    /// Waits in the outbox.
    Queued,
    /// A request is on its way.
    Calling,
    /// The answer was lost.
    Unknown,
    /// The provider took it.
    Submitted,
    /// WhatsApp took it.
    Sent,
    /// It reached the phone.
    Delivered,
    /// It was opened.
    Read,
    /// It was not delivered.
    Failed,
    /// Policy stopped it.
    Refused,
    /// It waited too long.
    Expired,
    /// Somebody stopped it.
    Cancelled,
    /// It came in.
    Received,
}

impl StatusWord {
    /// Every status, in the order of a message's life.
    pub const ALL: [Self; 13] = [
        Self::Scheduled,
        Self::Queued,
        Self::Calling,
        Self::Unknown,
        Self::Submitted,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Failed,
        Self::Refused,
        Self::Expired,
        Self::Cancelled,
        Self::Received,
    ];

    /// Reads the word as it stands in addresses and in the store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// The word in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.key().trim_start_matches("status.")
    }

    /// Key of its name.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Scheduled => "status.scheduled",
            Self::Queued => "status.queued",
            Self::Calling => "status.calling",
            Self::Unknown => "status.unknown",
            Self::Submitted => "status.submitted",
            Self::Sent => "status.sent",
            Self::Delivered => "status.delivered",
            Self::Read => "status.read",
            Self::Failed => "status.failed",
            Self::Refused => "status.refused",
            Self::Expired => "status.expired",
            Self::Cancelled => "status.cancelled",
            Self::Received => "status.received",
        }
    }

    /// Key of the sentence that explains it.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Scheduled => "status_means.scheduled",
            Self::Queued => "status_means.queued",
            Self::Calling => "status_means.calling",
            Self::Unknown => "status_means.unknown",
            Self::Submitted => "status_means.submitted",
            Self::Sent => "status_means.sent",
            Self::Delivered => "status_means.delivered",
            Self::Read => "status_means.read",
            Self::Failed => "status_means.failed",
            Self::Refused => "status_means.refused",
            Self::Expired => "status_means.expired",
            Self::Cancelled => "status_means.cancelled",
            Self::Received => "status_means.received",
        }
    }

    /// The `data-state` of its tick, which decides the colour.
    #[must_use]
    pub const fn tick(self) -> &'static str {
        match self {
            Self::Scheduled | Self::Queued | Self::Calling => "queued",
            Self::Unknown => "unknown",
            Self::Submitted => "submitted",
            Self::Sent | Self::Received => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed | Self::Refused | Self::Expired => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The icon of its tick.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::Scheduled | Self::Queued | Self::Calling => "tick-clock",
            Self::Unknown => "tick-unknown",
            Self::Submitted | Self::Sent => "tick-one",
            Self::Delivered | Self::Read => "tick-two",
            Self::Failed | Self::Refused | Self::Expired => "tick-failed",
            Self::Cancelled => "close",
            Self::Received => "check",
        }
    }

    /// The `data-tone` of badges and of points in a timeline.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Submitted | Self::Sent | Self::Delivered | Self::Received => "good",
            Self::Read => "info",
            Self::Unknown | Self::Expired => "warn",
            Self::Failed | Self::Refused => "bad",
            Self::Scheduled | Self::Queued | Self::Calling | Self::Cancelled => "none",
        }
    }
}

impl From<AttemptStatus> for StatusWord {
    fn from(status: AttemptStatus) -> Self {
        match status {
            AttemptStatus::Queued => Self::Queued,
            AttemptStatus::Calling => Self::Calling,
            AttemptStatus::Unknown => Self::Unknown,
            AttemptStatus::Submitted => Self::Submitted,
            AttemptStatus::Sent => Self::Sent,
            AttemptStatus::Failed => Self::Failed,
            AttemptStatus::Delivered => Self::Delivered,
            AttemptStatus::Read => Self::Read,
        }
    }
}

impl From<MessageStatus> for StatusWord {
    fn from(status: MessageStatus) -> Self {
        match status {
            MessageStatus::Queued => Self::Queued,
            MessageStatus::Calling => Self::Calling,
            MessageStatus::Unknown => Self::Unknown,
            MessageStatus::Submitted => Self::Submitted,
            MessageStatus::Sent => Self::Sent,
            MessageStatus::Failed => Self::Failed,
            MessageStatus::Delivered => Self::Delivered,
            MessageStatus::Read => Self::Read,
            MessageStatus::Scheduled => Self::Scheduled,
            MessageStatus::Cancelled => Self::Cancelled,
            MessageStatus::Refused => Self::Refused,
            MessageStatus::Expired => Self::Expired,
        }
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The person.
    In,
    /// We.
    Out,
}

impl Way {
    /// Both.
    pub const ALL: [Self; 2] = [Self::In, Self::Out];

    /// Reads the word as it stands in addresses.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.as_str() == text)
    }

    /// The word in addresses, and the `data-side` of its bubble.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }

    /// Key of its name.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::In => "direction.in",
            Self::Out => "direction.out",
        }
    }

    /// Its icon.
    #[must_use]
    pub const fn icon(self) -> &'static str {
        match self {
            Self::In => "reply",
            Self::Out => "send",
        }
    }

    /// Whether we wrote it.
    #[must_use]
    pub const fn is_out(self) -> bool {
        matches!(self, Self::Out)
    }
}

/// What a message consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentKind {
    /// Plain text.
    Text,
    /// A template, with its name.
    Template(String),
    /// A picture.
    Image,
    /// A video.
    Video,
    /// A sound or voice note.
    Audio,
    /// A file.
    Document,
    /// A sticker.
    Sticker,
    /// A place.
    Location,
    /// Contact cards.
    Contacts,
    /// A reaction to another message.
    Reaction,
    /// Buttons, lists and what else can be tapped.
    Interactive,
    /// What the provider does not pass on.
    Unsupported,
    /// WhatsApp's own notice about a person.
    Notice,
    /// An order from a catalogue.
    Order,
    /// A person opened the chat for the first time.
    Welcome,
    /// A call.
    Call,
    /// Another text in place of an earlier message's.
    Edit,
    /// An earlier message was taken back.
    Revoke,
    /// Whoever wrote it took it back.
    Deleted,
    /// A tapped button.
    ButtonReply,
    /// A chosen row of a list.
    ListReply,
    /// A filled form.
    FlowReply,
    /// Whether we may call.
    CallPermission,
    /// A file of the history that follows on its own.
    MediaPlaceholder,
    /// What this version does not read, with the provider's word for it.
    Other(String),
}

impl ContentKind {
    /// Key of its name; a template's has a place `{name}`.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Text => "kind.text",
            Self::Template(_) => "kind.template",
            Self::Image => "kind.image",
            Self::Video => "kind.video",
            Self::Audio => "kind.audio",
            Self::Document => "kind.document",
            Self::Sticker => "kind.sticker",
            Self::Location => "kind.location",
            Self::Contacts => "kind.contacts",
            Self::Reaction => "kind.reaction",
            Self::Interactive => "kind.interactive",
            Self::Unsupported => "kind.unsupported",
            Self::Notice => "kind.notice",
            Self::Order => "kind.order",
            Self::Welcome => "kind.welcome",
            Self::Call => "kind.call",
            Self::Edit => "kind.edit",
            Self::Revoke => "kind.revoke",
            Self::Deleted => "kind.deleted",
            Self::ButtonReply => "kind.button_reply",
            Self::ListReply => "kind.list_reply",
            Self::FlowReply => "kind.flow_reply",
            Self::CallPermission => "kind.call_permission",
            Self::MediaPlaceholder => "kind.media_placeholder",
            Self::Other(_) => "kind.other",
        }
    }

    /// Its sign.
    #[must_use]
    pub const fn icon(&self) -> &'static str {
        match self {
            Self::Text => "message",
            Self::Template(_) => "template",
            Self::Image => "image",
            Self::Video => "play",
            Self::Audio => "mic",
            Self::Document | Self::FlowReply => "document",
            Self::Sticker | Self::Reaction => "react",
            Self::Location => "pin",
            Self::Contacts => "person",
            Self::Interactive => "menu",
            Self::Unsupported | Self::Other(_) => "help",
            Self::Notice => "info",
            Self::Order => "tag",
            Self::Welcome => "eye",
            Self::Call | Self::CallPermission => "phone",
            Self::Edit => "edit",
            Self::Revoke | Self::Deleted => "trash",
            Self::ButtonReply | Self::ListReply => "check",
            Self::MediaPlaceholder => "clock",
        }
    }

    /// What fills the place in its name: the template's name, the provider's word, or nothing.
    #[must_use]
    pub fn name(&self) -> &str {
        if let Self::Template(name) | Self::Other(name) = self { name } else { "" }
    }

    /// The template's name, or nothing.
    #[must_use]
    pub fn template_name(&self) -> &str {
        if let Self::Template(name) = self { name } else { "" }
    }

    /// Whether the text says it all.
    #[must_use]
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text)
    }
}

/// Key of the name of a kind of refusal.
#[must_use]
pub const fn refusal_key(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Transient => "refusal.transient",
        RefusalKind::SenderRate => "refusal.sender_rate",
        RefusalKind::PairRate => "refusal.pair_rate",
        RefusalKind::Authentication => "refusal.authentication",
        RefusalKind::Template => "refusal.template",
        RefusalKind::Recipient => "refusal.recipient",
        RefusalKind::Policy => "refusal.policy",
        RefusalKind::Permanent => "refusal.permanent",
    }
}
