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
