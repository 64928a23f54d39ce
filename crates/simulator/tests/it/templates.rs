//! The life of templates: created, reviewed, edited, paused, deleted.

use serde_json::{Value, json};

use crate::world::{TOKEN, WABA, World, answer, template};

fn draft(name: &str) -> Value {
    json!({"name": name, "language": "en_US", "category": "UTILITY", "components": [
        {"type": "BODY", "text": "Your table {{1}} is free now.", "example": {"body_text": [["7"]]}}]})
}

async fn create(world: &World, body: &Value) -> (u16, Value) {
    answer(world.http.post(world.url(&format!("/v24.0/{WABA}/message_templates"))).bearer_auth(TOKEN).json(body)).await
}

fn send(name: &str) -> Value {
    template(name, "en_US", json!([{"type": "body", "parameters": [{"type": "text", "text": "7"}]}]))
}

async fn code(world: &World, body: Value) -> Value {
    world.send(body).await.1["error"]["code"].clone()
}

#[tokio::test]
async fn a_template_is_sent_only_while_it_is_approved() {
    let mut world = World::start().await;
    let (status, created) = create(&world, &draft("table_free")).await;
    assert_eq!(
        (status, &created["status"], &created["category"]),
        (200, &json!("PENDING"), &json!("UTILITY")),
        "{created}"
    );
    let id = created["id"].as_str().expect("id").to_owned();
    assert_eq!(code(&world, send("table_free")).await, 132_001);
    for (status, refusal) in [
        ("APPROVED", Value::Null),
        ("PAUSED", json!(132_015)),
        ("DISABLED", json!(132_016)),
        ("REJECTED", json!(132_001)),
    ] {
        let (answered, _) =
            world.control("template", json!({"name": "table_free", "language": "en_US", "status": status})).await;
        assert_eq!(answered, 200);
        let event = world.told().await.json();
        let change = &event["entry"][0]["changes"][0];
        assert_eq!(event["entry"][0]["id"], WABA);
        assert!(event["entry"][0]["time"].is_i64(), "{event}");
        assert_eq!(
            (&change["field"], &change["value"]["event"]),
            (&json!("message_template_status_update"), &json!(status))
        );
        assert_eq!(change["value"]["message_template_language"], "en-US");
        assert_eq!(change["value"]["message_template_id"].to_string(), id);
        assert_eq!(code(&world, send("table_free")).await, refusal, "{status}");
        if status == "APPROVED" {
            world.all_told().await;
        }
    }
    let (_, shown) = world.get(&format!("/v24.0/{id}?fields=status,rejected_reason,quality_score")).await;
    assert_eq!((&shown["status"], &shown["rejected_reason"]), (&json!("REJECTED"), &json!("INVALID_FORMAT")));
}

