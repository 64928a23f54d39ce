//! Every recorded callback, through the front door.

use std::collections::BTreeSet;

use domain::time::Timestamp;
use providers::{ProviderKind, decode_hook};
use serde_json::Value;
use simulator::{RawCallback, SignatureChoice};
use testkit::engine::TestDatabase;
use testkit::hooks::{self, HookFixture};
use testkit::on_both_engines;

use crate::account_events::WABA;
use crate::support::{PHONE_NUMBER_ID, SENDER_PHONE, TestApp};

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
    let people = people(&fixture.expected["facts"]).into_iter().map(|id| (other_person(&id, place), id));
    let people = people.flat_map(|(new, id)| {
        let digits = |id: &str| id.trim_start_matches('+').to_owned();
        [(digits(&id), digits(&new)), (id, new)]
    });
    with_ids(fixture, &numbers.chain(messages).chain(accounts).chain(people).collect::<Vec<_>>())
}

/// The numbers and ids of people: those of two recorded callbacks may be the same, though they never met.
fn people(value: &Value) -> BTreeSet<String> {
    const MEMBERS: [&str; 8] = [
        "phone",
        "user_id",
        "parent_user_id",
        "previous_phone",
        "previous",
        "current",
        "parent_previous",
        "parent_current",
    ];
    match value {
        Value::Array(items) => items.iter().flat_map(people).collect(),
        Value::Object(members) => {
            let own = members.iter().filter(|(name, _)| MEMBERS.contains(&name.as_str()));
            let own = own.filter_map(|(_, id)| id.as_str()).filter(|id| is_person(id)).map(ToOwned::to_owned);
            own.chain(members.values().flat_map(people)).collect()
        }
        _ => BTreeSet::new(),
    }
}

fn is_person(id: &str) -> bool {
    let is_number = id.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    // One in Brazil may be written in two ways in one body, and is in no other one.
    id != SENDER_PHONE && !id.starts_with("+55") && (is_number && id.len() > 8 || id.get(2..3) == Some("."))
}

