use std::path::Path;

use askama::Template;
use domain::ids::MessageId;
use serde_json::json;
use store::media::{MediaState, Origin, Stored, Told};
use store::message::{Around as Surroundings, Quoted, Reaction as StoredReaction};

use super::super::rows::tests::{after, inbound, template, viewer};
use super::*;
use crate::catalogue::Catalogue;
use crate::views::Words;
use crate::views::shell::Shell;

/// Bubbles below each other, each with its name.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r#"{% extends "frame.html" %}{% import "components/bubble.html" as drawn %}{% block title %}Kinds{% endblock %}
{% block content %}<h1>Kinds</h1><div class="columns">{% for half in halves %}<div class="half thread">{% for (name, bubble) in half.iter() %}<p class="faint small">{{ name }}</p>{{ drawn::bubble(bubble) }}{% endfor %}</div>{% endfor %}</div>{% endblock %}"#
)]
struct Gallery {
    shell: Shell,
    halves: Vec<Vec<(&'static str, Bubble)>>,
}

impl Words for Gallery {
    fn catalogue(&self) -> &'static Catalogue {
        self.shell.document.catalogue
    }
}

fn medium(id: i64, provider_id: &str, mime_type: &str, state: MediaState) -> Medium {
    Medium {
        id: MediaId(id),
        origin: Origin::Received,
        message: Some(MessageId(900)),
        sender: None,
        told: Told { provider_id: Some(provider_id.to_owned()), ..Told::default() },
        mime_type: Some(mime_type.to_owned()),
        content_type: None,
        filename: None,
        state,
        reason: (state == MediaState::Failed).then(|| "It is larger than 100 MB.".to_owned()),
        stored: (state == MediaState::Stored).then(|| Stored { digest: "ab".to_owned(), bytes: 12_288 }),
        created_at: after(0),
    }
}

fn media() -> Vec<Medium> {
    vec![
        medium(1, "p1", "image/png", MediaState::Stored),
        medium(2, "p2", "video/mp4", MediaState::Pending),
        medium(3, "p3", "application/pdf", MediaState::Failed),
        medium(4, "p4", "image/webp", MediaState::Gone),
        medium(5, "p5", "audio/ogg; codecs=opus", MediaState::Stored),
        medium(6, "p6", "application/pdf", MediaState::Stored),
    ]
}

fn quoted() -> Surroundings {
    let quoted = Quoted { id: MessageId(77), excerpt: Some("Is breakfast included?".to_owned()) };
    Surroundings { quoted: Some(quoted), ..Surroundings::default() }
}

fn drawn_with(message: &Message, surroundings: &Surroundings) -> Bubble {
    let viewer = viewer();
    let media = media();
    bubble(message, &Around { viewer: &viewer, base: "/app/accounts/7", media: &media, around: surroundings })
}

fn drawn(message: &Message) -> Bubble {
    drawn_with(message, &Surroundings::default())
}

/// What was received as this object.
fn received(object: &Value) -> Message {
    let content = read(object);
    Message { content: object.to_string(), ..inbound(&content) }
}

fn sent(object: &Value) -> Message {
    let content = Content::from_stored(&object.to_string()).unwrap_or_else(|error| panic!("{error:?} in {object}"));
    Message { kind: content.kind().to_owned(), content: object.to_string(), ..template() }
}

