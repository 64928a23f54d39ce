//! No statement of the daily traffic reads a large table from end to end, on either database.
//!
//! Every kind of traffic runs once while sqlx's log of statements is recorded; then each text is explained. So a new
//! statement is covered as soon as it runs.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use anyhow::{Context, Result};
use domain::attempt::AttemptStatus;
use domain::ids::{ContactId, Epoch};
use domain::message::{Direction, Lane, MessageStatus};
use domain::sender_state::{Observation, Property, Source};
use domain::shard::Shard;
use store::conn::Row;
use store::consent::NewConsent;
use store::contact::{Identity, NumberChange, Wanted};
use store::event::{self, Cursor};
use store::hot::{Accept, Apply, Inbound, Settlement};
use store::inlet::{InletState, Mark, Record};
use store::message::{self, MessageFilter, Origin, Page};
use store::pause::NewPause;
use store::recipient::Receipt;
use store::scheduled::{self, ScheduleKey, ScheduledFilter};
use store::sql::Sql;
use store::{account_event, call, outbox, sender, sender_state, template};
use testkit::engine::{Engine, TestDatabase};
use tracing::field::{Field, Visit};
use tracing::span;

use crate::support::{NOW, World, at, evidence, failure, key, new_id, phone, picture, taken, user_id, username};

/// Statements that may read from end to end, with the reason.
const MAY_SCAN: [(&str, &str); 4] = [
    (
        "SELECT s.id, t.value, p.value FROM sender s
     LEFT JOIN sender_state t ON t.account_id = s.account_id AND t.sender_id = s.id AND t.property = 'throughput'
     LEFT JOIN sender_state p ON p.account_id = s.account_id AND p.sender_id = s.id AND p.property = 'on_phone_app'
     ORDER BY s.id",
        "every sender of the installation is what is asked for",
    ),
    ("SELECT state, COUNT(*) FROM outbox GROUP BY state", "for tests and operators"),
    (
        "UPDATE shard_lease SET owner = $1, epoch = epoch + 1, until = $3 WHERE until < $2 OR owner = $1
     RETURNING shard, epoch",
        "256 rows",
    ),
    (
        "DELETE FROM event WHERE created_at < $1 AND id < (SELECT MIN(id) FROM event) + $2",
        "at most 5,000 ids by the primary key, which the planner cannot know",
    ),
];

static RECORDED: OnceLock<Mutex<BTreeSet<String>>> = OnceLock::new();

/// Keeps the text of every statement that sqlx logs.
struct Recorder;

impl tracing::Subscriber for Recorder {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Statement);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Statement;

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        // A text of a few words is logged as its own summary.
        if (field.name() == "db.statement" || field.name() == "summary") && !value.is_empty() && !value.ends_with('…')
        {
            let recorded = RECORDED.get_or_init(Mutex::default);
            recorded.lock().expect("no test panicked here").insert(value.trim().to_owned());
        }
    }
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// Every hot command with every outcome, and the reads of a dispatcher and of the pages.
async fn traffic(world: &World) -> Result<()> {
    let hot = world.store.hot();
    hot.accept(Accept { idempotency: key("k", "body"), ..world.accept("+919876543210") }).await?;
    hot.accept(Accept { idempotency: key("k", "body"), ..world.accept("+919876543210") }).await?;
    world.submitted("+919876543210", "wamid.A").await?;
    let (refused, refused_call) = world.calling("+919876543210").await?;
    let again = Settlement::Refused { failure: failure("131016"), retry_at: Some(at(60)), language: None };
    hot.complete(world.complete(refused, 1, refused_call, again)).await?;
    let (lost, lost_call) = world.calling("+919876543210").await?;
    let unknown = Settlement::Unknown { cause: "gone".to_owned() };
    hot.complete(world.complete(lost, 1, lost_call, unknown)).await?;
    world
        .apply(vec![
            world.status("wamid.A", evidence(AttemptStatus::Delivered, 3)),
            world.status("wamid.early", evidence(AttemptStatus::Sent, 3)),
            world.echo("wamid.B", lost, 1, evidence(AttemptStatus::Sent, 3)),
        ])
        .await?;
    let (early, early_call) = world.calling("+919876543210").await?;
    hot.complete(world.complete(early, 1, early_call, taken("wamid.early"))).await?;
    let line = Inbound {
        name: Some("Asha".to_owned()),
        context: Some("wamid.A".to_owned()),
        media: Some(picture("77")),
        ..world.inbound("+919876543210", "wamid.I")
    };
    world.receive(vec![line]).await?;
    scheduling(world).await?;
    people(world).await?;
    reads(world, early).await?;
    crate::media::traffic(world).await?;
    owner_changes(world).await?;
    standing(world).await?;
    inlet(world).await
}

