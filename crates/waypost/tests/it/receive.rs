//! Callbacks: checked, stored, answered, applied; in any order and any number.

use reqwest::StatusCode;
use serde_json::{Value, json};
use simulator::{Inbound, InboundKind, RawCallback, SignatureChoice, StatusPlan};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{CUSTOMER, OTHER_CUSTOMER, PHONE_NUMBER_ID, SENDER_PHONE, TestApp, VERIFY_TOKEN};

fn inbound(kind: InboundKind) -> Inbound {
    Inbound { kind, ..Inbound::text(CUSTOMER, "") }
}

fn envelope(number_id: &str, value: Value) -> String {
    let mut value = value;
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({"display_phone_number": "15550783881", "phone_number_id": number_id});
    json!({"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [
        {"field": "messages", "value": value}]}]})
    .to_string()
}

fn text_message(number_id: &str, id: &str, body: &str) -> String {
    envelope(
        number_id,
        json!({
            "contacts": [{"profile": {"name": "Asha Verma"}, "wa_id": "919876543210"}],
            "messages": [{"from": "919876543210", "id": id, "timestamp": "1795168700", "type": "text", "text": {"body": body}}]
        }),
    )
}

pub fn status(id: &str, status: &str, at: i64) -> String {
    envelope(
        PHONE_NUMBER_ID,
        json!({"statuses": [
        {"id": id, "status": status, "timestamp": at.to_string(), "recipient_id": "919876543210"}]}),
    )
}

pub async fn deliver(app: &TestApp, body: &str) -> u16 {
    deliver_signed(app, body, SignatureChoice::Correct).await
}

async fn deliver_signed(app: &TestApp, body: &str, signature: SignatureChoice) -> u16 {
    let raw = RawCallback { body: body.to_owned(), signature };
    app.simulator.control().raw_callback(raw).await.unwrap().http_status.unwrap()
}

on_both_engines! {
    async fn the_subscription_is_answered_with_the_challenge(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let paths = ["/api/whatsapp/webhook".to_owned(), format!("/webhooks/whatsapp/{SENDER_PHONE}")];
        for path in paths {
            let ask = async |token: &str, mode: &str| {
                let query = format!("?hub.mode={mode}&hub.verify_token={token}&hub.challenge=1158201444");
                let response = app.http.get(app.url(&(path.clone() + &query))).send().await.unwrap();
                (response.status().as_u16(), response.text().await.unwrap())
            };
            assert_eq!(ask(VERIFY_TOKEN, "subscribe").await, (200, "1158201444".to_owned()));
            assert_eq!(ask("another", "subscribe").await.0, 403);
            assert_eq!(ask("", "subscribe").await.0, 403);
            assert_eq!(ask(VERIFY_TOKEN, "unsubscribe").await.0, 400);
        }
        let query = format!("?hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}&hub.challenge=1");
        let nobody = app.http.get(app.url(&format!("/webhooks/whatsapp/+15550000000{query}")));
        assert_eq!(nobody.send().await.unwrap().status(), StatusCode::FORBIDDEN);
        app.stop().await;
    }
}