fn html(bubbles: Vec<(&'static str, Bubble)>) -> String {
    let shell = Shell::sample();
    Gallery { shell, halves: vec![bubbles] }.render().unwrap_or_else(|error| panic!("{error}"))
}

type Case = (&'static str, Value, &'static [&'static str]);

fn received_cases() -> Vec<Case> {
    let reply = |kind: &str, reply: Value| json!({"type": "interactive", "interactive": {"type": kind, kind: reply}});
    let with = |mut object: Value, key: &str, value: Value| {
        object[key] = value;
        object
    };
    let text = |body: &str| json!({"type": "text", "text": {"body": body}});
    vec![
        (
            "text",
            text("*Hello* <b>there</b>\nsee https://waypost.example/a?b=1&c=2."),
            &[
                "<strong>Hello</strong> &#60;b&#62;there&#60;/b&#62;<br>see",
                "<a rel=\"noopener noreferrer nofollow\" target=\"_blank\" href=\"https://waypost.example/a?b=1&#38;c=2\">",
            ],
        ),
        ("right to left", text("תודה רבה! *אפשר* גם מיטת תינוק לחדר 512?"), &["<strong>אפשר</strong>"]),
        ("forwarded", with(text("Their breakfast"), "context", json!({"forwarded": true})), &["Forwarded"]),
        ("often", with(text("Chain"), "context", json!({"frequently_forwarded": true})), &["Forwarded many times"]),
        (
            "about a product",
            with(
                text("This one?"),
                "context",
                json!({"id": "wamid.7", "from": "1555",
            "referred_product": {"catalog_id": "1", "product_retailer_id": "sku-9"}}),
            ),
            &["Asks about", "sku-9"],
        ),
        (
            "advertisement",
            with(
                text("Hello!"),
                "referral",
                json!({"source_type": "ad", "source_id": "1",
            "source_url": "https://fb.me/x", "headline": "A weekend", "body": "Two nights"}),
            ),
            &["From an advertisement", "A weekend", "Two nights", "href=\"https://fb.me/x\""],
        ),
        (
            "hostile post",
            with(
                text("Hello!"),
                "referral",
                json!({"source_type": "post", "headline": "<i>",
            "source_url": "javascript:alert(1)"}),
            ),
            &["From a post", "&#60;i&#62;"],
        ),
        (
            "image",
            json!({"type": "image", "image": {"id": "p1", "caption": "My _room_"}}),
            &["<img src=\"/app/accounts/7/media/wpm_1\" alt=\"Picture\"", "My <em>room</em>"],
        ),
        ("pending video", json!({"type": "video", "video": {"id": "p2"}}), &["Being fetched from WhatsApp"]),
        (
            "failed document",
            json!({"type": "document", "document": {"id": "p3", "filename": "a.pdf"}}),
            &["a.pdf", "Could not be fetched", "larger than 100 MB"],
        ),
        (
            "document",
            json!({"type": "document", "document": {"id": "p6", "filename": "bill.pdf"}}),
            &["href=\"/app/accounts/7/media/wpm_6\"", "bill.pdf", "PDF · 12 KB"],
        ),
        ("gone sticker", json!({"type": "sticker", "sticker": {"id": "p4"}}), &["WhatsApp does not have it any more"]),
        (
            "voice",
            json!({"type": "audio", "audio": {"id": "p5", "voice": true}}),
            &["<audio", "/app/accounts/7/media/wpm_5", "Voice message"],
        ),
        (
            "location",
            json!({"type": "location", "location": {"latitude": 32.8, "longitude": 34.98, "name": "Carmel View",
            "address": "1 Panorama Road", "url": "javascript:alert(1)"}}),
            &[
                "Carmel View",
                "1 Panorama Road",
                "32.8, 34.98",
                "openstreetmap.org/?mlat=32.8&#38;mlon=34.98",
                "noopener",
            ],
        ),
        (
            "contacts",
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Daniel Azoulay"},
            "org": {"company": "Carmel", "title": "Cook"}, "phones": [{"phone": "+972 52-555-0150"}],
            "emails": [{"email": "d@carmelview.example"}]}]}),
            &["Daniel Azoulay", "DA", "Cook, Carmel", "+972 52-555-0150", "d@carmelview.example"],
        ),
        (
            "quick reply",
            json!({"type": "button", "button": {"text": "Confirm", "payload": "YES-77"}}),
            &["Tapped a quick reply", "Confirm", "Answers with", "YES-77"],
        ),
        ("button reply", reply("button_reply", json!({"id": "yes", "title": "Yes"})), &["Tapped a button", "Yes"]),
        (
            "list reply",
            reply("list_reply", json!({"id": "r1", "title": "Towels", "description": "Two of them"})),
            &["Chose from the list", "Towels", "Two of them", "r1"],
        ),
        (
            "flow reply",
            reply(
                "nfm_reply",
                json!({"name": "flow", "body": "Sent",
            "response_json": "{\"guests\":2,\"days\":[\"Mon\",\"Tue\"],\"name\":\"<Ana>\"}"}),
            ),
            &["Filled in a form", "guests", "Mon, Tue", "&#60;Ana&#62;"],
        ),
        (
            "address",
            reply("nfm_reply", json!({"name": "address_message", "response_json": "not json"})),
            &["Gave an address", "not json"],
        ),
        (
            "call permission",
            reply("call_permission_reply", json!({"response": "accept", "is_permanent": true})),
            &["You may call, until this is taken back"],
        ),
        ("no calls", reply("call_permission_reply", json!({"response": "reject"})), &["You may not call"]),
        (
            "reaction",
            json!({"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "👍"}}),
            &["Reaction to", "A message that is not known here", "👍"],
        ),
        (
            "reaction removed",
            json!({"type": "reaction", "reaction": {"message_id": "wamid.1"}}),
            &["Took the reaction back"],
        ),
        (
            "order",
            json!({"type": "order", "order": {"catalog_id": "1", "text": "For two", "product_items": [
            {"product_retailer_id": "sku-1", "quantity": 2, "item_price": 12.5, "currency": "USD"},
            {"product_retailer_id": "sku-2", "quantity": 1, "item_price": 3, "currency": "USD"}]}}),
            &["Ordered from the catalogue", "sku-1", "2 × 12.50 USD", "Together 28.00 USD", "For two"],
        ),
        (
            "number change",
            json!({"type": "system", "system": {"type": "user_changed_number",
            "body": "Ana changed from +91 98765 43210", "wa_id": "972545550199"}}),
            &["Ana changed from", "From now on", "+972 54-555-0199"],
        ),
        ("welcome", json!({"type": "request_welcome"}), &["Opened the chat for the first time"]),
        (
            "unsupported",
            json!({"type": "unsupported", "unsupported": {"type": "poll"}, "errors": [{"code": 131_051,
            "title": "Message type unknown", "error_data": {"details": "Message type is not currently supported"}}]}),
            &["does not pass on to businesses: poll", "Message type is not currently supported (131051)"],
        ),
        (
            "edit",
            json!({"type": "edit", "edit": {"original_message_id": "wamid.1",
            "message": {"type": "text", "text": {"body": "at ten"}}}}),
            &["it says now", "at ten", "Changed"],
        ),
        (
            "revoke",
            json!({"type": "revoke", "revoke": {"original_message_id": "wamid.1"}}),
            &["Deleted an earlier message for everyone"],
        ),
        (
            "unknown kind",
            json!({"type": "hologram", "hologram": {"depth": 3}}),
            &["messages of the kind hologram", "<summary>As it came</summary>", "&#34;depth&#34;: 3"],
        ),
        (
            "new keys",
            with(text("Hi"), "identity", json!({"acknowledged": false, "hash": "x"})),
            &["security code changed"],
        ),
    ]
}

fn sent_cases() -> Vec<Case> {
    let picture = json!({"type": "image", "image": {"id": "wpm_1"}});
    let interactive = |object: Value| json!({"type": "interactive", "interactive": object});
    let body = json!({"text": "What would you like?"});
    let link = json!({"name": "cta_url", "parameters": {"display_text": "Open", "url": "https://waypost.example/a"}});
    let card = |at: usize| {
        json!({"card_index": at, "type": "cta_url", "header": picture, "body": {"text": "A room"},
        "action": link})
    };
    let template = |components: Value| {
        json!({"type": "template", "template": {"name": "room_ready",
        "language": {"code": "en_US"}, "components": components}})
    };
    let header = json!({"type": "header", "parameters": [picture]});
    let reply = json!({"type": "button", "sub_type": "quick_reply", "index": 0,
        "parameters": [{"type": "payload", "payload": "YES-77"}]});
    let one = |at: usize| json!({"card_index": at, "components": [header, reply]});
    let items = json!([{"product_retailer_id": "sku-1"}, {"product_retailer_id": "sku-2"}]);
    vec![
        (
            "sent text",
            json!({"type": "text", "text": {"body": "> quoted\n1. one\n```let x;```"}}),
            &["<blockquote dir=\"auto\">quoted</blockquote>", "<li dir=\"auto\">1. one</li>", "<code>let x;</code>"],
        ),
        (
            "sent image",
            json!({"type": "image", "image": {"id": "wpm_1", "caption": "Your room"}}),
            &["src=\"/app/accounts/7/media/wpm_1\"", "Your room"],
        ),
        ("uploaded there", json!({"type": "video", "video": {"id": "1376"}}), &["Uploaded to WhatsApp as 1376"]),
        (
            "linked",
            json!({"type": "sticker", "sticker": {"link": "https://files.example/a.webp"}}),
            &["WhatsApp fetches it from", "href=\"https://files.example/a.webp\""],
        ),
        (
            "sent location",
            json!({"type": "location", "location": {"latitude": "32.8", "longitude": 34.98}}),
            &["32.8, 34.98", "openstreetmap"],
        ),
        (
            "sent contacts",
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana Lev", "first_name":
            "Ana"}, "phones": [{"phone": "+972 54-555-0128"}]}]}),
            &["Ana Lev", "+972 54-555-0128"],
        ),
        (
            "sent reaction",
            json!({"type": "reaction", "reaction": {"message_id": "wamid.1", "emoji": "🙏"}}),
            &["Reaction to", "🙏"],
        ),
        (
            "template",
            template(json!([header,
            {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "204"}]}, reply,
            {"type": "button", "sub_type": "url", "index": 1, "parameters": [{"type": "text", "text": "A-1042"}]},
            {"type": "button", "sub_type": "copy_code", "index": 2,
                "parameters": [{"type": "coupon_code", "coupon_code": "SPA25"}]}])),
            &[
                "Template room_ready, en_US",
                "{{1}}",
                "Ana",
                "{{2}}",
                "204",
                "YES-77",
                "Quick reply",
                "A-1042",
                "SPA25",
                "Copies this code",
            ],
        ),
        (
            "offer",
            template(json!([{"type": "limited_time_offer", "parameters": [{"type": "limited_time_offer",
            "limited_time_offer": {"expiration_time_ms": 1_795_176_000_000_i64}}]}])),
            &["Offer, ends"],
        ),
        (
            "template with cards",
            template(json!([{"type": "carousel", "cards": [one(0), one(1)]}])),
            &["class=\"one-card\"", "YES-77"],
        ),
        (
            "buttons",
            interactive(json!({"type": "button", "header": picture, "body": body,
            "footer": {"text": "Carmel View"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": "yes", "title": "Yes"}},
                {"type": "reply", "reply": {"id": "no", "title": "No"}}]}})),
            &["What would you like?", "Carmel View", "Yes", "Reply, answers with yes", "No"],
        ),
        (
            "list",
            interactive(json!({"type": "list", "header": {"type": "text", "text": "Your stay"}, "body": body,
            "action": {"button": "Menu", "sections": [{"title": "Food", "rows": [
                {"id": "1", "title": "Breakfast", "description": "From 7"}]},
                {"title": "Rooms", "rows": [{"id": "2", "title": "Towels"}]}]}})),
            &["Your stay", "<summary>", "Menu", "Food", "Breakfast", "From 7", "Towels"],
        ),
        (
            "link",
            interactive(json!({"type": "cta_url", "body": body, "action": link})),
            &["href=\"https://waypost.example/a\" rel=\"noopener noreferrer nofollow\"", "Opens a page"],
        ),
        (
            "location request",
            interactive(json!({"type": "location_request_message", "body": body,
            "action": {"name": "send_location"}})),
            &["Send location"],
        ),
        (
            "flow",
            interactive(json!({"type": "flow", "body": body, "action": {"name": "flow", "parameters": {
            "flow_message_version": "3", "flow_id": "1063", "flow_cta": "Check in"}}})),
            &["Check in", "Form 1063"],
        ),
        (
            "product",
            interactive(json!({"type": "product", "body": body, "action": {"catalog_id": "1",
            "product_retailer_id": "sku-1"}})),
            &["Product", "sku-1"],
        ),
        (
            "products",
            interactive(json!({"type": "product_list", "header": {"type": "text", "text": "Shop"}, "body": body,
            "action": {"catalog_id": "1", "sections": [{"title": "A", "product_items": items}]}})),
            &["View items", "sku-2"],
        ),
        (
            "catalogue",
            interactive(json!({"type": "catalog_message", "body": body,
            "action": {"name": "catalog_message"}})),
            &["View the catalogue"],
        ),
        (
            "cards",
            interactive(json!({"type": "carousel", "body": body, "action": {"cards": [card(0), card(1)]}})),
            &["class=\"one-card\"", "A room", "Opens a page"],
        ),
        (
            "address request",
            interactive(json!({"type": "address_message", "body": body, "action": {"name":
            "address_message", "parameters": {"country": "IN"}}})),
            &["Give an address"],
        ),
        (
            "call permission request",
            interactive(json!({"type": "call_permission_request", "body": body,
            "action": {"name": "call_permission_request"}})),
            &["Allow calls?"],
        ),
        (
            "contact request",
            interactive(json!({"type": "request_contact_info", "body": body,
            "action": {"name": "request_contact_info"}})),
            &["Asks for the number"],
        ),
        (
            "order status",
            interactive(json!({"type": "order_status", "body": body, "action": {"name": "review_order",
            "parameters": {"reference_id": "order-77", "order": {"status": "shipped", "description": "On its way"}}}})),
            &["order-77", "shipped", "On its way"],
        ),
    ]
}

