//! Claim: written down before the call, once.

use std::sync::Arc;

use anyhow::Result;
use domain::attempt::AttemptStatus;
use domain::ids::{Epoch, MessageId};
use domain::message::MessageStatus;
use store::call;
use store::event::MESSAGE_UPDATED;
use store::hot::{Answer, Claim, Claimed, Command};
use testkit::engine::TestDatabase;
use tokio::task::JoinSet;

use crate::support::{World, at};

fn is_yes(answer: &Answer) -> bool {
    matches!(answer, Answer::Claim(Claimed::Yes(_)))
}

testkit::on_both_engines! {
    async fn a_claim_is_written_down_with_its_call(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, _) = world.calling("+919876543210").await?;
        let message = world.message(id).await?;
        assert_eq!((message.status, message.version, message.attempts), (MessageStatus::Calling, 2, 1));
        assert_eq!(world.events_of(id).await?.last(), Some(&(MESSAGE_UPDATED.to_owned(), 2)));
        assert_eq!(world.waiting(id).await?.map(|row| (row.state, row.attempts)), Some((1, 1)));
        let mut reading = world.store.read().await?;
        let attempts = call::of_message(&mut reading.conn(), &world.scope(), id).await?;
        let [attempt] = attempts.as_slice() else { panic!("{attempts:?}") };
        assert_eq!((attempt.number, attempt.status), (1, AttemptStatus::Calling));
        assert_eq!((attempt.path.as_str(), attempt.payload.as_str()), ("/v25.0/1001/messages", "{}"));
        assert_eq!((attempt.started_at, attempt.finished_at, attempt.http_status), (at(1), None, None));
        Ok(())
    }

    async fn what_was_claimed_is_not_claimed_again(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, _) = world.calling("+919876543210").await?;
        for attempts in [0, 1] {
            assert_eq!(world.store.hot().claim(world.claim(id, attempts)).await?, Claimed::No);
        }
        assert_eq!(world.store.hot().claim(world.claim(MessageId(9999), 0)).await?, Claimed::No);
        assert_eq!(world.message(id).await?.version, 2);
        assert_eq!(world.number("SELECT COUNT(*) FROM attempt").await?, 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM provider_call").await?, 1);
        Ok(())
    }

    async fn an_epoch_or_a_count_that_is_not_in_force_claims_nothing(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.send("+919876543210").await?;
        for epoch in [world.epoch.0 - 1, world.epoch.0 + 1] {
            let claim = Claim { epoch: Epoch(epoch), ..world.claim(id, 0) };
            assert_eq!(world.store.hot().claim(claim).await?, Claimed::No);
        }
        assert_eq!(world.store.hot().claim(world.claim(id, 1)).await?, Claimed::No);
        assert_eq!(world.message(id).await?.status, MessageStatus::Queued);
        world.claimed(id, 0).await?;
        Ok(())
    }

    async fn of_two_claims_in_one_batch_the_right_one_is_answered_yes(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.send("+919876543210").await?;
        let other = world.send("+919876543211").await?;
        let stale = Claim { epoch: Epoch(world.epoch.0 - 1), ..world.claim(id, 0) };
        let claims = [stale, world.claim(id, 1), world.claim(id, 0), world.claim(other, 0), world.claim(id, 0)];
        let commands: Vec<_> = claims.into_iter().map(|claim| Command::Claim(Box::new(claim))).collect();
        let answers = world.batch(&commands).await?;
        let yes: Vec<bool> = answers.iter().map(is_yes).collect();
        assert_eq!(yes, [false, false, true, true, false]);
        assert_eq!(world.number("SELECT COUNT(*) FROM attempt WHERE number = 1").await?, 2);
        assert_eq!(world.number("SELECT COUNT(*) FROM provider_call").await?, 2);
        Ok(())
    }

    async fn of_many_claims_at_once_one_wins(db: TestDatabase) -> Result<()> {
        let world = Arc::new(World::open(db).await?);
        let id = world.send("+919876543210").await?;
        let mut claiming = JoinSet::new();
        for place in 0..16 {
            let world = world.clone();
            claiming.spawn(async move {
                let claim = world.claim(id, 0);
                // Half through the writer, half beside it, as another node would.
                anyhow::Ok(if place % 2 == 0 {
                    matches!(world.store.hot().claim(claim).await?, Claimed::Yes(_))
                } else {
                    world.batch(&[Command::Claim(Box::new(claim))]).await?.iter().any(is_yes)
                })
            });
        }
        let won = claiming.join_all().await.into_iter().collect::<Result<Vec<_>>>()?;
        assert_eq!(won.into_iter().filter(|won| *won).count(), 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM attempt").await?, 1);
        Ok(())
    }
}