/// As unlike the others as the place of its callback.
fn other_person(id: &str, place: usize) -> String {
    let (start, end) = id.split_at(id.len() - 2);
    match id.starts_with('+') {
        true => format!("{}{place:03}{end}", &start[..start.len() - 3]),
        false => format!("{id}{place:03}"),
    }
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

/// Everything that a list answers, page by page.
async fn all(app: &TestApp, list: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page: Value = app.get(&format!("/v1/{list}?limit=100{after}")).await.json().await.unwrap();
        found.extend(page["data"].as_array().unwrap().clone());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

fn facts(fixture: &HookFixture) -> Vec<Value> {
    fixture.expected["facts"].as_array().unwrap().clone()
}

/// What a callback makes rows of, in the words of what was written down.
fn rows_of(fixture: &HookFixture) -> Vec<Expected> {
    let is_old = |fact: &Value| fact["message"]["at"].as_str().is_none_or(|at| at < "2018");
    let is_test = |fact: &Value| ["0", "1"].iter().any(|id| fact["business_account"] == *id) && is_old(fact);
    let ours =
        facts(fixture).into_iter().filter(|fact| fact["about"]["number_id"] == PHONE_NUMBER_ID && !is_test(fact));
    let mut rows: Vec<Expected> = ours.filter_map(|fact| expected(&fact)).collect();
    let is_new = |row: &&Expected| row.told["system"]["phone"].is_string();
    let moved: Vec<_> =
        rows.iter().filter(is_new).map(|r| (r.phone.clone(), r.told["system"]["phone"].clone())).collect();
    for row in &mut rows {
        if let Some((_, new)) = moved.iter().find(|(old, _)| *old == row.phone) {
            row.phone = new.clone();
        }
    }
    rows
}

/// What a row is to show.
struct Expected {
    told: Value,
    kind: String,
    direction: &'static str,
    origin: Value,
    person: Value,
    /// The number they have now.
    phone: Value,
    /// Of a call that is over, when it began.
    at: Value,
}

fn expected(fact: &Value) -> Option<Expected> {
    let kind = |told: &Value| told["kind"].as_str().unwrap_or("call").to_owned();
    let new = |told: &Value, person: &str, direction, origin: &str| Expected {
        kind: kind(told),
        direction,
        origin: if origin.is_empty() { Value::Null } else { origin.into() },
        person: told[person].clone(),
        phone: told[person]["phone"].clone(),
        at: told["at"].clone(),
        told: told.clone(),
    };
    if fact["message"].is_object() {
        return Some(new(&fact["message"], "from", "inbound", ""));
    }
    let (echo, old, call) = (&fact["echo"], &fact["history_message"], &fact["call"]);
    if echo.is_object() {
        let source = echo["source"].as_str().unwrap().replace(' ', "_");
        return Some(new(echo, "to", "outbound", &source));
    }
    if old.is_object() {
        let is_theirs = old["direction"] == "from the person";
        return Some(new(old, "person", if is_theirs { "inbound" } else { "outbound" }, "history"));
    }
    let is_end = call["event"] == "terminate";
    let is_row = call["direction"] == "USER_INITIATED" && (is_end || call["event"] == "connect");
    is_row.then(|| {
        let begun = if is_end && call["started_at"].is_string() { &call["started_at"] } else { &call["at"] };
        Expected { at: begun.clone(), ..new(call, "from", "inbound", "") }
    })
}

/// Members of a message that say what it says; with each of their leaves.
const CONTENT: [&str; 15] = [
    "button",
    "call_permission",
    "cards",
    "context",
    "edit",
    "flow",
    "group_id",
    "identity",
    "location",
    "order",
    "raw",
    "reaction",
    "referral",
    "reply",
    "system",
];

/// Every text and number below, in one spelling.
fn leaves(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        Value::String(text) => {
            // What is JSON itself is shown as it came, a number also without its sign, a time in seconds.
            if let Some(object) = serde_json::from_str::<Value>(text).ok().filter(Value::is_object) {
                leaves(&object, found);
            }
            let seconds = Timestamp::parse(text).map(|at| at.as_seconds().to_string());
            found.insert(seconds.unwrap_or_else(|_| text.trim_start_matches('+').to_owned()));
        }
        Value::Number(number) => drop(found.insert(number.to_string())),
        Value::Null | Value::Bool(_) => {}
    }
}

impl Expected {
    /// What the row shows otherwise than was written down, by its members.
    fn differences(&self, row: &Value) -> Vec<String> {
        let Self { told, person, .. } = self;
        let said = &row["message"];
        let mut differences = Vec::new();
        let mut same = |name: &str, shown: &Value, wanted: &Value| {
            if shown != wanted {
                differences.push(format!("{name}: {shown} instead of {wanted}"));
            }
        };
        same("kind", &row["kind"], &self.kind.clone().into());
        same("direction", &row["direction"], &self.direction.into());
        same("origin", &row["origin"], &self.origin);
        same("context", &row["context"], &told["context"]["answers"]);
        same("group", &row["group_id"], &told["group_id"]);
        if self.at.is_string() {
            same("at", &row["created_at"], &self.at);
        }
        let address = if person["phone"].is_string() { &person["phone"] } else { &person["user_id"] };
        same("address", &row["address"], address);
        if self.phone.is_string() {
            same("phone", &row["contact"]["phone"], &self.phone);
        }
        let is_changed = |member: &str| told["system"][member].is_string();
        for member in ["user_id", "username", "name"] {
            // Of a message to a person the name is not taken.
            let is_taken = member != "name" || self.direction == "inbound";
            if person[member].is_string() && !is_changed(member) && is_taken {
                same(member, &row["contact"][member], &person[member]);
            }
        }
        if said.is_null() {
            same("deleted", &row["deleted_at"].is_string().into(), &true.into());
            return differences;
        }
        if told["text"].is_string() {
            same("text", &said["text"]["body"], &told["text"]);
        }
        let media = &told["media"];
        if media.is_object() && row["kind"] != "call" {
            let named = said[media["kind"].as_str().unwrap()].clone();
            for (member, wanted) in media.as_object().unwrap().iter().filter(|(member, _)| *member != "kind") {
                same(&format!("media.{member}"), &named[member], wanted);
            }
            same("media", &row["media"].as_array().unwrap().len().into(), &1.into());
            for member in ["mime_type", "filename"] {
                same(&format!("medium {member}"), &row["media"][0][member], &media[member]);
            }
        }
        let errors = told["errors"].as_array().cloned().unwrap_or_default();
        for (place, error) in errors.iter().enumerate().filter(|_| row["kind"] != "call") {
            let shown = &said["errors"][place];
            for member in ["code", "title", "message"] {
                same(&format!("error {place} {member}"), &shown[member], &error[member]);
            }
        }
        let (mut wanted, mut shown) = (BTreeSet::new(), BTreeSet::new());
        CONTENT.iter().for_each(|member| leaves(&told[*member], &mut wanted));
        leaves(said, &mut shown);
        for leaf in wanted.difference(&shown) {
            differences.push(format!("content: {leaf} is not in {said}"));
        }
        differences
    }
}

/// What the list of account events calls it.
fn event_name(told: &Value) -> &str {
    let member = match told["family"].as_str().unwrap() {
        "template" if told["status"].is_string() => "status",
        "template" if told["quality"].is_string() => "quality",
        "template" if ["header", "body", "footer", "buttons"].iter().any(|part| !told[*part].is_null()) => {
            return "COMPONENTS";
        }
        "template" if told["right_category"].is_string() || told["misused_category"].is_string() => return "MISUSE",
        "template" if told["unread"] == true => return "TEMPLATE",
        "template" => return "CATEGORY",
        "number name" | "review" => "decision",
        "username" => "status",
        "number settings" | "alert" => "kind",
        "capability" => return "CAPABILITY",
        _ => "event",
    };
    told[member].as_str().unwrap()
}

/// The fields of a body with their values, in its order.
fn fields(fixture: &HookFixture) -> Vec<(Value, Value)> {
    let body: Value = serde_json::from_str(&fixture.body).unwrap();
    let entries = body["entry"].as_array().unwrap().iter();
    let changes = entries.flat_map(|entry| entry["changes"].as_array().unwrap());
    changes.map(|change| (change["field"].clone(), change["value"].clone())).collect()
}

on_both_engines! {
    async fn every_recorded_callback_is_applied_and_its_messages_are_there(db: TestDatabase) {
        let app = TestApp::start(db).await;
        let (mut rows, mut told) = (Vec::new(), Vec::new());
        for (place, fixture) in hooks::meta().iter().enumerate() {
            let ours = as_ours(fixture, place);
            deliver(&app, &ours).await;
            rows.extend(rows_of(&ours).into_iter().map(|row| (ours.name.clone(), row)));
            if facts(&ours).iter().any(|fact| fact["account"].is_object()) {
                told.push(ours);
            }
        }
        until_applied(&app).await;
        assert_eq!(app.odd_callbacks().await, []);
        assert!(rows.len() >= 65, "{} messages", rows.len());
        let messages = all(&app, "messages").await;
        let mut differences = Vec::new();
        for (name, row) in &rows {
            let found: Vec<_> = messages.iter().filter(|message| message["external_id"] == row.told["id"]).collect();
            assert_eq!(found.len(), 1, "{name}: {}", row.told["id"]);
            differences.extend(row.differences(found[0]).into_iter().map(|difference| format!("{name}: {difference}")));
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        assert_eq!(messages.len(), rows.len());
        account_events(&app, &told).await;
        app.stop().await;
    }
}

/// Each is listed by the field it came with, under its own name.
async fn account_events(app: &TestApp, told: &[HookFixture]) {
    assert!(told.len() >= 22, "{} callbacks about accounts", told.len());
    let listed = all(app, "account-events").await;
    let mut seen = BTreeSet::new();
    for fixture in told {
        let fields = fields(fixture);
        let facts = facts(fixture);
        for fact in facts.iter().filter(|fact| fact["account"].is_object()) {
            let event = event_name(&fact["account"]);
            let is_it = |row: &&Value| {
                let is_told = fields.iter().any(|(field, value)| row["field"] == *field && row["value"] == *value);
                is_told
                    && row["event"] == event
                    && (fact["delivered_at"].is_null() || row["at"] == fact["delivered_at"])
            };
            let id = |row: &Value| row["id"].as_i64().unwrap();
            // Two of one body may say the same.
            let found = listed.iter().filter(is_it).find(|row| !seen.contains(&id(row)));
            let found = found.unwrap_or_else(|| panic!("{}: {event} is not listed", fixture.name));
            seen.insert(id(found));
        }
    }
    assert_eq!(seen.len(), listed.len(), "nothing else is listed");
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