#[tokio::test]
async fn category_and_quality_are_told() {
    let mut world = World::start().await;
    let change = json!({"name": "order_update", "language": "en_US", "category": "MARKETING", "quality": "RED"});
    assert_eq!(world.control("template", change).await.0, 200);
    let told: Vec<Value> =
        world.all_told().await.iter().map(|told| told.json()["entry"][0]["changes"][0].clone()).collect();
    let find = |field: &str| told.iter().find(|change| change["field"] == field).expect("told")["value"].clone();
    assert_eq!(find("template_category_update")["previous_category"], "UTILITY");
    assert_eq!(find("message_template_quality_update")["new_quality_score"], "RED");
    let (_, list) = world
        .get(&format!("/v24.0/{WABA}/message_templates?quality_score=red&fields=name,category,previous_category"))
        .await;
    assert_eq!(list["data"][0]["category"], "MARKETING");
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let (status, _) = world.control("template", json!({"name": "no", "language": "en", "status": "PAUSED"})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn templates_meta_would_not_take_are_refused() {
    let world = World::start().await;
    let with = |pointer: &str, value: Value| {
        let mut body = draft("broken");
        *body.pointer_mut(pointer).expect("place") = value;
        body
    };
    let body = |text: &str| json!({"type": "BODY", "text": text, "example": {"body_text": [["1", "2"]]}});
    for (broken, subcode) in [
        (with("/name", json!("Table Free")), Value::Null),
        (with("/language", json!("english")), Value::Null),
        (with("/category", json!("NEWS")), Value::Null),
        (with("/components", json!([])), json!(2_388_072)),
        (with("/components/0", body("{{1}} is free")), json!(2_388_299)),
        (with("/components/0", body("Table {{1}} {{2}} now")), json!(2_388_293)),
        (with("/components/0", body("Table {{2}} is free for you now")), json!(2_388_072)),
        (with("/components/0/text", json!("x".repeat(1025))), json!(2_388_040)),
        (with("/components/0/example", json!({})), Value::Null),
        (
            with("/components", json!([body("Hello you there"), {"type": "FOOTER", "text": "for {{1}}"}])),
            json!(2_388_073),
        ),
        (with("/components", json!([body("Hello you there"), {"type": "HEADER", "format": "IMAGE"}])), Value::Null),
        (with("/components", json!([body("Hello you there"), {"type": "BUTTONS", "buttons": []}])), Value::Null),
    ] {
        let (status, refusal) = create(&world, &broken).await;
        assert_eq!((status, &refusal["error"]["code"]), (400, &json!(100)), "{broken}");
        assert_eq!(refusal["error"].get("error_subcode").cloned().unwrap_or_default(), subcode, "{broken}: {refusal}");
        assert!(refusal["error"]["error_user_msg"].is_string(), "{refusal}");
    }
    let (_, twice) = create(
        &world,
        &json!({"name": "hello_world", "language": "en_US", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Hello"}]}),
    )
    .await;
    assert_eq!(twice["error"]["error_subcode"], 2_388_024);
}

#[tokio::test]
async fn templates_are_edited_resumed_and_deleted() {
    let world = World::start().await;
    let id = world.simulator.control().add_template(&draft("table_free")).expect("template");
    let edit = |body: Value| answer(world.http.post(world.url(&format!("/v24.0/{id}"))).bearer_auth(TOKEN).json(&body));
    assert_eq!(edit(json!({"category": "MARKETING"})).await.1["error"]["code"], 100);
    assert_eq!(edit(json!({"name": "other"})).await.1["error"]["code"], 100);
    let components = json!([{"type": "BODY", "text": "All tables are free."}]);
    assert_eq!(edit(json!({"components": components})).await, (200, json!({"success": true})));
    let (_, shown) = world.get(&format!("/v24.0/{id}")).await;
    assert_eq!((&shown["status"], &shown["components"]), (&json!("PENDING"), &components));

    world
        .control("template", json!({"name": "table_free", "language": "en_US", "status": "PAUSED", "silent": true}))
        .await;
    let unpause = world.http.post(world.url(&format!("/v24.0/{id}/unpause"))).bearer_auth(TOKEN);
    assert_eq!(answer(unpause).await.1["success"], true);
    assert_eq!(world.send(template("table_free", "en_US", json!([]))).await.0, 200);

    let delete = |query: &str| {
        answer(world.http.delete(world.url(&format!("/v24.0/{WABA}/message_templates?{query}"))).bearer_auth(TOKEN))
    };
    assert_eq!(delete(&format!("hsm_id={id}")).await.0, 400);
    assert_eq!(delete("name=table_free&hsm_id=1").await.0, 400);
    assert_eq!(delete("name=table_free").await, (200, json!({"success": true})));
    assert_eq!(world.get(&format!("/v24.0/{id}")).await.0, 400);
    assert_eq!(code(&world, send("table_free")).await, 132_001);
}

#[tokio::test]
async fn held_messages_go_on_or_fail_with_their_template() {
    let mut world = World::start().await;
    let change = |change: Value| {
        let mut whole = json!({"name": "hello_world", "language": "en_US", "silent": true});
        whole.as_object_mut().expect("object").extend(change.as_object().expect("object").clone());
        whole
    };
    for (end, outcome) in [(json!({"held": false}), json!("sent")), (json!({"status": "PAUSED"}), json!("failed"))] {
        assert_eq!(world.control("template", change(json!({"held": true}))).await.0, 200);
        let (_, accepted) = world.send(template("hello_world", "en_US", json!([]))).await;
        assert_eq!(accepted["messages"][0]["message_status"], "held_for_quality_assessment");
        assert!(world.all_told().await.is_empty());
        assert_eq!(world.control("template", change(end)).await.0, 200);
        let status = world.told().await.status();
        assert_eq!((&status["id"], &status["status"]), (&accepted["messages"][0]["id"], &outcome));
        if outcome == "failed" {
            assert_eq!(status["errors"][0]["code"], 132_015);
        }
        world.all_told().await;
    }
}
