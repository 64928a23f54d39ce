//! Groups.

use super::message::ReportedError;
use super::people::Person;
use crate::time::Timestamp;

/// Something became of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupEvent {
    /// The field it came with: `group_lifecycle_update` and its like.
    pub field: String,
    /// Meta's word: `group_create`, `group_delete`, `group_participants_add`, `group_suspend` and so on.
    pub kind: String,
    /// The provider's id of the group; absent when it could not be made.
    pub group_id: Option<String>,
    /// The id of our request, where it answers one.
    pub request_id: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// Its name.
    pub subject: Option<String>,
    /// Its description.
    pub description: Option<String>,
    /// The link to join by.
    pub invite_link: Option<String>,
    /// Whether joining needs a yes: `approval_required`, `auto_approve`.
    pub join_approval_mode: Option<String>,
    /// Why, such as `invite_link`.
    pub reason: Option<String>,
    /// By whom: `business` or `participant`.
    pub initiated_by: Option<String>,
    /// The id of somebody's request to join.
    pub join_request_id: Option<String>,
    /// The person the event speaks of, where it is one.
    pub person: Option<Person>,
    /// Who came in.
    pub added: Vec<GroupParticipant>,
    /// Who went.
    pub removed: Vec<GroupParticipant>,
    /// For whom it did not work.
    pub failed: Vec<GroupParticipant>,
    /// Which settings were changed, and whether that worked.
    pub changes: Vec<GroupChange>,
    /// What went wrong.
    pub errors: Vec<ReportedError>,
}

/// Somebody in a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupParticipant {
    /// What we named them by in the request.
    pub input: Option<String>,
    /// Who they are, as far as told.
    pub person: Person,
    /// What went wrong with them.
    pub errors: Vec<ReportedError>,
}

/// A changed setting of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Meta's member: `group_subject`, `group_description`, `profile_picture`.
    pub setting: String,
    /// The new text.
    pub text: Option<String>,
    /// The new picture's media type.
    pub mime_type: Option<String>,
    /// The new picture's hash.
    pub sha256: Option<String>,
    /// Whether it worked.
    pub successful: Option<bool>,
    /// Why not.
    pub errors: Vec<ReportedError>,
}
