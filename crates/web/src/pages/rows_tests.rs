use domain::attempt::StatusTimes;
use domain::content::Content;
use domain::ids::{ContactId, MessageId, SenderId};
use domain::inbound::{CallPermission, FlowReply, InboundContent, ListReply, Media, MediaKind, Order};
use domain::message::{Class, MessageStatus};
use serde_json::json;

use super::*;

const START: Timestamp = Timestamp::from_seconds(1_795_168_800);

pub(in crate::pages) fn after(millis: u64) -> Timestamp {
    START.plus(Duration::from_millis(millis))
}

pub(in crate::pages) fn viewer() -> Viewer {
    Viewer { now: after(0), zone: TimeZone::UTC, catalogue: Catalogue::get("en") }
}

pub(in crate::pages) fn template() -> Message {
    Message {
        id: MessageId(900),
        sender: SenderId(1),
        sender_name: "Front desk".to_owned(),
        contact: ContactId(5),
        contact_name: Some("Yael Ben-David".to_owned()),
        conversation: None,
        direction: Direction::Outbound,
        kind: "template".to_owned(),
        content: json!({"type": "template", "template": {"name": "room_ready", "language": {"code": "en"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "Yael", "parameter_name": "guest"},
                {"type": "text", "text": "512", "parameter_name": "room"}]}]}})
        .to_string(),
        excerpt: "room_ready: Yael · 512".to_owned(),
        class: Class::Marketing,
        status: MessageStatus::Read,
        version: 5,
        attempts: 1,
        simulated: false,
        address_kind: "phone".to_owned(),
        address: "+972545550128".to_owned(),
        reference: None,
        context: None,
        options: None,
        external_id: Some("wamid.1".to_owned()),
        failure: None,
        created_at: START,
        send_at: None,
        expires_at: Some(after(86_400_000)),
        times: StatusTimes::default(),
        replied_at: None,
        origin: None,
        target: None,
        group: None,
        edited_at: None,
        deleted_at: None,
        billing: None,
    }
}

#[test]
fn what_was_taken_back_is_not_shown() {
    let text = inbound(&InboundContent::Text { body: "my card is 4111".to_owned() });
    let deleted = Message { deleted_at: Some(after(1)), ..text };
    let shown = row(&deleted, &viewer());
    assert_eq!((shown.kind, shown.excerpt.as_str()), (ContentKind::Deleted, ""));
}

pub(in crate::pages) fn inbound(content: &InboundContent) -> Message {
    Message {
        direction: Direction::Inbound,
        kind: content.kind().to_owned(),
        content: serde_json::to_string(content).expect("serializes"),
        excerpt: content.excerpt(),
        status: MessageStatus::Delivered,
        attempts: 0,
        ..template()
    }
}

#[test]
fn a_template_is_named_once() {
    let shown = row(&template(), &viewer());
    assert_eq!(shown.kind, ContentKind::Template("room_ready".to_owned()));
    assert_eq!(shown.excerpt, "Yael · 512");
    assert_eq!(shown.phone.as_deref(), Some("+972 54-555-0128"));
    assert_eq!((shown.status, shown.way, shown.version), (StatusWord::Read, Way::Out, 5));
    let bare = row(&Message { excerpt: "room_ready".to_owned(), ..template() }, &viewer());
    assert_eq!(bare.excerpt, "");
}

#[test]
fn what_came_in_is_received() {
    let text = inbound(&InboundContent::Text { body: "Thanks!\nSee you".to_owned() });
    let shown = row(&text, &viewer());
    assert_eq!((shown.status, shown.way, shown.kind), (StatusWord::Received, Way::In, ContentKind::Text));
    assert_eq!(shown.excerpt.as_str(), "Thanks!");
}

