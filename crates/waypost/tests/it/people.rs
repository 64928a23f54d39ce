//! Who people are, and what they do to messages, as callbacks tell it and the API answers it.

use reqwest::StatusCode;
use serde_json::{Value, json};
use simulator::{RawCallback, SignatureChoice};
use testkit::engine::TestDatabase;
use testkit::on_both_engines;

use crate::support::{CUSTOMER, OTHER_CUSTOMER, PHONE_NUMBER_ID, TestApp};

/// A moment before the test's clock stands.
const EARLIER: i64 = 1_795_168_000;
const USER_ID: &str = "IN.13491208655302741918";
const NEW_PHONE: &str = "919876500000";
const BUSINESS: &str = "102290129340398";

fn digits(phone: &str) -> &str {
    phone.trim_start_matches('+')
}

async fn tell_as(app: &TestApp, entry: &str, field: &str, value: Value) {
    let mut value = value;
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({"display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID});
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": entry, "changes": [
        {"field": field, "value": value}]}]});
    let raw = RawCallback { body: body.to_string(), signature: SignatureChoice::Correct };
    assert_eq!(app.simulator.control().raw_callback(raw).await.unwrap().http_status, Some(200));
    app.wait("the callback to be applied", async || {
        app.app.core().store.inlet().pending(1).await.unwrap().is_empty().then_some(())
    })
    .await;
}

pub(crate) async fn tell(app: &TestApp, field: &str, value: Value) {
    tell_as(app, BUSINESS, field, value).await;
}

async fn write(app: &TestApp, message: Value) {
    tell(app, "messages", json!({"messages": [message]})).await;
}

fn text(id: &str, seconds: i64, body: &str) -> Value {
    json!({"id": id, "timestamp": (EARLIER + seconds).to_string(), "type": "text", "text": {"body": body}})
}

fn by(mut message: Value, from: &[(&str, &str)]) -> Value {
    for (member, value) in from {
        message[*member] = json!(value);
    }
    message
}

fn from_phone(message: Value) -> Value {
    by(message, &[("from", digits(CUSTOMER))])
}

/// The message the provider calls so.
async fn named(app: &TestApp, wamid: &str) -> Value {
    let found = app.list("?limit=100").await.into_iter().find(|message| message["external_id"] == wamid);
    found.unwrap_or_else(|| panic!("no message is called {wamid}"))
}

on_both_engines! {
    async fn a_person_without_a_number_is_answered_and_merged_when_the_number_appears(db: TestDatabase) {
        let app = TestApp::start(db).await;
        write(&app, from_phone(text("wamid.phone", 1, "from my number"))).await;
        let profile = json!([{"user_id": USER_ID, "profile": {"name": "Asha", "username": "@asha.v"}}]);
        let hidden = by(text("wamid.hidden", 2, "without it"), &[("from_user_id", USER_ID)]);
        tell(&app, "messages", json!({"contacts": profile, "messages": [hidden]})).await;
        let hidden = named(&app, "wamid.hidden").await;
        let (known, met) = (named(&app, "wamid.phone").await["contact_id"].clone(), hidden["contact_id"].clone());
        assert_ne!(known, met);
        assert!(hidden["conversation_id"].is_i64());
        assert_eq!(hidden["address"], USER_ID);
        let person = json!({"id": met, "name": "Asha", "phone": null, "user_id": USER_ID, "username": "asha.v"});
        assert_eq!(hidden["contact"], person);

        let answer = json!({"sender_id": app.sender_id, "recipient": USER_ID, "type": "text", "text": {"body": "hello"}});
        let response = app.post(&answer).await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let id = response.json::<Value>().await.unwrap()["id"].as_i64().unwrap();
        let sent = app.wait("the answer to be tried", async || {
            let message = app.message(id).await;
            (message["attempts"].as_i64() > Some(0) && message["status"] != "calling").then_some(message)
        }).await;
        assert_eq!((&sent["contact_id"], &sent["address"]), (&met, &json!(USER_ID)));

        let both = json!([{"wa_id": digits(CUSTOMER), "user_id": USER_ID, "profile": {"name": "Asha"}}]);
        let third = from_phone(by(text("wamid.both", 3, "here is all of me"), &[("from_user_id", USER_ID)]));
        tell(&app, "messages", json!({"contacts": both, "messages": [third]})).await;
        let person = json!({"id": known, "name": "Asha", "phone": CUSTOMER, "user_id": USER_ID, "username": "asha.v"});
        for wamid in ["wamid.phone", "wamid.hidden", "wamid.both"] {
            assert_eq!(named(&app, wamid).await["contact"], person);
        }
        let threads = ["wamid.phone", "wamid.hidden", "wamid.both"];
        let thread = named(&app, threads[0]).await["conversation_id"].clone();
        for wamid in threads {
            assert_eq!(named(&app, wamid).await["conversation_id"], thread);
        }
        assert_eq!(app.list(&format!("?contact_id={met}")).await.len(), 4, "the old id leads on");
        app.stop().await;
    }
}

