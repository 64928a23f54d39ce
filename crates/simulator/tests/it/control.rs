//! The control API.

use serde_json::json;

use crate::world::{NUMBER, World, YAEL, text};

#[tokio::test]
async fn what_is_not_known_is_refused_in_words() {
    let world = World::start().await;
    for (call, body, word) in [
        ("callback", json!({"uri": "x"}), "unknown field `uri`"),
        ("statuses", json!({"sent": 1}), "unknown field `sent`"),
        ("statuses", json!({"drop": {"delivered": 2}}), "between 0 and 1"),
        ("faults", json!({"rules": [{"kind": "meteor"}]}), "unknown variant `meteor`"),
        ("faults", json!({"rules": [{"kind": "error"}]}), "needs \"code\""),
        ("faults", json!({"rules": [{"kind": "slow", "ms": 1, "code": 3}]}), "code belongs to"),
        ("faults", json!({"rules": [{"kind": "reset_before", "every": 0}]}), "every counts from 1"),
        ("inbound", json!({"from": YAEL, "type": "text"}), "needs \"text\""),
        ("inbound", json!({"from": "nobody", "type": "text", "text": "x"}), "not a phone number"),
        ("inbound", json!({"from": YAEL, "type": "text", "text": "x", "phone_number_id": "1"}), "no business number"),
        ("raw_callback", json!({"body": "x", "sign": true}), "unknown field `sign`"),
        ("clear", json!({"what": "all"}), "unknown field `what`"),
    ] {
        let (status, answer) = world.control(call, body).await;
        assert_eq!(status, 400, "{call}: {answer}");
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(word)), "{call}: {answer}");
    }
    assert_eq!(world.control("nothing", json!({})).await.0, 404);
    assert_eq!(world.get("/_control/ledger?from=x").await.0, 400);
}

#[tokio::test]
async fn the_status_plan_changes_member_by_member() {
    let world = World::start().await;
    let (_, state) =
        world.control("statuses", json!({"auto_read_ms": 50, "duplicate": 2, "drop": {"read": 0.5}})).await;
    assert_eq!(state["statuses"]["auto_read_ms"], 50);
    let (_, state) = world.control("statuses", json!({"paused": true})).await;
    assert_eq!(state["statuses"]["auto_read_ms"], 50);
    assert_eq!(state["statuses"]["drop"], json!({"read": 0.5}));
    let (_, state) = world.control("statuses", json!({"auto_read_ms": null})).await;
    assert_eq!((&state["statuses"]["auto_read_ms"], &state["statuses"]["duplicate"]), (&json!(null), &json!(2)));
}

#[tokio::test]
async fn customers_write_in_every_way() {
    let mut world = World::start().await;
    for (body, kind, content) in [
        (json!({"type": "text", "text": "hi"}), "text", json!({"body": "hi"})),
        (
            json!({"type": "button", "text": "Confirm", "payload": "YES"}),
            "button",
            json!({"text": "Confirm", "payload": "YES"}),
        ),
        (
            json!({"type": "interactive_button", "id": "b1", "title": "Book"}),
            "interactive",
            json!({"type": "button_reply", "button_reply": {"id": "b1", "title": "Book"}}),
        ),
        (
            json!({"type": "interactive_list", "id": "r1", "title": "Row", "description": "two"}),
            "interactive",
            json!({"type": "list_reply", "list_reply": {"id": "r1", "title": "Row", "description": "two"}}),
        ),
    ] {
        let mut body = body;
        body["from"] = json!("+16505551234");
        body["phone_number_id"] = json!(NUMBER);
        body["context_message_id"] = json!("wamid.before");
        let (status, answer) = world.control("inbound", body).await;
        assert_eq!((status, &answer["http_status"]), (200, &json!(200)), "{answer}");
        let told = world.told().await;
        let message = told.message();
        assert_eq!((&message["type"], &message[kind]), (&json!(kind), &content));
        assert_eq!((&message["id"], &message["from"]), (&answer["message_id"], &json!("16505551234")));
        assert_eq!(message["from_user_id"], "US.1349");
        assert_eq!(message["timestamp"], "1795197600");
        assert_eq!(message["context"], json!({"from": "15550783881", "id": "wamid.before"}));
        let contact = json!({"profile": {"name": "Ana"}, "wa_id": "16505551234", "user_id": "US.1349"});
        assert_eq!(told.value()["contacts"], json!([contact]));
    }
}

