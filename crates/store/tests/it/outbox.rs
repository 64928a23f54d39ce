//! The outbox: what is due, in which order, for whom, and what is too late.

use anyhow::Result;
use domain::ids::{MessageId, SenderId};
use domain::message::{Lane, MessageStatus};
use domain::shard::Shard;
use domain::time::Timestamp;
use store::hot::Accept;
use store::{message, outbox};
use testkit::engine::TestDatabase;

use crate::support::{NOW, World, accept, add_account, add_sender, at, failure, new_id};

async fn ready(world: &World, sender: SenderId, lane: Lane, now: Timestamp, limit: i64) -> Result<Vec<MessageId>> {
    let mut reading = world.store.read().await?;
    let ready = outbox::ready(&mut reading.conn(), (sender, Shard::of(sender)), lane, now, limit).await?;
    Ok(ready.into_iter().map(|ready| ready.message).collect())
}

async fn senders(world: &World) -> Result<Vec<SenderId>> {
    let mut reading = world.store.read().await?;
    Ok(outbox::senders_waiting(&mut reading.conn()).await?)
}

async fn release(world: &World, now: domain::time::Timestamp) -> Result<()> {
    let mut tx = world.store.begin().await?;
    store::scheduled::release_due(&mut tx.conn(), now, 100).await?;
    tx.commit().await?;
    Ok(())
}

testkit::on_both_engines! {
    async fn the_oldest_due_comes_first(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let mut due = Vec::new();
        for seconds in [30, 10, 20, 10] {
            let accept = Accept { send_at: Some(at(seconds)), ..world.accept("+919876543210") };
            due.push(new_id(world.store.hot().accept(accept).await?)?);
        }
        let [thirty, ten, twenty, ten_too] = due[..] else { panic!("{due:?}") };
        let lane = Lane::Transactional;
        assert_eq!(ready(&world, world.sender, lane, at(99), 10).await?, [], "what is scheduled is not ready");
        release(&world, at(99)).await?;
        assert_eq!(ready(&world, world.sender, lane, NOW, 10).await?, []);
        assert_eq!(ready(&world, world.sender, lane, at(20), 10).await?, [ten, ten_too, twenty]);
        assert_eq!(ready(&world, world.sender, lane, at(99), 10).await?, [ten, ten_too, twenty, thirty]);
        assert_eq!(ready(&world, world.sender, lane, at(99), 2).await?, [ten, ten_too]);
        assert_eq!(ready(&world, world.sender, Lane::Marketing, at(99), 10).await?, []);
        world.claimed(ten, 0).await?;
        assert_eq!(ready(&world, world.sender, lane, at(99), 2).await?, [ten_too, twenty]);
        Ok(())
    }

    async fn what_is_ready_says_all_that_a_call_needs(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let wanted = Accept {
            lane: Lane::Interactive,
            simulated: true,
            context: Some("wamid.Q".to_owned()),
            ..world.accept("+919876543210")
        };
        let id = new_id(world.store.hot().accept(wanted.clone()).await?)?;
        let mut reading = world.store.read().await?;
        let shard = Shard::of(world.sender);
        let found = outbox::ready(&mut reading.conn(), (world.sender, shard), Lane::Interactive, NOW, 9).await?;
        let [found] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((found.account, found.message, found.sender), (world.account, id, world.sender));
        assert_eq!((found.shard, found.attempts, found.expires_at), (shard.number(), 0, wanted.expires_at));
        assert_eq!((&found.content, &found.context), (&wanted.content, &wanted.context));
        assert_eq!((found.address_kind.as_str(), found.address.as_str()), ("phone", "+919876543210"));
        assert!(found.simulated);
        Ok(())
    }

    async fn every_sender_that_has_something_waiting_is_named_once(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        assert_eq!(senders(&world).await?, []);
        let idle = add_sender(&world.store, world.account, "1002").await?;
        let second = add_sender(&world.store, world.account, "1003").await?;
        let (other, third) = add_account(&world.store, "Other", "2002").await?;
        let mut expected = vec![world.sender, second];
        for _ in 0..3 {
            world.send("+919876543210").await?;
            world.store.hot().accept(accept(world.account, second, "+919876543210")).await?;
            let later = Accept { send_at: Some(at(900)), ..accept(other, third, "+919876543210") };
            world.store.hot().accept(later).await?;
        }
        // A sender that shares a portfolio's shard with another.
        let shared = Accept { shard: Shard::of(world.sender), ..accept(world.account, SenderId(9000), "+919876543210") };
        world.store.hot().accept(shared).await?;
        expected.push(SenderId(9000));
        let mut found = senders(&world).await?;
        found.sort_unstable();
        assert_eq!(found, expected);
        assert!(!found.contains(&idle) && !found.contains(&third));
        release(&world, at(900)).await?;
        assert!(senders(&world).await?.contains(&third));

        for id in ready(&world, world.sender, Lane::Transactional, NOW, 10).await? {
            world.claimed(id, 0).await?;
        }
        assert!(!senders(&world).await?.contains(&world.sender), "what is being called does not wait");
        Ok(())
    }

    async fn what_outlived_its_expiry_is_taken_out(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let expiring = |seconds| Accept { expires_at: at(seconds), ..world.accept("+919876543210") };
        let mut ids = Vec::new();
        for seconds in [30, 10, 20, 50, 15] {
            ids.push(new_id(world.store.hot().accept(expiring(seconds)).await?)?);
        }
        world.claimed(ids[4], 0).await?;
        let mut tx = world.store.begin().await?;
        let mut first = outbox::take_expired(&mut tx.conn(), at(30), 2).await?;
        first.sort_unstable();
        assert_eq!(first, [(world.account, ids[1]), (world.account, ids[2])], "the oldest first, no more than asked");
        let rest = outbox::take_expired(&mut tx.conn(), at(30), 10).await?;
        assert_eq!(rest, [(world.account, ids[0])], "not what is being called, and not what has time left");
        let expired = failure("expired");
        let changed =
            message::set_status(&mut tx.conn(), &first, MessageStatus::Expired, Some(&expired)).await?;
        assert_eq!(changed.iter().map(|(_, _, version)| *version).collect::<Vec<_>>(), [2, 2]);
        tx.commit().await?;
        let message = world.message(ids[1]).await?;
        assert_eq!((message.status, message.failure), (MessageStatus::Expired, Some(expired)));
        assert_eq!(world.waiting(ids[1]).await?, None);
        assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await?, 2);
        Ok(())
    }
}