on_both_engines! {
    async fn whoever_changes_number_or_id_stays_the_same_contact(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = [("from", digits(CUSTOMER)), ("from_user_id", USER_ID)];
        write(&app, by(text("wamid.1", 1, "before"), &id)).await;
        let notice = json!({"id": "wamid.notice", "timestamp": (EARLIER + 10).to_string(), "type": "system",
            "system": {"type": "user_changed_number", "wa_id": NEW_PHONE, "body": "Asha changed her number"}});
        write(&app, by(notice, &id)).await;
        tell(&app, "user_id_update", json!({"user_id_update": [{"wa_id": NEW_PHONE, "timestamp": EARLIER + 10,
            "user_id": {"previous": USER_ID, "current": "IN.2222"}}]})).await;
        write(&app, by(text("wamid.2", 20, "after"), &[("from", NEW_PHONE)])).await;
        write(&app, by(text("wamid.3", 21, "by id"), &[("from_user_id", "IN.2222")])).await;
        write(&app, from_phone(text("wamid.4", 30, "I am somebody else"))).await;
        let person = named(&app, "wamid.1").await;
        let contact = &person["contact"];
        assert_eq!((&contact["phone"], &contact["user_id"]), (&json!(format!("+{NEW_PHONE}")), &json!("IN.2222")));
        for wamid in ["wamid.notice", "wamid.2", "wamid.3"] {
            let message = named(&app, wamid).await;
            assert_eq!((&message["contact"], &message["conversation_id"]), (contact, &person["conversation_id"]));
        }
        let stranger = named(&app, "wamid.4").await;
        assert_ne!(stranger["contact_id"], person["contact_id"]);
        assert_eq!(stranger["contact"]["phone"], CUSTOMER);
        assert_eq!(named(&app, "wamid.notice").await["kind"], "system");
        app.stop().await;
    }
}

on_both_engines! {
    async fn reactions_come_and_go_with_their_message(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = app.send_text(CUSTOMER, "breakfast at eight").await;
        let wamid = app.wait_for_status(id, "read").await["external_id"].as_str().unwrap().to_owned();
        app.clock.advance(std::time::Duration::from_secs(60));
        let react = |own: &str, seconds: i64, emoji: Option<&str>| {
            let mut reaction = json!({"message_id": wamid});
            if let Some(emoji) = emoji {
                reaction["emoji"] = json!(emoji);
            }
            from_phone(json!({"id": own, "timestamp": (EARLIER + seconds).to_string(), "type": "reaction", "reaction": reaction}))
        };
        write(&app, react("wamid.r1", 810, Some("👍"))).await;
        let message = app.message(id).await;
        assert_eq!((&message["reactions"][0]["emoji"], &message["reactions"][0]["direction"]), (&json!("👍"), &json!("inbound")));
        assert!(message["replied_at"].is_string());
        let row = named(&app, "wamid.r1").await;
        assert_eq!((&row["kind"], &row["target"], &row["quoted"]["id"]), (&json!("reaction"), &json!(wamid), &json!(id)));
        write(&app, react("wamid.r2", 820, None)).await;
        write(&app, react("wamid.r1", 810, Some("👍"))).await;
        assert_eq!(app.message(id).await["reactions"], json!([]));
        app.stop().await;
    }
}

