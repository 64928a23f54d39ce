//! What Meta tells about accounts and numbers, and what it answers when it is asked.

use std::time::Duration;

use domain::scope::AccountScope;
use reqwest::StatusCode;
use serde_json::{Value, json};
use simulator::{RawCallback, SignatureChoice};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{PHONE_NUMBER_ID, SENDER_PHONE, TestApp};

pub const WABA: &str = "102290129340398";
/// When the clock of the tests starts, in seconds.
const START: i64 = 1_795_168_800;

/// A delivery about a business account, so many seconds after the start.
pub fn about(waba: &str, seconds: i64, field: &str, value: &Value) -> String {
    let changes = json!([{"field": field, "value": value}]);
    let entry = json!([{"id": waba, "time": START + seconds, "changes": changes}]);
    json!({"object": "whatsapp_business_account", "entry": entry}).to_string()
}

/// Delivers a body, signed, and waits until it is applied.
pub async fn deliver(app: &TestApp, body: &str) {
    let raw = RawCallback { body: body.to_owned(), signature: SignatureChoice::Correct };
    assert_eq!(app.simulator.control().raw_callback(raw).await.unwrap().http_status, Some(200));
    app.wait("the callback to be applied", async || {
        app.app.core().store.inlet().pending(1).await.unwrap().is_empty().then_some(())
    })
    .await;
}

async fn tell(app: &TestApp, seconds: i64, field: &str, value: Value) {
    deliver(app, &about(WABA, seconds, field, &value)).await;
}

