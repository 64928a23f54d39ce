//! Sends, refusals, and what can be read.

use std::time::Duration;

use serde_json::{Value, json};
use sha2::Digest;
use simulator::{BusinessNumber, Inbound};

use crate::world::{NUMBER, TOKEN, WABA, World, YAEL, answer, template, text, with_defaults};

fn texts(values: &[&str]) -> Vec<Value> {
    values.iter().map(|value| json!({"type": "text", "text": value})).collect()
}

#[tokio::test]
async fn every_kind_is_accepted() {
    let world = World::start().await;
    let (status, answer) = world.send(text("hi")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["messaging_product"], "whatsapp");
    assert_eq!(answer["contacts"], json!([{"input": YAEL, "wa_id": "972545550128"}]));
    assert_eq!(answer["messages"].as_array().map(Vec::len), Some(1));
    assert!(answer["messages"][0]["id"].as_str().is_some_and(|id| id.starts_with("wamid.HBgM")), "{answer}");
    assert!(answer["messages"][0].get("message_status").is_none());

    let order = json!([{"type": "body", "parameters": texts(&["Ana", "A-1"])}]);
    let reminder = json!([
        {"type": "HEADER", "parameters": texts(&["Monday"])},
        {"type": "body", "parameters": texts(&["Ana", "10:30"])},
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "YES-7"}]},
        {"type": "button", "sub_type": "quick_reply", "index": 1, "parameters": [{"type": "payload", "payload": "CALL-7"}]},
    ]);
    let offer = json!([
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/a.png"}}]},
        {"type": "body", "parameters": texts(&["Ana"])},
    ]);
    for body in [
        template("hello_world", "en_US", json!([])),
        template("order_update", "en_US", order),
        template("appointment_reminder", "en", reminder),
        template("season_offer", "en_US", offer),
    ] {
        let (status, answer) = world.send(body).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["messages"][0]["message_status"], "accepted");
    }

    for body in [
        json!({"type": "image", "image": {"link": "https://example.com/a.png", "caption": "the pool"}}),
        json!({"type": "image", "image": {"id": "1376223850470843"}}),
        json!({"type": "text", "text": {"body": "x".repeat(4096), "preview_url": true}, "recipient_type": "individual",
               "context": {"message_id": "wamid.X"}, "biz_opaque_callback_data": "o".repeat(512)}),
        json!({"text": {"body": "the kind is text if none is given"}}),
    ] {
        let (status, answer) = world.send(body).await;
        assert_eq!(status, 200, "{answer}");
    }
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let world = World::start().await;
    let body = |parameters: Value| json!([{"type": "body", "parameters": parameters}]);
    let button = |index: Value, parameters: Value| {
        json!([{"type": "header", "parameters": texts(&["Monday"])}, {"type": "body", "parameters": texts(&["a", "b"])},
               {"type": "button", "sub_type": "quick_reply", "index": index, "parameters": parameters}])
    };
    let cases: Vec<(u64, Value)> = vec![
        (100, json!({"type": "text", "text": {"body": ""}})),
        (100, text(&"x".repeat(4097))),
        (131_008, json!({"type": "text", "text": {}})),
        (131_008, json!({"type": "text"})),
        (100, json!({"type": "text", "text": {"body": 7}})),
        (100, json!({"type": "text", "text": {"body": "a", "preview_url": "yes"}})),
        (100, json!({"type": "text", "text": {"body": "a", "colour": "red"}})),
        (100, json!({"type": "text", "text": {"body": "a"}, "image": {"id": "1"}})),
        (100, json!({"type": "text", "text": {"body": "a"}, "priority": 1})),
        (131_009, json!({"type": "audio", "audio": {"id": "1"}})),
        (100, json!({"type": "smoke", "smoke": {}})),
        (100, json!({"type": "text", "text": {"body": "a"}, "messaging_product": "sms"})),
        (100, json!({"type": "text", "text": {"body": "a"}, "recipient_type": "everybody"})),
        (100, json!({"type": "text", "text": {"body": "a"}, "biz_opaque_callback_data": "o".repeat(513)})),
        (131_008, json!({"type": "text", "text": {"body": "a"}, "context": {}})),
        (131_009, json!({"type": "text", "text": {"body": "a"}, "to": "Yael"})),
        (131_009, json!({"type": "text", "text": {"body": "a"}, "to": "+1"})),
        (131_021, json!({"type": "text", "text": {"body": "a"}, "to": "+15550783881"})),
        (100, json!({"type": "image", "image": {"id": "1", "link": "https://example.com/a.png"}})),
        (131_008, json!({"type": "image", "image": {"caption": "nothing"}})),
        (100, json!({"type": "image", "image": {"link": "file:///etc/passwd"}})),
        (100, json!({"type": "image", "image": {"id": "1", "caption": "c".repeat(1025)}})),
        (132_001, template("no_such", "en_US", json!([]))),
        (132_001, template("hello_world", "en", json!([]))),
        (132_000, template("order_update", "en_US", json!([]))),
        (132_000, template("order_update", "en_US", body(json!(texts(&["one"]))))),
        (132_000, template("hello_world", "en_US", body(json!(texts(&["one"]))))),
        (
            132_012,
            template(
                "order_update",
                "en_US",
                body(json!([{"type": "image", "image": {"id": "1"}}, {"type": "text", "text": "b"}])),
            ),
        ),
        (132_018, template("order_update", "en_US", body(json!(texts(&["a\nb", "c"]))))),
        (132_005, template("order_update", "en_US", body(json!(texts(&[&"a".repeat(1024), "c"]))))),
        (132_012, template("season_offer", "en_US", body(json!(texts(&["Ana"]))))),
        (
            132_012,
            template(
                "season_offer",
                "en_US",
                json!([{"type": "header", "parameters": texts(&["x"])}, {"type": "body", "parameters": texts(&["Ana"])}]),
            ),
        ),
        (
            131_009,
            template("appointment_reminder", "en", button(json!("2"), json!([{"type": "payload", "payload": "p"}]))),
        ),
        (132_012, template("appointment_reminder", "en", button(json!(0), json!(texts(&["p"]))))),
        (132_000, template("appointment_reminder", "en", button(json!(0), json!([])))),
        (
            100,
            json!({"type": "template", "template": {"name": "hello_world", "language": {"code": "en_US"}, "namespace": "x"}}),
        ),
        (131_008, json!({"type": "template", "template": {"name": "hello_world"}})),
        (131_009, json!({"status": "read", "message_id": "wamid.unknown"})),
    ];
    for (code, body) in cases {
        let shown = body.to_string();
        let mut whole = with_defaults(body);
        if whole.get("status").is_some() {
            whole.as_object_mut().expect("object").remove("to");
        }
        let (status, answer) = answer(world.post(&whole)).await;
        assert_eq!(answer["error"]["code"], code, "{shown}: {answer}");
        assert_eq!(status, if code == 132_001 { 404 } else { 400 }, "{shown}");
        assert_eq!(answer["error"]["type"], "OAuthException");
        assert_eq!(answer["error"]["error_data"]["messaging_product"], "whatsapp");
        assert!(answer["error"]["fbtrace_id"].as_str().is_some_and(|trace| trace.starts_with('A')), "{answer}");
    }
    let state = world.simulator.control().state();
    assert_eq!((state.accepted, state.refused), (0, 38));
    assert!(world.simulator.control().ledger(None).is_empty());
}

