//! What people wrote.

use domain::address::Address;
use domain::attempt::AttemptStatus;
use domain::inbound::{InboundContent, InboundMessage, MessageObject, Person, SystemNotice};
use domain::message::Direction;
use domain::time::Timestamp;
use store::contact::Identity;
use store::hot::{Bearing, Inbound};
use store::media::{ReceivedMedium, Told};

use super::{Place, Reading, people};

pub(super) fn take(read: &mut Reading, place: Place<'_>, message: InboundMessage) {
    let InboundMessage { from, object } = message;
    if let InboundContent::System(notice) = &object.content {
        let at = place.time(object.at);
        people::take_notice(read, place, &from, notice, at);
    }
    match line(place, from, object) {
        Some(line) => read.apply.messages.push(line),
        None => read.note("a message without a sender passed over".to_owned()),
    }
}

/// A message as a row; `None` if nobody is named.
pub(super) fn line(place: Place<'_>, person: Person, object: MessageObject) -> Option<Inbound> {
    let identities = Identity::of_person(&person);
    let address = address(&person)?;
    let target = target(&object.content);
    Some(Inbound {
        account: place.sender.account,
        sender: place.sender.id,
        id_kind: "wamid",
        identities,
        address,
        name: person.name,
        at: place.time(object.at),
        kind: object.content.kind().to_owned(),
        excerpt: object.content.excerpt(),
        media: received_medium(&object.content, object.at.or(place.sent_at)),
        content: object.stored().to_string(),
        context: object.context.and_then(|context| context.id),
        target,
        group: object.group_id,
        bearing: bearing(&object.content),
        external_id: object.external_id,
        direction: Direction::Inbound,
        origin: None,
        reached: AttemptStatus::Delivered,
        replaces: None,
    })
}

/// The medium that is to be fetched. Its address was given when the callback was made, so that is when its minutes begin.
fn received_medium(content: &InboundContent, at: Option<Timestamp>) -> Option<ReceivedMedium> {
    let InboundContent::Media(media) = content else { return None };
    let told =
        Told { provider_id: Some(media.id.clone()), url: media.url.clone(), url_at: at, sha256: media.sha256.clone() };
    Some(ReceivedMedium { told, mime_type: media.mime_type.clone(), filename: media.filename.clone() })
}

/// Where an answer goes: to the number, where there is one.
pub(super) fn address(person: &Person) -> Option<Address> {
    let by_phone = person.phone.clone().map(Address::Phone);
    by_phone.or_else(|| person.user_id.clone().map(Address::UserId))
}

/// The provider's id of the message this one is about.
fn target(content: &InboundContent) -> Option<String> {
    match content {
        InboundContent::Reaction(reaction) => Some(reaction.message_id.clone()),
        InboundContent::Edit(edit) => edit.original_id.clone(),
        InboundContent::Revoke { original_id } => original_id.clone(),
        _ => None,
    }
}

/// Meta's window opens when a person writes or calls. That a reaction or an edit opens it is written nowhere, and a free
/// text outside of it fails; so they do not.
const fn bearing(content: &InboundContent) -> Bearing {
    match content {
        InboundContent::Reaction(reaction) if reaction.emoji.is_some() => Bearing::Reaction,
        InboundContent::Reaction(_)
        | InboundContent::System(_)
        | InboundContent::Edit(_)
        | InboundContent::Revoke { .. }
        | InboundContent::MediaPlaceholder => Bearing::Nothing,
        InboundContent::RequestWelcome => Bearing::Opening,
        // Somebody wrote, also where WhatsApp does not pass on what.
        _ => Bearing::Answer,
    }
}

/// Whether a notice tells of a new number.
pub(super) fn is_number_change(notice: &SystemNotice) -> bool {
    // Older versions call it otherwise, and tell the new number as well.
    notice.phone.is_some() && notice.kind.as_deref() != Some("user_changed_user_id")
}
