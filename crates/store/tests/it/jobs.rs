//! Jobs and schedules: once each, whoever begins them.

use std::time::Duration;

use anyhow::Result;
use domain::time::Timestamp;
use store::job::{self, Job, NewJob};
use store::{Store, schedule};
use testkit::engine::TestDatabase;

use crate::support::{NOW, World, add_account, at, settings};

async fn insert(store: &Store, unique_key: &str, run_at: Timestamp) -> Result<()> {
    let mut tx = store.begin().await?;
    let new = NewJob { account: None, kind: "sync_templates", payload: r#"{"sender":7}"#, unique_key, run_at };
    job::insert(&mut tx.conn(), &new, NOW).await?;
    tx.commit().await?;
    Ok(())
}

async fn claim(store: &Store, now: Timestamp, until: Timestamp, limit: i64) -> Result<Vec<Job>> {
    let mut tx = store.begin().await?;
    let jobs = job::claim(&mut tx.conn(), (now, until), "", limit).await?;
    tx.commit().await?;
    Ok(jobs)
}

async fn settle(store: &Store, job: &Job, gives_up: bool) -> Result<()> {
    let mut tx = store.begin().await?;
    match gives_up {
        false => job::finish(&mut tx.conn(), job).await?,
        true => job::fail(&mut tx.conn(), job, None, "it never will be", at(2)).await?,
    }
    tx.commit().await?;
    Ok(())
}

async fn begin(store: &Store, now: Timestamp) -> Result<Option<Timestamp>> {
    let mut tx = store.begin().await?;
    let begun = schedule::begin_due(&mut tx.conn(), "housekeeping", now).await?;
    tx.commit().await?;
    Ok(begun)
}

testkit::on_both_engines! {
    async fn a_claimed_job_is_not_claimed_twice(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        for (key, seconds) in [("b", 2), ("a", 1), ("c", 3), ("later", 100)] {
            insert(&store, key, at(seconds)).await?;
        }
        assert_eq!(claim(&store, NOW, at(60), 10).await?, []);
        let first = claim(&store, at(10), at(60), 2).await?;
        let (one, two) = tokio::join!(claim(&store, at(10), at(60), 10), claim(&store, at(10), at(60), 10));
        assert_eq!((first.len(), one?.len() + two?.len()), (2, 1));
        assert_eq!((first[0].kind.as_str(), first[0].payload.as_str()), ("sync_templates", r#"{"sender":7}"#));
        assert_eq!(first[0].attempts, 1);

        let again = claim(&store, at(60), at(120), 10).await?;
        assert_eq!((again.len(), again[0].attempts), (3, 2), "a runner that died loses its claim");
        Ok(())
    }

    async fn a_kind_is_claimed_apart_and_full_accounts_are_passed_over(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let store = &world.store;
        let (other, _) = add_account(store, "Other", "1002").await?;
        let mut tx = store.begin().await?;
        for (account, kind, unique_key, second) in
            [(world.account, "fetch", "a", 1), (other, "fetch", "b", 2), (world.account, "short", "c", 3)]
        {
            let run_at = at(second);
            let new = NewJob { account: Some(account), kind, payload: "{}", unique_key, run_at };
            job::insert(&mut tx.conn(), &new, NOW).await?;
        }
        let short = job::claim(&mut tx.conn(), (at(10), at(70)), "fetch", 10).await?;
        assert_eq!(short.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["short"]);
        let full = [Some(world.account), None, None];
        let theirs = job::claim_one(&mut tx.conn(), (at(10), at(70)), "fetch", full).await?.expect("a job");
        assert_eq!(theirs.account, Some(other));
        assert_eq!(job::claim_one(&mut tx.conn(), (at(10), at(70)), "fetch", full).await?, None);
        let ours = job::claim_one(&mut tx.conn(), (at(10), at(70)), "fetch", [None; 3]).await?.expect("a job");
        assert_eq!(ours.account, Some(world.account));

        job::renew(&mut tx.conn(), ours.id, (at(70), at(130))).await?;
        job::renew(&mut tx.conn(), theirs.id, (at(69), at(130))).await?;
        let again = job::claim_one(&mut tx.conn(), (at(80), at(140)), "fetch", [None; 3]).await?.expect("a job");
        assert_eq!(again.id, theirs.id, "it was not renewed, since its claim was another one");
        assert_eq!(job::claim_one(&mut tx.conn(), (at(80), at(140)), "fetch", [None; 3]).await?, None);
        tx.commit().await?;
        Ok(())
    }

    async fn a_jobs_key_is_unique_while_it_is_stored(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        insert(&store, "a", NOW).await?;
        insert(&store, "a", NOW).await?;
        let jobs = claim(&store, at(1), at(60), 10).await?;
        assert_eq!(jobs.len(), 1);
        let mut tx = store.begin().await?;
        job::finish(&mut tx.conn(), &jobs[0]).await?;
        tx.commit().await?;
        insert(&store, "a", NOW).await?;
        assert_eq!(claim(&store, at(1), at(60), 10).await?.len(), 1);
        Ok(())
    }

    async fn a_failed_job_runs_again_at_its_time_or_never(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        insert(&store, "a", NOW).await?;
        let jobs = claim(&store, at(1), at(60), 10).await?;
        let mut tx = store.begin().await?;
        job::fail(&mut tx.conn(), &jobs[0], Some(at(5)), "the provider was not there", at(1)).await?;
        tx.commit().await?;
        assert_eq!(claim(&store, at(4), at(60), 10).await?, []);
        assert_eq!(claim(&store, at(5), at(60), 10).await?[0].attempts, 2);
        let mut tx = store.begin().await?;
        job::fail(&mut tx.conn(), &jobs[0], None, "it never will be", at(6)).await?;
        tx.commit().await?;
        assert_eq!(claim(&store, at(9999), at(9999), 10).await?, []);
        Ok(())
    }

    async fn a_job_asked_for_while_it_runs_runs_once_more(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        // Asked for twice within one instant, and once for later.
        for (number, run_at) in [NOW, NOW, at(30)].into_iter().enumerate() {
            for gives_up in [false, true] {
                let key = format!("{number} {gives_up}");
                insert(&store, &key, NOW).await?;
                let begun = claim(&store, at(1), at(60), 10).await?;
                insert(&store, &key, run_at).await?;
                insert(&store, &key, run_at).await?;
                assert_eq!(claim(&store, at(2), at(60), 10).await?, [], "it is being run");
                settle(&store, &begun[0], gives_up).await?;
                assert_eq!(claim(&store, run_at, at(60), 10).await?.len(), 0, "not before its time");
                let again = claim(&store, run_at.plus(Duration::from_millis(1)), at(60), 10).await?;
                assert_eq!((begun.len(), again.len(), again[0].attempts), (1, 1, 1), "{key}");
                settle(&store, &again[0], gives_up).await?;
                assert_eq!(claim(&store, at(9999), at(9999), 10).await?, [], "once more and not for ever");
            }
        }
        Ok(())
    }

    async fn a_job_keeps_its_end_when_its_claim_was_renewed(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        insert(&store, "a", NOW).await?;
        let begun = claim(&store, at(1), at(60), 10).await?;
        assert_eq!(claim(&store, at(60), at(120), 10).await?.len(), 1);
        settle(&store, &begun[0], false).await?;
        assert_eq!(claim(&store, at(9999), at(9999), 10).await?, []);
        Ok(())
    }

    async fn an_occurrence_runs_once(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        let mut tx = store.begin().await?;
        schedule::ensure(&mut tx.conn(), "housekeeping", 60, at(10)).await?;
        schedule::ensure(&mut tx.conn(), "housekeeping", 30, at(999)).await?;
        tx.commit().await?;
        assert_eq!(begin(&store, at(9)).await?, None);
        let (one, two) = tokio::join!(begin(&store, at(10)), begin(&store, at(10)));
        let mut begun = [one?, two?];
        begun.sort();
        assert_eq!(begun, [None, Some(at(10))]);
        assert_eq!(begin(&store, at(39)).await?, None, "the interval may change, the next run stays");
        assert_eq!(begin(&store, at(40)).await?, Some(at(40)));
        assert_eq!(begin(&store, at(1000)).await?, Some(at(70)), "missed occurrences are one");
        assert_eq!(begin(&store, at(1001)).await?, None);
        let mut tx = store.begin().await?;
        schedule::finish(&mut tx.conn(), ("housekeeping", at(70)), at(1002), "{}").await?;
        assert_eq!(schedule::delete_runs_before(&mut tx.conn(), at(1000)).await?, 2);
        tx.commit().await?;
        assert_eq!(begin(&store, at(1030)).await?, Some(at(1030)));
        Ok(())
    }
}