#[tokio::test]
async fn token_version_number_and_json_come_first() {
    let world = World::start().await;
    let body = with_defaults(text("hi"));
    let path = |path: &str| world.http.post(world.url(path)).json(&body);
    let messages = format!("/v24.0/{NUMBER}/messages");

    let (status, refusal) = answer(path(&messages)).await;
    assert_eq!((status, &refusal["error"]["code"]), (401, &json!(104)));
    let (status, refusal) = answer(path(&messages).bearer_auth("wrong")).await;
    assert_eq!((status, &refusal["error"]["code"]), (401, &json!(190)));
    assert!(refusal["error"].get("error_data").is_none());

    let (status, refusal) = answer(path(&format!("/24/{NUMBER}/messages")).bearer_auth(TOKEN)).await;
    assert_eq!((status, &refusal["error"]["code"]), (400, &json!(100)));
    let (status, refusal) = answer(path("/v24.0/1/messages").bearer_auth(TOKEN)).await;
    assert_eq!((status, &refusal["error"]["code"], &refusal["error"]["error_subcode"]), (400, &json!(100), &json!(33)));
    let (status, refusal) = answer(path(&format!("/v24.0/{NUMBER}/register")).bearer_auth(TOKEN)).await;
    assert_eq!((status, &refusal["error"]["error_subcode"]), (400, &json!(33)));

    let broken = world.http.post(world.url(&messages)).bearer_auth(TOKEN).header("content-type", "application/json");
    let (status, refusal) = answer(broken.body("{")).await;
    assert_eq!((status, &refusal["error"]["code"]), (400, &json!(100)));
    let form = world.http.post(world.url(&messages)).bearer_auth(TOKEN).body("to=1");
    assert_eq!(answer(form).await.0, 400);
}

#[tokio::test]
async fn recipients_are_normalized_as_meta_does() {
    let world = World::start().await;
    let (_, national) = world.send(json!({"type": "text", "text": {"body": "a"}, "to": "650-555 (12)34"})).await;
    assert_eq!(national["contacts"][0], json!({"input": "650-555 (12)34", "wa_id": "16505551234"}));
    let (_, doubled) = world.send(json!({"type": "text", "text": {"body": "a"}, "to": "16505551234"})).await;
    assert_eq!(doubled["contacts"][0]["wa_id"], "116505551234");

    let by_user =
        json!({"messaging_product": "whatsapp", "recipient": "US.1349", "type": "text", "text": {"body": "b"}});
    let (status, by_user) = answer(world.post(&by_user)).await;
    assert_eq!(status, 200, "{by_user}");
    assert_eq!(by_user["contacts"][0], json!({"input": "US.1349", "user_id": "US.1349"}));
    let nobody = json!({"messaging_product": "whatsapp", "recipient": "US.1", "type": "text", "text": {"body": "b"}});
    assert_eq!(answer(world.post(&nobody)).await.1["error"]["code"], 131_009);
    let no_one = json!({"messaging_product": "whatsapp", "type": "text", "text": {"body": "b"}});
    assert_eq!(answer(world.post(&no_one)).await.1["error"]["code"], 100);
}

