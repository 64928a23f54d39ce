//! Refusals, lost answers, expiry, schedules.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Fault, FaultRule, StatusPlan};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{CUSTOMER, TestApp};

pub fn error(code: u32) -> Fault {
    Fault::Error { code, http_status: None }
}

/// Moves the clock in steps until the message stands so.
pub async fn advance_until(app: &TestApp, id: i64, status: &str, step: Duration) -> Value {
    app.wait(&format!("message {id} to be {status}"), async || {
        let message = app.message(id).await;
        if message["status"] == status {
            return Some(message);
        }
        app.clock.advance(step);
        None
    })
    .await
}

on_both_engines! {
    async fn a_limit_slows_a_message_down_and_does_not_fail_it(db: TestDatabase) {
        let app = TestApp::start(db).await;
        for code in [130_429, 131_056, 80_007, 4] {
            app.simulator.control().set_faults(vec![FaultRule::times(error(code), 2)]);
            let id = app.send_text(CUSTOMER, &format!("after {code}")).await;
            let message = advance_until(&app, id, "read", Duration::from_secs(1)).await;
            assert_eq!(message["attempts"], 3, "{code}");
            assert_eq!(message["failure"], Value::Null, "{code}");
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn an_authentication_failure_keeps_the_message_and_pauses_the_sender(db: TestDatabase) {
        let app = TestApp::start(db).await;
        app.simulator.control().set_faults(vec![FaultRule::times(error(190), 1)]);
        let id = app.send_text(CUSTOMER, "patience").await;
        app.wait("the refusal", async || (app.message(id).await["attempts"] == 1).then_some(())).await;
        let message = advance_until(&app, id, "read", Duration::from_secs(10)).await;
        assert_eq!(message["attempts"], 2);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_lost_answer_is_not_sent_again_and_settled_by_the_callback(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let quiet = StatusPlan { paused: true, ..app.simulator.control().statuses() };
        app.simulator.control().set_statuses(quiet.clone());
        for fault in [Fault::ResetAfter, Fault::Http500After] {
            app.simulator.control().set_faults(vec![FaultRule::times(fault.clone(), 1)]);
            let id = app.send_text(CUSTOMER, &format!("lost by {fault:?}")).await;
            app.wait_for_status(id, "unknown").await;
            app.clock.advance(Duration::from_secs(3600));
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(app.message(id).await["status"], "unknown");
            app.simulator.control().set_statuses(StatusPlan { paused: false, ..quiet.clone() });
            let message = app.wait_for_status(id, "read").await;
            assert_eq!(message["attempts"], 1);
            assert!(message["external_id"].as_str().unwrap().starts_with("wamid."));
            app.simulator.control().set_statuses(quiet.clone());
        }
        let counts: Vec<usize> = app.simulator.control().ledger(None).iter().map(|entry| entry.count).collect();
        assert_eq!(counts, [1, 1]);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_request_that_never_arrived_is_sent_again(db: TestDatabase) {
        let app = TestApp::start(db).await;
        app.simulator.control().set_faults(vec![FaultRule::times(error(131_057), 1)]);
        let id = app.send_text(CUSTOMER, "in maintenance").await;
        let message = advance_until(&app, id, "read", Duration::from_secs(5)).await;
        assert_eq!(message["attempts"], 2);
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_is_past_its_expiry_is_not_sent(db: TestDatabase) {
        let app = TestApp::start(db).await;
        app.simulator.control().set_faults(vec![FaultRule::always(error(130_429))]);
        let mut body = app.text(CUSTOMER, "today only");
        body["expires_at"] = json!("2026-11-20T10:05:00Z");
        let id = app.post(&body).await.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
        let message = advance_until(&app, id, "expired", Duration::from_secs(7)).await;
        assert_eq!(message["failure"]["code"], "expired");
        app.simulator.control().set_faults(Vec::new());
        app.clock.advance(Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(app.simulator.control().ledger(None).is_empty());
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_becomes_due_is_sent_while_the_server_is_busy(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut body = app.text(CUSTOMER, "at noon");
        body["send_at"] = json!("2026-11-20T12:00:00Z");
        let due = app.post(&body).await.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
        app.clock.advance(Duration::from_secs(2 * 60 * 60));
        // Something new all the time, more often than the dispatcher looks by itself.
        let others = std::sync::Mutex::new(Vec::new());
        app.wait("the message that was due", async || {
            let id = app.send_text(CUSTOMER, "and another").await;
            others.lock().unwrap().push(id);
            (app.message(due).await["status"] == "read").then_some(())
        })
        .await;
        for id in others.into_inner().unwrap() {
            app.wait_for_status(id, "read").await;
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_message_for_later_waits_for_its_time(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut body = app.text(CUSTOMER, "see you tomorrow");
        body["send_at"] = json!("2026-11-20T12:00:00Z");
        let accepted: Value = app.post(&body).await.json().await.unwrap();
        assert_eq!(accepted["status"], "scheduled");
        let id = accepted["id"].as_i64().unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(app.message(id).await["status"], "scheduled");
        app.clock.advance(Duration::from_secs(2 * 60 * 60));
        app.wait_for_status(id, "read").await;
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_limit_told_by_callback_slows_a_message_down_and_does_not_fail_it(db: TestDatabase) {
        let app = TestApp::start(db).await;
        for code in [130_429, 131_056, 80_007, 4] {
            app.simulator.control().set_faults(vec![FaultRule::times(Fault::FailedStatus { code }, 2)]);
            let id = app.send_text(CUSTOMER, &format!("taken, then {code}")).await;
            let message = advance_until(&app, id, "read", Duration::from_secs(1)).await;
            assert_eq!(message["attempts"], 3, "{code}");
            assert_eq!(message["failure"], Value::Null, "{code}");
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_limit_that_lasts_ends_with_the_expiry_and_never_as_failed(db: TestDatabase) {
        let app = TestApp::start(db).await;
        app.simulator.control().set_faults(vec![FaultRule::always(Fault::FailedStatus { code: 130_429 })]);
        let id = app.send_text(CUSTOMER, "never within the limit").await;
        let message = app
            .wait("the message to expire", async || {
                let message = app.message(id).await;
                assert_ne!(message["status"], "failed");
                app.clock.advance(Duration::from_secs(600));
                (message["status"] == "expired").then_some(message)
            })
            .await;
        assert!(message["attempts"].as_i64().unwrap() > 1, "{message}");
        assert_eq!(message["failure"]["code"], "expired");
        app.simulator.control().set_faults(Vec::new());
        app.stop().await;
    }
}

async fn send_reminder(app: &TestApp, name: &str, language: &str) -> i64 {
    let text = |text: &str| json!({"type": "text", "text": text});
    let template = json!({"name": name, "language": {"code": language}, "components": [
        {"type": "header", "parameters": [text("Asha")]},
        {"type": "body", "parameters": [text("Monday"), text("10:00")]},
    ]});
    let body = json!({"sender_id": app.sender_id, "to": CUSTOMER, "type": "template", "template": template});
    app.post(&body).await.json::<Value>().await.unwrap()["id"].as_i64().unwrap()
}

on_both_engines! {
    async fn a_template_unknown_in_a_region_is_tried_once_in_its_language(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = send_reminder(&app, "appointment_reminder", "en_US").await;
        assert_eq!(app.wait_for_status(id, "read").await["attempts"], 2);
        let attempts: Value = app.get(&format!("/v1/messages/{id}/attempts")).await.json().await.unwrap();
        let attempts = attempts["data"].as_array().unwrap();
        let language = |attempt: &Value| -> Value {
            let payload: Value = serde_json::from_str(attempt["payload"].as_str().unwrap()).unwrap();
            payload["template"]["language"]["code"].clone()
        };
        assert_eq!((language(&attempts[0]), language(&attempts[1])), (json!("en_US"), json!("en")));
        assert_eq!(attempts[0]["failure"]["code"], "132001");
        assert_eq!(attempts[0]["decision"], Value::Null);
        assert!(attempts[1]["decision"].as_str().unwrap().contains("`en`"), "{}", attempts[1]);

        // Neither the region nor the language exists: two tries, then it has failed.
        let id = send_reminder(&app, "appointment_reminder", "fr_CA").await;
        let message = app.wait_for_status(id, "failed").await;
        assert_eq!((&message["attempts"], &message["failure"]["code"]), (&json!(2), &json!("132001")));
        // A language without a region has no other form.
        let id = send_reminder(&app, "appointment_reminder", "fr").await;
        assert_eq!(app.wait_for_status(id, "failed").await["attempts"], 1);
        app.stop().await;
    }
}