/// Scheduled, found, moved, replaced, taken back, released; and why something was not sent.
async fn scheduling(world: &World) -> Result<()> {
    let hot = world.store.hot();
    let scope = world.scope();
    let later = |print: &str| Accept {
        send_at: Some(at(600)),
        schedule: Some(ScheduleKey { key: "slot-7".to_owned(), fingerprint: print.to_owned(), replace: true }),
        idempotency: key(&format!("s-{print}"), print),
        ..world.accept("+919876543210")
    };
    let first = new_id(hot.accept(later("a")).await?)?;
    hot.accept(Accept { idempotency: None, ..later("a") }).await?;
    let second = new_id(hot.accept(later("b")).await?)?;
    assert_ne!(first, second);
    hot.accept(Accept { idempotency: key("s-c", "b"), ..later("b") }).await?;
    let other = ScheduleKey { key: "slot-7".to_owned(), fingerprint: "c".to_owned(), replace: false };
    hot.accept(Accept { schedule: Some(other), idempotency: key("s-d", "c"), ..later("c") }).await?;
    {
        let mut reading = world.store.read().await?;
        let mut conn = reading.conn();
        for phone_match_key in [None, Some("919876543210".to_owned())] {
            let filter = ScheduledFilter { phone_match_key, ..ScheduledFilter::default() };
            let found = message::scheduled(&mut conn, &scope, &filter, None, 10).await?;
            assert_eq!(found.iter().map(|message| message.id).collect::<Vec<_>>(), [second]);
        }
        scheduled::any_due(&mut conn, NOW).await?;
        store::note::of_message(&mut conn, &scope, second).await?;
        store::pause::of_message(&mut conn, &scope, second).await?;
        outbox::waiting(&mut conn, &scope, second).await?;
        call::inlet_of(&mut conn, &scope, world.sender, ("wamid", "wamid.A")).await?;
    }
    let mut tx = world.store.begin().await?;
    let mut conn = tx.conn();
    assert!(scheduled::reschedule(&mut conn, &scope, second, (at(700), at(900)), NOW).await?);
    store::pause::held(&mut conn, &[(world.account, second)]).await?;
    let pause = NewPause { sender: world.sender, until: at(60), reason: failure("130429") };
    store::pause::note_all(&mut conn, vec![pause], NOW).await?;
    scheduled::release_due(&mut conn, at(700), 10).await?;
    assert!(scheduled::cancel(&mut conn, &scope, second, NOW).await?);
    tx.commit().await?;
    Ok(())
}

