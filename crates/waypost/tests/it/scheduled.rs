//! Messages for later: listed, moved, taken back, replaced, sent when they are due.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::retry::error;
use crate::sessions::{EMAIL, Visitor};
use crate::support::{CUSTOMER, OTHER_CUSTOMER, TestApp};

const HOUR: Duration = Duration::from_secs(60 * 60);

impl TestApp {
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.http.request(method, self.url(path)).bearer_auth(&self.made.access_token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    async fn patch(&self, id: i64, body: Value) -> (u16, Value) {
        answer(self.ask(Method::PATCH, &format!("/v1/messages/{id}"), Some(body)).await).await
    }

    async fn cancel(&self, id: i64) -> (u16, Value) {
        answer(self.ask(Method::POST, &format!("/v1/messages/{id}/cancel"), None).await).await
    }

    fn later(&self, to: &str, text: &str, send_at: &str) -> Value {
        let mut body = self.text(to, text);
        body["send_at"] = json!(send_at);
        body
    }

    async fn schedule(&self, body: &Value) -> i64 {
        let (status, accepted) = answer(self.post(body).await).await;
        assert_eq!((status, accepted["status"].as_str()), (202, Some("scheduled")), "{accepted}");
        accepted["id"].as_i64().unwrap()
    }

    async fn scheduled(&self, query: &str) -> Vec<i64> {
        let (status, found) = answer(self.get(&format!("/v1/scheduled-messages{query}")).await).await;
        assert_eq!(status, 200, "{found}");
        ids(&found)
    }
}

async fn answer(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

fn ids(list: &Value) -> Vec<i64> {
    list["data"].as_array().unwrap().iter().map(|message| message["id"].as_i64().unwrap()).collect()
}

fn problem(answer: &(u16, Value)) -> (u16, &str, &str) {
    let text = |key: &str| answer.1[key].as_str().unwrap_or_default();
    (answer.0, text("code"), text("field"))
}

on_both_engines! {
    async fn the_list_is_in_the_order_of_due_times_and_paged(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let noon = app.schedule(&app.later(CUSTOMER, "noon", "2026-11-20T12:00:00Z")).await;
        let evening = app.schedule(&app.later(OTHER_CUSTOMER, "evening", "2026-11-20T18:00:00Z")).await;
        let eleven = app.schedule(&app.later(CUSTOMER, "eleven", "2026-11-20T11:00:00Z")).await;
        assert_eq!(app.scheduled("").await, [eleven, noon, evening]);
        assert_eq!(app.scheduled("?phone=9876543210").await, [eleven, noon]);
        assert_eq!(app.scheduled("?phone=9812345678").await, [0_i64; 0]);
        assert_eq!(app.scheduled(&format!("?sender_id={}", app.sender_id)).await.len(), 3);
        assert_eq!(app.scheduled("?sender_id=99").await, [0_i64; 0]);
        assert_eq!(app.scheduled("?send_from=2026-11-20T12:00:00Z&send_to=2026-11-20T18:00:00Z").await, [noon]);
        let first: Value = app.get("/v1/scheduled-messages?limit=2").await.json().await.unwrap();
        assert_eq!(ids(&first), [eleven, noon]);
        let next = first["next"].as_str().unwrap();
        assert_eq!(app.scheduled(&format!("?limit=2&after={next}")).await, [evening]);
        assert_eq!(app.list("?status=scheduled").await.len(), 3);
        for (query, code, field) in [
            ("?send_frm=2026-11-20T12:00:00Z", "unknown_parameter", "send_frm"),
            ("?send_from=noon", "invalid_value", "send_from"),
            ("?after=x", "invalid_value", "after"),
            ("?limit=0", "out_of_range", "limit"),
        ] {
            let answer = answer(app.get(&format!("/v1/scheduled-messages{query}")).await).await;
            assert_eq!(problem(&answer), (422, code, field));
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_message_is_moved_until_it_is_due_and_then_sent(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = app.schedule(&app.later(CUSTOMER, "see you", "2026-11-20T12:00:00Z")).await;
        let before = app.message(id).await;
        assert_eq!(before["expires_at"], "2026-11-21T12:00:00.000Z", "24 hours from when it is due");
        let (status, moved) = app.patch(id, json!({"send_at": "2026-11-20T14:00:00Z"})).await;
        assert_eq!((status, moved["status"].as_str()), (200, Some("scheduled")));
        assert_eq!((&moved["send_at"], &moved["expires_at"]), (&json!("2026-11-20T14:00:00.000Z"), &json!("2026-11-21T14:00:00.000Z")));
        let (_, shortened) = app.patch(id, json!({"expires_at": "2026-11-20T14:30:00Z"})).await;
        assert_eq!(shortened["expires_at"], "2026-11-20T14:30:00.000Z");
        for (body, code, field) in [
            (json!({"send_at": "2026-11-20T09:00:00Z"}), "out_of_range", "send_at"),
            (json!({"send_at": "2028-11-20T09:00:00Z"}), "out_of_range", "send_at"),
            (json!({"expires_at": "2026-11-20T13:00:00Z"}), "out_of_range", "expires_at"),
            (json!({"send_at": "2026-11-20T15:00:00Z", "expires_at": "2026-11-20T15:00:00Z"}), "out_of_range", "expires_at"),
            (json!({"send_at": "noon"}), "invalid_time", "send_at"),
            (json!({"sendat": "2026-11-20T15:00:00Z"}), "unknown_field", "sendat"),
            (json!({}), "missing_field", "send_at"),
        ] {
            assert_eq!(problem(&app.patch(id, body).await), (422, code, field));
        }
        assert_eq!(problem(&app.patch(999, json!({"send_at": "2026-11-20T15:00:00Z"})).await), (404, "not_found", ""));
        assert_eq!(app.message(id).await["send_at"], "2026-11-20T14:00:00.000Z", "nothing of what was refused was stored");

        app.clock.advance(3 * HOUR);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(app.message(id).await["status"], "scheduled");
        app.clock.advance(HOUR + Duration::from_secs(1));
        app.wait_for_status(id, "read").await;
        assert_eq!(problem(&app.patch(id, json!({"send_at": "2026-11-20T15:00:00Z"})).await), (409, "not_scheduled", ""));
        assert_eq!(problem(&app.cancel(id).await), (409, "not_cancellable", ""));
        assert_eq!(app.scheduled("").await, [0_i64; 0]);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_cancelled_message_is_never_sent(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = app.schedule(&app.later(CUSTOMER, "never", "2026-11-20T12:00:00Z")).await;
        let (status, cancelled) = app.cancel(id).await;
        assert_eq!((status, cancelled["status"].as_str()), (200, Some("cancelled")));
        assert_eq!(app.cancel(id).await, (200, cancelled), "twice is once");
        assert_eq!(problem(&app.patch(id, json!({"send_at": "2026-11-20T15:00:00Z"})).await), (409, "not_scheduled", ""));
        assert_eq!(problem(&app.cancel(999).await), (404, "not_found", ""));
        app.clock.advance(30 * HOUR);
        let other = app.send_text(OTHER_CUSTOMER, "and another").await;
        app.wait_for_status(other, "read").await;
        assert_eq!(app.message(id).await["status"], "cancelled");
        assert!(app.simulator.control().ledger(Some(CUSTOMER)).is_empty());
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_waits_for_its_next_attempt_can_still_be_taken_back(db: TestDatabase) {
        let app = TestApp::start(db).await;
        app.simulator.control().set_faults(vec![simulator::FaultRule::times(error(131_056), 1)]);
        let id = app.send_text(CUSTOMER, "too many").await;
        app.wait("the refusal", async || {
            let message = app.message(id).await;
            (message["attempts"] == 1 && message["status"] == "queued").then_some(())
        }).await;
        assert_eq!(app.cancel(id).await.1["status"], "cancelled");
        app.clock.advance(HOUR);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(app.message(id).await["attempts"], 1);
        app.stop().await;
    }
}

on_both_engines! {
    async fn of_the_dispatcher_and_a_cancellation_exactly_one_wins(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let (mut cancelled, mut sent) = (Vec::new(), Vec::new());
        for number in 0..40 {
            let body = app.later(CUSTOMER, &format!("number {number}"), "2026-11-20T10:00:01Z");
            let mut body = body;
            // Half of them go at once, the others become due while they are taken back.
            let id = if number % 2 == 0 {
                body["send_at"] = Value::Null;
                answer(app.post(&body).await).await.1["id"].as_i64().unwrap()
            } else {
                let due = domain::clock::Clock::now(app.clock.as_ref()).plus(Duration::from_secs(1));
                body["send_at"] = json!(due);
                let id = app.schedule(&body).await;
                app.clock.advance(Duration::from_secs(2));
                tokio::time::sleep(Duration::from_millis(3 * (number % 20))).await;
                id
            };
            match app.cancel(id).await {
                (200, message) => {
                    assert_eq!(message["status"], "cancelled");
                    cancelled.push(id);
                }
                (409, problem) => {
                    assert_eq!(problem["code"], "not_cancellable");
                    sent.push(id);
                }
                other => panic!("{other:?}"),
            }
        }
        for id in &sent {
            app.wait_for_status(*id, "read").await;
        }
        for id in &cancelled {
            let message = app.message(*id).await;
            assert_eq!((message["status"].as_str(), message["attempts"].as_i64()), (Some("cancelled"), Some(0)));
        }
        let counts: Vec<usize> = app.simulator.control().ledger(None).iter().map(|entry| entry.count).collect();
        assert_eq!(counts, vec![1; sent.len()]);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_schedule_key_holds_one_message_while_it_waits(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut body = app.later("98765 43210", "Your interview is tomorrow", "2026-11-20T12:00:00Z");
        body["schedule_key"] = json!("application-meeting-reminder-7");
        let first = app.schedule(&body).await;
        body["to"] = json!(CUSTOMER);
        assert_eq!(app.schedule(&body).await, first, "another way to write the number is the same message");
        app.clock.advance(HOUR);
        let mut other = body.clone();
        other["send_at"] = json!("2026-11-20T13:00:00Z");
        let refused = answer(app.post(&other).await).await;
        assert_eq!(problem(&refused), (409, "schedule_key_reused", "schedule_key"));
        assert_eq!(refused.1["message_id"], first);
        let mut guarded = body.clone();
        guarded["recipient_identity_key_hash"] = json!("DF2lS5v2W6x=");
        let refused = answer(app.post(&guarded).await).await;
        assert_eq!(problem(&refused), (409, "schedule_key_reused", "schedule_key"), "options are meant too");
        other["replace"] = json!(true);
        let second = app.schedule(&other).await;
        assert_ne!(second, first);
        assert_eq!(app.message(first).await["status"], "cancelled");
        assert_eq!(app.scheduled("").await, [second]);
        let explained: Value = app.get(&format!("/v1/messages/{first}/explain")).await.json().await.unwrap();
        let last = explained["entries"].as_array().unwrap().last().unwrap();
        assert_eq!((last["code"].as_str(), &last["details"]["replaced_by"]), (Some("cancelled"), &json!(second)));

        app.clock.advance(2 * HOUR);
        app.wait_for_status(second, "read").await;
        other["send_at"] = json!("2026-11-20T15:00:00Z");
        let third = app.schedule(&other).await;
        assert_ne!(third, second, "the key is free again");
        app.cancel(third).await;
        let mut now = body.clone();
        now["send_at"] = json!("2026-11-20T09:00:00Z");
        assert_eq!(problem(&answer(app.post(&now).await).await), (422, "out_of_range", "send_at"));
        now["send_at"] = json!("2028-11-20T09:00:00Z");
        assert_eq!(problem(&answer(app.post(&now).await).await), (422, "out_of_range", "send_at"));
        assert_eq!(app.list("").await.len(), 3, "nothing of what was refused was stored");
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_was_due_while_the_server_stood_still_expires_with_what_held_it(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut body = app.later(CUSTOMER, "today only", "2026-11-20T12:00:00Z");
        body["expires_at"] = json!("2026-11-20T12:10:00Z");
        let id = app.schedule(&body).await;
        app.clock.advance(3 * HOUR);
        let message = app.wait_for_status(id, "expired").await;
        assert_eq!(message["failure"]["code"], "expired");
        app.simulator.control().set_faults(vec![simulator::FaultRule::always(error(130_429))]);
        let mut body = app.text(CUSTOMER, "limited");
        body["expires_at"] = json!("2026-11-20T13:10:00Z");
        let limited = answer(app.post(&body).await).await.1["id"].as_i64().unwrap();
        let message = crate::retry::advance_until(&app, limited, "expired", Duration::from_secs(20)).await;
        assert!(message["failure"]["reason"].as_str().unwrap().contains("130429"), "{message}");
        app.simulator.control().set_faults(Vec::new());
        app.stop().await;
    }
}

on_both_engines! {
    async fn the_pages_move_and_cancel_without_a_script(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut visitor = Visitor::new(&app);
        visitor.sign_in(EMAIL, &app.made.password).await;
        let base = format!("/app/accounts/{}", app.made.account);
        let page = async |path: &str| visitor.get(&format!("{base}{path}")).await.text().await.unwrap();
        assert!(page("/scheduled").await.contains("Nothing is scheduled"));
        let id = app.schedule(&app.later(CUSTOMER, "see you <soon>", "2026-11-20T12:00:00Z")).await;
        let list = page("/scheduled").await;
        // In the account's zone, five and a half hours ahead.
        assert!(list.contains("17:30") && list.contains(&format!("/messages/{id}/reschedule")), "{list}");
        assert!(page("/scheduled?q=9876543210").await.contains("17:30"));
        assert!(!page("/scheduled?q=9812345678").await.contains("17:30"));
        assert!(page(&format!("/messages/{id}/reschedule")).await.contains("value=\"2026-11-20T17:30\""));

        let moving = format!("{base}/messages/{id}/reschedule");
        let forged = visitor.post(&moving, "send_at=2026-11-20T19:00", "cross-site").await;
        assert_eq!(forged.status(), StatusCode::FORBIDDEN);
        let wrong = visitor.post(&moving, "send_at=2026-11-19T19:00&expires_at=", "same-origin").await;
        assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.text().await.unwrap().contains("value=\"2026-11-19T19:00\""), "what was typed stays");
        let moved = visitor.post(&moving, "send_at=2026-11-20T19:00&expires_at=", "same-origin").await;
        assert_eq!(moved.status(), StatusCode::SEE_OTHER);
        assert_eq!(app.message(id).await["send_at"], "2026-11-20T13:30:00.000Z");

        let cancelling = format!("{base}/messages/{id}/cancel");
        assert!(page(&format!("/messages/{id}/cancel")).await.contains("Cancel the message"));
        assert_eq!(visitor.post(&cancelling, "", "cross-site").await.status(), StatusCode::FORBIDDEN);
        assert_eq!(app.message(id).await["status"], "scheduled");
        assert_eq!(visitor.post(&cancelling, "", "same-origin").await.status(), StatusCode::SEE_OTHER);
        assert_eq!(app.message(id).await["status"], "cancelled");
        assert_eq!(visitor.post(&moving, "send_at=2026-11-20T20:00", "same-origin").await.status(), StatusCode::CONFLICT);
        let sent = app.send_text(CUSTOMER, "now").await;
        app.wait_for_status(sent, "read").await;
        let late = visitor.post(&format!("{base}/messages/{sent}/cancel"), "", "same-origin").await;
        assert_eq!(late.status(), StatusCode::CONFLICT);
        assert_eq!(visitor.post("/app/accounts/999/messages/1/cancel", "", "same-origin").await.status(), StatusCode::NOT_FOUND);
        app.stop().await;
    }
}
