//! What operators ask.

use reqwest::StatusCode;
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{CUSTOMER, TestApp};

on_both_engines! {
    async fn health_readiness_and_metrics_are_answered(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let get = async |path: &str| app.http.get(app.url(path)).send().await.unwrap();
        assert_eq!(get("/healthz").await.text().await.unwrap(), "ok");
        assert_eq!(get("/readyz").await.status(), StatusCode::OK);
        let id = app.send_text(CUSTOMER, "count me").await;
        app.wait_for_status(id, "read").await;
        let metrics = get("/metrics").await.text().await.unwrap();
        for name in ["waypost_messages_accepted_total", "waypost_provider_calls_total", "waypost_callbacks_stored_total", "waypost_group_commit_seconds"] {
            assert!(metrics.contains(name), "{name}");
        }
        assert!(!metrics.contains("919876543210"), "a number in the metrics");
        app.stop().await;
    }
}
