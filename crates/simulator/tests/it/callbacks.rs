//! Statuses and inbound messages as they reach the callback.

use std::collections::BTreeMap;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use simulator::{Inbound, PhoneChange, Status, StatusPlan};

use crate::world::{NUMBER, SECRET, WABA, World, YAEL, quick, text};

fn signature(secret: &str, body: &[u8]) -> String {
    let mut key = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("key");
    key.update(body);
    format!("sha256={}", hex::encode(key.finalize().into_bytes()))
}

#[tokio::test]
async fn statuses_follow_one_per_post_with_what_was_sent_along() {
    let mut world = World::start().await;
    let mut body = text("hi");
    body["biz_opaque_callback_data"] = json!("attempt-7");
    let id = world.sent_id(body).await;
    for word in ["sent", "delivered"] {
        let told = world.told().await;
        assert_eq!(told.json()["object"], "whatsapp_business_account");
        assert_eq!(told.json()["entry"][0]["id"], WABA);
        let value = told.value();
        assert_eq!(value["metadata"], json!({"display_phone_number": "15550783881", "phone_number_id": NUMBER}));
        assert_eq!(value["contacts"], json!([{"profile": {"name": "Yael Ben-David"}, "wa_id": "972545550128"}]));
        assert_eq!(
            value["statuses"],
            json!([{
                "id": id, "status": word, "timestamp": "1795197600", "recipient_id": "972545550128",
                "biz_opaque_callback_data": "attempt-7",
                "pricing": {"billable": true, "pricing_model": "PMP", "type": "regular", "category": "service"},
            }])
        );
    }
    world.simulator.control().read(YAEL).expect("phone");
    let read = world.told().await.status();
    assert_eq!((&read["id"], &read["status"], read.get("pricing")), (&json!(id), &json!("read"), None));
    assert!(world.all_told().await.is_empty());
}

#[tokio::test]
async fn the_signature_covers_the_exact_bytes() {
    let mut world = World::start().await;
    let inbound = Inbound::text(YAEL, "שלום / naïve 🙂");
    let result = world.simulator.control().inbound(inbound).await.expect("inbound");
    assert_eq!(result.http_status, Some(200));
    let told = world.told().await;
    assert_eq!(told.signature.as_deref(), Some(signature(SECRET, &told.body).as_str()));
    assert!(told.body.is_ascii());
    let raw = String::from_utf8(told.body.to_vec()).expect("utf8");
    assert!(raw.contains("\\u05e9\\u05dc\\u05d5\\u05dd \\/ na\\u00efve \\ud83d\\ude42"), "{raw}");
    assert_eq!(told.message()["text"]["body"], "שלום / naïve 🙂");
    let again = serde_json::to_vec(&told.json()).expect("json");
    assert_ne!(told.signature.as_deref(), Some(signature(SECRET, &again).as_str()));
}

#[tokio::test]
async fn duplicates_shuffle_and_auto_read() {
    let plan = StatusPlan { duplicate: 1, shuffle: true, auto_read: Some(Duration::from_millis(5)), ..quick() };
    let mut world = World::with(plan).await;
    for n in 0..8 {
        world.sent_id(text(&format!("message {n}"))).await;
    }
    let told = world.all_told().await;
    let mut by_message: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in &told {
        let status = one.status();
        let text = |name: &str| status[name].as_str().expect("text").to_owned();
        by_message.entry(text("id")).or_default().push(text("status"));
    }
    assert_eq!(by_message.len(), 8);
    let mut out_of_order = 0;
    for words in by_message.values() {
        let mut sorted = words.clone();
        sorted.sort();
        assert_eq!(sorted, ["delivered", "delivered", "read", "read", "sent", "sent"]);
        out_of_order += usize::from(words[0] != "sent" || words[5] != "read");
    }
    assert!(out_of_order > 0, "{by_message:?}");
}

#[tokio::test]
async fn a_dropped_status_happens_and_is_not_told() {
    let plan = StatusPlan { drop: BTreeMap::from([(Status::Delivered, 1.0)]), ..quick() };
    let mut world = World::with(plan).await;
    world.sent_id(text("hi")).await;
    let words: Vec<_> = world.all_told().await.iter().map(|told| told.status()["status"].clone()).collect();
    assert_eq!(words, ["sent"]);
    assert!(world.page("/phone/972545550128/messages").await.contains("hi"));
}

#[tokio::test]
async fn a_status_may_come_before_the_answer() {
    let mut world = World::with(StatusPlan { before_answer: true, sent: Duration::from_secs(60), ..quick() }).await;
    let id = world.sent_id(text("hi")).await;
    let told = world.told().await.status();
    assert_eq!((&told["id"], &told["status"]), (&json!(id), &json!("sent")));
}