on_both_engines! {
    async fn an_edit_and_a_deletion_also_before_what_they_change(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let edit = |id: &str, seconds: i64, of: &str, body: &str| from_phone(json!({"id": id, "timestamp": (EARLIER + seconds).to_string(),
            "type": "edit", "edit": {"original_message_id": of, "message": {"type": "text", "text": {"body": body}}}}));
        let revoke = |id: &str, of: &str| from_phone(json!({"id": id, "timestamp": (EARLIER + 60).to_string(),
            "type": "revoke", "revoke": {"original_message_id": of}}));
        write(&app, edit("wamid.e1", 5, "wamid.1", "table for three")).await;
        write(&app, from_phone(text("wamid.1", 1, "table for two"))).await;
        let edited = named(&app, "wamid.1").await;
        assert_eq!(edited["message"]["text"]["body"], "table for three");
        assert!(edited["edited_at"].is_string() && edited["deleted_at"].is_null());
        write(&app, edit("wamid.e2", 6, "wamid.1", "table for four")).await;
        assert_eq!(named(&app, "wamid.1").await["message"]["text"]["body"], "table for four");

        write(&app, revoke("wamid.d1", "wamid.1")).await;
        write(&app, revoke("wamid.d2", "wamid.2")).await;
        write(&app, from_phone(text("wamid.2", 2, "never mind"))).await;
        let quoting = from_phone(text("wamid.3", 70, "sorry"));
        write(&app, { let mut quoting = quoting; quoting["context"] = json!({"from": digits(CUSTOMER), "id": "wamid.2"}); quoting }).await;
        for wamid in ["wamid.1", "wamid.2", "wamid.e1", "wamid.e2"] {
            let message = named(&app, wamid).await;
            assert!(message["deleted_at"].is_string() && message["message"].is_null(), "{message}");
        }
        assert_eq!(named(&app, "wamid.3").await["quoted"]["excerpt"], Value::Null);
        let everything = app.list("?limit=100").await.iter().map(Value::to_string).collect::<String>();
        assert!(!everything.contains("table for") && !everything.contains("never mind"), "{everything}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_the_phone_app_sent_is_there_once(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = app.send_text(CUSTOMER, "from us").await;
        let ours = app.wait_for_status(id, "read").await["external_id"].as_str().unwrap().to_owned();
        let echo = |id: &str| json!({"message_echoes": [by(text(id, 5, "from the app"), &[("from", "15550783881"), ("to", digits(CUSTOMER))])]});
        tell(&app, "messages", json!({"statuses": [{"id": "wamid.app", "status": "delivered", "timestamp": (EARLIER + 9).to_string(), "recipient_id": digits(CUSTOMER)}]})).await;
        for wamid in ["wamid.app", &ours, "wamid.app"] {
            tell(&app, "smb_message_echoes", echo(wamid)).await;
        }
        let found = app.list("?direction=outbound").await;
        assert_eq!(found.len(), 2);
        let written = named(&app, "wamid.app").await;
        assert_eq!((&written["origin"], &written["status"]), (&json!("phone_app"), &json!("delivered")));
        assert_eq!((&written["message"]["text"]["body"], &written["contact_id"]), (&json!("from the app"), &app.message(id).await["contact_id"]));
        assert_eq!(app.message(id).await["message"]["text"]["body"], "from us");
        let explained = app.get(&format!("/v1/messages/{}/explain", written["id"])).await;
        assert_eq!(explained.status(), StatusCode::OK);
        app.stop().await;
    }
}

on_both_engines! {
    async fn history_arrives_with_its_times_and_statuses(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let old = |id: &str, from: &str, status: &str| {
            let mut message = by(text(id, -90 * 86_400, "long ago"), &[("from", from), ("to", "919876543210")]);
            message["history_context"] = json!({"status": status});
            message
        };
        let threads = json!([{"id": digits(CUSTOMER), "messages": [old("wamid.h1", digits(CUSTOMER), "READ"), old("wamid.h2", "15550783881", "READ")]}]);
        tell(&app, "history", json!({"history": [{"metadata": {"phase": 1, "chunk_order": 1, "progress": 50}, "threads": threads}]})).await;
        let [received, sent] = [named(&app, "wamid.h1").await, named(&app, "wamid.h2").await];
        assert_eq!((&received["origin"], &received["direction"]), (&json!("history"), &json!("inbound")));
        assert_eq!((&sent["origin"], &sent["direction"], &sent["status"]), (&json!("history"), &json!("outbound"), &json!("read")));
        assert!(received["created_at"].as_str().unwrap() < "2026-09");
        tell(&app, "history", json!({"history": [{"errors": [{"code": 2_593_109, "title": "declined"}]}]})).await;
        app.stop().await;
    }
}

on_both_engines! {
    async fn an_opt_out_is_kept(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let choose = |value: &str, seconds: i64| json!({"contacts": [{"wa_id": digits(CUSTOMER), "profile": {"name": "Asha"}}],
            "user_preferences": [{"wa_id": digits(CUSTOMER), "category": "marketing_messages", "value": value,
                "detail": "User requested to stop marketing messages", "timestamp": EARLIER + seconds}]});
        tell(&app, "user_preferences", choose("stop", 20)).await;
        tell(&app, "user_preferences", choose("resume", 10)).await;
        write(&app, from_phone(text("wamid.1", 1, "hello"))).await;
        let contact = domain::ids::ContactId(named(&app, "wamid.1").await["contact_id"].as_i64().unwrap());
        let scope = domain::scope::AccountScope::system(app.made.account);
        let mut reading = app.app.core().store.read().await.unwrap();
        let held = store::consent::current(&mut reading.conn(), &scope, contact).await.unwrap();
        drop(reading);
        let [choice] = held.as_slice() else { panic!("{held:?}") };
        assert_eq!((choice.category.as_str(), choice.value.as_str()), ("marketing_messages", "stop"));
        assert_eq!((choice.source.as_str(), choice.at.as_seconds()), ("user_preferences", EARLIER + 20));
        app.stop().await;
    }
}

on_both_engines! {
    async fn absurd_times_are_bounded_and_test_deliveries_make_nobody_a_contact(db: TestDatabase) {
        let app = TestApp::start(db).await;
        for (id, timestamp) in [("wamid.1", "99999999999"), ("wamid.2", "0"), ("wamid.3", "-5"), ("wamid.4", "soon"), ("wamid.5", "1230000000")] {
            write(&app, by(text(id, 0, "when?"), &[("from", digits(CUSTOMER)), ("timestamp", timestamp)])).await;
            let created = named(&app, id).await["created_at"].as_str().unwrap().to_owned();
            assert!(created.starts_with("2026-11-20T10:00:00"), "{timestamp} became {created}");
        }
        let test = by(text("ABGGFlA5Fpa", 0, "this is a text message"), &[("from", digits(OTHER_CUSTOMER)), ("timestamp", "1504902988")]);
        tell_as(&app, "0", "messages", json!({"messages": [test]})).await;
        assert!(app.list(&format!("?phone=%2B{}", digits(OTHER_CUSTOMER))).await.is_empty());
        app.stop().await;
    }
}

on_both_engines! {
    async fn what_a_message_costs_and_whom_it_reached_is_told(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let id = app.send_text(CUSTOMER, "how much?").await;
        let wamid = app.wait_for_status(id, "read").await["external_id"].as_str().unwrap().to_owned();
        tell(&app, "messages", json!({"contacts": [{"wa_id": digits(CUSTOMER), "user_id": USER_ID, "profile": {"name": "Asha V"}}],
            "statuses": [{"id": wamid, "status": "delivered", "timestamp": (EARLIER + 9).to_string(),
            "recipient_id": digits(CUSTOMER), "recipient_user_id": USER_ID, "pricing": {"billable": true, "pricing_model": "PMP",
            "type": "regular", "category": "service"}, "conversation": {"id": "c-1", "origin": {"type": "service"}}}]})).await;
        let message = app.message(id).await;
        assert_eq!(message["contact"]["user_id"], USER_ID);
        assert_eq!(message["contact"]["name"], "Asha V");
        let told = app.wait("the price", async || {
            let message = app.message(id).await;
            message["billing"].is_object().then_some(message)
        }).await;
        assert!(told["billing"]["category"].is_string(), "{told}");
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_call_is_a_line_of_its_thread(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let call = |event: &str, more: Value| {
            let mut call = json!({"id": "wacid.1", "from": digits(CUSTOMER), "to": "15550783881", "event": event,
                "direction": "USER_INITIATED", "timestamp": (EARLIER + 5).to_string()});
            call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"calls": [call]})
        };
        tell(&app, "calls", call("connect", json!({}))).await;
        tell(&app, "calls", call("terminate", json!({"status": "COMPLETED", "duration": 40}))).await;
        tell(&app, "calls", call("connect", json!({}))).await;
        let row = named(&app, "wacid.1").await;
        assert_eq!((&row["kind"], &row["direction"]), (&json!("call"), &json!("inbound")));
        assert_eq!(row["message"]["call"]["duration_seconds"], 40);
        assert_eq!(app.list("?limit=100").await.len(), 1);
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_group_has_one_thread_with_all_who_write_in_it(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let group = |id: &str, from: &str| by(text(id, 5, "in the group"), &[("from", from), ("group_id", "Y2FwaV9ncm91cDox")]);
        write(&app, group("wamid.g1", digits(CUSTOMER))).await;
        write(&app, group("wamid.g2", digits(OTHER_CUSTOMER))).await;
        write(&app, from_phone(text("wamid.1", 6, "alone"))).await;
        let [one, two, alone] = [named(&app, "wamid.g1").await, named(&app, "wamid.g2").await, named(&app, "wamid.1").await];
        assert_eq!(one["group_id"], "Y2FwaV9ncm91cDox");
        assert_eq!(one["conversation_id"], two["conversation_id"]);
        assert_ne!(one["conversation_id"], alone["conversation_id"]);
        assert_eq!(one["contact_id"], alone["contact_id"]);
        assert_ne!(one["contact_id"], two["contact_id"]);
        app.stop().await;
    }
}
