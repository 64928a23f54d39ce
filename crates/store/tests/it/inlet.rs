//! The inlet: exact bytes, kept by day, found again after a restart.

use anyhow::Result;
use domain::ids::InletId;
use domain::time::Timestamp;
use store::Store;
use store::inlet::{Inlet, InletState, Mark, Record, Stored};
use testkit::engine::{Engine, TestDatabase};

use crate::support::{NOW, World, at, settings};

const DAY: i64 = 24 * 60 * 60;

fn record(received_at: Timestamp, body: &[u8]) -> Record {
    Record {
        received_at,
        route: "/api/whatsapp/webhook meta".to_owned(),
        headers: r#"{"x-hub-signature-256":"sha256=00"}"#.to_owned(),
        body: body.to_vec(),
    }
}

fn ids(stored: &[Stored]) -> Vec<InletId> {
    stored.iter().map(|stored| stored.id).collect()
}

async fn mark(inlet: &Inlet, id: InletId, state: InletState, note: Option<&str>) -> Result<()> {
    inlet.mark(&[Mark { id, state, note: note.map(ToOwned::to_owned) }]).await?;
    Ok(())
}

/// How many files or partitions hold days, the default partition aside.
async fn days(world: &World) -> Result<usize> {
    if world.db.engine() == Engine::Sqlite {
        let names = std::fs::read_dir(world.db.path("inlet"))?.collect::<Result<Vec<_>, _>>()?;
        return Ok(names.iter().filter(|entry| entry.path().extension().is_some_and(|end| end == "db")).count());
    }
    let sql = "SELECT COUNT(*) FROM pg_inherits WHERE inhparent = 'inlet'::REGCLASS";
    Ok(usize::try_from(world.number(sql).await?)? - 1)
}

