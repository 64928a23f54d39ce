//! Any multiset of evidence, in any order and any batches, ends where the rule of `domain` says.

use anyhow::{Context, Result};
use domain::attempt::{AttemptState, AttemptStatus, Evidence, StatusTimes};
use domain::ids::MessageId;
use domain::message::MessageStatus;
use domain::refusal::Failure;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::hot::{Apply, Command};
use testkit::engine::TestDatabase;
use tokio::runtime::Handle;

use crate::support::{World, at, evidence, taken};

const CASES: u32 = 40;

/// What happens to one attempt.
#[derive(Clone, Debug)]
enum Step {
    /// A callback; whether it echoes our reference.
    Callback(Evidence, bool),
    /// The call's answer.
    Answer,
}

fn callback() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec![
        AttemptStatus::Submitted,
        AttemptStatus::Sent,
        AttemptStatus::Failed,
        AttemptStatus::Delivered,
        AttemptStatus::Read,
    ]);
    (status, 0_i64..20, 0_u8..3, any::<bool>()).prop_map(|(status, seconds, code, echoes)| {
        let mut evidence = evidence(status, seconds);
        if let Some(failure) = &mut evidence.failure {
            failure.code = code.to_string();
        }
        Step::Callback(evidence, echoes)
    })
}

/// Steps in batches; every second callback comes twice, and the answer somewhere among them.
fn story() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(callback(), 0..12)
        .prop_flat_map(|callbacks| {
            let mut steps = callbacks.clone();
            steps.extend(callbacks.iter().step_by(2).cloned());
            steps.push(Step::Answer);
            (Just(steps).prop_shuffle(), 1_usize..5)
        })
        .prop_map(|(steps, size)| steps.chunks(size).map(<[Step]>::to_vec).collect())
}

fn expected(story: &[Vec<Step>]) -> AttemptState {
    let answer = Evidence { status: AttemptStatus::Submitted, at: at(2), failure: None };
    story.iter().flatten().fold(AttemptState::new(AttemptStatus::Calling), |state, step| match step {
        Step::Callback(evidence, _) => state.on(evidence),
        Step::Answer => state.on(&answer),
    })
}

async fn live(world: &World, story: &[Vec<Step>], wamid: &str) -> Result<MessageId> {
    let (id, call) = world.calling("+919876543210").await?;
    for batch in story {
        let commands: Vec<Command> = batch
            .iter()
            .map(|step| match step {
                Step::Callback(evidence, echoes) => {
                    let status = if *echoes {
                        world.echo(wamid, id, 1, evidence.clone())
                    } else {
                        world.status(wamid, evidence.clone())
                    };
                    Command::Apply(Box::new(Apply { statuses: vec![status], ..Apply::at(at(5)) }))
                }
                Step::Answer => Command::Complete(Box::new(world.complete(id, 1, call, taken(wamid)))),
            })
            .collect();
        world.batch(&commands).await?;
    }
    Ok(id)
}

async fn attempt(world: &World, id: MessageId) -> Result<AttemptState> {
    let sql = "SELECT status, submitted_at, sent_at, failed_at, delivered_at, read_at, failure FROM attempt
               WHERE account_id = $1 AND message_id = $2";
    let rows = world.rows(sql, store::values![world.account, id]).await?;
    let mut row = rows.first().context("an attempt")?.reader();
    let status = AttemptStatus::from_rank(row.read()?).context("a status")?;
    let times = StatusTimes {
        submitted: row.read()?,
        sent: row.read()?,
        failed: row.read()?,
        delivered: row.read()?,
        read: row.read()?,
    };
    let failure: Option<String> = row.read()?;
    let failure: Option<Failure> = failure.map(|text| serde_json::from_str(&text)).transpose()?;
    Ok(AttemptState { status, times, failure })
}

async fn check(world: &World, story: &[Vec<Step>], wamid: &str) -> Result<()> {
    let id = live(world, story, wamid).await?;
    let expected = expected(story);
    assert_eq!(attempt(world, id).await?, expected);
    let message = world.message(id).await?;
    assert_eq!(message.status, MessageStatus::from(expected.status));
    assert_eq!((message.times, message.failure), (expected.times, expected.failure));
    assert_eq!(message.external_id.as_deref(), Some(wamid));
    assert_eq!(world.waiting(id).await?, None);
    let events: Vec<i64> = world.events_of(id).await?.into_iter().map(|(_, version)| version).collect();
    assert_eq!(events, (1..=message.version).collect::<Vec<_>>(), "one event for every change");
    assert_eq!(world.number("SELECT COUNT(*) FROM early_status").await?, 0);
    Ok(())
}

testkit::on_both_engines! {
    async fn any_order_of_evidence_ends_where_the_rule_says(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let case = std::cell::Cell::new(0);
        let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
        let run = |story: Vec<Vec<Step>>| {
            case.set(case.get() + 1);
            let wamid = format!("wamid.{}", case.get());
            let checked = Handle::current().block_on(check(&world, &story, &wamid));
            checked.map_err(|error| TestCaseError::fail(format!("{error:#}")))
        };
        tokio::task::block_in_place(|| runner.run(&story(), run))?;
        Ok(())
    }
}