fn check(cases: &[Case], message: fn(&Value) -> Message) {
    for (name, object, words) in cases {
        let page = html(vec![(name, drawn(&message(object)))]);
        for word in *words {
            assert!(page.contains(word), "{name} lacks {word}: {page}");
        }
        for hostile in ["<b>there", "href=\"javascript:", "<script>", "can be shown"] {
            assert!(!page.contains(hostile), "{name} has {hostile}");
        }
    }
}

#[test]
fn every_kind_that_comes_in_is_drawn() {
    check(&received_cases(), received);
}

#[test]
fn every_kind_that_goes_out_is_drawn() {
    check(&sent_cases(), sent);
}

#[test]
fn an_answer_leads_to_what_it_answers() {
    let answer = received(&json!({"type": "text", "text": {"body": "Yes"}, "context": {"id": "wamid.7"}}));
    let answer = Message { context: Some("wamid.7".to_owned()), ..answer };
    let page = html(vec![("answer", drawn_with(&answer, &quoted()))]);
    assert!(page.contains("href=\"/app/accounts/7/messages/77\"") && page.contains("Is breakfast included?"), "{page}");
    assert_eq!(drawn(&answer).quote.and_then(|quote| quote.page), None);
    let deleted = Surroundings { quoted: Some(Quoted { id: MessageId(77), excerpt: None }), ..Surroundings::default() };
    let quote = drawn_with(&answer, &deleted).quote.map(|quote| quote.text);
    assert_eq!(quote.as_deref(), Some("A message that was deleted"));
}