on_both_engines! {
    async fn an_answer_of_each_kind_becomes_a_message_once(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let kinds = [
            (InboundKind::Text { text: "אפשר מיטת תינוק?".to_owned() }, "text"),
            (InboundKind::Image { caption: Some("the key".to_owned()) }, "image"),
            (InboundKind::Button { text: "Confirm".to_owned(), payload: "YES-77".to_owned() }, "button"),
            (InboundKind::InteractiveButton { id: "front".to_owned(), title: "Front office".to_owned() }, "button_reply"),
        ];
        for (kind, word) in kinds {
            let answer = inbound(kind);
            let first = app.simulator.control().inbound(answer.clone()).await.unwrap();
            assert_eq!(first.http_status, Some(200));
            let again = Inbound { message_id: Some(first.message_id.clone()), ..answer };
            assert_eq!(app.simulator.control().inbound(again).await.unwrap().http_status, Some(200));
            let found = app.wait(word, async || {
                let found = app.list("?direction=inbound").await;
                found.into_iter().find(|message| message["external_id"] == first.message_id.as_str())
            }).await;
            assert_eq!((found["kind"].as_str(), found["status"].as_str()), (Some(word), Some("delivered")));
            assert_eq!(found["address"], CUSTOMER);
        }
        app.wait("every callback to be applied", async || {
            app.app.core().store.inlet().pending(1).await.unwrap().is_empty().then_some(())
        }).await;
        let all = app.list("?direction=inbound").await;
        assert_eq!(all.len(), 4);
        let conversations: std::collections::HashSet<i64> = all.iter().map(|m| m["conversation_id"].as_i64().unwrap()).collect();
        assert_eq!(conversations.len(), 1);
        let texts: Vec<&str> = all.iter().filter_map(|m| m["message"]["text"]["body"].as_str()).collect();
        assert_eq!(texts, ["אפשר מיטת תינוק?"]);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_message_that_was_read_is_reported_to_meta(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let wamid = app.simulator.control().inbound(Inbound::text(CUSTOMER, "are you there?")).await.unwrap().message_id;
        let id = app.wait("the message", async || app.list("").await.first().and_then(|m| m["id"].as_i64())).await;
        let mark = async |id: i64, body: &str| {
            let request = app.http.post(app.url(&format!("/v1/messages/{id}/read"))).bearer_auth(&app.made.access_token);
            request.body(body.to_owned()).send().await.unwrap()
        };
        assert_eq!(mark(id, "{\"typing\": true}").await.status(), StatusCode::ACCEPTED);
        app.wait("the receipt at Meta", async || {
            let requests = app.simulator.control().requests();
            requests.into_iter().find(|entry| entry.request.contains(&wamid) && entry.request.contains("typing_indicator"))
        })
        .await;
        assert_eq!(mark(999_999, "").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(mark(id, "{\"typing\": 1}").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let sent = app.send_text(CUSTOMER, "yes").await;
        app.wait_for_status(sent, "read").await;
        assert_eq!(mark(sent, "").await.json::<Value>().await.unwrap()["code"], "not_inbound");
        app.stop().await;
    }
}

on_both_engines! {
    async fn too_many_callbacks_and_a_full_inlet_are_told_to_come_back(db: TestDatabase) {
        let limits = [("WAYPOST_LIMITS_CALLBACKS_PER_SECOND_MAX", "2"), ("WAYPOST_LIMITS_INLET_BYTES_MAX", "16777216")];
        let app = TestApp::start_with(db, &limits).await;
        let mut answers = Vec::new();
        for number in 0..6 {
            answers.push(deliver(&app, &text_message(PHONE_NUMBER_ID, &format!("wamid.{number}"), "hi")).await);
        }
        assert!(answers.starts_with(&[200, 200]) && answers.contains(&429), "{answers:?}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn the_first_answer_marks_what_it_answers(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let quoted = app.send_text(CUSTOMER, "come at nine?").await;
        let wamid = app.wait_for_status(quoted, "read").await["external_id"].as_str().unwrap().to_owned();
        app.clock.advance(std::time::Duration::from_secs(60));
        let newest = app.send_text(CUSTOMER, "or at ten?").await;
        app.wait_for_status(newest, "read").await;

        let quoting = Inbound { context_message_id: Some(wamid), ..Inbound::text(CUSTOMER, "nine") };
        app.simulator.control().inbound(quoting).await.unwrap();
        let replied = async |id: i64| {
            let message = app.message(id).await;
            message["replied_at"].as_str().map(ToOwned::to_owned)
        };
        let first = app.wait("the quoted message to be answered", async || replied(quoted).await).await;
        assert_eq!(replied(newest).await, None);
        app.clock.advance(std::time::Duration::from_secs(60));
        app.simulator.control().inbound(Inbound::text(CUSTOMER, "see you")).await.unwrap();
        app.wait("the newest message to be answered", async || replied(newest).await).await;
        assert_eq!(replied(quoted).await, Some(first));
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_callback_that_is_not_signed_by_the_application_is_refused_and_not_stored(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let body = text_message(PHONE_NUMBER_ID, "wamid.FORGED", "let me in");
        for signature in [
            SignatureChoice::Missing,
            SignatureChoice::WithSecret("another secret".to_owned()),
            SignatureChoice::Literal("sha256=".to_owned()),
            SignatureChoice::Literal("sha256=zz".to_owned()),
            SignatureChoice::Literal(format!("sha256={}", "0".repeat(64))),
        ] {
            assert_eq!(deliver_signed(&app, &body, signature.clone()).await, 401, "{signature:?}");
        }
        let on_nobodys_path = app.http.post(app.url("/webhooks/whatsapp/+15550000000")).body(body).send().await.unwrap();
        assert_eq!(on_nobodys_path.status(), StatusCode::UNAUTHORIZED);
        assert!(app.list("").await.is_empty());
        assert!(app.app.core().store.inlet().pending(10).await.unwrap().is_empty());
        assert!(app.odd_callbacks().await.is_empty());
        let wrong = app.metric("waypost_callbacks_refused_total{reason=\"signature_wrong\"}").await;
        let missing = app.metric("waypost_callbacks_refused_total{reason=\"signature_missing\"}").await;
        assert!(wrong >= 3.0 && missing >= 1.0, "wrong {wrong}, missing {missing}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_signed_body_about_another_applications_number_touches_nothing_and_is_visible(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let foreign = foreign_sender(&app).await;
        assert_eq!(deliver(&app, &text_message(&foreign, "wamid.FOREIGN", "hello")).await, 200);
        let odd = app.wait("the body to be set aside", async || {
            let odd = app.odd_callbacks().await;
            (!odd.is_empty()).then_some(odd)
        }).await;
        assert_eq!(odd[0].0, "foreign");
        assert!(odd[0].1.contains("999000999"), "{odd:?}");
        let mut reading = app.app.core().store.read().await.unwrap();
        let owner = store::sender::find_by_number(&mut reading.conn(), "meta_cloud", &foreign).await.unwrap().unwrap();
        drop(reading);
        let scope = domain::scope::AccountScope::system(owner.account);
        let page = store::message::Page { older_than: None, newer_than: None, limit: 10 };
        assert!(messaging::messages::list(app.app.core(), &scope, &Default::default(), page).await.unwrap().is_empty());
        assert!(app.list("").await.is_empty());
        app.stop().await;
    }
}

/// Another account with a sender of another application.
pub async fn foreign_sender(app: &TestApp) -> String {
    use domain::clock::Clock;
    let now = app.clock.now();
    let mut tx = app.app.core().store.begin().await.unwrap();
    let new = store::account::NewAccount { name: "Stranger", default_region: "IN", time_zone: "UTC", live: true };
    let account = store::account::insert(&mut tx.conn(), &new, now).await.unwrap();
    let new = store::sender::NewSender {
        account,
        name: "Theirs",
        provider: "meta_cloud",
        phone: None,
        number_id: "999000999",
        business_account_id: None,
    };
    store::sender::find_or_insert(&mut tx.conn(), &new, now).await.unwrap();
    tx.commit().await.unwrap();
    "999000999".to_owned()
}

on_both_engines! {
    async fn what_cannot_be_decoded_is_kept_and_visible(db: TestDatabase) {
        let app = TestApp::start(db).await;
        for body in ["not json", "{\"object\": \"page\"}", "[]", "{\"object\": \"whatsapp_business_account\", \"entry\": 7}", "nul \u{0} inside"] {
            assert_eq!(deliver(&app, body).await, 200, "{body}");
        }
        let odd = app.wait("five bodies to be set aside", async || {
            let odd = app.odd_callbacks().await;
            (odd.len() == 5).then_some(odd)
        }).await;
        assert!(odd.iter().all(|(state, note)| state == "undecodable" && !note.is_empty()), "{odd:?}");
        let kept = app.app.core().store.inlet().odd(1).await.unwrap();
        assert_eq!(kept[0].body, "nul \u{0} inside".as_bytes());
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_late_or_double_status_undoes_nothing(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let plan = StatusPlan { duplicate: 2, shuffle: true, ..app.simulator.control().statuses() };
        app.simulator.control().set_statuses(plan);
        let mut ids = Vec::new();
        for number in 0..20 {
            ids.push(app.send_text(CUSTOMER, &format!("number {number}")).await);
        }
        for id in &ids {
            let message = app.wait_for_status(*id, "read").await;
            assert!(message["delivered_at"].is_string());
        }
        app.simulator.control().idle().await;
        app.wait("every callback to be applied", async || {
            app.app.core().store.inlet().pending(1).await.unwrap().is_empty().then_some(())
        }).await;
        let wamid = app.message(ids[0]).await["external_id"].as_str().unwrap().to_owned();
        for late in ["sent", "delivered", "failed"] {
            assert_eq!(deliver(&app, &status(&wamid, late, 1_795_168_800)).await, 200);
        }
        app.wait("the late ones to be applied", async || {
            app.app.core().store.inlet().pending(1).await.unwrap().is_empty().then_some(())
        }).await;
        for id in &ids {
            assert_eq!(app.message(*id).await["status"], "read");
        }
        assert_eq!(app.simulator.control().ledger(None).iter().map(|entry| entry.count).sum::<usize>(), 20);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_status_that_overtakes_its_answer_is_applied(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let plan = StatusPlan { before_answer: true, ..app.simulator.control().statuses() };
        app.simulator.control().set_statuses(plan);
        let id = app.send_text(OTHER_CUSTOMER, "quick").await;
        let message = app.wait_for_status(id, "read").await;
        assert!(message["submitted_at"].is_string() || message["sent_at"].is_string());
        app.stop().await;
    }
}
