//! Groups.

use domain::inbound::reader::Node;
use domain::inbound::{GroupChange, GroupEvent, GroupParticipant, HookFact, Person, ReportedError};

use super::people::{named, username};

pub(super) fn event(group: Node<'_>, field: &str) -> Result<Vec<HookFact>, String> {
    let kind = group.text("type").ok_or("no type")?;
    let person = person(group);
    let settings = ["group_subject", "group_description", "profile_picture"];
    Ok(vec![HookFact::Group(Box::new(GroupEvent {
        field: super::word(field),
        kind,
        group_id: group.text("group_id"),
        request_id: group.text("request_id"),
        at: group.time("timestamp"),
        subject: group.text("subject"),
        description: group.text("description"),
        invite_link: group.text("invite_link"),
        join_approval_mode: group.text("join_approval_mode"),
        reason: group.text("reason"),
        initiated_by: group.text("initiated_by"),
        join_request_id: group.text("join_request_id"),
        person: (person != Person::default()).then_some(person),
        added: participants(group, "added_participants"),
        removed: participants(group, "removed_participants"),
        failed: participants(group, "failed_participants"),
        changes: settings.into_iter().filter_map(|setting| change(group, setting)).collect(),
        errors: ReportedError::read_list(group),
    }))])
}

fn person(node: Node<'_>) -> Person {
    Person { username: username(node), ..named(node, "wa_id", "user_id", &["parent_user_id"]) }
}

fn participants(group: Node<'_>, list: &str) -> Vec<GroupParticipant> {
    let one = |participant: Node<'_>| GroupParticipant {
        input: participant.text("input"),
        person: person(participant),
        errors: ReportedError::read_list(participant),
    };
    group.list(list).into_iter().map(one).filter(|one| *one != GroupParticipant::default()).collect()
}

fn change(group: Node<'_>, setting: &str) -> Option<GroupChange> {
    let change = group.get(setting)?;
    let read = GroupChange {
        setting: setting.to_owned(),
        text: change.text("text"),
        mime_type: change.text("mime_type"),
        sha256: change.text("sha256"),
        successful: change.flag("update_successful"),
        errors: ReportedError::read_list(change),
    };
    let is_known = read != GroupChange { setting: setting.to_owned(), ..GroupChange::default() };
    is_known.then_some(read)
}
