//! Why did this message …: every decision and event in order, with what machines said.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use simulator::{Fault, FaultRule, Inbound, StatusPlan};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::people::tell;
use crate::receive::{deliver, foreign_sender, status};
use crate::retry::{advance_until, error};
use crate::sessions::{EMAIL, Visitor};
use crate::support::{CUSTOMER, OTHER_CUSTOMER, TestApp};

impl TestApp {
    async fn explain(&self, id: i64) -> Value {
        let response = self.get(&format!("/v1/messages/{id}/explain")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    /// Waits until everything that was called back is applied.
    async fn settle(&self) {
        self.simulator.control().idle().await;
        self.wait("every callback to be applied", async || {
            self.app.core().store.inlet().pending(1).await.unwrap().is_empty().then_some(())
        })
        .await;
    }
}

fn entries(explained: &Value) -> &Vec<Value> {
    explained["entries"].as_array().unwrap()
}

fn codes(explained: &Value) -> Vec<&str> {
    entries(explained).iter().map(|entry| entry["code"].as_str().unwrap()).collect()
}

fn entry<'a>(explained: &'a Value, code: &str) -> &'a Value {
    entries(explained).iter().find(|entry| entry["code"] == code).unwrap_or_else(|| panic!("no {code}: {explained}"))
}

async fn explain_named(app: &TestApp, external_id: &str) -> Value {
    let found = app.list("?limit=100").await.into_iter().find(|message| message["external_id"] == external_id);
    app.explain(found.unwrap()["id"].as_i64().unwrap()).await
}

