//! Every kind reads back from what it wrote.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::super::message::Context;
use super::*;
use crate::address::UserIdentifier;
use crate::phone::E164;
use crate::time::Timestamp;

/// A text that says something: an empty one counts as absent.
fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 \\-שלום😮\"\\\\\n]{1,12}"
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    option::of(word())
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        (1_i64..4_000_000_000).prop_map(Timestamp::from_seconds),
        (1_000_000_000_001_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_micros(ms * 1000)),
    ]
}

fn phone() -> impl Strategy<Value = E164> {
    "[1-9][0-9]{6,14}".prop_map(|digits| E164::from_digits(&digits).expect("digits"))
}

fn user() -> impl Strategy<Value = UserIdentifier> {
    "[A-Z]{2}\\.[A-Z0-9]{1,20}".prop_map(|id| UserIdentifier::try_from(id).expect("an id"))
}

fn media() -> impl Strategy<Value = Media> {
    let texts = (word(), maybe(), maybe(), maybe(), maybe(), maybe());
    let kind = prop::sample::select(MediaKind::ALL.to_vec());
    (kind, texts, option::of(any::<bool>()), option::of(any::<bool>())).prop_map(|(kind, texts, voice, animated)| {
        let (id, mime_type, sha256, caption, filename, url) = texts;
        Media { kind, id, mime_type, sha256, caption, filename, voice, animated, url }
    })
}

fn name() -> impl Strategy<Value = CardName> {
    (maybe(), maybe(), maybe(), maybe(), maybe(), maybe()).prop_map(
        |(formatted, first, last, middle, prefix, suffix)| CardName { formatted, first, last, middle, prefix, suffix },
    )
}

fn card() -> impl Strategy<Value = Card> {
    let phone = (maybe(), maybe(), maybe(), maybe()).prop_map(|(phone, wa_id, user_id, kind)| CardPhone {
        phone,
        wa_id,
        user_id,
        kind,
    });
    let entry = || (maybe(), maybe()).prop_map(|(value, kind)| CardEntry { value, kind });
    let address = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe()).prop_map(
        |(street, city, state, zip, country, country_code, kind)| CardAddress {
            street,
            city,
            state,
            zip,
            country,
            country_code,
            kind,
        },
    );
    let lists = (vec(phone, 0..3), vec(entry(), 0..3), vec(entry(), 0..3), vec(address, 0..2));
    let rest = (maybe(), maybe(), maybe(), maybe(), maybe());
    (name(), lists, rest).prop_map(|(name, (phones, emails, urls, addresses), rest)| {
        let (company, department, title, birthday, vcard) = rest;
        Card { name, phones, emails, urls, addresses, company, department, title, birthday, vcard }
    })
}

fn order() -> impl Strategy<Value = Order> {
    let item = (maybe(), option::of(any::<i64>()), option::of(-1e6..1e6), maybe())
        .prop_map(|(product_id, quantity, price, currency)| OrderItem { product_id, quantity, price, currency });
    (maybe(), maybe(), vec(item, 0..4)).prop_map(|(catalog_id, text, items)| Order { catalog_id, text, items })
}

fn notice() -> impl Strategy<Value = SystemNotice> {
    let who = (option::of(phone()), option::of(user()), option::of(user()), option::of(phone()));
    (word(), maybe(), who, maybe()).prop_map(|(kind, body, who, identity_hash)| {
        let (phone, user_id, parent_user_id, previous_phone) = who;
        SystemNotice { kind: Some(kind), body, phone, user_id, parent_user_id, identity_hash, previous_phone }
    })
}

fn permission() -> impl Strategy<Value = CallPermission> {
    (word(), option::of(any::<bool>()), option::of(time()), maybe()).prop_map(
        |(response, is_permanent, expires_at, source)| CallPermission { response, is_permanent, expires_at, source },
    )
}

fn context() -> impl Strategy<Value = Context> {
    (word(), maybe(), maybe(), any::<bool>(), any::<bool>(), maybe(), maybe()).prop_map(
        |(id, from, from_user_id, forwarded, frequently_forwarded, catalog_id, product_id)| Context {
            id: Some(id),
            from,
            from_user_id,
            forwarded,
            frequently_forwarded,
            catalog_id,
            product_id,
        },
    )
}

