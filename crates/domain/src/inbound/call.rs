//! Calls over WhatsApp.

use super::content::Media;
use super::message::ReportedError;
use super::people::Person;
use crate::time::Timestamp;

/// A call began, changed or ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallEvent {
    /// The provider's id of the call.
    pub id: String,
    /// Meta's word: `call_created`, `connect`, `terminate`, `call_recording_available`; `status` for a status.
    pub event: String,
    /// `USER_INITIATED` or `BUSINESS_INITIATED`.
    pub direction: Option<String>,
    /// Who calls; the business is a person with a number here.
    pub from: Person,
    /// Who is called.
    pub to: Person,
    /// When.
    pub at: Option<Timestamp>,
    /// `COMPLETED`, `FAILED`; `RINGING`, `ACCEPTED`, `REJECTED` of a status.
    pub status: Option<String>,
    /// The connection on offer.
    pub session: Option<CallSession>,
    /// When somebody answered.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long they spoke, in seconds.
    pub duration_seconds: Option<i64>,
    /// Our own reference, echoed.
    pub reference: Option<String>,
    /// What we gave the button that began it.
    pub button_payload: Option<String>,
    /// What we gave the link that began it.
    pub link_payload: Option<String>,
    /// A recording or transcript.
    pub media: Option<CallMedia>,
    /// What went wrong.
    pub errors: Vec<ReportedError>,
}

/// The description of a call's connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallSession {
    /// `offer` or `answer`.
    pub kind: Option<String>,
    /// The description itself, in SDP.
    pub sdp: Option<String>,
}

/// A file about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallMedia {
    /// Meta's member, such as `call_recording`.
    pub name: String,
    /// The file.
    pub media: Media,
}
