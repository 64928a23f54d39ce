//! The pace of a number: what its provider states is kept, and what the provider refuses slows it down.

use std::time::Duration;

use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{CUSTOMER, TestApp};

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
