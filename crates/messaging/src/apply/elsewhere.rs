//! What the business and people wrote to each other without us: in the phone app, over another application, in the past.

use domain::attempt::AttemptStatus;
use domain::inbound::{Echo, EchoSource, HistoryMessage, InboundContent};
use domain::message::Direction;
use store::hot::{Bearing, Inbound};
use store::message::Origin;

use super::{Place, Reading, lines};

/// Kind of the rows that only announce a medium of the history.
const PLACEHOLDER: &str = "media_placeholder";

pub(super) fn take_echo(read: &mut Reading, place: Place<'_>, echo: Echo) {
    let origin = match echo.source {
        EchoSource::PhoneApp => Origin::PhoneApp,
        EchoSource::OtherApplication => Origin::OtherApplication,
        EchoSource::History => Origin::History,
    };
    let Some(line) = lines::line(place, echo.to, echo.object) else {
        return read.note("an echo to a group passed over".to_owned());
    };
    let line = of_business(line, AttemptStatus::Sent);
    read.apply.messages.push(told(line, origin));
}

pub(super) fn take_history(read: &mut Reading, place: Place<'_>, message: HistoryMessage) {
    let is_placeholder = message.object.content == InboundContent::MediaPlaceholder;
    let Some(line) = lines::line(place, message.person, message.object) else {
        return read.note("an old message with nobody passed over".to_owned());
    };
    let line = match message.direction {
        Direction::Inbound => line,
        Direction::Outbound => of_business(line, reached(message.status.as_deref())),
    };
    let line = told(line, Origin::History);
    let replaces = line.replaces.filter(|_| !is_placeholder);
    read.apply.messages.push(Inbound { replaces, ..line });
}

/// Neither opens a window nor answers anything.
fn told(line: Inbound, origin: Origin) -> Inbound {
    let replaces = (origin == Origin::History).then_some(PLACEHOLDER);
    Inbound { bearing: Bearing::Nothing, origin: Some(origin), replaces, ..line }
}

fn of_business(line: Inbound, reached: AttemptStatus) -> Inbound {
    Inbound { direction: Direction::Outbound, reached, name: None, ..line }
}

/// Meta's word for how far an old message came.
fn reached(word: Option<&str>) -> AttemptStatus {
    match word.map(str::to_ascii_uppercase).as_deref() {
        Some("DELIVERED") => AttemptStatus::Delivered,
        Some("READ" | "PLAYED") => AttemptStatus::Read,
        Some("ERROR") => AttemptStatus::Failed,
        Some("PENDING") => AttemptStatus::Submitted,
        _ => AttemptStatus::Sent,
    }
}