/// People who change their number and turn out to be one, and what they do to messages.
async fn people(world: &World) -> Result<()> {
    let (old, new) = (Identity::from(&phone("+919876543210")), Identity::from(&phone("+919876543299")));
    let id = Identity::from(&user_id("IN.1111"));
    let account = world.account;
    let by = |identities: &[&Identity], seconds, wamid: &str| Inbound {
        identities: identities.iter().map(|identity| (*identity).clone()).collect(),
        at: at(seconds),
        name: Some("Asha".to_owned()),
        ..world.inbound("+919876543210", wamid)
    };
    let pointing = |kind: &str, line: Inbound| {
        let content =
            r#"{"type":"edit","edit":{"original_message_id":"wamid.I","message":{"type":"text","text":{"body":"x"}}}}"#;
        let (kind, content, target) = (kind.to_owned(), content.to_owned(), Some("wamid.I".to_owned()));
        Inbound { kind, content, target, ..line }
    };
    let history = |kind: &str| Inbound {
        kind: kind.to_owned(),
        replaces: Some("media_placeholder"),
        origin: Some(Origin::History),
        direction: Direction::Outbound,
        ..by(&[&old], 2, "wamid.H")
    };
    let messages = vec![
        by(&[&id], 6, "wamid.P1"),
        by(&[&old], 7, "wamid.P2"),
        by(&[&old, &username("asha")], 20, "wamid.P3"),
        by(&[&new, &username("asha")], 21, "wamid.P4"),
        pointing("edit", by(&[&old], 8, "wamid.P5")),
        pointing("revoke", by(&[&old], 9, "wamid.P6")),
        pointing("reaction", by(&[&old], 9, "wamid.P7")),
        history("media_placeholder"),
    ];
    world.receive(messages).await?;
    world
        .receive(vec![history("image"), by(&[&old], 1, "wamid.P8"), by(&[&new, &username("asha")], 22, "wamid.P9")])
        .await?;
    let person = |identities, seconds| Wanted { account, identities, name: None, at: at(seconds), make: false };
    let consent = NewConsent {
        account,
        identities: vec![old.clone()],
        name: None,
        category: "marketing_messages".to_owned(),
        value: "stop".to_owned(),
        source: "user_preferences",
        detail: None,
        at: at(3),
    };
    let receipt = Receipt {
        account,
        sender: world.sender,
        external_id: "wamid.G".to_owned(),
        participant: "IN.1".to_owned(),
        status: AttemptStatus::Read,
        at: at(3),
    };
    let together = person(vec![old.clone(), id], 9);
    let facts = Apply { people: vec![together], consents: vec![consent], receipts: vec![receipt], ..Apply::at(at(30)) };
    world.store.hot().apply(facts).await?;
    let change = NumberChange { account, at: at(10), old, identities: vec![new] };
    world.store.hot().apply(Apply { number_changes: vec![change], ..Apply::at(at(30)) }).await?;
    let message = world.by_wamid("wamid.I").await?;
    let (mut reading, scope) = (world.store.read().await?, world.scope());
    store::consent::current(&mut reading.conn(), &scope, message.contact).await?;
    store::recipient::of_message(&mut reading.conn(), &scope, world.sender, "wamid.G").await?;
    message::around(&mut reading.conn(), &scope, &[message]).await?;
    Ok(())
}

async fn reads(world: &World, id: domain::ids::MessageId) -> Result<()> {
    let (mut reading, scope) = (world.store.read().await?, world.scope());
    let mut conn = reading.conn();
    let place = message::find(&mut conn, &scope, id).await?.context("a message")?.place();
    message::find_by_external_id(&mut conn, &scope, world.sender, ("wamid", "wamid.A")).await?;
    call::of_message(&mut conn, &scope, id).await?;
    call::trace_elsewhere(&mut conn, &scope, id).await?;
    for filter in [
        MessageFilter::default(),
        MessageFilter { contact: Some(ContactId(1)), ..MessageFilter::default() },
        MessageFilter { phone_match_key: Some("919876543210".to_owned()), ..MessageFilter::default() },
    ] {
        for (older_than, newer_than) in [(None, None), (Some(place), None), (None, Some(place))] {
            message::list(&mut conn, &scope, &filter, Page { older_than, newer_than, limit: 50 }).await?;
        }
    }
    event::after(&mut conn, &scope, Cursor::default(), 10).await?;
    event::ends(&mut conn, &scope).await?;
    outbox::ready(&mut conn, (world.sender, Shard::of(world.sender)), Lane::Retry, NOW, 10).await?;
    outbox::senders_waiting(&mut conn).await?;
    outbox::counts(&mut conn).await?;
    sender::list(&mut conn, &scope).await?;
    sender_state::of_account(&mut conn, &scope).await?;
    sender_state::of_sender(&mut conn, &scope, world.sender).await?;
    for sender in [None, Some(world.sender)] {
        let older_than = Some(account_event::EventPlace { at: at(9), id: 9 });
        let filter = account_event::EventFilter { sender, severity: None, older_than };
        account_event::list(&mut conn, &scope, filter, 50).await?;
        let after = Some(template::TemplatePlace::default());
        let filter = template::TemplateFilter { sender, after, ..template::TemplateFilter::default() };
        template::list(&mut conn, &scope, &filter, 50).await?;
    }
    template::find(&mut conn, &scope, "order_ok").await?;
    template::names(&mut conn, &scope, 50).await?;
    template::syncs(&mut conn, &scope).await?;
    Ok(())
}

