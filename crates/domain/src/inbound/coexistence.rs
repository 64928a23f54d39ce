//! What happens in the WhatsApp Business app beside us: messages sent there, its history, its address book.

use super::message::MessageObject;
use super::people::Person;
use crate::message::Direction;
use crate::phone::E164;
use crate::time::Timestamp;

/// A message of the business that this application did not send.
#[derive(Clone, Debug, PartialEq)]
pub struct Echo {
    /// Where it was sent.
    pub source: EchoSource,
    /// The business number it came from.
    pub from: Option<E164>,
    /// To whom.
    pub to: Person,
    /// The message. An edit or a deletion is a message of its own, naming the one it changes.
    pub object: MessageObject,
}

/// Where a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoSource {
    /// In the WhatsApp Business app on a phone (Meta's `smb_message_echoes`).
    PhoneApp,
    /// By another application on the same number (`message_echoes`).
    OtherApplication,
    /// In the app, before we were connected (`history`): the media of an older message.
    History,
}

/// An old message.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryMessage {
    /// The person at the other end.
    pub person: Person,
    /// From them or to them.
    pub direction: Direction,
    /// The message.
    pub object: MessageObject,
    /// How far it came, in Meta's words: `SENT`, `DELIVERED`, `READ`, `PLAYED`, `ERROR`, `PENDING`.
    pub status: Option<String>,
    /// The part of the history it came with; absent for media that follow.
    pub chunk: Option<HistoryChunk>,
}

/// A part of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistoryChunk {
    /// 0: the last day; 1: the last three months; 2: before that.
    pub phase: Option<i64>,
    /// Its place within the phase; parts come in any order.
    pub order: Option<i64>,
    /// How much of all has been sent, in percent; 100 ends it.
    pub progress: Option<i64>,
}

/// A change of the app's address book.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactSync {
    /// Meta's `type`: `contact`.
    pub kind: Option<String>,
    /// `add`, which also stands for a change, or `remove`.
    pub action: Option<String>,
    /// Who; their name is the whole one in the address book.
    pub person: Person,
    /// The first name in the address book.
    pub first_name: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}