#[tokio::test]
async fn templates_are_listed_in_pages() {
    let world = World::start().await;
    let (status, first) = world.get(&format!("/v24.0/{WABA}/message_templates?limit=12")).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["data"].as_array().map(Vec::len), Some(12));
    assert_eq!(first["data"][0]["name"], "hello_world");
    assert_eq!(first["data"][0]["components"][0], json!({"type": "HEADER", "format": "TEXT", "text": "Hello World"}));
    let next = first["paging"]["next"].as_str().expect("next");
    let (_, second) = answer(world.http.get(next).bearer_auth(TOKEN)).await;
    assert_eq!(second["data"].as_array().map(Vec::len), Some(1));
    assert_eq!(second["data"][0]["name"], "hotel_location");
    assert!(second["paging"].get("next").is_none());

    let (_, one) =
        world.get(&format!("/v24.0/{WABA}/message_templates?name=order&status=approved&fields=name,status")).await;
    assert_eq!(one["data"], json!([{"name": "order_update", "status": "APPROVED", "id": "1174567890123402"}]));
    let (status, _) = world.get(&format!("/v24.0/{WABA}/message_templates?fields=taste")).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn numbers_and_the_account_can_be_read() {
    let world = World::start().await;
    let (_, number) = world.get(&format!("/v24.0/{NUMBER}")).await;
    assert_eq!(number["display_phone_number"], "15550783881");
    assert_eq!(number["throughput"]["level"], "STANDARD");
    let (_, some) = world.get(&format!("/v24.0/{NUMBER}?fields=verified_name,status")).await;
    assert_eq!(some, json!({"verified_name": "Carmel View Hotel", "status": "CONNECTED", "id": NUMBER}));
    let (_, numbers) = world.get(&format!("/v24.0/{WABA}/phone_numbers")).await;
    assert_eq!(numbers["data"][0]["id"], NUMBER);
    assert_eq!(world.get(&format!("/v24.0/{WABA}")).await.1["id"], WABA);
    assert_eq!(world.get("/v24.0/99").await.1["error"]["error_subcode"], 33);
}

#[tokio::test]
async fn identities_and_codes_look_at_the_recipient() {
    let mut world = World::start().await;
    let parameters = texts(&["123456"]);
    let code = json!({"messaging_product": "whatsapp", "recipient": "US.1349", "type": "template", "template": {
        "name": "login_code", "language": {"code": "en_US"}, "components": [
            {"type": "body", "parameters": parameters},
            {"type": "button", "sub_type": "url", "index": 0, "parameters": parameters}]}});
    assert_eq!(answer(world.post(&code)).await.1["error"]["code"], 131_062);

    let known = hex::encode(sha2::Sha256::digest(b"972545550128"));
    for (hash, outcome) in [(&known[..16], "sent"), ("another", "failed")] {
        let body = json!({"type": "text", "text": {"body": "hi"}, "recipient_identity_key_hash": hash});
        world.sent_id(body).await;
        let status = world.told().await.status();
        assert_eq!(status["status"], outcome);
        if outcome == "failed" {
            assert_eq!(status["errors"][0]["code"], 137_000);
        }
        world.all_told().await;
    }
}

#[tokio::test]
async fn a_message_is_marked_as_read_by_its_own_number_for_30_days() {
    const OTHER: &str = "106540352242923";
    let other = BusinessNumber {
        phone_number_id: OTHER.to_owned(),
        display_phone_number: "15550783882".to_owned(),
        verified_name: "Carmel View Spa".to_owned(),
    };
    let world = World::with_numbers([other]).await;
    let told = world.simulator.control().inbound(Inbound::text(YAEL, "hi")).await.expect("inbound");
    for typing in [false, true] {
        let mut seen = json!({"messaging_product": "whatsapp", "status": "read", "message_id": told.message_id});
        if typing {
            seen["typing_indicator"] = json!({"type": "text"});
        }
        let url = world.url(&format!("/v24.0/{OTHER}/messages"));
        let (_, refusal) = answer(world.http.post(url).bearer_auth(TOKEN).json(&seen)).await;
        assert_eq!(refusal["error"]["code"], 131_009, "{refusal}");
        assert!(!world.page("/phone/972545550128").await.contains("is typing"));
        assert_eq!(answer(world.post(&seen)).await.0, 200);
    }
    world.clock.advance(Duration::from_secs(30 * 24 * 3600));
    let seen = json!({"messaging_product": "whatsapp", "status": "read", "message_id": told.message_id});
    assert_eq!(answer(world.post(&seen)).await.0, 200);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(answer(world.post(&seen)).await.1["error"]["code"], 131_009);
}
