//! The account: its numbers, its events, its callbacks, the clock, and what a sender who hangs up leaves behind.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Inbound, InboundKind, StatusPlan};

use crate::world::{HIDDEN, NUMBER, TOKEN, WABA, World, YAEL, answer, quick, text};

#[tokio::test]
async fn a_number_or_account_that_cannot_send_refuses() {
    let world = World::start().await;
    let number = |change: Value| {
        let mut body = json!({"phone_number_id": NUMBER});
        body.as_object_mut().expect("object").extend(change.as_object().expect("object").clone());
        body
    };
    for (call, change, back, code) in [
        ("number", number(json!({"registered": false})), number(json!({"registered": true})), 133_010),
        ("number", number(json!({"status": "BANNED"})), number(json!({"status": "CONNECTED"})), 133_010),
        ("account", json!({"refuses_with": 131_031}), json!({"refuses_with": null}), 131_031),
        ("account", json!({"refuses_with": 368}), json!({"refuses_with": null}), 368),
        ("account", json!({"token_subcode": 460}), json!({"token_subcode": null}), 190),
    ] {
        assert_eq!(world.control(call, change.clone()).await.0, 200, "{change}");
        let (_, refusal) = world.send(json!({"type": "smoke"})).await;
        assert_eq!(refusal["error"]["code"], code, "it comes before the body: {change}");
        if code == 190 {
            assert_eq!(refusal["error"]["error_subcode"], 460);
        }
        assert_eq!(world.control(call, back).await.0, 200);
        assert_eq!(world.send(text("hi")).await.0, 200);
    }
    assert_eq!(world.control("number", json!({"phone_number_id": "1"})).await.0, 400);
}

#[tokio::test]
async fn an_upgrade_takes_a_minute_and_is_told() {
    let mut world = World::start().await;
    assert_eq!(world.control("number", json!({"phone_number_id": NUMBER, "upgrade_s": 60})).await.0, 200);
    assert_eq!(world.send(text("hi")).await.1["error"]["code"], 131_057);
    assert_eq!(world.control("clock", json!({"advance_s": 60})).await.0, 200);
    let event = world.told().await.json()["entry"][0]["changes"][0].clone();
    assert_eq!(
        (&event["field"], &event["value"]["event"]),
        (&json!("phone_number_quality_update"), &json!("THROUGHPUT_UPGRADE"))
    );
    assert_eq!(world.send(text("hi")).await.0, 200);
    assert_eq!(world.get(&format!("/v24.0/{NUMBER}")).await.1["throughput"]["level"], "HIGH");
}

