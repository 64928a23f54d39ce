//! The customer's phone page, as a browser without script and as its script use it.

use futures_util::StreamExt;
use serde_json::json;

use crate::world::{World, YAEL, template, text};

pub const PAGE: &str = "/phone/972545550128";

pub async fn form(world: &World, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
    let mut body = reqwest::Url::parse("http://form").expect("url");
    body.query_pairs_mut().extend_pairs(fields);
    let body = body.query().unwrap_or_default().to_owned();
    let request =
        world.http.post(world.url(path)).header("content-type", "application/x-www-form-urlencoded").body(body);
    request.send().await.expect("answer")
}

fn reminder() -> serde_json::Value {
    template(
        "appointment_reminder",
        "en",
        json!([
            {"type": "header", "parameters": [{"type": "text", "text": "Monday"}]},
            {"type": "body", "parameters": [{"type": "text", "text": "<Ana>"}, {"type": "text", "text": "10:30"}]},
            {"type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{"type": "payload", "payload": "YES-7"}]},
        ]),
    )
}

#[tokio::test]
async fn the_root_leads_to_the_list_of_customers() {
    let world = World::start().await;
    let root = world.http.get(world.url("/")).send().await.expect("answer");
    assert_eq!(root.status(), 303);
    assert_eq!(root.headers()["location"], "/phone");
    let list = world.http.get(world.url("/phone")).send().await.expect("answer");
    assert_eq!(list.headers()["content-security-policy"], "default-src 'self'");
    let list = list.text().await.expect("text");
    assert!(list.contains("Yael Ben-David") && list.contains("href=\"/phone/16505551234\""), "{list}");
    for file in ["phone.css", "phone.js", "icons.svg"] {
        assert_eq!(world.http.get(world.url(&format!("/static/{file}"))).send().await.expect("answer").status(), 200);
    }
    assert_eq!(world.http.get(world.url("/phone/nobody")).send().await.expect("answer").status(), 404);
}

#[tokio::test]
async fn the_chat_shows_templates_and_has_a_field_to_write() {
    let mut world = World::start().await;
    world.sent_id(reminder()).await;
    world.all_told().await;
    let page = world.page(PAGE).await;
    assert!(page.contains("Your appointment on Monday"), "{page}");
    assert!(page.contains("we expect you at 10:30") && page.contains("&#60;Ana&#62;"), "{page}");
    assert!(page.contains("Confirm</button>") && page.contains("Call me</button>"));
    for name in ["aria-label=\"Message\"", "aria-label=\"Send\"", "aria-label=\"Send a picture\""] {
        assert!(page.contains(name), "{name}");
    }
    assert!(!page.contains("style=") && !page.contains("<style") && !page.contains("<script>"));
}

#[tokio::test]
async fn a_typed_text_reaches_the_business_and_is_marked_read_by_it() {
    let mut world = World::start().await;
    let answer = form(&world, &format!("{PAGE}/text"), &[("text", "תודה & שלום")]).await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["location"]), (303, &PAGE.parse().expect("header")));
    let message = world.told().await.message();
    assert_eq!((&message["text"]["body"], &message["from"]), (&json!("תודה & שלום"), &json!("972545550128")));
    world.all_told().await;
    assert!(world.page(PAGE).await.contains("aria-label=\"Delivered\""));

    let seen = json!({"messaging_product": "whatsapp", "status": "read", "message_id": message["id"],
                      "typing_indicator": {"type": "text"}});
    let (status, answer) = crate::world::answer(world.post(&seen)).await;
    assert_eq!((status, answer), (200, json!({"success": true})));
    let page = world.page(PAGE).await;
    assert!(page.contains("aria-label=\"Read\"") && page.contains("is typing"), "{page}");
    assert_eq!(form(&world, &format!("{PAGE}/text"), &[("text", "  ")]).await.status(), 400);
}

