//! A limit that a callback tells of after the provider took the message: it slows the message down and never fails it.

use anyhow::Result;
use domain::attempt::AttemptStatus::{Delivered, Failed, Sent};
use domain::attempt::Evidence;
use domain::ids::Epoch;
use domain::message::MessageStatus;
use domain::refusal::RefusalKind;
use domain::shard::Shard;
use store::call::{self, AttemptKey};
use store::hot::{Apply, Command, Settlement};
use store::outbox;
use testkit::engine::TestDatabase;

use crate::support::{World, at, evidence, failure, taken};

/// `failed`, for the number's rate.
fn limited(seconds: i64) -> Evidence {
    let failure = domain::refusal::Failure { kind: RefusalKind::SenderRate, ..failure("130429") };
    Evidence { failure: Some(failure), ..evidence(Failed, seconds) }
}

testkit::on_both_engines! {
    async fn a_limit_by_callback_queues_the_message_again_once(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        world.apply(vec![world.status("wamid.A", limited(9)), world.status("wamid.A", limited(9))]).await?;
        let row = world.waiting(id).await?.expect("it waits again");
        assert_eq!((row.state, row.lane, row.attempts), (0, 4, 1));
        assert!(row.due_at > at(5), "not at once");
        let message = world.message(id).await?;
        assert_eq!(message.status, MessageStatus::Queued);
        assert_eq!(message.failure.map(|failure| failure.code).as_deref(), Some("130429"));

        // The next attempt is under way: what is said of the first one again changes nothing.
        let second = world.claimed(id, 1).await?;
        world.apply(vec![world.status("wamid.A", limited(8)), world.status("wamid.A", evidence(Sent, 7))]).await?;
        assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(1));
        world.store.hot().complete(world.complete(id, 2, second, taken("wamid.B"))).await?;
        assert_eq!(world.waiting(id).await?, None);
        world.apply(vec![world.status("wamid.A", limited(6))]).await?;
        assert_eq!(world.waiting(id).await?, None);
        assert_eq!(world.message(id).await?.status, MessageStatus::Submitted);
        Ok(())
    }

    async fn a_limit_that_overtakes_the_answer_waits_for_it(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        for (number, settled) in [taken("wamid.A"), Settlement::Unknown { cause: "no answer".to_owned() }]
            .into_iter()
            .enumerate()
        {
            let (id, call) = world.calling(&format!("+91987654321{number}")).await?;
            world.apply(vec![world.echo("wamid.A", id, 1, limited(9))]).await?;
            assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(1), "its call is under way");
            world.store.hot().complete(world.complete(id, 1, call, settled)).await?;
            let row = world.waiting(id).await?.expect("it waits again");
            assert_eq!((row.state, row.lane, row.attempts), (0, 4, 1));
            assert_eq!(world.message(id).await?.status, MessageStatus::Queued);
        }
        Ok(())
    }

    async fn a_limit_that_waited_for_its_message_counts(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        // Without an echo nobody knows yet whose status it is.
        assert_eq!(world.apply(vec![world.status("wamid.A", limited(9))]).await?, 1);
        world.store.hot().complete(world.complete(id, 1, call, taken("wamid.A"))).await?;
        assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(0));
        assert_eq!(world.message(id).await?.status, MessageStatus::Queued);
        Ok(())
    }

    async fn a_limit_settles_an_outcome_that_was_unknown(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let unknown = Settlement::Unknown { cause: "no answer".to_owned() };
        world.store.hot().complete(world.complete(id, 1, call, unknown)).await?;
        assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(2));
        world.apply(vec![world.echo("wamid.A", id, 1, limited(9))]).await?;
        assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(0));
        Ok(())
    }

    async fn a_limit_whose_owner_is_gone_is_not_lost(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, _) = world.calling("+919876543210").await?;
        let (failed, _) = world.calling("+919999900000").await?;
        world.apply(vec![world.echo("wamid.A", id, 1, limited(9))]).await?;
        world.apply(vec![world.echo("wamid.B", failed, 1, evidence(Failed, 9))]).await?;
        let mut tx = world.store.begin().await?;
        let shard = Shard::of(world.sender).number();
        let gone = outbox::abandon_older(&mut tx.conn(), shard, Epoch(world.epoch.0 + 1)).await?;
        let keys: Vec<AttemptKey> =
            gone.iter().map(|g| AttemptKey { account: g.account, message: g.message, number: g.number }).collect();
        assert_eq!(call::abandon_all(&mut tx.conn(), &keys).await?, []);
        let both: Vec<_> = gone.iter().map(|gone| (gone.account, gone.message)).collect();
        assert_eq!(outbox::return_queued(&mut tx.conn(), &both, at(30)).await?, [(world.account, id)]);
        tx.commit().await?;
        assert_eq!(world.waiting(id).await?.map(|row| (row.state, row.due_at)), Some((0, at(30))));
        assert_eq!(world.waiting(failed).await?.map(|row| row.state), Some(2));
        Ok(())
    }

    async fn what_the_person_has_is_not_queued_again(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        let both = vec![world.status("wamid.A", evidence(Delivered, 9)), world.status("wamid.A", limited(8))];
        let apply = Apply { statuses: both, ..Apply::at(at(10)) };
        world.batch(&[Command::Apply(Box::new(apply))]).await?;
        assert_eq!(world.waiting(id).await?, None);
        assert_eq!(world.message(id).await?.status, MessageStatus::Delivered);
        world.apply(vec![world.status("wamid.A", limited(7))]).await?;
        assert_eq!(world.waiting(id).await?, None);
        Ok(())
    }

    async fn a_delivery_of_an_earlier_attempt_ends_the_one_under_way(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        world.apply(vec![world.status("wamid.A", limited(9))]).await?;
        let second = world.claimed(id, 1).await?;
        world.apply(vec![world.status("wamid.A", evidence(Delivered, 10))]).await?;
        let refused = Settlement::Refused { failure: failure("131016"), retry_at: Some(at(60)), language: None };
        world.store.hot().complete(world.complete(id, 2, second, refused)).await?;
        assert_eq!(world.waiting(id).await?, None, "the person has it");
        assert_eq!(world.message(id).await?.status, MessageStatus::Delivered);
        Ok(())
    }

    async fn a_delivery_and_a_limit_of_two_attempts_told_together_are_a_delivery(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        world.apply(vec![world.status("wamid.A", limited(9))]).await?;
        let second = world.claimed(id, 1).await?;
        world.store.hot().complete(world.complete(id, 2, second, taken("wamid.B"))).await?;
        world.apply(vec![world.status("wamid.B", limited(11)), world.status("wamid.A", evidence(Delivered, 10))]).await?;
        assert_eq!(world.waiting(id).await?, None);
        assert_eq!(world.message(id).await?.status, MessageStatus::Delivered);
        Ok(())
    }

    async fn a_late_answer_leaves_the_row_of_the_next_attempt(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, first) = world.calling("+919876543210").await?;
        // Another owner takes over, a limit queues the message again, and its next attempt is under way.
        let mut tx = world.store.begin().await?;
        outbox::abandon_older(&mut tx.conn(), Shard::of(world.sender).number(), Epoch(world.epoch.0 + 1)).await?;
        tx.commit().await?;
        world.apply(vec![world.echo("wamid.A", id, 1, limited(9))]).await?;
        let second = world.claimed(id, 1).await?;
        world.store.hot().complete(world.complete(id, 1, first, taken("wamid.A"))).await?;
        assert_eq!(world.waiting(id).await?.map(|row| (row.state, row.attempts)), Some((1, 2)));
        world.store.hot().complete(world.complete(id, 2, second, taken("wamid.B"))).await?;
        assert_eq!(world.waiting(id).await?, None);
        Ok(())
    }
}