fn plain() -> impl Strategy<Value = InboundContent> {
    let place = (-90.0..90.0, -180.0..180.0, maybe(), maybe(), maybe())
        .prop_map(|(latitude, longitude, name, address, url)| Location { latitude, longitude, name, address, url });
    let flow = (maybe(), maybe(), any::<String>()).prop_map(|(name, body, response_json)| FlowReply {
        name,
        body,
        response_json,
    });
    prop_oneof![
        any::<String>().prop_map(|body| InboundContent::Text { body }),
        media().prop_map(InboundContent::Media),
        place.prop_map(InboundContent::Location),
        (vec(card(), 0..3), maybe()).prop_map(|(cards, origin)| InboundContent::Contacts { cards, origin }),
        (word(), maybe()).prop_map(|(text, payload)| InboundContent::Button { text, payload }),
        (word(), word()).prop_map(|(id, title)| InboundContent::ButtonReply { id, title }),
        (word(), word(), maybe()).prop_map(|(id, title, description)| InboundContent::ListReply(ListReply {
            id,
            title,
            description
        })),
        flow.prop_map(InboundContent::FlowReply),
        permission().prop_map(InboundContent::CallPermission),
        (word(), maybe()).prop_map(|(message_id, emoji)| InboundContent::Reaction(Reaction { message_id, emoji })),
        order().prop_map(InboundContent::Order),
        notice().prop_map(InboundContent::System),
        maybe().prop_map(|kind| InboundContent::Unsupported { kind }),
        maybe().prop_map(|original_id| InboundContent::Revoke { original_id }),
        prop::sample::select(vec![
            InboundContent::RequestWelcome,
            InboundContent::Unknown,
            InboundContent::MediaPlaceholder
        ]),
        "p[a-z]{1,8}".prop_map(|kind| {
            let raw = json!({"type": kind, kind.as_str(): {"name": "When?"}});
            InboundContent::Other { kind, raw }
        }),
    ]
}

fn content() -> impl Strategy<Value = InboundContent> {
    let edit = (maybe(), plain(), option::of(context())).prop_map(|(original_id, content, context)| {
        InboundContent::Edit(Box::new(Edit { original_id, content: Some(without_raw(content)), context }))
    });
    prop_oneof![6 => plain(), 1 => edit]
}

/// What is kept as it came would hold the context twice.
fn without_raw(content: InboundContent) -> InboundContent {
    match content {
        InboundContent::Other { .. } => InboundContent::Unknown,
        other => other,
    }
}

proptest! {
    #[test]
    fn each_kind_reads_back_from_metas_own_object(content in content()) {
        let object = Value::from(content.clone());
        prop_assert_eq!(InboundContent::from(object), content);
    }

    #[test]
    fn and_after_a_stay_in_a_database(content in content()) {
        // A shortest decimal reads back as another number at times, one step away.
        let text = serde_json::to_string(&content).expect("serializes");
        let read: InboundContent = serde_json::from_str(&text).expect("reads");
        prop_assert_eq!(read.kind(), content.kind());
        prop_assert_eq!(read.text(), content.text());
        let again: InboundContent = serde_json::from_str(&serde_json::to_string(&read).expect("serializes")).expect("reads");
        prop_assert_eq!(again.kind(), content.kind());
    }
}

#[test]
fn what_is_written_is_metas_shape() {
    let written = |content: InboundContent| Value::from(content);
    assert_eq!(
        written(InboundContent::Text { body: "hi".to_owned() }),
        json!({"type": "text", "text": {"body": "hi"}})
    );
    let voice = Media { voice: Some(true), ..Media::new(MediaKind::Audio, "7".to_owned()) };
    let object = json!({"type": "audio", "audio": {"id": "7", "voice": true}});
    assert_eq!(written(InboundContent::Media(voice.clone())), object);
    let older = json!({"type": "voice", "voice": {"id": "7"}});
    assert_eq!(InboundContent::from(older), InboundContent::Media(voice));
    let flow = FlowReply { name: None, body: None, response_json: r#"{"a":1}"#.to_owned() };
    assert_eq!(flow.response().and_then(|response| response.get("a").cloned()), Some(json!(1)));
    for other in ["", "7", "[1]", "{", "\"text\""] {
        assert_eq!(FlowReply { response_json: other.to_owned(), ..flow.clone() }.response(), None);
    }
    assert_eq!(written(InboundContent::RequestWelcome), json!({"type": "request_welcome"}));
}

#[test]
fn a_removed_reaction_has_no_emoji() {
    for emoji in [json!(""), json!(null)] {
        let message = json!({"type": "reaction", "reaction": {"message_id": "a", "emoji": emoji}});
        let expected = Reaction { message_id: "a".to_owned(), emoji: None };
        assert_eq!(InboundContent::from(message), InboundContent::Reaction(expected));
    }
}