#[tokio::test]
async fn a_tapped_button_answers_the_template() {
    let mut world = World::start().await;
    let id = world.sent_id(reminder()).await;
    world.all_told().await;
    form(&world, &format!("{PAGE}/tap"), &[("message", &id), ("button", "0")]).await;
    let message = world.told().await.message();
    assert_eq!(message["type"], "button");
    assert_eq!(message["button"], json!({"text": "Confirm", "payload": "YES-7"}));
    assert_eq!(message["context"], json!({"from": "15550783881", "id": id}));
    form(&world, &format!("{PAGE}/tap"), &[("message", &id), ("button", "1")]).await;
    assert_eq!(world.told().await.message()["button"], json!({"text": "Call me", "payload": "Call me"}));
    let page = world.page(PAGE).await;
    assert!(page.contains("class=\"chosen\"") && page.contains("class=\"quote\""), "{page}");
    let other = form(&world, "/phone/16505551234/tap", &[("message", &id), ("button", "0")]).await;
    assert_eq!(other.status(), 404);
}

#[tokio::test]
async fn a_picture_is_sent_and_shown() {
    let mut world = World::start().await;
    form(&world, &format!("{PAGE}/send"), &[("type", "image")]).await;
    let message = world.told().await.message();
    assert_eq!(message["type"], "image");
    let path = format!("/phone/media/{}", message["image"]["id"].as_str().expect("id"));
    assert!(world.page(PAGE).await.contains(&format!("<img src=\"{path}\"")));
    let picture = world.http.get(world.url(&path)).send().await.expect("answer");
    assert_eq!(
        (picture.status().as_u16(), &picture.headers()["content-type"]),
        (200, &"image/png".parse().expect("header"))
    );
    assert_eq!(world.http.get(world.url("/phone/media/1")).send().await.expect("answer").status(), 404);
}

#[tokio::test]
async fn looking_at_the_chat_reads_it() {
    let mut world = World::start().await;
    let id = world.sent_id(text("hi")).await;
    world.all_told().await;
    assert!(world.page("/phone").await.contains("Unread messages"));
    let seen = world.http.post(world.url(&format!("{PAGE}/read"))).send().await.expect("answer");
    assert_eq!(seen.status(), 204);
    let status = world.told().await.status();
    assert_eq!((&status["id"], &status["status"]), (&json!(id), &json!("read")));
    assert!(!world.page("/phone").await.contains("Unread messages"));
}

#[tokio::test]
async fn two_phones_are_told_of_their_own_changes() {
    let world = World::start().await;
    let stream = async |digits: &str| {
        let answer = world.http.get(world.url(&format!("/phone/{digits}/events"))).send().await.expect("answer");
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        answer.bytes_stream()
    };
    let (mut yael, mut ana) = (stream("972545550128").await, stream("16505551234").await);
    world.sent_id(text("hi")).await;
    let told = yael.next().await.expect("event").expect("bytes");
    assert!(String::from_utf8_lossy(&told).contains("event: changed"));
    world.sent_id(json!({"type": "text", "text": {"body": "hi"}, "to": "+16505551234"})).await;
    assert!(String::from_utf8_lossy(&ana.next().await.expect("event").expect("bytes")).contains("changed"));
    // Open streams must not keep the simulator from stopping.
    world.simulator.stop().await;
    assert!(ana.next().await.is_none_or(|end| end.is_ok()));
}

#[tokio::test]
async fn the_switches_on_a_phone_work() {
    let mut world = World::start().await;
    let answer = form(&world, &format!("{PAGE}/switches"), &[("on", "false"), ("number", crate::world::NUMBER)]).await;
    assert_eq!(answer.status(), 303);
    world.sent_id(text("hi")).await;
    let words: Vec<_> = world.all_told().await.iter().map(|told| told.status()["status"].clone()).collect();
    assert_eq!(words, ["sent"]);
    assert!(world.page(PAGE).await.contains("No messages yet"));
    form(&world, &format!("{PAGE}/switches"), &[("on", "true")]).await;
    assert_eq!(world.told().await.status()["recipient_id"], YAEL.trim_start_matches('+'));
}

