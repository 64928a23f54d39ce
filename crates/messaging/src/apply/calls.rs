//! Calls over WhatsApp: a line in the thread, which opens the service window. The telephone does more with them later.

use domain::attempt::AttemptStatus;
use domain::inbound::CallEvent;
use domain::message::Direction;
use serde_json::{Map, Value};
use store::contact::Identity;
use store::hot::{Bearing, Inbound};

use super::{Place, Reading, lines};

/// Kind of the rows, of their content, and of the row whose end follows.
pub(crate) const KIND: &str = "call";
/// Kind of their ids at the provider.
pub(crate) const ID_KIND: &str = "wacid";

pub(super) fn take(read: &mut Reading, place: Place<'_>, call: CallEvent) {
    let is_from_person = call.direction.as_deref() == Some("USER_INITIATED");
    let is_end = call.event == "terminate";
    let address = lines::address(&call.from).filter(|_| is_from_person && (is_end || call.event == "connect"));
    let Some(address) = address else {
        return read.note(format!("call event `{}` passed over", call.event));
    };
    let content = content(&call);
    read.apply.messages.push(Inbound {
        account: place.sender.account,
        sender: place.sender.id,
        id_kind: ID_KIND,
        external_id: call.id,
        identities: Identity::of_person(&call.from),
        address,
        name: call.from.name,
        at: place.time(call.started_at.filter(|_| is_end).or(call.at)),
        kind: KIND.to_owned(),
        content,
        excerpt: String::new(),
        context: None,
        media: None,
        target: None,
        group: None,
        bearing: Bearing::Opening,
        direction: Direction::Inbound,
        origin: None,
        reached: AttemptStatus::Delivered,
        replaces: is_end.then_some(KIND),
    });
}

fn content(call: &CallEvent) -> String {
    let mut told = Map::new();
    told.insert("event".to_owned(), call.event.clone().into());
    let text = |text: &Option<String>| text.clone().map(Value::from);
    let time = |at: Option<domain::time::Timestamp>| at.map(|at| Value::from(at.to_string()));
    for (key, value) in [
        ("status", text(&call.status)),
        ("started_at", time(call.started_at)),
        ("ended_at", time(call.ended_at)),
        ("duration_seconds", call.duration_seconds.map(Value::from)),
        ("button_payload", text(&call.button_payload)),
        ("link_payload", text(&call.link_payload)),
    ] {
        if let Some(value) = value {
            told.insert(key.to_owned(), value);
        }
    }
    serde_json::json!({"type": KIND, KIND: told}).to_string()
}
