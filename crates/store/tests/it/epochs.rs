//! Leases on shards, and what happens to the calls of an owner that is gone.

use anyhow::Result;
use domain::attempt::AttemptStatus;
use domain::ids::Epoch;
use domain::message::MessageStatus;
use domain::shard::{SHARD_COUNT, Shard};
use domain::time::Timestamp;
use store::lease::Owned;
use store::{Store, call, lease, message, outbox};
use testkit::engine::TestDatabase;

use crate::support::{NOW, World, at, evidence, settings, taken};

const ALL: usize = SHARD_COUNT as usize;

async fn take(store: &Store, owner: &str, now: Timestamp, until: Timestamp) -> Result<Vec<Owned>> {
    let mut tx = store.begin().await?;
    let owned = lease::take(&mut tx.conn(), owner, now, until).await?;
    tx.commit().await?;
    Ok(owned)
}

async fn renew(store: &Store, owner: &str, until: Timestamp) -> Result<usize> {
    let mut tx = store.begin().await?;
    let owned = lease::renew(&mut tx.conn(), owner, until).await?;
    tx.commit().await?;
    Ok(owned.len())
}

fn epochs(owned: &[Owned]) -> Vec<i64> {
    let mut epochs: Vec<i64> = owned.iter().map(|owned| owned.epoch.0).collect();
    epochs.sort_unstable();
    epochs.dedup();
    epochs
}

testkit::on_both_engines! {
    async fn a_node_alone_owns_every_shard(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        let mut owned = take(&store, "node-a", NOW, at(12)).await?;
        owned.sort_by_key(|owned| owned.shard);
        let shards: Vec<i64> = owned.iter().map(|owned| owned.shard).collect();
        assert_eq!((shards, epochs(&owned)), ((0..SHARD_COUNT).collect(), vec![1]));
        Ok(())
    }

    async fn the_same_owner_takes_its_shards_back_at_once(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        take(&store, "node-a", NOW, at(12)).await?;
        let again = take(&store, "node-a", at(1), at(13)).await?;
        assert_eq!((again.len(), epochs(&again)), (ALL, vec![2]), "the process before is gone; its epoch with it");
        Ok(())
    }

    async fn another_owner_waits_for_the_end_of_the_lease(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        take(&store, "node-a", NOW, at(12)).await?;
        assert_eq!(take(&store, "node-b", at(12), at(24)).await?, []);
        assert_eq!(renew(&store, "node-a", at(20)).await?, ALL);
        assert_eq!(take(&store, "node-b", at(13), at(25)).await?, []);
        let moved = take(&store, "node-b", at(21), at(33)).await?;
        assert_eq!((moved.len(), epochs(&moved)), (ALL, vec![2]));
        assert_eq!(renew(&store, "node-a", at(99)).await?, 0, "who lost its shards hears of it");
        assert_eq!(renew(&store, "node-b", at(40)).await?, ALL);
        Ok(())
    }

    async fn what_is_released_is_free_for_anybody(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        take(&store, "node-a", NOW, at(12)).await?;
        let mut tx = store.begin().await?;
        lease::release(&mut tx.conn(), "node-b").await?;
        tx.commit().await?;
        assert_eq!(renew(&store, "node-a", at(12)).await?, ALL);
        let mut tx = store.begin().await?;
        lease::release(&mut tx.conn(), "node-a").await?;
        tx.commit().await?;
        let moved = take(&store, "node-b", at(1), at(13)).await?;
        assert_eq!((moved.len(), epochs(&moved)), (ALL, vec![2]), "an epoch never comes again");
        Ok(())
    }

    async fn two_nodes_never_own_one_shard(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        take(&store, "node-a", NOW, at(12)).await?;
        let (one, two) = tokio::join!(take(&store, "node-b", at(13), at(25)), take(&store, "node-c", at(13), at(25)));
        let mut lengths = [one?.len(), two?.len()];
        lengths.sort_unstable();
        assert_eq!(lengths, [0, ALL]);
        Ok(())
    }

    async fn calls_of_an_older_epoch_become_unknown(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (silent, _) = world.calling("+919876543210").await?;
        let (delivered, _) = world.calling("+919876543211").await?;
        world.apply(vec![world.echo("wamid.B", delivered, 1, evidence(AttemptStatus::Delivered, 3))]).await?;
        let waiting = world.send("+919876543212").await?;
        let shard = Shard::of(world.sender).number();

        let mut tx = world.store.begin().await?;
        assert_eq!(outbox::abandon_older(&mut tx.conn(), shard, world.epoch).await?, []);
        let next = Epoch(world.epoch.0 + 1);
        assert_eq!(outbox::abandon_older(&mut tx.conn(), shard + 1, next).await?, []);
        let mut gone = outbox::abandon_older(&mut tx.conn(), shard, next).await?;
        gone.sort_by_key(|gone| gone.message);
        let numbers: Vec<_> = gone.iter().map(|gone| (gone.account, gone.message, gone.number)).collect();
        assert_eq!(numbers, [(world.account, silent, 1), (world.account, delivered, 1)]);
        let keys: Vec<_> = gone
            .iter()
            .map(|gone| call::AttemptKey { account: gone.account, message: gone.message, number: gone.number })
            .collect();
        call::abandon_all(&mut tx.conn(), &keys).await?;
        let ids: Vec<_> = gone.iter().map(|gone| (gone.account, gone.message)).collect();
        let changed = message::set_status(&mut tx.conn(), &ids, MessageStatus::Unknown, None).await?;
        assert_eq!(changed, [(world.account, silent, 3)]);
        tx.commit().await?;

        assert_eq!(world.message(silent).await?.status, MessageStatus::Unknown);
        assert_eq!(world.message(delivered).await?.status, MessageStatus::Delivered);
        assert_eq!(world.message(waiting).await?.status, MessageStatus::Queued);
        let mut reading = world.store.read().await?;
        for (id, status) in [(silent, AttemptStatus::Unknown), (delivered, AttemptStatus::Delivered)] {
            let attempts = call::of_message(&mut reading.conn(), &world.scope(), id).await?;
            assert_eq!(attempts[0].status, status);
            assert_eq!(world.waiting(id).await?.map(|row| row.state), Some(2));
        }
        assert_eq!(outbox::counts(&mut reading.conn()).await?, [1, 0, 2]);
        Ok(())
    }

    async fn an_answer_that_comes_after_all_still_counts(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (id, call) = world.calling("+919876543210").await?;
        let mut tx = world.store.begin().await?;
        let shard = Shard::of(world.sender).number();
        let gone = outbox::abandon_older(&mut tx.conn(), shard, Epoch(world.epoch.0 + 1)).await?;
        assert_eq!(gone.len(), 1);
        let key = call::AttemptKey { account: world.account, message: id, number: 1 };
        call::abandon_all(&mut tx.conn(), &[key]).await?;
        tx.commit().await?;
        let settled = world.store.hot().complete(world.complete(id, 1, call, taken("wamid.A"))).await?;
        assert_eq!((settled.status, world.waiting(id).await?), (AttemptStatus::Submitted, None));
        assert_eq!(world.message(id).await?.status, MessageStatus::Submitted);
        Ok(())
    }
}