#[test]
fn changes_and_reactions_are_shown_and_what_was_deleted_is_not() {
    let text = received(&json!({"type": "text", "text": {"body": "my card is 4111"}}));
    let reaction =
        StoredReaction { emoji: "🙏".to_owned(), direction: "outbound", contact: text.contact, at: after(0) };
    let around = Surroundings { reactions: vec![reaction], ..Surroundings::default() };
    let page = html(vec![("edited", drawn_with(&Message { edited_at: Some(after(1)), ..text.clone() }, &around))]);
    assert!(page.contains("Edited") && page.contains("🙏 by the business"), "{page}");
    let deleted = Message { deleted_at: Some(after(1)), edited_at: Some(after(1)), ..text };
    let page = html(vec![("deleted", drawn(&deleted))]);
    assert!(page.contains("This message was deleted") && !page.contains("4111") && !page.contains("Edited"), "{page}");
}

#[test]
fn what_was_written_elsewhere_says_so() {
    let text = received(&json!({"type": "text", "text": {"body": "See you"}}));
    for (origin, words) in [
        ("phone_app", "Written in the WhatsApp Business app"),
        ("history", "before Waypost was connected"),
        ("other_application", "Sent by another application"),
    ] {
        let echo = Message { direction: Direction::Outbound, origin: Some(origin.to_owned()), ..text.clone() };
        let page = html(vec![("echo", drawn(&echo))]);
        assert!(page.contains(words) && page.contains("See you") && page.contains("data-side=\"out\""), "{page}");
    }
}

