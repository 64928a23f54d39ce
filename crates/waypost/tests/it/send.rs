//! Sending by the native API, followed to the read receipt.

use reqwest::StatusCode;
use serde_json::{Value, json};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{CUSTOMER, OTHER_CUSTOMER, TestApp};

on_both_engines! {
    async fn a_message_is_followed_from_its_request_to_its_read_receipt(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let response = app.post(&json!({
            "sender_id": app.sender_id, "reference": "order-77", "class": "transactional",
            "message": {"messaging_product": "whatsapp", "to": "98765 43210", "type": "template",
                "template": {"name": "hello_world", "language": {"code": "en_US"}}}
        })).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let accepted: Value = response.json().await.unwrap();
        assert_eq!(accepted["status"], "queued");
        let message = app.wait_for_status(accepted["id"].as_i64().unwrap(), "read").await;

        assert_eq!(message["direction"], "outbound");
        assert_eq!(message["address"], CUSTOMER);
        assert_eq!(message["reference"], "order-77");
        assert_eq!(message["message"]["template"]["name"], "hello_world");
        assert!(message["external_id"].as_str().unwrap().starts_with("wamid."));
        for time in ["created_at", "submitted_at", "sent_at", "delivered_at", "read_at"] {
            assert!(message[time].is_string(), "{time}: {message}");
        }
        assert_eq!(message["failure"], Value::Null);
        let ledger = app.simulator.control().ledger(Some(CUSTOMER));
        assert_eq!(ledger.iter().map(|entry| entry.count).sum::<usize>(), 1);
        app.stop().await;
    }
}

on_both_engines! {
    async fn the_same_key_and_body_is_one_message_and_another_body_is_refused(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let body = app.text(CUSTOMER, "your table is booked");
        let first: Value = app.post_keyed(&body, Some("booking-1")).await.json().await.unwrap();
        let again = app.post_keyed(&body, Some("booking-1")).await;
        assert_eq!(again.status(), StatusCode::ACCEPTED);
        assert_eq!(again.json::<Value>().await.unwrap()["id"], first["id"]);

        let other = app.post_keyed(&app.text(CUSTOMER, "your table is gone"), Some("booking-1")).await;
        assert_eq!(other.status(), StatusCode::CONFLICT);
        let problem: Value = other.json().await.unwrap();
        assert_eq!((problem["code"].as_str(), problem["field"].as_str()), (Some("idempotency_key_reused"), Some("Idempotency-Key")));

        app.clock.advance(std::time::Duration::from_secs(24 * 60 * 60 + 1));
        let next_day: Value = app.post_keyed(&body, Some("booking-1")).await.json().await.unwrap();
        assert_ne!(next_day["id"], first["id"]);
        app.wait_for_status(next_day["id"].as_i64().unwrap(), "read").await;
        app.wait_for_status(first["id"].as_i64().unwrap(), "read").await;
        assert_eq!(app.list("").await.len(), 2);
        app.stop().await;
    }
}

on_both_engines! {
    async fn lists_are_narrowed_and_paged(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut ids = Vec::new();
        for (to, body) in [(CUSTOMER, "one"), (OTHER_CUSTOMER, "two"), (CUSTOMER, "three")] {
            ids.push(app.send_text(to, body).await);
            app.clock.advance(std::time::Duration::from_secs(60));
        }
        for id in &ids {
            app.wait_for_status(*id, "read").await;
        }
        let of = async |query: &str| -> Vec<i64> {
            app.list(query).await.iter().map(|message| message["id"].as_i64().unwrap()).collect()
        };
        assert_eq!(of("").await, [ids[2], ids[1], ids[0]]);
        assert_eq!(of("?phone=9876543210").await, [ids[2], ids[0]]);
        assert_eq!(of("?phone=9812345678").await, [0_i64; 0]);
        assert_eq!(of("?status=read&direction=outbound").await.len(), 3);
        assert_eq!(of("?status=failed").await, [0_i64; 0]);
        assert_eq!(of("?direction=inbound").await, [0_i64; 0]);
        assert_eq!(of(&format!("?sender_id={}", app.sender_id)).await.len(), 3);
        assert_eq!(of("?created_from=2026-11-20T10:00:30Z&created_until=2026-11-20T10:01:30Z").await, [ids[1]]);
        let contact = app.message(ids[1]).await["contact_id"].as_i64().unwrap();
        assert_eq!(of(&format!("?contact_id={contact}")).await, [ids[1]]);

        let first: Value = app.get("/v1/messages?limit=2").await.json().await.unwrap();
        let next = first["next"].as_str().unwrap();
        assert_eq!(of(&format!("?limit=2&after={next}")).await, [ids[0]]);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_picture_and_a_template_with_parameters_go_out_as_meta_wants_them(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let bodies = [
            json!({"type": "image", "image": {"link": "https://files.example/a.jpg", "caption": "The room"}}),
            json!({"type": "template", "template": {"name": "order_update", "language": {"code": "en_US"}, "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "Asha"}, {"type": "text", "text": "A-1"}]}]}}),
        ];
        for message in bodies {
            let mut body = message.clone();
            body["sender_id"] = json!(app.sender_id);
            body["to"] = json!(CUSTOMER);
            let accepted: Value = app.post(&body).await.json().await.unwrap();
            let read = app.wait_for_status(accepted["id"].as_i64().unwrap(), "read").await;
            assert_eq!(read["message"], message);
        }
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_meta_refuses_for_good_fails_with_kind_reason_and_remedy(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let body = json!({"sender_id": app.sender_id, "to": CUSTOMER, "type": "template",
            "template": {"name": "order_update", "language": {"code": "en_US"}}});
        let accepted: Value = app.post(&body).await.json().await.unwrap();
        let message = app.wait_for_status(accepted["id"].as_i64().unwrap(), "failed").await;
        let failure = &message["failure"];
        assert_eq!((failure["code"].as_str(), failure["kind"].as_str()), (Some("132000"), Some("template")));
        for words in ["reason", "remedy"] {
            assert!(failure[words].as_str().unwrap().len() > 10, "{words}: {failure}");
        }
        assert!(message["failed_at"].is_string());
        app.stop().await;
    }
}

on_both_engines! {
    async fn an_account_in_the_sandbox_sends_nothing_out(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let scope = domain::scope::AccountScope::system(app.made.account);
        let core = app.app.core();
        core.accounts.set_live(&core.store, &scope, false).await.unwrap();
        let id = app.send_text(CUSTOMER, "only a rehearsal").await;
        let message = app.wait_for_status(id, "delivered").await;
        assert_eq!(message["simulated"], true);
        assert!(app.simulator.control().ledger(None).is_empty());
        let log: Value = app.get(&format!("/v1/messages/{id}/attempts")).await.json().await.unwrap();
        assert!(log["data"][0]["payload"].as_str().unwrap().contains("only a rehearsal"), "{log}");
        app.stop().await;
    }
}