/// What providers tell and answer about numbers and templates.
async fn standing(world: &World) -> Result<()> {
    let mut tx = world.store.begin().await?;
    let mut conn = tx.conn();
    let (account, sender) = (world.account, world.sender);
    let observation =
        Observation { property: Property::Quality, value: "GREEN".to_owned(), at: NOW, source: Source::Asked };
    sender_state::record(&mut conn, &[sender_state::Observed { account, sender, observation }]).await?;
    sender::paces(&mut conn).await?;
    account_event::insert(&mut conn, &told(world)).await?;
    let place = (account, "102");
    let listed = template::Listed { name: "order_ok".to_owned(), ..template::Listed::default() };
    template::begin_sync(&mut conn, place, NOW).await?;
    template::upsert_listed(&mut conn, place, &[listed], NOW, NOW).await?;
    template::mark_vanished(&mut conn, place, NOW).await?;
    template::finish_sync(&mut conn, place, Ok(NOW)).await?;
    template::find_by_provider_id(&mut conn, place, "7").await?;
    let key = template::TemplateKey {
        account,
        business_account_id: "102".to_owned(),
        name: "order_ok".to_owned(),
        language: "en".to_owned(),
    };
    let changes = [
        template::Change::Status { status: None, rejected_reason: None, advice: None },
        template::Change::Category { current: None, correct: None, changes_at: None },
        template::Change::Quality("RED".to_owned()),
        template::Change::Components("[]".to_owned()),
    ];
    template::tell(&mut conn, &key, None, &changes, (NOW, NOW)).await?;
    tx.commit().await?;
    Ok(())
}

fn told(world: &World) -> account_event::NewAccountEvent {
    account_event::NewAccountEvent {
        account: world.account,
        sender: Some(world.sender),
        business_account_id: None,
        field: "security".to_owned(),
        event: "PIN_CHANGED".to_owned(),
        severity: account_event::Severity::Warning,
        sentence: "The PIN was changed.".to_owned(),
        remedy: None,
        value: "{}".to_owned(),
        at: NOW,
        received_at: NOW,
        fingerprint: "f".to_owned(),
    }
}

async fn owner_changes(world: &World) -> Result<()> {
    let mut tx = world.store.begin().await?;
    let mut conn = tx.conn();
    outbox::abandon_older(&mut conn, 1, Epoch(99)).await?;
    outbox::return_queued(&mut conn, &[(world.account, domain::ids::MessageId(1))], at(1)).await?;
    let key = call::AttemptKey { account: world.account, message: domain::ids::MessageId(1), number: 1 };
    call::abandon_all(&mut conn, &[key]).await?;
    let expired = outbox::take_expired(&mut conn, at(99_999), 100).await?;
    message::set_status(&mut conn, &expired, MessageStatus::Expired, None).await?;
    store::idempotency::delete_before(&mut conn, NOW).await?;
    store::hot::early::delete_before(&mut conn, NOW).await?;
    event::delete_before(&mut conn, NOW).await?;
    store::job::claim(&mut conn, (NOW, at(1)), "other", 10).await?;
    store::job::claim_one(&mut conn, (NOW, at(1)), "kind", [None; 3]).await?;
    store::job::renew(&mut conn, 1, (NOW, at(1))).await?;
    tx.commit().await?;
    Ok(())
}

async fn inlet(world: &World) -> Result<()> {
    let (route, headers) = ("/".to_owned(), "{}".to_owned());
    let id = world.store.inlet().record(Record { received_at: NOW, route, headers, body: b"{}".to_vec() }).await?;
    world.store.inlet().pending(10).await?;
    world.store.inlet().odd(10).await?;
    world.store.inlet().mark(&[Mark { id, state: InletState::Applied, note: None }]).await?;
    Ok(())
}

fn recorded() -> Vec<String> {
    let recorded = RECORDED.get_or_init(Mutex::default).lock().expect("no test panicked here");
    let explainable = |text: &&String| {
        let is_ours = !text.contains("generate_series(10000");
        is_ours &&
        ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].iter().any(|verb| text.starts_with(verb))
            && !text.contains("pg_") && !text.contains("sqlite_schema")
            // The migrations' own, and the inlet, which is a file of its own on SQLite.
            && !text.contains("_sqlx_migrations") && !text.contains(" inlet ") && !text.contains(" inlet_default ")
            && !MAY_SCAN.iter().any(|(statement, _)| text == statement)
    };
    recorded.iter().filter(explainable).cloned().collect()
}

fn first_text(rows: &[Row]) -> Result<Vec<String>> {
    rows.iter().map(|row| Ok(row.reader().read::<String>()?)).collect()
}

async fn sqlite_plan(world: &World, text: &str) -> Result<Vec<String>> {
    let explain: &'static str = format!("EXPLAIN QUERY PLAN {text}").leak();
    let rows = world.rows(explain, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            let (_, _, _): (i64, i64, i64) = (row.read()?, row.read()?, row.read()?);
            Ok(row.read()?)
        })
        .collect()
}

