//! What goes wrong on purpose.

use serde_json::{Value, json};
use simulator::{Fault, FaultRule};

use crate::world::{World, YAEL, text, with_defaults};

async fn rules(world: &World, rules: Value) {
    let (status, answer) = world.control("faults", json!({"rules": rules})).await;
    assert_eq!(status, 200, "{answer}");
}

fn accepted(world: &World) -> usize {
    world.simulator.control().state().accepted
}

#[tokio::test]
async fn an_error_strikes_every_nth_message() {
    let world = World::start().await;
    rules(&world, json!([{"kind": "error", "code": 130_429, "every": 3}])).await;
    let mut codes = Vec::new();
    for n in 0..6 {
        let (status, answer) = world.send(text(&format!("{n}"))).await;
        codes.push((status, answer["error"]["code"].as_u64()));
    }
    let (ok, limit) = ((200, None), (400, Some(130_429)));
    assert_eq!(codes, [ok, ok, limit, ok, ok, limit]);
    assert_eq!(accepted(&world), 4);

    rules(&world, json!([{"kind": "error", "code": 613, "http_status": 429, "times": 1}])).await;
    assert_eq!(world.send(text("x")).await.0, 429);
    assert_eq!(world.send(text("x")).await.0, 200);
}

#[tokio::test]
async fn connections_break_before_and_after_acceptance() {
    let world = World::start().await;
    let before = FaultRule::times(Fault::ResetBefore, 1);
    let after = FaultRule::times(Fault::ResetAfter, 1);
    world.simulator.control().set_faults(vec![before, after]);
    let body = with_defaults(text("lost"));
    assert!(world.post(&body).send().await.is_err());
    assert_eq!(accepted(&world), 0);
    assert!(world.post(&body).send().await.is_err());
    assert_eq!(accepted(&world), 1);
    assert_eq!(world.send(text("lost")).await.0, 200);
    let ledger = world.simulator.control().ledger(Some(YAEL));
    assert_eq!((ledger.len(), ledger[0].count), (1, 2));
    let statuses: Vec<_> = world.simulator.control().requests().iter().map(|entry| entry.status).collect();
    assert_eq!(statuses.iter().filter(|status| status.is_none()).count(), 2);
}

#[tokio::test]
async fn answers_that_do_not_say_what_happened() {
    let mut world = World::start().await;
    rules(&world, json!([{"kind": "http_500_after", "times": 1}, {"kind": "html_502", "times": 1}])).await;
    let (status, answer) = world.send(text("a")).await;
    assert_eq!((status, &answer["error"]["code"]), (500, &json!(131_000)));
    assert_eq!(accepted(&world), 1);
    assert_eq!(world.told().await.status()["status"], "sent");

    let page = world.post(&with_defaults(text("b"))).send().await.expect("answer");
    assert_eq!(page.status(), 502);
    assert!(page.text().await.expect("text").contains("<h1>502"));
    assert_eq!(accepted(&world), 1);
}

#[tokio::test]
async fn rules_may_be_slow_for_one_recipient_or_fail_later() {
    let mut world = World::start().await;
    rules(
        &world,
        json!([{"kind": "slow", "ms": 60, "times": 1}, {"kind": "failed_status", "code": 131_049, "to": YAEL, "times": 1}]),
    )
    .await;
    let started = std::time::Instant::now();
    world.sent_id(json!({"type": "text", "text": {"body": "to Ana"}, "to": "+16505551234"})).await;
    assert!(started.elapsed().as_millis() >= 60);
    let ana: Vec<_> = world.all_told().await.iter().map(|told| told.status()["status"].clone()).collect();
    assert_eq!(ana, ["sent", "delivered"]);
    world.sent_id(text("to Yael")).await;
    assert_eq!(world.told().await.status()["errors"][0]["code"], 131_049);

    rules(&world, json!([{"kind": "reset_before", "probability": 0.0}])).await;
    world.sent_id(text("never struck")).await;
}

#[tokio::test]
async fn a_script_is_played_once_from_top_to_bottom() {
    let world = World::start().await;
    let outcomes =
        json!([{"kind": "ok"}, {"kind": "error", "code": 131_056}, {"kind": "slow", "ms": 1}, {"kind": "html_502"}]);
    rules(&world, json!([{"kind": "script", "outcomes": outcomes}])).await;
    let mut statuses = Vec::new();
    for n in 0..6 {
        statuses.push(world.post(&with_defaults(text(&n.to_string()))).send().await.expect("answer").status().as_u16());
    }
    assert_eq!(statuses, [200, 400, 200, 502, 200, 200]);
    for wrong in
        [json!({"kind": "script"}), json!({"kind": "error", "code": 1, "outcomes": []}), json!({"kind": "ok", "ms": 1})]
    {
        let (status, _) = world.control("faults", json!({"rules": [wrong]})).await;
        assert_eq!(status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_error_has_the_members_it_is_given() {
    let world = World::start().await;
    let full = json!({"kind": "error", "code": 4, "subcode": 2_446_079, "is_transient": true, "error_data": false, "http_status": 503, "times": 1});
    rules(&world, json!([full, {"kind": "error", "code": 99_999, "times": 1}])).await;
    let (status, refusal) = world.send(text("a")).await;
    assert_eq!((status, &refusal["error"]["error_subcode"]), (503, &json!(2_446_079)));
    assert_eq!(refusal["error"]["is_transient"], true);
    assert!(refusal["error"].get("error_data").is_none(), "{refusal}");
    let (status, unknown) = world.send(text("a")).await;
    assert_eq!((status, &unknown["error"]["code"]), (400, &json!(99_999)));
}

#[tokio::test]
async fn a_rule_may_look_at_type_template_and_category() {
    let world = World::start().await;
    rules(
        &world,
        json!([
            {"kind": "error", "code": 1, "message_type": "image"},
            {"kind": "error", "code": 2, "template": "hello_world"},
            {"kind": "error", "code": 3, "category": "MARKETING"},
        ]),
    )
    .await;
    let offer = crate::world::template(
        "season_offer",
        "en_US",
        json!([{"type": "header", "parameters": [{"type": "image", "image": {"link": "https://a.b/c"}}]},
               {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]}]),
    );
    let mut codes = Vec::new();
    for body in [
        text("hi"),
        json!({"type": "image", "image": {"link": "https://a.b/c"}}),
        crate::world::template("hello_world", "en_US", json!([])),
        offer,
    ] {
        codes.push(world.send(body).await.1["error"]["code"].clone());
    }
    assert_eq!(codes, [json!(null), json!(1), json!(2), json!(3)]);
}