/// The look of everything a business can send; each with words that must be on the page.
#[tokio::test]
async fn every_kind_a_business_sends_is_drawn() {
    let mut world = World::start().await;
    let marks = "*bold* _thin_ ~gone~ `code`\n- item\n> said\nhttps://example.com/a_b";
    let interactive = |object: serde_json::Value| json!({"type": "interactive", "interactive": object});
    let button = json!({"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes please"}}]});
    let rows = json!([{"title": "Hotel", "rows": [{"id": "1", "title": "Front office", "description": "Keys"}]}]);
    let link = json!({"name": "cta_url", "parameters": {"display_text": "See it", "url": "https://example.com/x"}});
    let flow = json!({"name": "flow", "parameters": {"flow_message_version": "3", "flow_id": "1063200000000001",
                      "flow_cta": "Begin", "flow_token": "tok-7"}});
    let cases: Vec<(serde_json::Value, &[&str])> = vec![
        (
            json!({"type": "text", "text": {"body": marks, "preview_url": true}}),
            &[
                "<strong>bold</strong> <em>thin</em> <s>gone</s> <code>code</code>",
                "<li dir=\"auto\">item</li>",
                "<blockquote dir=\"auto\">said</blockquote>",
                "href=\"https://example.com/a_b\"",
                "Link preview",
            ],
        ),
        (
            json!({"type": "image", "image": {"link": "https://example.com/room.png", "caption": "Room 204"}}),
            &["room.png", "Picture · example.com", "Room 204"],
        ),
        (json!({"type": "video", "video": {"link": "https://example.com/tour.mp4"}}), &["tour.mp4", "#play"]),
        (
            json!({"type": "audio", "audio": {"link": "https://example.com/a.mp3"}}),
            &["class=\"sound\"", "Sound example.com"],
        ),
        (
            json!({"type": "document", "document": {"link": "https://example.com/b", "filename": "bill.pdf"}}),
            &["bill.pdf", "#document"],
        ),
        (
            json!({"type": "sticker", "sticker": {"link": "https://example.com/s.webp"}}),
            &["s.webp", "Sticker · example.com"],
        ),
        (
            json!({"type": "location", "location": {"latitude": 32.5, "longitude": 35.25, "name": "The hotel", "address": "Haifa"}}),
            &["The hotel", "Haifa", "32.5, 35.25"],
        ),
        (
            json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Noa Levi", "first_name": "Noa"},
                "phones": [{"phone": "+972 4 555"}]}]}),
            &["Noa Levi", "+972 4 555"],
        ),
        (
            interactive(
                json!({"type": "button", "header": {"type": "text", "text": "Dinner"}, "body": {"text": "A table?"},
                            "footer": {"text": "Olive Bar"}, "action": button}),
            ),
            &["Dinner", "A table?", "Olive Bar", "Yes please</button>"],
        ),
        (
            interactive(
                json!({"type": "list", "body": {"text": "Who?"}, "action": {"button": "Departments", "sections": rows}}),
            ),
            &["Departments</summary>", "name=\"row\" value=\"1\"", "Front office", "Keys"],
        ),
        (
            interactive(json!({"type": "cta_url", "body": {"text": "Rooms"}, "action": link})),
            &["href=\"https://example.com/x\"", "See it</a>"],
        ),
        (
            interactive(json!({"type": "flow", "body": {"text": "Your stay"}, "action": flow})),
            &["Begin</summary>", "name=\"response_json\"", "tok-7"],
        ),
        (
            interactive(
                json!({"type": "location_request_message", "body": {"text": "Where?"}, "action": {"name": "send_location"}}),
            ),
            &["Send location</summary>", "name=\"latitude\""],
        ),
        (
            interactive(
                json!({"type": "product", "action": {"catalog_id": "194836987003835", "product_retailer_id": "WINE-2"}}),
            ),
            &["WINE-2", "name=\"quantity:WINE-2\""],
        ),
        (
            interactive(
                json!({"type": "product_list", "header": {"type": "text", "text": "Minibar"}, "body": {"text": "Pick"},
                            "action": {"catalog_id": "194836987003835", "sections": [{"title": "Drinks",
                            "product_items": [{"product_retailer_id": "WATER-1"}]}]}}),
            ),
            &["Minibar", "Drinks", "name=\"quantity:WATER-1\""],
        ),
        (
            interactive(json!({"type": "call_permission_request", "body": {"text": "May we call?"},
                            "action": {"name": "call_permission_request"}})),
            &["May we call?", "Always allow", "Do not allow"],
        ),
        (reminder(), &["Your appointment on Monday", "Answer with one tap", "Confirm</button>"]),
        (
            template(
                "login_code",
                "en_US",
                json!([{"type": "body", "parameters": [{"type": "text", "text": "123456"}]},
            {"type": "button", "sub_type": "url", "index": 0, "parameters": [{"type": "text", "text": "123456"}]}]),
            ),
            &["Copy code</summary>", "<code>123456</code>"],
        ),
    ];
    for (body, words) in cases {
        world.sent_id(body.clone()).await;
        world.all_told().await;
        let page = world.page(PAGE).await;
        for word in words {
            assert!(page.contains(word), "{body}: no {word} in {page}");
        }
        world.control("clear", json!({})).await;
    }
}