#[tokio::test]
async fn paused_statuses_wait() {
    let mut world = World::with(StatusPlan { paused: true, ..quick() }).await;
    world.sent_id(text("hi")).await;
    // An inbound message overtakes them: pausing holds statuses only.
    world.simulator.control().inbound(Inbound::text(YAEL, "still here")).await.expect("inbound");
    assert_eq!(world.told().await.message()["type"], "text");
    world.simulator.control().set_statuses(quick());
    let words: Vec<_> = world.all_told().await.iter().map(|told| told.status()["status"].clone()).collect();
    assert_eq!(words, ["sent", "delivered"]);
}

#[tokio::test]
async fn a_callback_that_is_not_answered_200_comes_again() {
    let mut world = World::start().await;
    world.hook_answers([500, 204]);
    let result = world.simulator.control().inbound(Inbound::text(YAEL, "hello")).await.expect("inbound");
    assert_eq!(result.http_status, Some(500));
    let all = world.all_told().await;
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|told| told.body == all[0].body && told.signature == all[0].signature));

    world.hook_answers([503; 40]);
    let once = Inbound { retry: false, ..Inbound::text(YAEL, "once") };
    world.simulator.control().inbound(once).await.expect("inbound");
    assert_eq!(world.all_told().await.len(), 1);
}

#[tokio::test]
async fn a_callback_is_given_up_in_the_end() {
    let (retry_first, retry_total) = (Duration::from_millis(200), Duration::from_millis(600));
    let plan = StatusPlan { retry_first, retry_total, ..quick() };
    let mut world = World::with(plan).await;
    world.hook_answers([500; 40]);
    world.simulator.control().inbound(Inbound::text(YAEL, "hello")).await.expect("inbound");
    let all = world.all_told().await;
    assert!((2..=4).contains(&all.len()), "{}", all.len());
    assert_eq!(world.simulator.control().state().callbacks_given_up, 1);
}

#[tokio::test]
async fn a_phone_that_is_off_gets_its_messages_later() {
    let mut world = World::start().await;
    let control = world.simulator.control().clone();
    control.set_phone(YAEL, PhoneChange { on: Some(false), ..PhoneChange::default() }).expect("phone");
    world.sent_id(text("hi")).await;
    assert_eq!(world.told().await.status()["status"], "sent");
    assert!(world.all_told().await.is_empty());
    control.set_phone(YAEL, PhoneChange { on: Some(true), ..PhoneChange::default() }).expect("phone");
    assert_eq!(world.told().await.status()["status"], "delivered");
}

#[tokio::test]
async fn failures_come_as_statuses() {
    let mut world = World::start().await;
    let control = world.simulator.control().clone();
    control.set_phone(YAEL, PhoneChange { blocked: Some(true), ..PhoneChange::default() }).expect("phone");
    world.sent_id(text("hi")).await;
    let told = world.told().await;
    assert_eq!(told.status()["status"], "failed");
    assert_eq!(told.status()["errors"][0]["code"], 131_026);
    assert!(told.value().get("contacts").is_none());
    control.set_phone(YAEL, PhoneChange { blocked: Some(false), ..PhoneChange::default() }).expect("phone");

    control.set_statuses(StatusPlan { enforce_window: true, ..quick() });
    world.sent_id(text("too late")).await;
    assert_eq!(world.told().await.status()["errors"][0]["code"], 131_047);
    control.inbound(Inbound::text(YAEL, "hello")).await.expect("inbound");
    world.told().await;
    world.sent_id(text("in time")).await;
    let sent = world.told().await.status();
    assert_eq!((&sent["status"], &sent["pricing"]["type"]), (&json!("sent"), &json!("free_customer_service")));
    world.told().await;
    world.clock.advance(Duration::from_secs(24 * 3600));
    world.sent_id(text("too late again")).await;
    assert_eq!(world.told().await.status()["status"], "failed");
}

#[tokio::test]
async fn the_callback_may_be_verified_first() {
    let world = World::start().await;
    let (status, _) = world.control("callback", json!({"url": world.hook_url, "verify": true})).await;
    assert_eq!(status, 200);
    let elsewhere = world.url("/phone");
    let (status, answer) = world.control("callback", json!({"url": elsewhere, "verify": true})).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(world.simulator.control().state().callback_url.as_deref(), Some(world.hook_url.as_str()));
}

#[tokio::test]
async fn without_shuffle_statuses_of_a_message_keep_their_order() {
    let plan =
        StatusPlan { sent: Duration::ZERO, delivered: Duration::ZERO, auto_read: Some(Duration::ZERO), ..quick() };
    let mut world = World::with(plan).await;
    for n in 0..20 {
        world.sent_id(text(&format!("message {n}"))).await;
    }
    let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for told in world.all_told().await {
        let status = told.status();
        let text = |name: &str| status[name].as_str().expect("text").to_owned();
        words.entry(text("id")).or_default().push(text("status"));
    }
    assert_eq!(words.len(), 20);
    assert!(words.values().all(|words| words == &["sent", "delivered", "read"]), "{words:?}");
}