/// Every status change once and in order: none twice in a row, the last one is where the message stands, and times and
/// sentences are there.
fn check(explained: &Value) -> Vec<&str> {
    let statuses: Vec<&str> = entries(explained).iter().filter_map(|entry| entry["status"].as_str()).collect();
    assert_eq!(statuses.last().copied(), explained["status"].as_str(), "{explained}");
    for pair in statuses.windows(2) {
        assert_ne!(pair[0], pair[1], "{statuses:?}");
    }
    let times: Vec<&str> = entries(explained).iter().map(|entry| entry["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    for entry in entries(explained) {
        let text = entry["text"].as_str().unwrap();
        assert!(text.ends_with(['.', '!']) && !text.contains('{'), "{text}");
    }
    statuses
}

on_both_engines! {
    async fn a_refusal_its_retry_and_every_callback_are_told_in_order(db: TestDatabase) {
        let app = TestApp::start(db).await;
        app.simulator.control().set_faults(vec![FaultRule::times(error(131_056), 1)]);
        let response = app.post_keyed(&app.text(CUSTOMER, "come at nine"), Some("booking-1")).await;
        let id = response.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
        app.wait("the refusal", async || {
            let message = app.message(id).await;
            (message["attempts"] == 1 && message["status"] == "queued").then_some(())
        }).await;
        let waiting = app.explain(id).await;
        assert_eq!(waiting["now"]["code"], "back_off", "{waiting}");
        assert!(waiting["now"]["until"].is_string());
        advance_until(&app, id, "read", Duration::from_secs(1)).await;
        app.settle().await;
        app.clock.advance(Duration::from_secs(1));
        app.post_keyed(&app.text(CUSTOMER, "come at nine"), Some("booking-1")).await;

        let explained = app.explain(id).await;
        assert_eq!(
            check(&explained),
            ["queued", "calling", "queued", "calling", "submitted", "sent", "delivered", "read"]
        );
        assert_eq!(explained["now"], Value::Null);
        let told = codes(&explained);
        let expected = [
            "accepted", "attempt_claimed", "attempt_answered", "retry_planned", "attempt_claimed", "attempt_answered",
            "status_reported", "status_reported", "status_reported", "repeated",
        ];
        assert_eq!(told, expected);
        let claimed = entry(&explained, "attempt_claimed");
        assert!(claimed["details"]["path"].as_str().unwrap().ends_with("/messages"));
        let payload: Value = serde_json::from_str(claimed["details"]["payload"].as_str().unwrap()).unwrap();
        assert_eq!(payload["text"]["body"], "come at nine");
        assert!(claimed["details"]["node"].is_string() && claimed["details"]["epoch"].is_i64(), "{claimed}");
        let refused = entry(&explained, "attempt_answered");
        assert_eq!((refused["details"]["http_status"].as_i64(), &refused["details"]["failure"]["code"]), (Some(400), &json!("131056")));
        assert!(refused["details"]["answer"].as_str().unwrap().contains("131056"));
        assert!(refused["details"]["latency_ms"].is_u64());
        assert_eq!(entry(&explained, "retry_planned")["details"]["failure"]["code"], "131056");
        assert_eq!(entry(&explained, "repeated")["details"]["key"], "booking-1");
        for reported in entries(&explained).iter().filter(|entry| entry["code"] == "status_reported") {
            let callback = &reported["details"]["callback"];
            assert!(callback["received_at"].is_string(), "{reported}");
            let body = callback["body"].as_str().unwrap();
            assert!(body.contains(reported["details"]["reported"].as_str().unwrap()), "{body}");
            assert!(serde_json::from_str::<Value>(body).unwrap()["entry"].is_array());
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn statuses_in_any_order_and_twice_change_each_status_once(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let plan = StatusPlan { duplicate: 2, shuffle: true, ..app.simulator.control().statuses() };
        app.simulator.control().set_statuses(plan);
        let mut ids = Vec::new();
        for number in 0..12 {
            ids.push(app.send_text(CUSTOMER, &format!("number {number}")).await);
        }
        for id in &ids {
            app.wait_for_status(*id, "read").await;
        }
        app.settle().await;
        let wamid = app.message(ids[0]).await["external_id"].as_str().unwrap().to_owned();
        assert_eq!(deliver(&app, &status(&wamid, "failed", 1_795_168_800)).await, 200);
        app.settle().await;
        for id in &ids {
            let explained = app.explain(*id).await;
            let statuses = check(&explained);
            assert_eq!(statuses[..2], ["queued", "calling"], "{explained}");
            let reports: Vec<&Value> =
                entries(&explained).iter().filter(|e| e["code"].as_str().unwrap().starts_with("status_")).collect();
            let expected = if *id == ids[0] { 10 } else { 9 };
            assert_eq!(reports.len(), expected, "three statuses, each three times: {explained}");
            for repeated in reports.iter().filter(|entry| entry["code"] == "status_repeated") {
                assert_eq!(repeated["status"], Value::Null);
                assert_eq!(repeated["details"]["callback"]["kept"], "whole");
            }
            let once: std::collections::HashSet<&str> = statuses.iter().copied().collect();
            assert_eq!(once.len(), statuses.len(), "{statuses:?}");
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_lost_answer_is_explained_and_so_is_what_settled_it(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let quiet = StatusPlan { paused: true, ..app.simulator.control().statuses() };
        app.simulator.control().set_statuses(quiet.clone());
        app.simulator.control().set_faults(vec![FaultRule::times(Fault::ResetAfter, 1)]);
        let id = app.send_text(CUSTOMER, "lost").await;
        app.wait_for_status(id, "unknown").await;
        let waiting = app.explain(id).await;
        assert_eq!((check(&waiting).last().copied(), waiting["now"]["code"].as_str()), (Some("unknown"), Some("evidence")));
        let answered = entry(&waiting, "attempt_answered");
        assert!(answered["details"]["note"].is_string() && answered["details"]["http_status"].is_null(), "{answered}");
        app.simulator.control().set_statuses(StatusPlan { paused: false, ..quiet });
        app.wait_for_status(id, "read").await;
        app.settle().await;
        let explained = app.explain(id).await;
        let statuses = check(&explained);
        assert_eq!(statuses[..3], ["queued", "calling", "unknown"]);
        assert!(entry(&explained, "status_reported")["details"]["callback"]["body"].is_string());
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_was_planned_moved_taken_back_or_too_late_is_told(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut body = app.text(CUSTOMER, "later");
        body["send_at"] = json!("2026-11-20T12:00:00Z");
        body["schedule_key"] = json!("slot-7");
        let id = app.post(&body).await.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
        let waiting = app.explain(id).await;
        assert_eq!((waiting["now"]["code"].as_str(), waiting["now"]["until"].as_str()), (Some("due_time"), Some("2026-11-20T12:00:00.000Z")));
        let path = format!("/v1/messages/{id}");
        let patch = |body: Value| app.http.patch(app.url(&path)).bearer_auth(&app.made.access_token).json(&body).send();
        app.clock.advance(Duration::from_secs(60));
        assert_eq!(patch(json!({"send_at": "2026-11-20T11:00:00Z"})).await.unwrap().status(), 200);
        app.clock.advance(Duration::from_secs(60 * 60));
        app.wait_for_status(id, "read").await;
        app.settle().await;
        let explained = app.explain(id).await;
        let statuses = check(&explained);
        assert_eq!(statuses[..4], ["scheduled", "queued", "calling", "submitted"]);
        assert_eq!(codes(&explained)[..4], ["scheduled", "rescheduled", "released", "attempt_claimed"]);
        let scheduled = &entry(&explained, "scheduled")["details"];
        assert_eq!((&scheduled["send_at"], &scheduled["schedule_key"]), (&json!("2026-11-20T12:00:00.000Z"), &json!("slot-7")));
        let moved = &entry(&explained, "rescheduled")["details"];
        assert_eq!((&moved["send_at_before"], &moved["send_at"]), (&json!("2026-11-20T12:00:00.000Z"), &json!("2026-11-20T11:00:00.000Z")));
        assert!(moved["by"].as_str().unwrap().starts_with("token:"), "{moved}");

        body["schedule_key"] = Value::Null;
        body["send_at"] = json!("2026-11-20T14:00:00Z");
        let id = app.post(&body).await.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
        let cancelled = app.http.post(app.url(&format!("/v1/messages/{id}/cancel"))).bearer_auth(&app.made.access_token);
        assert_eq!(cancelled.send().await.unwrap().status(), 200);
        let explained = app.explain(id).await;
        assert_eq!((check(&explained), codes(&explained)), (vec!["scheduled", "cancelled"], vec!["scheduled", "cancelled"]));

        app.simulator.control().set_faults(vec![FaultRule::always(error(130_429))]);
        let mut body = app.text(CUSTOMER, "limited");
        body["expires_at"] = json!("2026-11-20T11:05:00Z");
        let id = app.post(&body).await.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
        app.wait("the sender to be paused", async || (app.explain(id).await["now"]["code"] == "sender_paused").then_some(())).await;
        assert_eq!(app.explain(id).await["now"]["details"]["reason"]["code"], "130429");
        advance_until(&app, id, "expired", Duration::from_secs(20)).await;
        let explained = app.explain(id).await;
        check(&explained);
        let expired = &entry(&explained, "expired")["details"];
        assert_eq!((&expired["held_by"], &expired["failure"]["code"]), (&json!("refusal"), &json!("130429")));
        app.simulator.control().set_faults(Vec::new());
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_callback_shows_only_what_is_about_this_message(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let plan = StatusPlan { paused: true, ..app.simulator.control().statuses() };
        app.simulator.control().set_statuses(plan);
        let (mine, other) = (app.send_text(CUSTOMER, "mine").await, app.send_text(OTHER_CUSTOMER, "other").await);
        let wamid = async |id| app.wait_for_status(id, "submitted").await["external_id"].as_str().unwrap().to_owned();
        let (first, second) = (wamid(mine).await, wamid(other).await);
        let mut body: Value = serde_json::from_str(&status(&first, "sent", 1_795_168_800)).unwrap();
        let value = &mut body["entry"][0]["changes"][0]["value"];
        value["statuses"].as_array_mut().unwrap().push(json!(
            {"id": second, "status": "delivered", "timestamp": "1795168801", "recipient_id": "919999900000"}));
        assert_eq!(deliver(&app, &body.to_string()).await, 200);
        app.wait_for_status(mine, "sent").await;
        app.wait_for_status(other, "delivered").await;
        let explained = app.explain(mine).await;
        let callback = &entry(&explained, "status_reported")["details"]["callback"];
        assert_eq!(callback["kept"], "part");
        let shown = callback["body"].as_str().unwrap();
        assert!(shown.contains(&first) && !shown.contains(&second) && !shown.contains("919999900000"), "{shown}");

        // Days later the body is gone, and the explanation says so.
        let now = domain::clock::Clock::now(app.clock.as_ref());
        let later = now.plus(Duration::from_secs(3 * 24 * 60 * 60));
        app.app.core().store.inlet().turn_days(later, later).await.unwrap();
        let explained = app.explain(mine).await;
        let callback = &entry(&explained, "status_reported")["details"]["callback"];
        assert_eq!((callback["kept"].as_str(), &callback["body"]), (Some("dropped"), &Value::Null));
        app.stop_with_work_left().await;
    }
}

on_both_engines! {
    async fn a_persons_message_is_explained_by_its_callback(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let sent = app.send_text(CUSTOMER, "come at nine?").await;
        app.wait_for_status(sent, "read").await;
        app.simulator.control().inbound(Inbound::text(CUSTOMER, "nine it is")).await.unwrap();
        let received = app.wait("the answer", async || app.list("?direction=inbound").await.pop()).await;
        let explained = app.explain(received["id"].as_i64().unwrap()).await;
        assert_eq!((codes(&explained), explained["status"].as_str()), (vec!["received"], Some("delivered")));
        let callback = &entry(&explained, "received")["details"]["callback"];
        assert!(callback["body"].as_str().unwrap().contains("nine it is"), "{callback}");
        let explained = app.explain(sent).await;
        check(&explained);
        assert_eq!(codes(&explained).last(), Some(&"replied"));
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_the_phone_app_sent_is_explained_by_its_echo_and_its_statuses(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let customer = CUSTOMER.trim_start_matches('+');
        let written = |id: &str, seconds: i64| json!({"id": id, "from": "15550783881", "to": customer, "type": "text",
            "timestamp": (1_795_168_000 + seconds).to_string(), "text": {"body": format!("text of {id}")}});
        let echoes = json!({"message_echoes": [written("wamid.app", 1), written("wamid.quiet", 2)]});
        tell(&app, "smb_message_echoes", echoes).await;
        for (word, seconds) in [("sent", 3), ("delivered", 4), ("delivered", 4), ("read", 5)] {
            assert_eq!(deliver(&app, &status("wamid.app", word, 1_795_168_000 + seconds)).await, 200);
            app.settle().await;
        }
        // One whose status came before it, and one of the history, which comes with its status.
        assert_eq!(deliver(&app, &status("wamid.late", "delivered", 1_795_168_003)).await, 200);
        app.settle().await;
        tell(&app, "message_echoes", json!({"message_echoes": [written("wamid.late", 2)]})).await;
        let mut old = written("wamid.old", -90 * 86_400);
        old["history_context"] = json!({"status": "READ"});
        let threads = json!([{"id": customer, "messages": [old]}]);
        tell(&app, "history", json!({"history": [{"metadata": {"phase": 1}, "threads": threads}]})).await;

        let beyond = ["written_elsewhere", "status_repeated", "status_reported", "status_repeated", "status_reported"];
        for (wamid, origin, told, statuses) in [
            ("wamid.app", "phone_app", &beyond[..], &["sent", "delivered", "read"][..]),
            ("wamid.quiet", "phone_app", &["written_elsewhere"], &["sent"]),
            ("wamid.late", "other_application", &["written_elsewhere", "status_reported"], &["sent", "delivered"]),
            ("wamid.old", "history", &["written_elsewhere"], &["read"]),
        ] {
            let explained = explain_named(&app, wamid).await;
            assert_eq!((codes(&explained), check(&explained)), (told.to_vec(), statuses.to_vec()), "{explained}");
            assert_eq!(explained["now"], Value::Null);
            let details = &entry(&explained, "written_elsewhere")["details"];
            assert_eq!(details["origin"], origin);
            assert!(details["callback"]["received_at"].is_string(), "{details}");
            let shown = details["callback"]["body"].as_str().unwrap();
            assert!(shown.contains(wamid) && shown.contains(&format!("text of {wamid}")), "{details}");
            let is_shared = ["wamid.app", "wamid.quiet"].contains(&wamid);
            assert_eq!(details["callback"]["kept"], if is_shared { "part" } else { "whole" });
            assert_eq!(shown.matches("text of").count(), 1, "{shown}");
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_call_is_explained_by_its_callback(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let call = |id: &str, from: &str| json!({"id": id, "from": from.trim_start_matches('+'), "to": "15550783881",
            "event": "connect", "direction": "USER_INITIATED", "timestamp": "1795168005"});
        tell(&app, "calls", json!({"calls": [call("wacid.1", CUSTOMER), call("wacid.2", OTHER_CUSTOMER)]})).await;
        let explained = explain_named(&app, "wacid.1").await;
        let callback = &entry(&explained, "received")["details"]["callback"];
        assert_eq!(callback["kept"], "part", "{explained}");
        let shown = callback["body"].as_str().unwrap();
        assert!(shown.contains("wacid.1") && !shown.contains("wacid.2"), "{shown}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn another_account_is_told_nothing(db: TestDatabase) {
        let app = TestApp::start(db).await;
        foreign_sender(&app).await;
        let id = app.send_text(CUSTOMER, "mine").await;
        app.wait_for_status(id, "read").await;
        let scope = domain::scope::AccountScope::system(domain::ids::AccountId(app.made.account.0 + 1));
        let id_of = domain::ids::MessageId(id);
        assert!(messaging::explain::explain(app.app.core(), &scope, id_of).await.unwrap().is_none());
        for path in ["/v1/messages/999/explain", "/v1/messages/x/explain"] {
            assert_eq!(app.get(path).await.status(), StatusCode::NOT_FOUND);
        }
        assert_eq!(app.http.get(app.url(&format!("/v1/messages/{id}/explain"))).send().await.unwrap().status(), 401);
        app.stop().await;
    }
}

on_both_engines! {
    async fn the_page_of_a_message_tells_its_life(db: TestDatabase) {
        let app = TestApp::start(db).await;
        app.simulator.control().set_faults(vec![FaultRule::times(error(131_056), 1)]);
        let id = app.send_text(CUSTOMER, "come at <nine>").await;
        advance_until(&app, id, "read", Duration::from_secs(1)).await;
        app.settle().await;
        let mut visitor = Visitor::new(&app);
        visitor.sign_in(EMAIL, &app.made.password).await;
        let page = visitor.get(&format!("/app/accounts/{}/messages/{id}", app.made.account)).await.text().await.unwrap();
        let places: Vec<usize> = [
            "data-code=\"accepted\"",
            "data-code=\"attempt_claimed\"",
            "Answer to attempt 1",
            "Attempt 2 planned",
            "Answer to attempt 2",
            "Delivered</span></h3>",
            "Read</span></h3>",
        ]
        .iter()
        .map(|text| page.find(text).unwrap_or_else(|| panic!("no {text}: {page}")))
        .collect();
        assert!(places.is_sorted(), "{places:?}");
        for text in ["131056", "biz_opaque_callback_data", "HTTP 400", "Asia/Kolkata · 2026-11-20T"] {
            assert!(page.contains(text), "no {text}");
        }
        assert!(!page.contains("<nine>") && !page.contains("EAAtest"), "neither markup nor the token");
        app.stop().await;
    }
}