async fn json(app: &TestApp, path: &str) -> Value {
    let response = app.get(path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.unwrap()
}

pub async fn rows(app: &TestApp, path: &str) -> Vec<Value> {
    json(app, path).await["data"].as_array().unwrap().clone()
}

async fn sender(app: &TestApp) -> Value {
    rows(app, "/v1/senders").await.remove(0)
}

async fn property(app: &TestApp, name: &str) -> Value {
    sender(app).await["state"][name].clone()
}

/// Starts and waits until the provider was asked; then ten minutes pass.
pub async fn started(db: TestDatabase) -> TestApp {
    let app = TestApp::start(db).await;
    app.wait("the number to be asked", async || (property(&app, "quality").await["value"] == "GREEN").then_some(()))
        .await;
    app.wait("the templates to be read", async || {
        let found = rows(&app, "/v1/templates").await;
        found.iter().any(|template| template["name"] == "order_update").then_some(())
    })
    .await;
    app.clock.advance(Duration::from_secs(600));
    app
}

on_both_engines! {
    async fn the_provider_is_asked_at_the_start_and_every_hour(db: TestDatabase) {
        let app = started(db).await;
        let known = sender(&app).await;
        assert_eq!((&known["messages_per_second"], &known["business_account_id"]), (&json!(80), &json!(WABA)));
        let state = &known["state"];
        assert_eq!(state["status"], json!({"value": "CONNECTED", "at": "2026-11-20T10:00:00.000Z", "source": "asked"}));
        assert_eq!(state["messaging_limit"]["value"], "TIER_250");
        assert_eq!((&state["on_phone_app"]["value"], &state["verified_name"]["value"]), (&json!(false), &json!("Carmel View Hotel")));
        let mut reading = app.app.core().store.read().await.unwrap();
        let paces = store::sender::paces(&mut reading.conn()).await.unwrap();
        assert_eq!(paces, [(domain::ids::SenderId(app.sender_id), Some(80))]);
        drop(reading);

        app.clock.advance(Duration::from_secs(3600));
        app.wait("the number to be asked again", async || {
            (property(&app, "status").await["at"] == "2026-11-20T11:10:00.000Z").then_some(())
        }).await;
        let templates = app.wait("the templates to be read again", async || {
            let found = rows(&app, "/v1/templates").await;
            found.iter().all(|template| template["synced_at"] == "2026-11-20T11:10:00.000Z").then_some(found)
        }).await;
        let first = &templates[0];
        assert_eq!((&first["name"], &first["language"], &first["status"]), (&json!("appointment_reminder"), &json!("en"), &json!("APPROVED")));
        assert_eq!((&first["category"], &first["quality"], &first["rejected_reason"]), (&json!("UTILITY"), &json!("GREEN"), &Value::Null));
        assert_eq!(first["components"][0]["type"], "HEADER");
        app.stop().await;
    }
}

on_both_engines! {
    async fn every_family_of_events_changes_the_number_and_is_listed(db: TestDatabase) {
        let app = started(db).await;
        let display = SENDER_PHONE.trim_start_matches('+');
        let number = |mut value: Value| {
            value["display_phone_number"] = json!(display);
            value
        };
        let restricted = json!([{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": START + 86_400}]);
        let settings = json!({"phone_number_id": PHONE_NUMBER_ID, "calling": {"status": "ENABLED"}});
        let alert = json!({"alert_severity": "CRITICAL", "alert_status": "ACTIVE", "alert_type": "OBA_APPROVED", "alert_description": "hm"});
        // Field, value, the property it changes with its new value, severity.
        let families = [
            ("phone_number_quality_update", number(json!({"event": "THROUGHPUT_UPGRADE", "current_limit": "TIER_UNLIMITED", "old_limit": "TIER_100K"})), "throughput", json!("HIGH"), "info"),
            ("phone_number_quality_update", number(json!({"event": "FLAGGED", "max_daily_conversations_per_business": 2000})), "status", json!("FLAGGED"), "warning"),
            ("phone_number_name_update", number(json!({"decision": "REJECTED", "requested_verified_name": "Carmel", "rejection_reason": "NAME_EMPLOYEE_ISSUE"})), "name_status", json!("REJECTED"), "warning"),
            ("business_username_update", number(json!({"username": "carmelview", "status": "approved"})), "username", json!("carmelview"), "info"),
            ("security", number(json!({"event": "PIN_CHANGED", "requester": "61"})), "security", json!("PIN_CHANGED"), "warning"),
            ("account_settings_update", json!({"type": "PHONE_NUMBER_SETTINGS", "phone_number_settings": settings, "timestamp": START + 65}), "settings", json!({"calling": {"status": "ENABLED"}}), "info"),
            ("account_update", json!({"event": "ACCOUNT_RESTRICTION", "restriction_info": restricted}), "restrictions", json!([{"kind": "RESTRICTED_BIZ_INITIATED_MESSAGING", "until": (START + 86_400) * 1_000_000}]), "critical"),
            ("account_update", json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": ["SCHEDULE_FOR_DISABLE"], "waba_ban_date": "November 30, 2026"}}), "ban", json!("SCHEDULE_FOR_DISABLE"), "critical"),
            ("account_update", json!({"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "ADULT"}}), "violation", json!("ADULT"), "warning"),
            ("account_update", json!({"event": "ACCOUNT_DELETED"}), "standing", json!("ACCOUNT_DELETED"), "critical"),
            ("account_alerts", json!({"entity_type": "PHONE_NUMBER", "entity_id": PHONE_NUMBER_ID, "alert_info": alert}), "official", json!(true), "critical"),
            ("account_review_update", json!({"decision": "REJECTED"}), "review", json!("REJECTED"), "critical"),
            ("business_capability_update", json!({"max_daily_conversations_per_business": "TIER_10K", "max_phone_numbers_per_business": 20}), "messaging_limit", json!("TIER_10K"), "info"),
        ];
        for (step, (field, value, name, wanted, severity)) in families.into_iter().enumerate() {
            let seconds = 60 + i64::try_from(step).unwrap();
            tell(&app, seconds, field, value.clone()).await;
            let known = property(&app, name).await;
            assert_eq!((&known["value"], &known["source"]), (&wanted, &json!("callback")), "{field} {name}");
            let listed = rows(&app, "/v1/account-events?limit=1").await.remove(0);
            if field != "account_settings_update" {
                assert_eq!((listed["field"].as_str(), listed["severity"].as_str()), (Some(field), Some(severity)), "{listed}");
                assert_eq!(listed["value"], value);
            }
            assert!(!listed["sentence"].as_str().unwrap().is_empty());
        }
        assert_eq!(sender(&app).await["messages_per_second"], 1000);
        assert_eq!(rows(&app, "/v1/account-events").await.len(), 13);
        let critical = rows(&app, "/v1/account-events?severity=critical").await;
        assert_eq!(critical.len(), 5);
        assert!(critical.iter().all(|event| event["severity"] == "critical" && event["remedy"].is_string()));
        // What concerns the business account concerns its numbers.
        let own = rows(&app, &format!("/v1/account-events?sender_id={}", app.sender_id)).await;
        assert_eq!(own.len(), 13);
        assert_eq!(rows(&app, "/v1/account-events?sender_id=999").await.len(), 0);
        let first = json(&app, "/v1/account-events?limit=5").await;
        let rest = json(&app, &format!("/v1/account-events?limit=20&after={}", first["next"].as_str().unwrap())).await;
        assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next"]), (8, &Value::Null));
        assert!(app.odd_callbacks().await.is_empty());
        app.stop().await;
    }
}

on_both_engines! {
    async fn late_and_doubled_events_undo_nothing(db: TestDatabase) {
        let app = started(db).await;
        let upgrade = json!({"display_phone_number": "+1 555-078-3881", "event": "UPGRADE", "current_limit": "TIER_10K"});
        tell(&app, 120, "phone_number_quality_update", upgrade.clone()).await;
        assert_eq!(property(&app, "messaging_limit").await["value"], "TIER_10K");
        // Older than what is known, and older than the answer at the start.
        for seconds in [60, -60] {
            let older = json!({"display_phone_number": "15550783881", "event": "DOWNGRADE", "current_limit": "TIER_50"});
            tell(&app, seconds, "phone_number_quality_update", older).await;
            assert_eq!(property(&app, "messaging_limit").await["value"], "TIER_10K");
        }
        let later = json!({"display_phone_number": "15550783881", "event": "DOWNGRADE", "current_limit": "TIER_1K"});
        tell(&app, 180, "phone_number_quality_update", later).await;
        tell(&app, 120, "phone_number_quality_update", upgrade).await;
        assert_eq!(property(&app, "messaging_limit").await["value"], "TIER_1K");
        // Late ones are listed where they belong in time, doubled ones once.
        let listed = rows(&app, "/v1/account-events").await;
        let limits: Vec<&str> = listed.iter().map(|event| event["value"]["current_limit"].as_str().unwrap()).collect();
        assert_eq!(limits, ["TIER_1K", "TIER_10K", "TIER_50", "TIER_50"]);
        // A time that lies ahead is a clock gone wrong, and does not keep later news out.
        let ahead = json!({"display_phone_number": "15550783881", "event": "UPGRADE", "current_limit": "TIER_2K"});
        tell(&app, 999_999, "phone_number_quality_update", ahead).await;
        assert_eq!(property(&app, "messaging_limit").await["at"], "2026-11-20T10:10:00.000Z");
        app.stop().await;
    }
}

/// Another account with a number of another application on another business account.
async fn stranger(app: &TestApp) -> AccountScope {
    use domain::clock::Clock;
    let now = app.clock.now();
    let mut tx = app.app.core().store.begin().await.unwrap();
    let new = store::account::NewAccount { name: "Stranger", default_region: "IN", time_zone: "UTC", live: true };
    let account = store::account::insert(&mut tx.conn(), &new, now).await.unwrap();
    let new = store::sender::NewSender {
        account,
        name: "Theirs",
        provider: "meta_cloud",
        phone: Some("+15550001111"),
        number_id: "999000999",
        business_account_id: Some("777"),
    };
    store::sender::find_or_insert(&mut tx.conn(), &new, now).await.unwrap();
    tx.commit().await.unwrap();
    AccountScope::system(account)
}

on_both_engines! {
    async fn what_is_about_somebody_else_touches_nobody_and_is_visible(db: TestDatabase) {
        let app = started(db).await;
        let stranger = stranger(&app).await;
        let bodies = [
            about("777", 60, "account_review_update", &json!({"decision": "REJECTED"})),
            about(WABA, 60, "security", &json!({"display_phone_number": "15550001111", "event": "PIN_CHANGED"})),
            // Our number, on a business account that is not ours.
            about("777", 61, "security", &json!({"display_phone_number": "15550783881", "event": "PIN_CHANGED"})),
            about("777", 62, "message_template_status_update", &json!({"event": "PAUSED", "message_template_id": 1, "message_template_name": "hello_world", "message_template_language": "en-US"})),
            about("0", 63, "account_update", &json!({"event": "PARTNER_ADDED", "waba_info": {"waba_id": "777", "owner_business_id": "6"}})),
        ];
        for body in &bodies {
            deliver(&app, body).await;
        }
        let odd = app.odd_callbacks().await;
        assert_eq!(odd.len(), bodies.len(), "{odd:?}");
        assert!(odd.iter().all(|(state, note)| state == "foreign" && note.contains("not of this application")), "{odd:?}");
        assert!(rows(&app, "/v1/account-events").await.is_empty());
        let known = sender(&app).await;
        assert!(known["state"].as_object().unwrap().values().all(|known| known["source"] == "asked"), "{known}");
        let core = app.app.core();
        assert!(messaging::account_events::list(core, &stranger, Default::default(), 10).await.unwrap().is_empty());
        let theirs = messaging::sender_state::standings(core, &stranger).await.unwrap();
        assert!(theirs.len() == 1 && theirs[0].known.is_empty());
        assert!(messaging::templates::list(core, &stranger, &Default::default(), 10).await.unwrap().is_empty());
        // Half of a body may be ours.
        let mut mixed: Value = serde_json::from_str(&bodies[0]).unwrap();
        let ours: Value = serde_json::from_str(&about(WABA, 64, "account_review_update", &json!({"decision": "APPROVED"}))).unwrap();
        mixed["entry"].as_array_mut().unwrap().push(ours["entry"][0].clone());
        deliver(&app, &mixed.to_string()).await;
        assert_eq!(property(&app, "review").await["value"], "APPROVED");
        app.stop().await;
    }
}

on_both_engines! {
    async fn wrong_questions_are_answered_with_what_would_be_right(db: TestDatabase) {
        let app = TestApp::start(db).await;
        for (path, code) in [
            ("/v1/account-events?severity=loud", "invalid_value"),
            ("/v1/account-events?after=x", "invalid_value"),
            ("/v1/account-events?limit=0", "out_of_range"),
            ("/v1/account-events?sender=1", "unknown_parameter"),
            ("/v1/templates?limit=1000", "out_of_range"),
            ("/v1/templates?state=APPROVED", "unknown_parameter"),
            ("/v1/templates/hello_world?lang=en", "unknown_parameter"),
        ] {
            let response = app.get(path).await;
            assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            assert_eq!(response.json::<Value>().await.unwrap()["code"], code, "{path}");
        }
        assert_eq!(app.get("/v1/templates/nobody_has_it").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(app.http.get(app.url("/v1/account-events")).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
        app.stop().await;
    }
}
