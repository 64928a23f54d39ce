//! Opening, closing, and what keeps a server from opening.

use anyhow::Result;
use store::sql::Sql;
use store::{Store, StoreError};
use testkit::engine::TestDatabase;

use crate::support::{NOW, World, pools, settings};

fn refusal(opened: Result<Store, StoreError>) -> String {
    match opened {
        Err(StoreError::Open(text)) => text,
        other => panic!("it should not have opened: {other:?}"),
    }
}

testkit::on_both_engines! {
    async fn what_was_accepted_is_there_after_a_restart(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let message = world.send("+919876543210").await?;
        let World { store, account, sender, epoch, db } = world;
        assert_eq!(store.node(), "node-a");
        store.close().await;

        let again = store::StoreSettings { new_node: "node-b".to_owned(), ..settings(&db) };
        let store = Store::open(&again, NOW).await?;
        assert_eq!(store.node(), "node-a", "a node keeps the name its folder gave it");
        let world = World { store, account, sender, epoch, db };
        assert_eq!(world.message(message).await?.address, "+919876543210");
        assert_ne!(world.send("+919876543211").await?, message, "ids go on where they were");
        Ok(())
    }

    async fn a_folder_in_use_is_refused_by_name(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        let text = refusal(Store::open(&settings(&db), NOW).await);
        assert!(text.contains("another Waypost server"), "{text}");
        assert!(text.contains(&db.data_dir().display().to_string()), "{text}");
        store.close().await;
        Store::open(&settings(&db), NOW).await?.close().await;
        Ok(())
    }

    async fn a_newer_schema_is_refused_by_name(db: TestDatabase) -> Result<()> {
        Store::open(&settings(&db), NOW).await?.close().await;
        let pools = pools(&db).await?;
        let newer = Sql::split(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9001, 'of tomorrow', 1, X'00', 0)",
            r"INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
              VALUES (9001, 'of tomorrow', TRUE, '\x00'::BYTEA, 0)",
        );
        let mut tx = pools.begin().await?;
        tx.conn().execute(&newer, Vec::new()).await?;
        tx.commit().await?;
        pools.close().await;

        let text = refusal(Store::open(&settings(&db), NOW).await);
        assert!(text.contains("schema version 9001") && text.contains("newer binary"), "{text}");
        Ok(())
    }

    async fn closing_waits_for_whoever_can_still_write(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (hot, inlet) = (world.store.hot().clone(), world.store.inlet().clone());
        let accept = world.accept("+919876543210");
        let World { store, db, .. } = world;
        let mut closing = std::pin::pin!(store.close());
        // The writers go when the last handle does, and what was handed in before that is still committed.
        tokio::select! {
            biased;
            () = &mut closing => panic!("closed while somebody could still write"),
            accepted = hot.accept(accept) => { accepted?; }
        }
        drop((hot, inlet));
        closing.await;
        drop(db);
        Ok(())
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_being_shown() {
    let folder = std::env::temp_dir().join(format!("waypost-opening-{}", std::process::id()));
    let settings = store::StoreSettings {
        data_dir: folder.clone(),
        postgres_url: Some("mysql://waypost:hunter2@db/waypost".to_owned()),
        connections: 2,
        queue_max: 8,
        inlet_bytes_max: None,
        new_node: "node-a".to_owned(),
    };
    let text = refusal(Store::open(&settings, NOW).await);
    assert!(!text.contains("hunter2"), "{text}");
    std::fs::remove_dir_all(folder).expect("the folder goes");
}