#[tokio::test]
async fn hostile_words_stay_words() {
    let mut world = World::start().await;
    let bad = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> *<b>* ```<i>```";
    for body in [
        text(bad),
        json!({"type": "document", "document": {"link": "https://example.com/b", "filename": bad, "caption": bad}}),
        json!({"type": "location", "location": {"latitude": 1, "longitude": 1, "name": bad, "address": bad}}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": bad, "first_name": bad}}]}),
    ] {
        world.sent_id(body).await;
    }
    let own = json!({"from": YAEL, "type": "text", "text": bad, "referral":
        {"source_url": "javascript:alert(1)", "source_id": bad, "source_type": "ad", "headline": bad, "body": bad}});
    assert_eq!(world.control("inbound", own).await.0, 200);
    world.all_told().await;
    for path in [PAGE, "/phone", "/phones?with=972545550128", "/phone/972545550128/messages"] {
        let page = world.page(path).await;
        for tag in ["<script>", "<img src=x", "<b>*", "<i>", "\"'>", "href=\"javascript"] {
            assert!(!page.contains(tag), "{path}: {tag}");
        }
    }
}

#[tokio::test]
async fn up_to_four_phones_stand_side_by_side() {
    let world = World::start().await;
    let page = world.page("/phones?with=972545550128,16505551234&with=%2B919876543210").await;
    for digits in ["972545550128", "16505551234", "919876543210"] {
        assert!(page.contains(&format!("data-phone=\"{digits}\"")), "{digits}");
    }
    assert!(page.contains("data-events=\"/phones/events?with=972545550128,16505551234,919876543210\""), "{page}");
    assert!(!page.contains("style=") && !page.contains("<script>") && !page.contains("onclick"));
    let status = async |path: &str| world.http.get(world.url(path)).send().await.expect("answer").status().as_u16();
    assert_eq!(status("/phones?with=1111111,2222222,3333333,4444444,5555555").await, 400);
    assert_eq!(status("/phones?with=nobody").await, 404);
    assert_eq!(status("/phones/events?with=nobody").await, 404);
    assert_eq!(status("/phones").await, 303);

    let mut events = world
        .http
        .get(world.url("/phones/events?with=972545550128,16505551234"))
        .send()
        .await
        .expect("answer")
        .bytes_stream();
    world.sent_id(json!({"type": "text", "text": {"body": "for Hari"}, "to": crate::world::HIDDEN})).await;
    world.sent_id(text("for Yael")).await;
    let told = events.next().await.expect("event").expect("bytes");
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(told.contains("data: 972545550128") && !told.contains("919876543210"), "{told}");
}

#[tokio::test]
async fn a_form_on_the_wall_leads_back_to_the_wall() {
    let world = World::start().await;
    let request =
        world.http.post(world.url(&format!("{PAGE}/text"))).header("referer", "http://x/phones?with=1111111,2222222");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body("text=hi");
    assert_eq!(request.send().await.expect("answer").headers()["location"], "/phones?with=1111111,2222222");
}

#[tokio::test]
async fn the_list_shows_the_latest_message() {
    let mut world = World::start().await;
    world.sent_id(text("Your room is ready")).await;
    world.all_told().await;
    assert!(world.page("/phones/people").await.contains("Your room is ready"));
    form(&world, &format!("{PAGE}/text"), &[("text", "On my way")]).await;
    assert!(world.page("/phone").await.contains("You: On my way"));
}
