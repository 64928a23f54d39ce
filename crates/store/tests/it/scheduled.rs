//! Scheduled messages: one per key, moved, released, and of a cancellation and a claim exactly one.

use anyhow::{Context, Result};
use domain::attempt::AttemptStatus;
use domain::ids::{InletId, MessageId};
use domain::message::MessageStatus;
use store::event::{MESSAGE_CANCELLED, MESSAGE_CREATED, MESSAGE_RESCHEDULED, MESSAGE_UPDATED};
use store::hot::{Accept, Accepted, Answer, Apply, Claimed, Command, Settlement};
use store::message::{self, DuePlace};
use store::outbox::{self, Waiting};
use store::scheduled::{self, ScheduleKey, ScheduledFilter};
use store::trace::Source;
use store::{call, note};
use testkit::engine::TestDatabase;

use crate::support::{World, accept, add_account, at, evidence, failure, key, new_id, taken};

fn named(key: &str, fingerprint: &str) -> Option<ScheduleKey> {
    Some(ScheduleKey { key: key.to_owned(), fingerprint: fingerprint.to_owned(), replace: false })
}

fn replacing(key: &str, fingerprint: &str) -> Option<ScheduleKey> {
    named(key, fingerprint).map(|key| ScheduleKey { replace: true, ..key })
}

fn later(world: &World, seconds: i64) -> Accept {
    Accept { send_at: Some(at(seconds)), expires_at: at(seconds + 3600), ..world.accept("+919876543210") }
}

async fn schedule(world: &World, schedule: Option<ScheduleKey>) -> Result<Accepted> {
    Ok(world.store.hot().accept(Accept { schedule, ..later(world, 600) }).await?)
}

async fn cancel(world: &World, id: MessageId) -> Result<bool> {
    let mut tx = world.store.begin().await?;
    let cancelled = scheduled::cancel(&mut tx.conn(), &world.scope(), id, at(3)).await?;
    tx.commit().await?;
    Ok(cancelled)
}

async fn release(world: &World, seconds: i64) -> Result<usize> {
    let mut tx = world.store.begin().await?;
    let released = scheduled::release_due(&mut tx.conn(), at(seconds), 100).await?;
    tx.commit().await?;
    Ok(released.len())
}

async fn list(world: &World, filter: &ScheduledFilter, after: Option<DuePlace>, limit: i64) -> Result<Vec<MessageId>> {
    let mut reading = world.store.read().await?;
    let found = message::scheduled(&mut reading.conn(), &world.scope(), filter, after, limit).await?;
    Ok(found.into_iter().map(|message| message.id).collect())
}

async fn notes(world: &World, id: MessageId) -> Result<Vec<String>> {
    let mut reading = world.store.read().await?;
    let notes = note::of_message(&mut reading.conn(), &world.scope(), id).await?;
    Ok(notes.into_iter().map(|note| note.kind).collect())
}

