//! Speed limits, and how they are told.

use std::time::Duration;

use serde_json::json;
use simulator::{Inbound, LimitSettings};

use crate::world::{NUMBER, WABA, World, YAEL, text};

#[tokio::test]
async fn throughput_is_refused_and_counted_by_the_second() {
    let world = World::start().await;
    let (status, state) = world.control("limits", json!({"throughput_per_second": 3, "http_status": 429})).await;
    assert_eq!((status, &state["limits"]["throughput_per_second"]), (200, &json!(3)), "{state}");
    let mut outcomes = Vec::new();
    for _ in 0..5 {
        outcomes.push(world.send(text("hi")).await);
    }
    assert_eq!(outcomes.iter().filter(|(status, _)| *status == 200).count(), 3);
    assert_eq!((outcomes[4].0, &outcomes[4].1["error"]["code"]), (429, &json!(130_429)));
    world.clock.advance(Duration::from_secs(1));
    world.simulator.control().inbound(Inbound::text(YAEL, "hi")).await.expect("inbound");
    let mut refused = 0;
    for _ in 0..3 {
        refused += usize::from(world.send(text("hi")).await.0 == 429);
    }
    assert_eq!(refused, 1, "the customer's message counts too");
    let stopped = world.simulator.control().state().limits.throughput;
    assert_eq!((stopped.within_first_second, stopped.after), (2, 1));
    assert!(stopped.first_at.is_some());
    assert_eq!(
        world.control("limits", json!({"throughput_per_second": null})).await.1["limits"]["throughput"]["after"],
        0
    );
    assert_eq!(world.send(text("hi")).await.0, 200);
}

#[tokio::test]
async fn a_level_has_its_throughput() {
    let world = World::start().await;
    world.simulator.control().set_limits(LimitSettings { throughput_by_level: true, ..LimitSettings::default() });
    let change = json!({"phone_number_id": NUMBER, "coexistence": true});
    assert_eq!(world.control("number", change).await.0, 200);
    let mut accepted = 0;
    for _ in 0..25 {
        accepted += usize::from(world.send(text("hi")).await.0 == 200);
    }
    assert_eq!(accepted, 20);
    assert_eq!(world.get(&format!("/v24.0/{NUMBER}?fields=is_on_biz_app")).await.1["is_on_biz_app"], true);
}

#[tokio::test]
async fn the_pair_limit_stops_one_customer_only() {
    let world = World::start().await;
    world.simulator.control().set_limits(LimitSettings { pair_limit: true, ..LimitSettings::default() });
    for _ in 0..45 {
        assert_eq!(world.send(text("hi")).await.0, 200);
    }
    let (status, refusal) = world.send(text("hi")).await;
    assert_eq!((status, &refusal["error"]["code"]), (400, &json!(131_056)));
    assert_eq!(world.send(json!({"type": "text", "text": {"body": "hi"}, "to": "+16505551234"})).await.0, 200);
    world.clock.advance(Duration::from_secs(6));
    assert_eq!(world.send(text("hi")).await.0, 200);
    assert_eq!(world.send(text("hi")).await.0, 400);
}

#[tokio::test]
async fn a_limit_can_be_told_by_callback() {
    let mut world = World::start().await;
    let settings = json!({"throughput_per_second": 1, "told_by_callback": 1.0});
    assert_eq!(world.control("limits", settings).await.0, 200);
    world.sent_id(text("first")).await;
    world.all_told().await;
    let id = world.sent_id(text("second")).await;
    let failed = world.told().await.status();
    assert_eq!((&failed["id"], &failed["errors"][0]["code"]), (&json!(id), &json!(130_429)));
    assert_eq!(world.control("limits", json!({"told_by_callback": 2})).await.0, 400);
}

#[tokio::test]
async fn management_calls_have_a_budget_and_headers() {
    let world = World::start().await;
    let get = async |path: &str| {
        world.http.get(world.url(path)).bearer_auth(crate::world::TOKEN).send().await.expect("answer")
    };
    let first = get(&format!("/v24.0/{WABA}")).await;
    assert_eq!(first.headers()["x-app-usage"], "{\"call_count\":0,\"total_cputime\":0,\"total_time\":0}");
    let settings = LimitSettings { management_per_hour: Some(3), ..LimitSettings::default() };
    world.simulator.control().set_limits(settings);
    for (path, status) in [
        (format!("/v24.0/{NUMBER}"), 200),
        (format!("/v24.0/{WABA}/phone_numbers"), 200),
        (format!("/v24.0/{WABA}/message_templates"), 200),
        (format!("/v24.0/{WABA}/subscribed_apps"), 400),
    ] {
        assert_eq!(get(&path).await.status(), status, "{path}");
    }
    let over = get(&format!("/v24.0/{WABA}")).await;
    let usage = over.headers()["x-business-use-case-usage"].to_str().expect("text").to_owned();
    let usage: serde_json::Value = serde_json::from_str(&usage).expect("json");
    assert_eq!(usage[WABA][0]["call_count"], 166);
    assert!(usage[WABA][0]["estimated_time_to_regain_access"].as_u64().is_some_and(|minutes| minutes > 0));
    let refusal: serde_json::Value = over.json().await.expect("json");
    assert_eq!(refusal["error"]["code"], 80_007);
    assert_eq!(world.send(text("sends are not counted")).await.0, 200);
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(get(&format!("/v24.0/{WABA}")).await.status(), 200);
}
