//! The customer's phone page, as a browser without script and as its script use it.

use futures_util::StreamExt;
use serde_json::json;

use crate::world::{World, YAEL, template, text};

const PAGE: &str = "/phone/972545550128";

async fn form(world: &World, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
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