/// What SQLite calls the rows of a batch, of a subquery, and nothing at all; and the tables that stay small.
const MAY_BE_SCANNED: [&str; 11] =
    ["input", "json_each", "CONSTANT", "reply", "answered", "step", "first", "newest", "oldest", "shard_lease", "job"];

/// How far SQLite must follow an index, for statements where it would be content with less.
const MUST_FOLLOW: [(&str, &str); 4] = [
    (
        "AND m.contact_id = $10",
        "message_by_contact (account_id=? AND contact_id=? AND (created_at,id)>(?,?) AND (created_at,id)<(?,?))",
    ),
    ("LIMIT $9", "(created_at,id)>(?,?) AND (created_at,id)<(?,?))"),
    ("FROM event\n     WHERE account_id = $1 AND xact = 0", "event_by_cursor (account_id=? AND xact=? AND id>?)"),
    ("WITH RECURSIVE step", "outbox_ready ((shard,sender_id)>(?,?))"),
];

fn follows_too_little(plan: &[String], text: &str) -> Option<String> {
    let wanted =
        MUST_FOLLOW.iter().find(|(part, step)| text.contains(part) && !plan.iter().any(|line| line.contains(step)));
    wanted.map(|(_, step)| format!("not {step}"))
}

/// A step that reads a whole table.
fn scans(step: &str) -> bool {
    let Some(scanned) = step.strip_prefix("SCAN ") else { return false };
    let name = scanned.split(' ').next().unwrap_or_default();
    !MAY_BE_SCANNED.contains(&name) && !name.starts_with('(')
}

/// The plan that is made once for all parameters, as sqlx's prepared statements get it.
async fn postgres_plan(world: &World, text: &str) -> Result<Vec<String>> {
    let mut reading = world.store.read().await?;
    let mut conn = reading.conn();
    let parameters = (1..99).take_while(|n| text.contains(&format!("${n}"))).count();
    let nulls = if parameters == 0 { String::new() } else { format!("({})", vec!["NULL"; parameters].join(", ")) };
    let run =
        async |conn: &mut store::conn::Conn<'_>, text: String| conn.fetch(&Sql::same(text.leak()), Vec::new()).await;
    run(&mut conn, "SET plan_cache_mode = force_generic_plan".to_owned()).await?;
    run(&mut conn, format!("PREPARE explained AS {text}")).await?;
    let rows = run(&mut conn, format!("EXPLAIN EXECUTE explained{nulls}")).await?;
    run(&mut conn, "DEALLOCATE explained".to_owned()).await?;
    first_text(&rows)
}

/// As many rows as a first hour brings, which nobody has analysed yet. The planner goes by a table's pages.
const FILL: [&str; 13] = [
    "INSERT INTO template (account_id, business_account_id, name, language, provider_id, status, status_at, category_at,
       quality_at, components_at, seen_at)
     SELECT 1, '102', 'n' || n, 'en', n::TEXT, 'APPROVED', n, n, n, n, n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO account_event (account_id, id, field, event, severity, sentence, value, at, received_at, fingerprint)
     SELECT 1, n, 'security', 'PIN_CHANGED', 'warning', '', '{}', n, n, n::TEXT FROM generate_series(10000, 39999) AS n",
    "INSERT INTO contact (account_id, id, created_at) SELECT 1, n, n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO contact_identity (account_id, kind, match_key, value, contact_id, created_at)
     SELECT 1, 'phone', n::TEXT, '+' || n, n, n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO message (account_id, id, sender_id, contact_id, direction, kind, content, excerpt, class, status, version,
       attempts, simulated, address_kind, address, created_at)
     SELECT 1, n, 1, n, 1, 'text', '{}', '', 1, 0, 1, 0, FALSE, 'phone', '+' || n, n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO outbox (account_id, message_id, sender_id, shard, lane, state, attempts, epoch, due_at, expires_at)
     SELECT 1, n, 1, 1, 1, 0, 0, 0, n, n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO attempt (account_id, message_id, number, call_id, position, status, started_at)
     SELECT 1, n, 1, n, 0, 1, n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO provider_call (account_id, id, sender_id, provider, epoch, path, payload, started_at)
     SELECT 1, n, 1, 'sandbox', 1, '/', '{}', n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO message_external_id (account_id, sender_id, kind, value, message_id, attempt)
     SELECT 1, 1, 'wamid', n::TEXT, n, 1 FROM generate_series(10000, 39999) AS n",
    "INSERT INTO event (id, account_id, kind, subject, version, visibility, payload, created_at)
     SELECT n, 1, 'message.created', 'message:' || n, 1, 'account', '{}', n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO conversation (account_id, id, number, sender_id, contact_id, open, created_at, last_activity_at)
     SELECT 1, n, n, 1, n, TRUE, n, n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO media (account_id, id, origin, message_id, state, digest, created_at)
     SELECT 1, n, n % 3, n, 1, n::TEXT, n FROM generate_series(10000, 39999) AS n",
    "INSERT INTO media_upload (account_id, media_id, sender_id, provider_id, uploaded_at, expires_at)
     SELECT 1, n, 1, n::TEXT, n, n FROM generate_series(10000, 39999) AS n",
];