testkit::on_both_engines! {
    async fn bodies_come_back_byte_by_byte(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let inlet = world.store.inlet();
        let every_byte: Vec<u8> = (0..=255).collect();
        let bodies: [&[u8]; 7] = [
            br#"{"object":"whatsapp_business_account","entry":[]}"#,
            b"",
            b"\xff\xfe not UTF-8",
            b"a NUL \0 in the middle",
            "\u{feff}{\"text\":\"\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f44b}\"}\r\n".as_bytes(),
            br#"{"escaped":"\u0000 \\ \" \ud83d\udc4b"}"#,
            &every_byte,
        ];
        let mut recorded = Vec::new();
        for body in bodies {
            recorded.push(inlet.record(record(NOW, body)).await?);
        }
        assert!(recorded.is_sorted(), "{recorded:?}");
        let pending = inlet.pending(100).await?;
        assert_eq!(ids(&pending), recorded);
        for (stored, body) in pending.iter().zip(bodies) {
            assert_eq!(stored.body, body);
            assert_eq!((stored.received_at, stored.state, stored.note.as_deref()), (NOW, InletState::Pending, None));
            assert_eq!(stored.route, "/api/whatsapp/webhook meta");
        }
        assert_eq!(ids(&inlet.pending(2).await?), recorded[..2]);
        Ok(())
    }

    async fn what_was_looked_at_is_not_pending_and_what_was_odd_is_shown(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let inlet = world.store.inlet();
        let mut recorded = Vec::new();
        for _ in 0..5 {
            recorded.push(inlet.record(record(NOW, b"{}")).await?);
        }
        mark(inlet, recorded[0], InletState::Applied, None).await?;
        let marks = [
            Mark { id: recorded[1], state: InletState::Undecodable, note: Some("no object".to_owned()) },
            Mark { id: recorded[3], state: InletState::Foreign, note: None },
        ];
        inlet.mark(&marks).await?;
        assert_eq!(ids(&inlet.pending(9).await?), [recorded[2], recorded[4]]);
        let odd = inlet.odd(9).await?;
        assert_eq!(ids(&odd), [recorded[3], recorded[1]], "the newest first");
        assert_eq!((odd[1].state, odd[1].note.as_deref()), (InletState::Undecodable, Some("no object")));
        assert_eq!(ids(&inlet.odd(1).await?), [recorded[3]]);
        mark(inlet, recorded[1], InletState::Pending, None).await?;
        assert_eq!(ids(&inlet.pending(9).await?), [recorded[1], recorded[2], recorded[4]]);
        Ok(())
    }

    async fn a_day_changes_at_midnight_and_both_days_are_read(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let inlet = world.store.inlet();
        // NOW is noon.
        let (last, first) = (at(DAY / 2 - 1), at(DAY / 2));
        let before = inlet.record(record(last, b"before")).await?;
        let after = inlet.record(record(first, b"after")).await?;
        let late = inlet.record(record(last, b"late")).await?;
        let pending = inlet.pending(9).await?;
        let found: Vec<&[u8]> = pending.iter().map(|stored| stored.body.as_slice()).collect();
        match world.db.engine() {
            Engine::Sqlite => {
                assert_eq!(found, [b"before".as_slice(), b"late", b"after"], "a day is read after the other");
                assert!(world.db.path("inlet").join(format!("{}.db", last.utc_day())).exists());
                assert!(world.db.path("inlet").join(format!("{}.db", first.utc_day())).exists());
                assert_eq!(days(&world).await?, 2);
            }
            Engine::Postgres => {
                assert_eq!(found, [b"before".as_slice(), b"after", b"late"]);
                assert_eq!(world.number("SELECT COUNT(*) FROM inlet_default").await?, 0);
            }
        }
        for id in [before, after, late] {
            mark(inlet, id, InletState::Refused, Some("odd")).await?;
        }
        assert_eq!(inlet.pending(9).await?.len(), 0);
        assert_eq!(ids(&inlet.odd(9).await?), { let mut all = [before, after, late]; all.sort(); all.reverse(); all });
        assert_eq!(inlet.odd(2).await?.len(), 2);
        Ok(())
    }

    async fn old_days_are_dropped_whole(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let inlet = world.store.inlet();
        let mut recorded = Vec::new();
        for day in 0..3 {
            inlet.turn_days(at(day * DAY), Timestamp::from_micros(0)).await?;
            recorded.push(inlet.record(record(at(day * DAY), b"{}")).await?);
        }
        let had = days(&world).await?;
        assert_eq!(inlet.turn_days(at(2 * DAY), at(0)).await?, 0, "a day is kept while any of it is to be kept");
        assert_eq!(inlet.turn_days(at(2 * DAY), at(2 * DAY)).await?, 2);
        assert_eq!(ids(&inlet.pending(9).await?), recorded[2..]);
        assert_eq!(days(&world).await?, had - 2);
        assert_eq!(inlet.turn_days(at(2 * DAY), at(2 * DAY)).await?, 0);
        // Somebody who read a body before its day went marks nothing.
        mark(inlet, recorded[0], InletState::Applied, None).await?;
        assert_eq!(ids(&inlet.pending(9).await?), recorded[2..]);
        Ok(())
    }

    async fn a_day_that_nobody_made_takes_bodies_all_the_same(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let inlet = world.store.inlet();
        let far = 30 * DAY;
        let ahead = inlet.record(record(at(far), b"ahead")).await?;
        let past = inlet.record(record(at(-far), b"past")).await?;
        // The day comes, after however long a stand-still, and the server still starts and goes on.
        inlet.turn_days(at(far), Timestamp::from_micros(0)).await?;
        let World { store, account, sender, epoch, db } = world;
        store.close().await;
        let store = Store::open(&settings(&db), at(far)).await?;
        let world = World { store, account, sender, epoch, db };
        let inlet = world.store.inlet();
        let next = inlet.record(record(at(far), b"next")).await?;
        let mut pending = ids(&inlet.pending(9).await?);
        pending.sort();
        let mut expected = vec![past, ahead, next];
        expected.sort();
        assert_eq!(pending, expected);
        inlet.turn_days(at(far), NOW).await?;
        let mut expected = vec![ahead, next];
        expected.sort();
        assert_eq!(ids(&inlet.pending(9).await?), expected, "what is too old goes, wherever it lies");
        Ok(())
    }

    async fn pending_bodies_are_found_after_a_restart(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let yesterday = world.store.inlet().record(record(at(-DAY), b"yesterday")).await?;
        let done = world.store.inlet().record(record(NOW, b"done")).await?;
        let today = world.store.inlet().record(record(NOW, b"today")).await?;
        mark(world.store.inlet(), done, InletState::Applied, None).await?;
        let World { store, account, sender, epoch, db } = world;
        store.close().await;
        let store = Store::open(&settings(&db), at(DAY)).await?;
        let world = World { store, account, sender, epoch, db };
        let next = world.store.inlet().record(record(NOW, b"next")).await?;
        assert!(next > today);
        let mut expected = vec![yesterday, today, next];
        expected.sort();
        assert_eq!(ids(&world.store.inlet().pending(9).await?), expected);
        Ok(())
    }

    async fn many_at_once_get_an_id_each(db: TestDatabase) -> Result<()> {
        let world = std::sync::Arc::new(World::open(db).await?);
        let mut recording = tokio::task::JoinSet::new();
        for number in 0..100 {
            let inlet = world.store.inlet().clone();
            recording.spawn(async move {
                let body = format!("body {number}");
                Ok::<_, store::StoreError>((inlet.record(record(NOW, body.as_bytes())).await?, body))
            });
        }
        let mut recorded: Vec<_> = recording.join_all().await.into_iter().collect::<Result<_, _>>()?;
        recorded.sort();
        let pending = world.store.inlet().pending(1000).await?;
        let pending: Vec<_> =
            pending.into_iter().map(|stored| (stored.id, String::from_utf8_lossy(&stored.body).into_owned())).collect();
        assert_eq!(pending, recorded);
        Ok(())
    }
}