testkit::on_both_engines! {
    async fn a_key_holds_one_message_while_it_is_scheduled(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let first = new_id(schedule(&world, named("slot-7", "a")).await?)?;
        assert_eq!(schedule(&world, named("slot-7", "a")).await?, Accepted::Scheduled(first));
        assert_eq!(schedule(&world, named("slot-7", "b")).await?, Accepted::ScheduleKeyReused(first));
        new_id(schedule(&world, named("slot-8", "a")).await?)?;
        let (other, sender) = add_account(&world.store, "Other", "2002").await?;
        let theirs = Accept { send_at: Some(at(600)), schedule: named("slot-7", "b"), ..accept(other, sender, "+919876543210") };
        new_id(world.store.hot().accept(theirs).await?)?;
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 3);

        assert_eq!(release(&world, 600).await?, 3);
        let next = new_id(schedule(&world, named("slot-7", "b")).await?)?;
        assert!(cancel(&world, next).await?);
        new_id(schedule(&world, named("slot-7", "c")).await?)?;
        assert_eq!(notes(&world, first).await?, ["scheduled", "repeated", "released"]);
        Ok(())
    }

    async fn what_replaces_takes_the_place_of_what_waits(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let first = new_id(schedule(&world, named("slot-7", "a")).await?)?;
        let second = new_id(schedule(&world, replacing("slot-7", "b")).await?)?;
        assert_eq!(world.message(first).await?.status, MessageStatus::Cancelled);
        assert_eq!(world.waiting(first).await?, None);
        assert_eq!(world.events_of(first).await?.last(), Some(&(MESSAGE_CANCELLED.to_owned(), 2)));
        assert_eq!(schedule(&world, replacing("slot-7", "b")).await?, Accepted::Scheduled(second));
        assert_eq!(list(&world, &ScheduledFilter::default(), None, 9).await?, [second]);
        Ok(())
    }

    async fn equal_keys_of_one_batch_are_decided_in_their_order(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let keys = [named("k", "a"), None, named("k", "a"), named("k", "b"), replacing("k", "b"), replacing("k", "c"), named("l", "a")];
        let commands: Vec<Command> = keys
            .into_iter()
            .map(|schedule| Command::Accept(Box::new(Accept { schedule, ..later(&world, 600) })))
            .collect();
        let answers: Vec<Accepted> = world
            .batch(&commands)
            .await?
            .into_iter()
            .map(|answer| match answer {
                Answer::Accept(accepted) => accepted,
                other => panic!("not an answer to accept: {other:?}"),
            })
            .collect();
        let first = new_id(answers[0])?;
        assert_eq!(answers[2..4], [Accepted::Scheduled(first), Accepted::ScheduleKeyReused(first)]);
        let (second, third) = (new_id(answers[4])?, new_id(answers[5])?);
        for (id, status) in [
            (first, MessageStatus::Cancelled),
            (second, MessageStatus::Cancelled),
            (third, MessageStatus::Scheduled),
            (new_id(answers[1])?, MessageStatus::Scheduled),
            (new_id(answers[6])?, MessageStatus::Scheduled),
        ] {
            assert_eq!(world.message(id).await?.status, status, "{id}");
        }
        Ok(())
    }

    async fn an_idempotency_key_stands_for_what_the_schedule_key_found(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let with = |k: &str, schedule| Accept { idempotency: key(k, "body"), schedule, ..later(&world, 600) };
        let hot = world.store.hot();
        let first = new_id(hot.accept(with("i1", named("slot-7", "a"))).await?)?;
        assert_eq!(hot.accept(with("i2", named("slot-7", "a"))).await?, Accepted::Scheduled(first));
        assert_eq!(hot.accept(with("i2", named("slot-7", "a"))).await?, Accepted::Repeated(first));
        assert_eq!(hot.accept(with("i3", named("slot-7", "b"))).await?, Accepted::ScheduleKeyReused(first));
        assert!(cancel(&world, first).await?);
        new_id(hot.accept(with("i3", named("slot-7", "b"))).await?)?;
        assert_eq!(hot.accept(with("i1", named("slot-7", "a"))).await?, Accepted::Repeated(first));
        Ok(())
    }

    async fn a_key_is_taken_once_however_many_ask_at_the_same_time(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        for round in 0..20 {
            let ask = |n: usize| {
                let accept = Accept { schedule: named(&format!("slot-{round}"), &format!("{n}")), ..later(&world, 600) };
                let store = world.store.clone();
                // Each in a transaction of its own, as two nodes would.
                async move {
                    let mut tx = store.begin().await?;
                    let answers = <Command as store::group::Commands>::run(&mut tx.conn(), &[Command::Accept(Box::new(accept))]).await?;
                    tx.commit().await?;
                    match answers.first() {
                        Some(Answer::Accept(accepted)) => anyhow::Ok(*accepted),
                        other => anyhow::bail!("{other:?}"),
                    }
                }
            };
            let answers = tokio::try_join!(ask(0), ask(1), ask(2), ask(3))?;
            let answers = [answers.0, answers.1, answers.2, answers.3];
            let new: Vec<_> = answers.iter().filter_map(|answer| new_id(*answer).ok()).collect();
            let [winner] = new.as_slice() else { panic!("{answers:?}") };
            assert_eq!(answers.iter().filter(|answer| **answer == Accepted::ScheduleKeyReused(*winner)).count(), 3);
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 20);
        Ok(())
    }

    async fn a_moved_message_keeps_its_place_in_the_new_order(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let mut ids = Vec::new();
        for seconds in [300, 100, 200, 200] {
            ids.push(new_id(world.store.hot().accept(later(&world, seconds)).await?)?);
        }
        let all = ScheduledFilter::default();
        assert_eq!(list(&world, &all, None, 9).await?, [ids[1], ids[2], ids[3], ids[0]]);
        let after = DuePlace { due_at: at(200), id: ids[2] };
        assert_eq!(list(&world, &all, Some(after), 1).await?, [ids[3]]);
        assert_eq!(DuePlace::parse(&after.to_string()), Some(after));
        let between = ScheduledFilter { from: Some(at(200)), until: Some(at(300)), ..ScheduledFilter::default() };
        assert_eq!(list(&world, &between, None, 9).await?, [ids[2], ids[3]]);
        let nobody = ScheduledFilter { phone_match_key: Some("919999999999".to_owned()), ..ScheduledFilter::default() };
        assert_eq!(list(&world, &nobody, None, 9).await?, []);
        let person = ScheduledFilter { phone_match_key: Some("919876543210".to_owned()), ..between.clone() };
        assert_eq!(list(&world, &person, Some(after), 9).await?, [ids[3]]);

        let mut tx = world.store.begin().await?;
        assert!(scheduled::reschedule(&mut tx.conn(), &world.scope(), ids[1], (at(250), at(900)), at(3)).await?);
        tx.commit().await?;
        assert_eq!(list(&world, &all, None, 9).await?, [ids[2], ids[3], ids[1], ids[0]]);
        let message = world.message(ids[1]).await?;
        assert_eq!((message.send_at, message.expires_at, message.version), (Some(at(250)), Some(at(900)), 2));
        assert_eq!(release(&world, 249).await?, 2);
        assert_eq!(release(&world, 250).await?, 1);
        assert_eq!(world.message(ids[1]).await?.status, MessageStatus::Queued);
        assert_eq!(world.waiting(ids[1]).await?.map(|row| (row.state, row.due_at)), Some((0, at(250))));
        let events: Vec<String> = world.events_of(ids[1]).await?.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(events, [MESSAGE_CREATED, MESSAGE_RESCHEDULED, MESSAGE_UPDATED]);
        let mut tx = world.store.begin().await?;
        assert!(!scheduled::reschedule(&mut tx.conn(), &world.scope(), ids[1], (at(400), at(900)), at(3)).await?);
        tx.commit().await?;
        Ok(())
    }

    async fn another_account_neither_sees_nor_changes_it(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = new_id(world.store.hot().accept(later(&world, 600)).await?)?;
        let (other, _) = add_account(&world.store, "Other", "2002").await?;
        let scope = domain::scope::AccountScope::system(other);
        let mut tx = world.store.begin().await?;
        let mut conn = tx.conn();
        assert!(!scheduled::cancel(&mut conn, &scope, id, at(3)).await?);
        assert!(!scheduled::reschedule(&mut conn, &scope, id, (at(700), at(900)), at(3)).await?);
        assert!(message::scheduled(&mut conn, &scope, &ScheduledFilter::default(), None, 9).await?.is_empty());
        assert_eq!(outbox::waiting(&mut conn, &scope, id).await?, None);
        assert!(note::of_message(&mut conn, &scope, id).await?.is_empty());
        assert_eq!(outbox::waiting(&mut conn, &world.scope(), id).await?, Some(Waiting::Scheduled { due_at: at(600) }));
        tx.commit().await?;
        Ok(())
    }

    async fn of_a_claim_and_a_cancellation_exactly_one_wins(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (mut claimed, mut cancelled) = (0, 0);
        for round in 0..60 {
            let id = world.send("+919876543210").await?;
            let hot = world.store.hot();
            let claim = async { anyhow::Ok(hot.claim(world.claim(id, 0)).await?) };
            // The one that starts first wins mostly, so both do in turn.
            let (claim, cancel) = if round % 2 == 0 {
                tokio::try_join!(claim, cancel(&world, id))?
            } else {
                let (cancel, claim) = tokio::try_join!(cancel(&world, id), claim)?;
                (claim, cancel)
            };
            let message = world.message(id).await?;
            match (claim, cancel) {
                (Claimed::Yes(_), false) => {
                    claimed += 1;
                    assert_eq!(message.status, MessageStatus::Calling);
                    assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(1));
                }
                (Claimed::No, true) => {
                    cancelled += 1;
                    assert_eq!((message.status, world.waiting(id).await?), (MessageStatus::Cancelled, None));
                }
                both => panic!("{both:?}"),
            }
        }
        assert_eq!(claimed + cancelled, 60);
        assert_eq!(world.number("SELECT COUNT(*) FROM attempt").await?, claimed);
        Ok(())
    }

    async fn every_piece_of_evidence_leaves_its_trace_once(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let refusal = Settlement::Refused { failure: failure("131016"), retry_at: Some(at(60)), language: None };
        world.store.hot().complete(world.complete(id, 1, call, refusal)).await?;
        let second = world.claimed(id, 1).await?;
        world.store.hot().complete(world.complete(id, 2, second, taken("wamid.A"))).await?;
        let told = |status, seconds, inlet| Apply {
            statuses: vec![world.echo("wamid.A", id, 2, evidence(status, seconds))],
            inlet: Some(InletId(inlet)),
            ..Apply::at(at(9))
        };
        for (status, inlet) in [(AttemptStatus::Delivered, 7), (AttemptStatus::Sent, 8), (AttemptStatus::Delivered, 9)] {
            world.store.hot().apply(told(status, 8, inlet)).await?;
        }
        let attempts = {
            let mut reading = world.store.read().await?;
            call::of_message(&mut reading.conn(), &world.scope(), id).await?
        };
        let [one, two] = attempts.as_slice() else { panic!("{attempts:?}") };
        assert_eq!((two.node.as_deref(), two.epoch), (Some("node-a"), world.epoch));
        let refused = one.trace.first().context("a line")?;
        assert_eq!(refused.source, Source::Answer { retry_at: Some(at(60)) });
        assert_eq!((refused.status, refused.message), (AttemptStatus::Failed, Some(MessageStatus::Queued)));
        assert_eq!(refused.failure, Some(failure("131016")));
        let lines: Vec<_> = two.trace.iter().map(|line| (line.source, line.status, line.message)).collect();
        let callback = |inlet| Source::Callback(Some(InletId(inlet)));
        assert_eq!(
            lines,
            [
                (Source::Answer { retry_at: None }, AttemptStatus::Submitted, Some(MessageStatus::Submitted)),
                (callback(7), AttemptStatus::Delivered, Some(MessageStatus::Delivered)),
                (callback(8), AttemptStatus::Sent, None),
                (callback(9), AttemptStatus::Delivered, None),
            ]
        );
        Ok(())
    }
}