/// What PostgreSQL may think a statement costs: finding ten rows by their keys is a hundred, in four tables four; reading
/// a filled table's index from end to end is a thousand, and ten thousand in a loop.
const COST_MAX: f64 = 500.0;
/// The walk over senders counts on a hundred of them.
const COST_MAX_OF_RECURSION: f64 = 3000.0;

/// The plan's first line, if it costs more than looking things up may.
fn costs_too_much(plan: &[String], text: &str) -> Option<String> {
    let first = plan.first()?;
    let cost: f64 = first.split_once("..")?.1.split(' ').next()?.parse().ok()?;
    let allowed = if text.starts_with("WITH RECURSIVE") { COST_MAX_OF_RECURSION } else { COST_MAX };
    (cost > allowed).then(|| first.clone())
}

/// Set for the process that [`run_alone`] starts.
const ALONE: &str = "WAYPOST_TEST_ALONE";

/// What is recorded is the process's: nextest gives every test one of its own.
fn is_alone() -> bool {
    ["NEXTEST", ALONE].iter().any(|name| std::env::var_os(name).is_some())
}

/// Runs this test again in a process of its own, for `cargo test`, which runs them all in one.
fn run_alone(engine: Engine) -> Result<()> {
    let name = format!("plans::nothing_reads_a_large_table_from_end_to_end::{engine}");
    let ended = Command::new(std::env::current_exe()?).args([&name, "--exact"]).env(ALONE, "1").output()?;
    let text = String::from_utf8_lossy(&ended.stdout);
    anyhow::ensure!(ended.status.success() && text.contains("1 passed"), "{text}");
    Ok(())
}

testkit::on_both_engines! {
    async fn nothing_reads_a_large_table_from_end_to_end(db: TestDatabase) -> Result<()> {
        if !is_alone() {
            return run_alone(db.engine());
        }
        tracing::subscriber::set_global_default(Recorder)?;
        let world = World::open(db).await?;
        traffic(&world).await?;
        let engine = world.db.engine();
        if engine == Engine::Postgres {
            for fill in FILL {
                // An analysis in the background would show the planner that our rows are all alike.
                let table = fill.split(' ').nth(2).context("a table")?;
                world.execute(format!("ALTER TABLE {table} SET (autovacuum_enabled = false)").leak()).await?;
                world.execute(fill).await?;
            }
        }
        let (mut explained, mut slow) = (0, Vec::new());
        for text in recorded() {
            let foreign = text.contains("json_each") == (engine == Engine::Postgres) && text.contains("WITH input")
                || text.contains("id_sequence") || text.contains("::") && engine == Engine::Sqlite
                || text.contains("generate_series") || text.contains("WITH RECURSIVE n ")
                || text.contains("FOR UPDATE SKIP LOCKED") && engine == Engine::Sqlite;
            if foreign {
                continue;
            }
            explained += 1;
            let plan = match engine {
                Engine::Sqlite => sqlite_plan(&world, &text).await.context(text.clone())?,
                Engine::Postgres => postgres_plan(&world, &text).await.context(text.clone())?,
            };
            let whole = match engine {
                Engine::Sqlite => {
                    plan.iter().find(|step| scans(step)).cloned().or_else(|| follows_too_little(&plan, &text))
                }
                Engine::Postgres => costs_too_much(&plan, &text),
            };
            if let Some(step) = whole {
                slow.push(format!("{step}\n  {text}\n  {}", plan.join("\n  ")));
            }
        }
        assert!(explained >= 45, "only {explained} statements were recorded: does sqlx still log them?");
        assert!(slow.is_empty(), "{} statements read a table from end to end:\n{}", slow.len(), slow.join("\n\n"));
        Ok(())
    }
}