#[tokio::test]
async fn any_account_event_can_be_told() {
    let mut world = World::start().await;
    let value = json!({"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "SCAM"}});
    assert_eq!(world.control("account_event", json!({"field": "account_update", "value": value})).await.0, 200);
    let told = world.told().await;
    assert!(told.signature.is_some());
    let entry = told.json()["entry"][0].clone();
    assert_eq!(
        (&entry["id"], &entry["changes"][0]),
        (&json!(WABA), &json!({"value": value, "field": "account_update"}))
    );
    assert!(entry["time"].is_i64());
}

#[tokio::test]
async fn statuses_share_a_callback_when_asked() {
    let mut world = World::with(StatusPlan { batch: 1000, paused: true, ..quick() }).await;
    let mut expected = BTreeSet::new();
    for n in 0..30 {
        let id = world.sent_id(text(&n.to_string())).await;
        expected.extend([(id.clone(), "sent"), (id, "delivered")].map(|(id, status)| (id, status.to_owned())));
    }
    world.control("statuses", json!({"paused": false})).await;
    let told = world.all_told().await;
    assert!(told.len() < 30, "{} callbacks for 60 statuses", told.len());
    assert!(told.iter().any(|told| told.json()["entry"].as_array().is_some_and(|entries| entries.len() == 2)));
    let mut seen = Vec::new();
    for told in &told {
        for entry in told.json()["entry"].as_array().expect("entries") {
            for change in entry["changes"].as_array().expect("changes") {
                let status = &change["value"]["statuses"][0];
                seen.push((
                    status["id"].as_str().expect("id").to_owned(),
                    status["status"].as_str().expect("status").to_owned(),
                ));
            }
        }
    }
    assert_eq!(seen.len(), 60);
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(world.control("statuses", json!({"batch": 1001})).await.0, 400);
}

#[tokio::test]
async fn a_batch_that_is_refused_comes_again_whole() {
    let mut world = World::with(StatusPlan { batch: 10, paused: true, ..quick() }).await;
    for n in 0..3 {
        world.sent_id(text(&n.to_string())).await;
    }
    world.hook_answers([500]);
    world.control("statuses", json!({"paused": false})).await;
    let told = world.all_told().await;
    assert_eq!(told[0].body, told.iter().skip(1).find(|one| one.body == told[0].body).expect("again").body);
    assert_eq!(world.simulator.control().state().pending, 0);
}

#[tokio::test]
async fn old_shapes_have_a_conversation() {
    let mut world = World::with(StatusPlan { old_shapes: true, ..quick() }).await;
    world.sent_id(text("hi")).await;
    let sent = world.told().await.status();
    assert_eq!(sent["pricing"]["pricing_model"], "CBP");
    assert_eq!(sent["conversation"]["origin"]["type"], "service");
    assert!(sent["conversation"]["expiration_timestamp"].is_string());
    let delivered = world.told().await.status();
    assert_eq!(delivered["conversation"]["id"], sent["conversation"]["id"]);
    assert!(delivered["conversation"].get("expiration_timestamp").is_none());
}

#[tokio::test]
async fn messages_to_a_group_name_it() {
    let mut world = World::start().await;
    let body = json!({"type": "text", "text": {"body": "hi"}, "recipient_type": "group", "to": "Y2FwaV9ncm91cA"});
    assert_eq!(world.send(body.clone()).await.1["error"]["code"], 131_041);
    let groups = json!({"groups": {"Y2FwaV9ncm91cA": [YAEL]}});
    assert_eq!(world.control("objects", groups).await.0, 200);
    let (_, accepted) = world.send(body).await;
    assert_eq!(accepted["messages"][0]["group_id"], "Y2FwaV9ncm91cA");
    assert_eq!(accepted["contacts"], json!([{"input": "Y2FwaV9ncm91cA"}]));
    let sent = world.told().await.status();
    assert_eq!((&sent["recipient_id"], &sent["recipient_type"]), (&json!("Y2FwaV9ncm91cA"), &json!("group")));
    assert_eq!(sent["recipient_participant_id"], "972545550128");
    assert!(sent.get("recipient_user_id").is_none(), "{sent}");
    world.told().await;
    let hidden = json!({"groups": {"Z3JvdXA": [HIDDEN]}});
    assert_eq!(world.control("objects", hidden).await.0, 200);
    let body = json!({"type": "text", "text": {"body": "hi"}, "recipient_type": "group", "to": "Z3JvdXA"});
    assert_eq!(world.send(body).await.0, 200);
    let sent = world.told().await.status();
    assert_eq!((&sent["recipient_participant_user_id"], sent.get("recipient_user_id")), (&json!("IN.77"), None));
    assert_eq!(world.control("objects", json!({"groups": {"a": []}})).await.0, 400);
}

#[tokio::test]
async fn a_reaction_needs_a_message_of_the_customer() {
    let mut world = World::start().await;
    let reaction = |id: &str| json!({"type": "reaction", "reaction": {"message_id": id, "emoji": "👍"}});
    let told = world.simulator.control().inbound(Inbound::text(YAEL, "hi")).await.expect("inbound");
    world.told().await;
    world.sent_id(reaction(&told.message_id)).await;
    let statuses: Vec<Value> = world.all_told().await.iter().map(|told| told.status()["status"].clone()).collect();
    assert_eq!(statuses, [json!("sent")]);

    let own = world.sent_id(text("hi")).await;
    world.all_told().await;
    for target in [own.as_str(), "wamid.unknown"] {
        world.sent_id(reaction(target)).await;
        assert_eq!(world.told().await.status()["errors"][0]["code"], 131_009, "{target}");
    }
    world.control("clock", json!({"advance_s": 31 * 24 * 3600})).await;
    world.sent_id(reaction(&told.message_id)).await;
    assert_eq!(world.told().await.status()["errors"][0]["code"], 131_009);
}

#[tokio::test]
async fn an_override_takes_the_messages_after_its_handshake() {
    let mut world = World::start().await;
    let subscribed = format!("/v24.0/{WABA}/subscribed_apps");
    let post = |path: &str, body: Value| answer(world.http.post(world.url(path)).bearer_auth(TOKEN).json(&body));
    let wrong = json!({"override_callback_uri": world.hook_url, "verify_token": "wrong"});
    assert_eq!(post(&subscribed, wrong).await.1["error"]["code"], 100);
    let right = json!({"override_callback_uri": world.hook_url, "verify_token": "verify"});
    assert_eq!(post(&subscribed, right.clone()).await, (200, json!({"success": true})));
    let number = json!({"webhook_configuration": right});
    assert_eq!(post(&format!("/v24.0/{NUMBER}"), number).await.0, 200);
    let (_, listed) = world.get(&subscribed).await;
    assert_eq!(listed["data"][0]["override_callback_uri"], world.hook_url);
    let (_, shown) = world.get(&format!("/v24.0/{NUMBER}?fields=webhook_configuration")).await;
    assert_eq!(shown["webhook_configuration"]["phone_number"], world.hook_url);

    // The app's own callback is gone: only what the overrides cover still arrives.
    world.simulator.control().set_callback_url(None);
    world.simulator.control().account_event("account_update", &json!({}));
    world.sent_id(text("hi")).await;
    let fields: Vec<Value> =
        world.all_told().await.iter().map(|told| told.json()["entry"][0]["changes"][0]["field"].clone()).collect();
    assert_eq!(fields, [json!("messages"), json!("messages")]);

    let delete = world.http.delete(world.url(&subscribed)).bearer_auth(TOKEN);
    assert_eq!(answer(delete).await.0, 200);
    world.sent_id(text("nobody hears of it")).await;
    assert!(world.all_told().await.is_empty());
}

#[tokio::test]
async fn a_sender_who_hangs_up_still_gets_every_status() {
    let mut world = World::with(StatusPlan { before_answer: true, ..quick() }).await;
    let gate = world.hold_hook();
    let request = world.post(&crate::world::with_defaults(text("hi"))).timeout(Duration::from_millis(150));
    assert!(request.send().await.is_err(), "the answer waits for the first status");
    drop(gate);
    let statuses: Vec<Value> =
        [world.told().await, world.told().await].iter().map(|told| told.status()["status"].clone()).collect();
    assert_eq!(statuses, [json!("sent"), json!("delivered")]);
}

#[tokio::test]
async fn the_clock_is_moved_only_if_it_stands() {
    let world = World::start().await;
    let before = world.simulator.control().state();
    assert_eq!(before.pending, 0);
    assert_eq!(world.control("clock", json!({"advance_s": 10})).await.0, 200);
    assert_eq!(world.control("clock", json!({})).await.0, 400);
    let running = World::running().await;
    assert_eq!(running.control("clock", json!({"advance_s": 10})).await.0, 409);
}

#[tokio::test]
async fn what_outlives_its_time_is_never_delivered() {
    let mut world = World::start().await;
    let phone = |on: bool| json!({"phone": YAEL, "on": on});
    world.control("phone", phone(false)).await;
    let parameters = json!([{"type": "text", "text": "123456"}]);
    let code = crate::world::template(
        "login_code",
        "en_US",
        json!([{"type": "body", "parameters": parameters}, {"type": "button", "sub_type": "url", "index": 0, "parameters": parameters}]),
    );
    world.sent_id(code).await;
    let kept = world.sent_id(text("kept")).await;
    assert_eq!(world.all_told().await.len(), 2);
    world.control("clock", json!({"advance_s": 601})).await;
    world.control("phone", phone(true)).await;
    let told: Vec<Value> = world.all_told().await.iter().map(|told| told.status()["id"].clone()).collect();
    assert_eq!(told, [json!(kept)]);
}

#[tokio::test]
async fn offers_do_not_reach_who_stopped_them() {
    let mut world = World::start().await;
    let offer = || {
        crate::world::template(
            "spa_coupon",
            "en_US",
            json!([
                {"type": "body", "parameters": [{"type": "text", "text": "Ana"}, {"type": "text", "text": "25"}]},
                {"type": "button", "sub_type": "copy_code", "index": 1, "parameters": [{"type": "coupon_code", "coupon_code": "SPA25"}]},
            ]),
        )
    };
    for (resume, outcome) in [(false, json!("failed")), (true, json!("sent"))] {
        let preference = Inbound::new(YAEL, InboundKind::MarketingPreference { resume });
        world.simulator.control().inbound(preference).await.expect("inbound");
        world.told().await;
        world.sent_id(offer()).await;
        let status = world.told().await.status();
        assert_eq!(status["status"], outcome);
        if !resume {
            assert_eq!(status["errors"][0]["code"], 131_050);
        }
        world.all_told().await;
    }
}