#[test]
fn what_nobody_can_read_says_so() {
    for content in ["", "null", "[]", "{}", "not json"] {
        for direction in [Direction::Inbound, Direction::Outbound] {
            let broken = Message { content: content.to_owned(), direction, ..template() };
            assert!(!drawn(&broken).parts.is_empty(), "{content}");
        }
    }
    assert_eq!(own_media(&sent(&json!({"type": "image", "image": {"id": "wpm_1"}}))), [MediaId(1)]);
    assert_eq!(own_media(&sent(&json!({"type": "image", "image": {"id": "1376"}}))), []);
}

/// For eyes: `VIEWS_TO=folder cargo test -p web write_kinds` writes one page with every kind.
#[test]
fn write_kinds_where_asked() {
    let halves = || {
        let received = received_cases().into_iter().map(|(name, object, _)| (name, drawn(&received(&object))));
        let sent = sent_cases().into_iter().map(|(name, object, _)| (name, drawn(&sent(&object))));
        vec![received.collect(), sent.collect()]
    };
    for (name, shell) in [("kinds", Shell::sample()), ("kinds-rtl", Shell::right_to_left())] {
        let page = Gallery { shell, halves: halves() }.render().unwrap_or_else(|error| panic!("{error}"));
        assert!(page.matches("<article").count() > 50);
        if let Ok(folder) = std::env::var("VIEWS_TO") {
            let path = Path::new(&folder).join(format!("{name}.html"));
            std::fs::write(&path, page).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
}