#[test]
fn every_kind_that_comes_in_has_a_name() {
    let unsupported = |kind: &str| {
        let raw = json!({"id": "1", "type": kind});
        InboundContent::Other { kind: kind.to_owned(), raw }
    };
    let picture = Media { caption: Some("Me".to_owned()), ..Media::new(MediaKind::Image, "1".to_owned()) };
    let image = InboundContent::Media(picture);
    let sticker = InboundContent::Media(Media::new(MediaKind::Sticker, "2".to_owned()));
    let notice = InboundContent::Unsupported { kind: Some("poll".to_owned()) };
    let button = InboundContent::Button { text: "Yes".to_owned(), payload: None };
    let towels = ListReply { id: "1".to_owned(), title: "Towels".to_owned(), description: None };
    let form = FlowReply { body: Some("Sent".to_owned()), ..FlowReply::default() };
    let calls = CallPermission { response: "accept".to_owned(), ..CallPermission::default() };
    let reply = InboundContent::ButtonReply { id: "1".to_owned(), title: "No".to_owned() };
    for (content, kind, excerpt) in [
        (image, ContentKind::Image, "Me"),
        (button, ContentKind::ButtonReply, "Yes"),
        (reply, ContentKind::ButtonReply, "No"),
        (InboundContent::ListReply(towels), ContentKind::ListReply, "Towels"),
        (InboundContent::FlowReply(form), ContentKind::FlowReply, "Sent"),
        (InboundContent::CallPermission(calls), ContentKind::CallPermission, "accept"),
        (
            InboundContent::Order(Order { text: Some("For two".to_owned()), ..Order::default() }),
            ContentKind::Order,
            "For two",
        ),
        (InboundContent::Revoke { original_id: None }, ContentKind::Revoke, ""),
        (InboundContent::RequestWelcome, ContentKind::Welcome, ""),
        (InboundContent::MediaPlaceholder, ContentKind::MediaPlaceholder, ""),
        (InboundContent::Unknown, ContentKind::Unsupported, ""),
        (sticker, ContentKind::Sticker, ""),
        (notice, ContentKind::Unsupported, "poll"),
        (unsupported("sticker"), ContentKind::Other("sticker".to_owned()), ""),
        (unsupported("audio"), ContentKind::Other("audio".to_owned()), ""),
        (unsupported("order"), ContentKind::Other("order".to_owned()), ""),
    ] {
        let message = inbound(&content);
        let shown = row(&message, &viewer());
        assert_eq!((shown.kind, shown.excerpt.as_str()), (kind, excerpt));
    }
}

#[test]
fn somebody_without_a_number_has_none() {
    let message = Message { address_kind: "user_id".to_owned(), address: "US.1".to_owned(), ..template() };
    assert_eq!(row(&message, &viewer()).phone, None);
}

#[test]
fn long_gaps_lose_their_seconds() {
    let gap = |seconds| viewer().gap(Duration::from_secs(seconds));
    assert_eq!(gap(59), "+59.0 s");
    assert_eq!(gap(3_600), "+1 h 0 min");
    assert_eq!(gap(2 * 86_400 + 5 * 3_600), "+2 d 5 h");
}

#[test]
fn every_kind_that_goes_out_says_something() {
    let body = json!({"type": "button", "body": {"text": "Breakfast?"}, "action": {"buttons": [
        {"type": "reply", "reply": {"id": "yes", "title": "Yes"}}]}});
    let place = json!({"latitude": 32.8, "longitude": 34.98, "name": "Carmel View"});
    for (object, kind, text) in [
        (json!({"type": "video", "video": {"id": "1", "caption": "The view"}}), ContentKind::Video, "The view"),
        (json!({"type": "audio", "audio": {"id": "1"}}), ContentKind::Audio, ""),
        (json!({"type": "sticker", "sticker": {"id": "1"}}), ContentKind::Sticker, ""),
        (json!({"type": "document", "document": {"id": "1", "caption": "Bill"}}), ContentKind::Document, "Bill"),
        (json!({"type": "location", "location": place}), ContentKind::Location, "Carmel View"),
        (
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana Lev", "last_name": "Lev"}}]}),
            ContentKind::Contacts,
            "Ana Lev",
        ),
        (json!({"type": "interactive", "interactive": body}), ContentKind::Interactive, "Breakfast?"),
        (
            json!({"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}}),
            ContentKind::Reaction,
            "👍",
        ),
    ] {
        let sent = Content::from_stored(&object.to_string()).expect("well formed");
        let stored = Message {
            kind: sent.kind().to_owned(),
            content: object.to_string(),
            excerpt: sent.excerpt(),
            ..template()
        };
        let shown = row(&stored, &viewer());
        assert_eq!((shown.kind, shown.excerpt.as_str()), (kind, text));
    }
}
