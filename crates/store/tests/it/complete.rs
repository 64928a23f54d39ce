//! Complete: what came of a call, whatever a callback said before.

use anyhow::Result;
use domain::attempt::AttemptStatus::{self, Calling, Delivered, Failed, Sent, Submitted, Unknown};
use domain::ids::Epoch;
use domain::message::{Lane, MessageStatus};
use store::hot::{Command, Settlement};
use store::{call, lease, message, outbox};
use testkit::engine::TestDatabase;

use crate::support::{OutboxRow, World, at, evidence, failure, taken};

fn refused(retry_at: Option<i64>) -> Settlement {
    Settlement::Refused { failure: failure("131016"), retry_at: retry_at.map(at), language: None }
}

fn unknown() -> Settlement {
    Settlement::Unknown { cause: "the connection broke".to_owned() }
}

testkit::on_both_engines! {
    async fn a_message_that_was_taken_leaves_the_outbox(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let settled = world.store.hot().complete(world.complete(id, 1, call, taken("wamid.A"))).await?;
        assert_eq!(settled.status, Submitted);
        assert_eq!(world.waiting(id).await?, None);
        let message = world.message(id).await?;
        assert_eq!((message.status, message.version), (MessageStatus::Submitted, 3));
        assert_eq!((message.external_id.as_deref(), message.times.submitted), (Some("wamid.A"), Some(at(2))));
        assert_eq!(world.events_of(id).await?.len(), 3);
        assert_eq!(world.by_wamid("wamid.A").await?.id, id);
        let mut reading = world.store.read().await?;
        let attempts = call::of_message(&mut reading.conn(), &world.scope(), id).await?;
        assert_eq!((attempts[0].http_status, attempts[0].answer.as_deref()), (Some(200), Some("{}")));
        assert_eq!((attempts[0].finished_at, attempts[0].note.as_deref()), (Some(at(2)), None));
        Ok(())
    }

    async fn a_provider_that_says_sent_at_once_is_believed(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let external_ids = vec![("wamid", "wamid.A".to_owned()), ("uuid", "u-1".to_owned())];
        let settled = Settlement::Taken { external_ids, status: Sent };
        let settled = world.store.hot().complete(world.complete(id, 1, call, settled)).await?;
        assert_eq!((settled.status, world.message(id).await?.status), (Sent, MessageStatus::Sent));
        assert_eq!(world.number("SELECT COUNT(*) FROM message_external_id").await?, 2);
        Ok(())
    }

    async fn a_passing_refusal_waits_in_the_retry_lane(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let settled = world.store.hot().complete(world.complete(id, 1, call, refused(Some(60)))).await?;
        assert_eq!(settled.status, Failed);
        let row = OutboxRow { state: 0, lane: Lane::Retry as i64, attempts: 1, due_at: at(60) };
        assert_eq!(world.waiting(id).await?, Some(row));
        assert_eq!(world.message(id).await?.status, MessageStatus::Queued);

        let second = world.claimed(id, 1).await?;
        let message = world.message(id).await?;
        assert_eq!((message.status, message.attempts, message.failure), (MessageStatus::Calling, 2, None));
        world.store.hot().complete(world.complete(id, 2, second, taken("wamid.B"))).await?;
        assert_eq!(world.message(id).await?.status, MessageStatus::Submitted);
        assert_eq!(world.waiting(id).await?, None);
        let mut reading = world.store.read().await?;
        let attempts = call::of_message(&mut reading.conn(), &world.scope(), id).await?;
        let statuses: Vec<_> = attempts.iter().map(|attempt| (attempt.number, attempt.status)).collect();
        assert_eq!(statuses, [(1, Failed), (2, Submitted)]);
        assert_eq!(attempts[0].failure.as_ref().map(|failure| failure.code.as_str()), Some("131016"));
        Ok(())
    }

    async fn a_lasting_refusal_keeps_its_reason(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        world.store.hot().complete(world.complete(id, 1, call, refused(None))).await?;
        let message = world.message(id).await?;
        assert_eq!((message.status, message.failure), (MessageStatus::Failed, Some(failure("131016"))));
        assert_eq!((message.times.failed, world.waiting(id).await?), (Some(at(2)), None));
        Ok(())
    }

    async fn a_lost_answer_is_unknown_and_stays_in_the_outbox(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let settled = world.store.hot().complete(world.complete(id, 1, call, unknown())).await?;
        assert_eq!((settled.status, world.message(id).await?.status), (Unknown, MessageStatus::Unknown));
        assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(2));
        let mut reading = world.store.read().await?;
        let attempts = call::of_message(&mut reading.conn(), &world.scope(), id).await?;
        assert_eq!(attempts[0].note.as_deref(), Some("the connection broke"));
        assert_eq!(outbox::counts(&mut reading.conn()).await?, [0, 0, 1]);
        Ok(())
    }

    async fn a_status_before_the_answer_waits_for_it(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let early = vec![
            world.status("wamid.A", evidence(Delivered, 9)),
            world.status("wamid.A", evidence(Sent, 8)),
            world.status("wamid.A", evidence(Sent, 8)),
            world.status("wamid.elsewhere", evidence(Sent, 8)),
        ];
        assert_eq!(world.apply(early).await?, 4);
        assert_eq!(world.number("SELECT COUNT(*) FROM early_status").await?, 3);
        assert_eq!(world.message(id).await?.status, MessageStatus::Calling);
        let settled = world.store.hot().complete(world.complete(id, 1, call, taken("wamid.A"))).await?;
        assert_eq!(settled.status, Delivered);
        let message = world.message(id).await?;
        assert_eq!((message.status, message.version), (MessageStatus::Delivered, 3));
        let times = (message.times.submitted, message.times.sent, message.times.delivered);
        assert_eq!(times, (Some(at(2)), Some(at(8)), Some(at(9))));
        assert_eq!(world.number("SELECT COUNT(*) FROM early_status").await?, 1);

        let mut tx = world.store.begin().await?;
        assert_eq!(store::hot::early::delete_before(&mut tx.conn(), at(5)).await?, 0);
        assert_eq!(store::hot::early::delete_before(&mut tx.conn(), at(6)).await?, 1);
        tx.commit().await?;
        Ok(())
    }

    async fn a_status_and_its_answer_may_share_a_batch(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let statuses = vec![world.status("wamid.A", evidence(Delivered, 9))];
        let apply = store::hot::Apply { statuses, ..store::hot::Apply::at(at(5)) };
        let complete = world.complete(id, 1, call, taken("wamid.A"));
        world.batch(&[Command::Complete(Box::new(complete)), Command::Apply(Box::new(apply))]).await?;
        assert_eq!(world.message(id).await?.status, MessageStatus::Delivered);
        Ok(())
    }

    async fn an_echo_that_overtakes_the_answer_settles_the_message(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        for (number, settlement) in [taken("wamid.0"), refused(Some(60)), refused(None), unknown()].into_iter().enumerate() {
            let (id, call) = world.calling(&format!("+91987654321{number}")).await?;
            let wamid = format!("wamid.{number}");
            let early = world.apply(vec![world.echo(&wamid, id, 1, evidence(Delivered, 9))]).await?;
            let message = world.message(id).await?;
            assert_eq!((early, message.status), (0, MessageStatus::Delivered));
            assert_eq!(message.external_id.as_deref(), Some(wamid.as_str()), "the echo teaches the provider's id");
            assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(1), "a call under way settles itself");

            let settled = world.store.hot().complete(world.complete(id, 1, call, settlement)).await?;
            assert_eq!(settled.status, Delivered);
            assert_eq!(world.waiting(id).await?, None, "what the person has is not sent again");
            let message = world.message(id).await?;
            assert_eq!((message.status, message.external_id), (MessageStatus::Delivered, Some(wamid.clone())));
            // The id that was learnt serves later callbacks that do not echo.
            assert_eq!(world.apply(vec![world.status(&wamid, evidence(AttemptStatus::Read, 10))]).await?, 0);
            assert_eq!(world.message(id).await?.status, MessageStatus::Read);
        }
        Ok(())
    }

    async fn evidence_settles_what_nobody_knew(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let cases = [
            (Submitted, MessageStatus::Submitted),
            (Sent, MessageStatus::Sent),
            (Failed, MessageStatus::Failed),
            (Delivered, MessageStatus::Delivered),
        ];
        for (number, (status, expected)) in cases.into_iter().enumerate() {
            let (id, call) = world.calling(&format!("+91987654321{number}")).await?;
            world.store.hot().complete(world.complete(id, 1, call, unknown())).await?;
            world.apply(vec![world.echo(&format!("wamid.{number}"), id, 1, evidence(status, 9))]).await?;
            assert_eq!(world.message(id).await?.status, expected);
            assert_eq!(world.waiting(id).await?, None, "{status:?}");
        }
        Ok(())
    }

    async fn a_refusal_after_the_shard_moved_still_comes_to_its_retry(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let shard = world.number("SELECT shard FROM outbox").await?;
        let mut tx = world.store.begin().await?;
        let taken_over = lease::take(&mut tx.conn(), "node-b", at(20), at(32)).await?;
        assert_eq!(taken_over[0].epoch, Epoch(world.epoch.0 + 1));
        let gone = outbox::abandon_older(&mut tx.conn(), shard, taken_over[0].epoch).await?;
        let keys: Vec<_> = gone
            .iter()
            .map(|gone| call::AttemptKey { account: gone.account, message: gone.message, number: gone.number })
            .collect();
        call::abandon_all(&mut tx.conn(), &keys).await?;
        message::set_status(&mut tx.conn(), &[(world.account, id)], MessageStatus::Unknown, None).await?;
        tx.commit().await?;

        let settled = world.store.hot().complete(world.complete(id, 1, call, refused(Some(60)))).await?;
        assert_eq!(settled.status, Failed);
        assert_eq!(world.message(id).await?.status, MessageStatus::Queued);
        assert_eq!(world.waiting(id).await?.map(|row| (row.state, row.due_at)), Some((0, at(60))));
        Ok(())
    }

    async fn an_answer_to_another_numbers_call_changes_nothing(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let other = crate::support::add_sender(&world.store, world.account, "1002").await?;
        let mut complete = world.complete(id, 1, call, refused(None));
        complete.sender = other;
        let settled = world.store.hot().complete(complete).await?;
        assert_eq!((settled.status, world.message(id).await?.status), (Unknown, MessageStatus::Calling));
        let rows = world.number("SELECT status FROM attempt").await?;
        assert_eq!(rows, Calling.rank());
        Ok(())
    }
}
