//! Statuses from callbacks: believed from the right number, in any order, any number of times.

use anyhow::Result;
use domain::attempt::AttemptStatus::{Delivered, Failed, Read, Sent};
use domain::message::MessageStatus;
use store::hot::{Apply, Command, Settlement, StatusChange};
use testkit::engine::TestDatabase;

use crate::support::{World, add_account, add_sender, at, evidence, failure};

fn apply(statuses: Vec<StatusChange>) -> Command {
    Command::Apply(Box::new(Apply { statuses, ..Apply::at(at(5)) }))
}

testkit::on_both_engines! {
    async fn statuses_raise_the_message(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        let steps = [(Sent, MessageStatus::Sent), (Delivered, MessageStatus::Delivered), (Read, MessageStatus::Read)];
        for (step, (status, expected)) in steps.into_iter().enumerate() {
            let seconds = 10 + i64::try_from(step)?;
            assert_eq!(world.apply(vec![world.status("wamid.A", evidence(status, seconds))]).await?, 0);
            let message = world.message(id).await?;
            assert_eq!((message.status, message.version), (expected, 4 + i64::try_from(step)?));
        }
        let times = world.message(id).await?.times;
        assert_eq!((times.sent, times.delivered, times.read), (Some(at(10)), Some(at(11)), Some(at(12))));
        let versions: Vec<i64> = world.events_of(id).await?.into_iter().map(|(_, version)| version).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
        Ok(())
    }

    async fn a_late_lower_status_does_not_undo_a_higher_one(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        world.apply(vec![world.status("wamid.A", evidence(Sent, 10)), world.status("wamid.A", evidence(Read, 12))]).await?;
        let before = world.message(id).await?;
        assert_eq!((before.status, before.version), (MessageStatus::Read, 4));
        // What is known already, or later than known, changes nothing and is no event.
        for late in [evidence(Sent, 10), evidence(Sent, 99), evidence(Read, 12), evidence(Read, 13)] {
            world.apply(vec![world.status("wamid.A", late)]).await?;
        }
        assert_eq!((world.message(id).await?.version, world.events_of(id).await?.len()), (4, 4));
        // What is lower but was not known fills in its time.
        world.apply(vec![world.status("wamid.A", evidence(Delivered, 11))]).await?;
        world.apply(vec![world.status("wamid.A", evidence(Failed, 9))]).await?;
        let after = world.message(id).await?;
        assert_eq!((after.status, after.version), (MessageStatus::Read, 6));
        assert_eq!((after.times.delivered, after.times.failed), (Some(at(11)), Some(at(9))));
        Ok(())
    }

    async fn doubles_in_one_batch_are_one_change(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        let double = || vec![world.status("wamid.A", evidence(Sent, 9)), world.echo("wamid.A", id, 1, evidence(Sent, 9))];
        world.batch(&[apply(double()), apply(double()), apply(vec![world.status("wamid.A", evidence(Delivered, 10))])]).await?;
        let message = world.message(id).await?;
        assert_eq!((message.status, message.version), (MessageStatus::Delivered, 4));
        assert_eq!(world.events_of(id).await?.len(), 4);
        assert_eq!(world.number("SELECT COUNT(*) FROM message_external_id").await?, 1);
        Ok(())
    }

    async fn another_numbers_word_about_our_message_is_not_believed(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        let neighbour = add_sender(&world.store, world.account, "1002").await?;
        let (stranger_account, stranger) = add_account(&world.store, "Other", "2002").await?;
        for (account, sender) in [(world.account, neighbour), (stranger_account, stranger)] {
            let echoed = StatusChange { account, sender, ..world.echo("wamid.X", id, 1, evidence(Read, 9)) };
            world.apply(vec![echoed.clone()]).await?;
            let named = StatusChange { account, sender, ..world.status("wamid.A", evidence(Read, 9)) };
            assert_eq!(world.apply(vec![named]).await?, 1, "it waits for a message of that number");
            assert_eq!(world.message(id).await?.status, MessageStatus::Submitted);
            // Neither believed with the truth nor able to spoil it, whichever comes first.
            let truth = world.echo("wamid.A", id, 1, evidence(Sent, 9));
            world.apply(vec![echoed.clone(), truth.clone()]).await?;
            world.apply(vec![truth, echoed]).await?;
            assert_eq!(world.message(id).await?.status, MessageStatus::Sent);
            world.execute("UPDATE attempt SET status = 3, sent_at = NULL").await?;
            world.execute("UPDATE message SET status = 3, sent_at = NULL").await?;
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM message_external_id WHERE value = 'wamid.X'").await?, 0);
        Ok(())
    }

    async fn another_number_teaches_no_id(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, _) = world.calling("+919876543210").await?;
        let neighbour = add_sender(&world.store, world.account, "1002").await?;
        let foreign = StatusChange { sender: neighbour, ..world.echo("wamid.X", id, 1, evidence(Read, 9)) };
        world.apply(vec![foreign, world.echo("wamid.A", id, 1, evidence(Sent, 9))]).await?;
        let message = world.message(id).await?;
        assert_eq!((message.status, message.external_id.as_deref()), (MessageStatus::Sent, Some("wamid.A")));
        assert_eq!(world.by_wamid("wamid.A").await?.id, id);
        assert_eq!(world.number("SELECT COUNT(*) FROM message_external_id").await?, 1);
        Ok(())
    }

    async fn a_delivery_of_the_first_attempt_closes_the_second(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let refused = Settlement::Refused { failure: failure("131016"), retry_at: Some(at(60)), language: None };
        world.store.hot().complete(world.complete(id, 1, call, refused)).await?;
        assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(0));
        world.apply(vec![world.echo("wamid.A", id, 1, evidence(Delivered, 9))]).await?;
        assert_eq!(world.waiting(id).await?, None);
        assert_eq!(world.message(id).await?.status, MessageStatus::Delivered);
        Ok(())
    }

    async fn what_is_said_of_a_refused_attempt_does_not_fail_the_next_one(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let refused = Settlement::Refused { failure: failure("131016"), retry_at: Some(at(60)), language: None };
        world.store.hot().complete(world.complete(id, 1, call, refused)).await?;
        // Earlier than known, so that it does change the attempt's times.
        world.apply(vec![world.echo("wamid.A", id, 1, evidence(Failed, 1))]).await?;
        assert_eq!(world.message(id).await?.status, MessageStatus::Queued);
        let second = world.claimed(id, 1).await?;
        world.apply(vec![world.echo("wamid.A", id, 1, evidence(Failed, 0))]).await?;
        assert_eq!(world.message(id).await?.status, MessageStatus::Calling);
        let taken = crate::support::taken("wamid.B");
        world.store.hot().complete(world.complete(id, 2, second, taken)).await?;
        world.apply(vec![world.echo("wamid.A", id, 1, evidence(Failed, -1))]).await?;
        assert_eq!(world.message(id).await?.status, MessageStatus::Submitted);
        Ok(())
    }

    async fn an_echo_of_a_message_that_is_not_there_changes_nothing(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let missing = domain::ids::MessageId(4711);
        assert_eq!(world.apply(vec![world.echo("wamid.A", missing, 1, evidence(Sent, 9))]).await?, 0);
        assert_eq!(world.number("SELECT COUNT(*) FROM message_external_id").await?, 0);
        assert_eq!(world.number("SELECT COUNT(*) FROM event").await?, 0);
        Ok(())
    }
}
