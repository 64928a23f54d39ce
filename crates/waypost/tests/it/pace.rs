//! The pace of a number: what its provider states is kept, and what the provider refuses slows it down.

use std::time::{Duration, Instant};

use domain::clock::Clock;
use serde_json::{Value, json};
use simulator::LimitSettings;
use testkit::engine::TestDatabase;
use testkit::on_both_engines;
use tokio::task::JoinSet;

use crate::support::{CUSTOMER, SENDER_PHONE, TestApp};

/// How many messages the provider took so far.
fn taken(app: &TestApp) -> usize {
    app.simulator.control().ledger(None).iter().map(|entry| entry.count).sum()
}

on_both_engines! {
    async fn a_number_sends_no_more_per_second_than_it_may(db: TestDatabase) {
        let app = TestApp::start_with(db, &[("WAYPOST_DISPATCH_MESSAGES_PER_SECOND", "20")]).await;
        for number in 0..60 {
            app.send_text(CUSTOMER, &format!("line {number}")).await;
        }
        // 20 less the margin are 19 per second, one each 52.6 ms, and one may run ahead.
        for step in 1..=58 {
            app.wait(&format!("message {step}"), async || (taken(&app) > step).then_some(())).await;
            assert!(taken(&app) <= step + 2, "{} after {step} steps", taken(&app));
            app.clock.advance(Duration::from_micros(52_632));
        }
        assert_eq!(app.list("?status=failed").await.len(), 0);
        app.wait("the last of them", async || (app.list("?status=read&limit=100").await.len() == 60).then_some(())).await;
        app.stop().await;
    }
}

/// How long a campaign is offered, in real time. Five minutes with `WAYPOST_TEST_PACE_SECONDS=300`.
fn campaign_seconds() -> Option<u64> {
    std::env::var("WAYPOST_TEST_PACE_SECONDS").ok().and_then(|text| text.parse().ok())
}

/// The clock goes with the machine's own from now on, or slower.
fn let_time_pass(app: &TestApp, slower: u32) -> JoinSet<()> {
    let clock = app.clock.clone();
    let mut time = JoinSet::new();
    time.spawn(async move {
        let mut last = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_millis(2)).await;
            let now = Instant::now();
            clock.advance((now - last) / slower);
            last = now;
        }
    });
    time
}

/// Offers `per_second` messages each second and waits until all were read; answers what the provider stopped.
async fn campaign(app: &TestApp, limits: LimitSettings, per_second: u64) -> simulator::Stopped {
    app.simulator.control().set_limits(limits);
    // Where it is short, time passes slowly, so that a busy machine offers enough within a second all the same.
    let (seconds, slower) = campaign_seconds().map_or((1, 4), |seconds| (seconds, 1));
    let time = let_time_pass(app, slower);
    let started = Instant::now();
    let mut due = tokio::time::interval(Duration::from_millis(100));
    let mut sent = 0;
    for _ in 0..seconds * 10 {
        due.tick().await;
        let mut batch = JoinSet::new();
        for n in sent..sent + per_second / 10 {
            let mut body = app.text(&format!("+9198{n:08}"), "The autumn offer ends on Sunday");
            body["class"] = json!("marketing");
            let post = app.http.post(app.url("/v1/messages")).bearer_auth(&app.made.access_token).json(&body);
            batch.spawn(async move { post.send().await.unwrap().status() });
        }
        assert!(batch.join_all().await.iter().all(|status| *status == 202));
        sent += per_second / 10;
    }
    let deadline = Instant::now() + Duration::from_secs(60 + seconds * 4);
    while app.simulator.control().state().pending > 0 || app.work_left().await != ([0; 3], true) {
        for status in ["failed", "expired"] {
            assert_eq!(app.list(&format!("?status={status}&limit=1")).await.len(), 0, "a limit ended a message");
        }
        assert!(Instant::now() < deadline, "{sent} messages took too long");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    drop(time);
    let stopped = app.simulator.control().state().limits.throughput;
    println!("{sent} messages offered at {per_second} per second took {:?}; {stopped:?}", started.elapsed());
    stopped
}

on_both_engines! {
    async fn twice_the_stated_level_is_sent_at_the_level(db: TestDatabase) {
        let app = TestApp::start_with(db, &[("WAYPOST_DISPATCH_MESSAGES_PER_SECOND", "stated")]).await;
        let limits = LimitSettings { throughput_per_second: Some(80), ..LimitSettings::default() };
        let stopped = campaign(&app, limits, 160).await;
        assert_eq!(stopped.within_first_second + stopped.after, 0, "{stopped:?}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_level_nobody_stated_is_learnt_within_a_second(db: TestDatabase) {
        let app = TestApp::start(db).await;
        // Half of what is too much is refused, and half is taken first and told by callback.
        let limits = LimitSettings { throughput_per_second: Some(20), told_by_callback: 0.5, ..LimitSettings::default() };
        let stopped = campaign(&app, limits, 60).await;
        assert!(stopped.first_at.is_some(), "the limit was never met: {stopped:?}");
        assert!(stopped.within_first_second + stopped.after <= 20, "{stopped:?}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_number_that_is_upgraded_goes_faster(db: TestDatabase) {
        let app = TestApp::start_with(db, &[("WAYPOST_DISPATCH_MESSAGES_PER_SECOND", "stated")]).await;
        let send = async |count: usize| {
            for number in 0..count {
                app.send_text(CUSTOMER, &format!("line {number}")).await;
            }
        };
        // The clock stands: only what may run ahead of an even pace goes out.
        send(60).await;
        app.wait("what may run ahead at 80 per second", async || (taken(&app) == 2).then_some(())).await;
        let upgrade = json!({"display_phone_number": SENDER_PHONE, "event": "THROUGHPUT_UPGRADE", "current_limit": "TIER_UNLIMITED"});
        let throughput = async || {
            let senders: Value = app.get("/v1/senders").await.json().await.unwrap();
            senders["data"][0]["state"]["throughput"]["value"].clone()
        };
        app.wait("the number to be asked", async || (throughput().await == "STANDARD").then_some(())).await;
        app.clock.advance(Duration::from_secs(1));
        app.simulator.control().account_event("phone_number_quality_update", &upgrade);
        app.wait("the upgrade", async || (throughput().await == "HIGH").then_some(())).await;
        let before = app.clock.now();
        app.wait("fifty of them", async || {
            app.clock.advance(Duration::from_millis(1));
            (taken(&app) >= 50).then_some(())
        })
        .await;
        // At 80 per second they would take 600 ms.
        let took = app.clock.now().since(before);
        assert!(took < Duration::from_millis(400), "{took:?}");
        app.wait("the rest", async || {
            app.clock.advance(Duration::from_millis(10));
            (app.work_left().await.0 == [0; 3]).then_some(())
        })
        .await;
        app.stop().await;
    }
}