#[tokio::test]
async fn a_picture_can_be_fetched_with_the_token() {
    let mut world = World::start().await;
    world.control("inbound", json!({"from": YAEL, "type": "image", "caption": "the leak"})).await;
    let image = world.told().await.message()["image"].clone();
    assert_eq!((&image["caption"], &image["mime_type"]), (&json!("the leak"), &json!("image/png")));
    let id = image["id"].as_str().expect("id");
    let (status, media) = world.get(&format!("/v24.0/{id}?phone_number_id={NUMBER}")).await;
    assert_eq!((status, &media["url"]), (200, &image["url"]), "{media}");
    assert_eq!(media["mime_type"], "image/png");
    let url = media["url"].as_str().expect("url");
    assert_eq!(world.http.get(url).send().await.expect("answer").status(), 404);
    let bytes = world
        .http
        .get(url)
        .bearer_auth(crate::world::TOKEN)
        .send()
        .await
        .expect("answer")
        .bytes()
        .await
        .expect("bytes");
    let size = &media["file_size"];
    let size = size.as_u64().or_else(|| size.as_str().and_then(|size| size.parse().ok()));
    assert_eq!(size, u64::try_from(bytes.len()).ok(), "{media}");
}

#[tokio::test]
async fn the_same_message_can_be_told_twice() {
    let mut world = World::start().await;
    for _ in 0..2 {
        world
            .control("inbound", json!({"from": YAEL, "type": "text", "text": "hi", "message_id": "wamid.twice"}))
            .await;
        assert_eq!(world.told().await.message()["id"], "wamid.twice");
    }
    assert_eq!(world.page("/phone/972545550128/messages").await.matches("<article").count(), 1);
}

#[tokio::test]
async fn raw_callbacks_carry_any_bytes_and_signature() {
    let mut world = World::start().await;
    let mut signatures = Vec::new();
    for body in [
        json!({"body": "{\"a\": 1}"}),
        json!({"body": "{\"a\": 1}", "secret": "other"}),
        json!({"body": "{\"a\": 1}", "signature": "sha256=00"}),
        json!({"body": "{\"a\": 1}", "signature": null}),
    ] {
        let (_, answer) = world.control("raw_callback", body).await;
        assert_eq!(answer["http_status"], 200);
        let told = world.told().await;
        assert_eq!(&told.body[..], b"{\"a\": 1}");
        signatures.push(told.signature);
    }
    assert_ne!(signatures[0], signatures[1]);
    assert_eq!(signatures[2..], [Some("sha256=00".to_owned()), None]);
}

#[tokio::test]
async fn the_ledger_counts_doubles_until_it_is_cleared() {
    let mut world = World::start().await;
    let mut body = text("same");
    body["biz_opaque_callback_data"] = json!("one");
    world.sent_id(body).await;
    world.sent_id(text("same")).await;
    world.sent_id(text("other")).await;
    world.sent_id(json!({"type": "text", "text": {"body": "same"}, "to": "+16505551234"})).await;
    let (_, ledger) = world.get("/_control/ledger?to=%2B972545550128").await;
    let counts: Vec<_> =
        ledger.as_array().expect("list").iter().map(|entry| (&entry["body"], &entry["count"])).collect();
    assert_eq!(counts, [(&json!("other"), &json!(1)), (&json!("same"), &json!(2))]);
    assert_eq!(ledger[1]["messages"][0]["biz_opaque_callback_data"], "one");
    assert_eq!(ledger[1]["messages"][0]["received_at"], "2026-11-20T18:00:00.000Z");
    assert_eq!(ledger[1]["messages"][1]["kind"], "text");
    let (_, state) = world.get("/_control/state").await;
    assert_eq!((&state["accepted"], &state["doubles"]), (&json!(4), &json!(1)));
    world.simulator.control().wait_accepted(4).await;
    world.all_told().await;

    let (_, requests) = world.get("/_control/requests").await;
    assert_eq!(requests[0]["direction"], "received");
    assert!(!requests.to_string().contains(crate::world::TOKEN));
    world.control("clear", json!({})).await;
    assert_eq!(world.get("/_control/ledger").await.1, json!([]));
    assert_eq!(world.get("/_control/requests").await.1, json!([]));
    assert_eq!(world.get("/_control/state").await.1["accepted"], 0);
}

#[tokio::test]
async fn without_a_callback_nothing_is_sent_and_nothing_waits() {
    let mut world = World::start().await;
    world.control("callback", json!({"url": null})).await;
    world.sent_id(text("hi")).await;
    assert!(world.all_told().await.is_empty());
    let (status, answer) = world.control("inbound", json!({"from": YAEL, "type": "text", "text": "x"})).await;
    assert_eq!((status, &answer["error"]), (400, &json!("no callback URL is set")));
    world.simulator.stop().await;
}
