//! Calls over WhatsApp.

use domain::inbound::reader::Node;
use domain::inbound::{CallEvent, CallMedia, CallSession, HookFact, Media, MediaKind, Person, ReportedError};

use super::people::{Contacts, named};

pub(super) fn call(call: Node<'_>, contacts: &Contacts<'_>) -> Result<Vec<HookFact>, String> {
    let event = call.text("event").ok_or("no event")?;
    event_of(call, event, contacts)
}

/// What became of a call that we make.
pub(super) fn status(status: Node<'_>, contacts: &Contacts<'_>) -> Result<Vec<HookFact>, String> {
    status.is("type", "call");
    event_of(status, "status".to_owned(), contacts)
}

fn event_of(call: Node<'_>, event: String, contacts: &Contacts<'_>) -> Result<Vec<HookFact>, String> {
    let id = call.text("id").ok_or("no id")?;
    let from = named(call, "from", "from_user_id", &["from_parent_user_id"]);
    let to = if event == "status" {
        let parents = ["parent_recipient_user_id", "recipient_parent_user_id", "parent_user_id"];
        named(call, "recipient_id", "recipient_user_id", &parents)
    } else {
        named(call, "to", "to_user_id", &["to_parent_user_id"])
    };
    let (from, to) = complete(from, to, contacts);
    let session =
        call.get("session").map(|session| CallSession { kind: session.text("sdp_type"), sdp: session.text("sdp") });
    Ok(vec![HookFact::Call(Box::new(CallEvent {
        id,
        event,
        direction: call.text("direction"),
        from,
        to,
        at: call.time("timestamp"),
        // A list of one has been seen.
        status: call.text("status").or_else(|| call.list("status").first()?.as_text()),
        session: session.filter(|session| *session != CallSession::default()),
        started_at: call.time("start_time"),
        ended_at: call.time("end_time"),
        duration_seconds: call.integer("duration"),
        reference: call.text("biz_opaque_callback_data"),
        button_payload: call.text("cta_payload"),
        link_payload: call.text("deeplink_payload"),
        media: media(call),
        errors: ReportedError::read_list(call),
    }))])
}

/// A side with an id is the person; else whichever side is described.
fn complete(from: Person, to: Person, contacts: &Contacts<'_>) -> (Person, Person) {
    if to.user_id.is_some() && from.user_id.is_none() {
        return (from, contacts.complete_known(to));
    }
    let from = contacts.complete_known(from);
    let to = contacts.complete_known(to);
    (from, to)
}

/// A recording or a transcript: `call_recording`, and whatever other member of that kind there is.
fn media(call: Node<'_>) -> Option<CallMedia> {
    let names = call.keys().filter(|name| name.starts_with("call_"));
    names.filter_map(|name| read_media(call, name)).next()
}

fn read_media(call: Node<'_>, name: &str) -> Option<CallMedia> {
    let member = call.get(name)?;
    let place = member.place();
    let kind = member.text("type")?;
    let file =
        member.get(&kind).and_then(|file| Media::read(MediaKind::parse(&kind).unwrap_or(MediaKind::Document), file));
    if file.is_none() {
        member.rewind(place);
    }
    Some(CallMedia { name: name.to_owned(), media: file? })
}
