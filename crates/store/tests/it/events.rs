//! Events: a reader with a cursor sees each exactly once, whoever commits when.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Result;
use domain::ids::{AccountId, MessageId};
use domain::scope::AccountScope;
use store::event::{self, Cursor, Event, MESSAGE_CREATED, NewEvent};
use testkit::engine::{Engine, TestDatabase};
use tokio::task::JoinSet;

use crate::support::{World, add_account, at, eventually};

fn new(account: AccountId, number: i64) -> NewEvent {
    NewEvent::message(account, MESSAGE_CREATED, MessageId(number), 1)
}

async fn after(world: &World, account: AccountId, cursor: Cursor, limit: i64) -> Result<Vec<Event>> {
    let mut reading = world.store.read().await?;
    Ok(event::after(&mut reading.conn(), &AccountScope::system(account), cursor, limit).await?)
}

/// Everything from the start, as soon as `count` are visible: other tests' transactions hold them back too.
async fn all(world: &World, account: AccountId, count: usize) -> Result<Vec<Event>> {
    eventually(async || {
        let found = after(world, account, Cursor::default(), 1000).await?;
        Ok((found.len() >= count).then_some(found))
    })
    .await
}

const WRITERS: i64 = 6;
const COMMITS: i64 = 20;

testkit::on_both_engines! {
    async fn events_are_read_in_order_in_parts_and_by_account(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (other, _) = add_account(&world.store, "Other", "2002").await?;
        for number in 0..5 {
            let mut tx = world.store.begin().await?;
            let events = [new(world.account, 10 * number), new(other, 1000 + number), new(world.account, 10 * number + 1)];
            event::insert_all(&mut tx.conn(), &events, at(number)).await?;
            tx.commit().await?;
        }
        let everything = all(&world, world.account, 10).await?;
        let subjects: Vec<&str> = everything.iter().map(|event| event.subject.as_str()).collect();
        let expected: Vec<String> = (0..5).flat_map(|n| [10 * n, 10 * n + 1]).map(|n| format!("message:{n}")).collect();
        assert_eq!(subjects, expected);
        assert_eq!((everything[0].kind.as_str(), everything[0].version), (MESSAGE_CREATED, 1));
        let mut parts = Vec::new();
        while let Some(last) = {
            let cursor = parts.last().map_or(Cursor::default(), |event: &Event| event.cursor);
            // A cursor outlives its journey to a browser and back.
            let cursor = Cursor::parse(&cursor.to_string()).expect("a cursor");
            let part = after(&world, world.account, cursor, 3).await?;
            parts.extend(part.iter().cloned());
            part.into_iter().next_back()
        } {
            assert_eq!(parts.last(), Some(&last));
        }
        assert_eq!(parts, everything);

        let mut reading = world.store.read().await?;
        let ends = event::ends(&mut reading.conn(), &world.scope()).await?;
        assert_eq!(ends, (everything[9].cursor, everything[0].cursor));
        drop(reading);
        let mut tx = world.store.begin().await?;
        assert_eq!(event::delete_before(&mut tx.conn(), at(2)).await?, 6);
        let ends = event::ends(&mut tx.conn(), &world.scope()).await?;
        assert_eq!(ends, (everything[9].cursor, everything[4].cursor));
        assert_eq!(event::delete_before(&mut tx.conn(), at(99)).await?, 9);
        assert_eq!(event::ends(&mut tx.conn(), &world.scope()).await?, (Cursor::default(), Cursor::default()));
        tx.commit().await?;
        Ok(())
    }

    async fn a_reader_sees_every_event_once_while_many_write(db: TestDatabase) -> Result<()> {
        let world = Arc::new(World::open(db).await?);
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let world = world.clone();
            writers.spawn(async move {
                for commit in 0..COMMITS {
                    let number = writer * 1000 + commit * 2;
                    let mut tx = world.store.begin().await?;
                    event::insert_all(&mut tx.conn(), &[new(world.account, number)], at(0)).await?;
                    // Held open for a while, so that others commit larger ids first.
                    for _ in 0..(writer + commit) % 4 {
                        tokio::task::yield_now().await;
                    }
                    event::insert_all(&mut tx.conn(), &[new(world.account, number + 1)], at(0)).await?;
                    if commit % 5 == 4 { tx.rollback().await? } else { tx.commit().await? }
                }
                anyhow::Ok(())
            });
        }
        let expected = usize::try_from(WRITERS * COMMITS * 2 * 4 / 5)?;
        let (mut seen, mut cursor) = (BTreeSet::new(), Cursor::default());
        eventually(async || {
            for found in after(&world, world.account, cursor, 7).await? {
                assert!(found.cursor > cursor, "{found:?}");
                cursor = found.cursor;
                assert!(seen.insert(found.subject.clone()), "twice: {found:?}");
            }
            Ok((seen.len() >= expected).then_some(()))
        })
        .await?;
        writers.join_all().await.into_iter().collect::<Result<()>>()?;
        assert_eq!(seen.len(), expected);
        assert_eq!(after(&world, world.account, cursor, 7).await?, []);
        Ok(())
    }

    async fn a_late_commit_is_not_jumped_over(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        if world.db.engine() == Engine::Sqlite {
            // One writer: there is no second transaction to be late.
            return Ok(());
        }
        let (mut early, mut late) = (world.store.begin().await?, world.store.begin().await?);
        event::insert_all(&mut late.conn(), &[new(world.account, 1)], at(0)).await?;
        event::insert_all(&mut early.conn(), &[new(world.account, 2)], at(0)).await?;
        early.commit().await?;
        assert_eq!(after(&world, world.account, Cursor::default(), 9).await?, [], "its smaller neighbour still runs");
        event::insert_all(&mut late.conn(), &[new(world.account, 3)], at(0)).await?;
        late.commit().await?;
        let subjects: Vec<String> = all(&world, world.account, 3).await?.into_iter().map(|event| event.subject).collect();
        assert_eq!(subjects, ["message:1", "message:3", "message:2"]);
        Ok(())
    }
}
