//! Every recorded callback, through the front door.

use std::collections::BTreeSet;

use providers::{ProviderKind, decode_hook};
use serde_json::Value;
use simulator::{RawCallback, SignatureChoice};
use testkit::engine::TestDatabase;
use testkit::hooks::{self, HookFixture};
use testkit::on_both_engines;

use crate::account_events::WABA;
use crate::support::{PHONE_NUMBER_ID, TestApp};

/// The recorded callback with other ids in its text, in what it means too; everything else stays byte for byte.
fn with_ids(fixture: &HookFixture, replace: &[(String, String)]) -> HookFixture {
    let put = |text: &str| {
        let quoted = |id: &str| serde_json::to_string(id).unwrap();
        replace.iter().fold(text.to_owned(), |text, (from, to)| text.replace(&quoted(from), &quoted(to)))
    };
    let expected = serde_json::from_str(&put(&fixture.expected.to_string())).unwrap();
    HookFixture { name: fixture.name.clone(), body: put(&fixture.body), expected }
}

/// As if it had been sent to our number and our business account, with messages that no other recorded callback names.
fn as_ours(fixture: &HookFixture, place: usize) -> HookFixture {
    let facts = fixture.expected["facts"].as_array().unwrap();
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let numbers: BTreeSet<String> = facts.iter().filter_map(|fact| text(&fact["about"]["number_id"])).collect();
    let rows = ["message", "echo", "history_message", "call"];
    let ids = facts.iter().flat_map(|fact| rows.map(|row| text(&fact[row]["id"])));
    let messages: BTreeSet<String> = ids.flatten().collect();
    let accounts: BTreeSet<String> = facts.iter().filter_map(|fact| text(&fact["business_account"])).collect();
    let accounts = accounts.into_iter().map(|id| (id, WABA.to_owned()));
    let numbers = numbers.into_iter().map(|id| (id, PHONE_NUMBER_ID.to_owned()));
    let messages = messages.into_iter().map(|id| (id.clone(), format!("{id}.{place}")));
    with_ids(fixture, &numbers.chain(messages).chain(accounts).collect::<Vec<_>>())
}

async fn deliver(app: &TestApp, fixture: &HookFixture) {
    let raw = RawCallback { body: fixture.body.clone(), signature: SignatureChoice::Correct };
    let answer = app.simulator.control().raw_callback(raw).await.unwrap();
    assert_eq!(answer.http_status, Some(200), "{}", fixture.name);
}

async fn until_applied(app: &TestApp) {
    app.wait("every callback to be applied", async || {
        app.app.core().store.inlet().pending(1).await.unwrap().is_empty().then_some(())
    })
    .await;
}

/// Every message that came in, page by page.
async fn inbound(app: &TestApp) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut after = String::new();
    loop {
        let page: Value =
            app.get(&format!("/v1/messages?direction=inbound&limit=100{after}")).await.json().await.unwrap();
        messages.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return messages,
        }
    }
}

/// Id and kind of what a callback makes rows of that come from people: messages to our number, old ones, and calls.
fn rows_of(fixture: &HookFixture) -> Vec<(String, String)> {
    let facts = fixture.expected["facts"].as_array().unwrap().iter();
    let is_old = |fact: &Value| fact["message"]["at"].as_str().is_none_or(|at| at < "2018");
    let is_test = |fact: &Value| ["0", "1"].iter().any(|id| fact["business_account"] == *id) && is_old(fact);
    let ours = facts.filter(|fact| fact["about"]["number_id"] == PHONE_NUMBER_ID && !is_test(fact));
    let row = |fact: &Value| {
        let old = &fact["history_message"];
        let call = &fact["call"];
        let is_call =
            call["direction"] == "USER_INITIATED" && ["connect", "terminate"].iter().any(|e| call["event"] == *e);
        let (row, kind) = match () {
            () if old["direction"] == "from the person" => (old, &old["kind"]),
            () if is_call => (call, &Value::Null),
            () => (&fact["message"], &fact["message"]["kind"]),
        };
        Some((row["id"].as_str()?.to_owned(), kind.as_str().unwrap_or("call").to_owned()))
    };
    ours.filter_map(row).collect()
}

on_both_engines! {
    async fn every_recorded_callback_is_applied_and_its_messages_are_there(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let mut rows = Vec::new();
        let fixtures = hooks::meta();
        for (place, fixture) in fixtures.iter().enumerate() {
            let ours = as_ours(fixture, place);
            deliver(&app, &ours).await;
            rows.extend(rows_of(&ours).into_iter().map(|row| (ours.name.clone(), row)));
        }
        until_applied(&app).await;
        assert_eq!(app.odd_callbacks().await, []);
        assert!(rows.len() >= 55, "{} messages", rows.len());
        let messages = inbound(&app).await;
        for (name, (id, kind)) in &rows {
            let found = messages.iter().filter(|message| message["external_id"] == id.as_str());
            let kinds: Vec<&str> = found.filter_map(|message| message["kind"].as_str()).collect();
            assert_eq!(kinds, [kind.as_str()], "{name}: {id}");
        }
        assert_eq!(messages.len(), rows.len());
        app.stop().await;
    }
}

on_both_engines! {
    async fn a_stored_body_means_what_was_recorded(db: TestDatabase) {
        let app = TestApp::start(db).await;
        // Sent to a number that is not ours it is set aside as a whole, where it can be read again.
        let mut expected = Vec::new();
        for fixture in hooks::meta() {
            let theirs = with_ids(&fixture, &[(PHONE_NUMBER_ID.to_owned(), "999000999".to_owned())]);
            let facts = theirs.expected["facts"].as_array().unwrap();
            if facts.iter().any(|fact| fact["about"]["number_id"].is_string()) {
                deliver(&app, &theirs).await;
                expected.push(theirs);
            }
        }
        until_applied(&app).await;
        let stored = app.app.core().store.inlet().odd(1000).await.unwrap();
        assert_eq!(stored.len(), expected.len());
        for fixture in expected {
            let found = stored.iter().find(|stored| stored.body == fixture.body.as_bytes()).unwrap();
            assert_eq!(found.state.as_str(), "foreign", "{}", fixture.name);
            let hook = decode_hook(ProviderKind::MetaCloud, &found.body).unwrap();
            assert_eq!(hooks::view(&hook), fixture.expected, "{}", fixture.name);
        }
        assert!(app.list("").await.is_empty());
        app.stop().await;
    }
}
