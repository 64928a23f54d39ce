//! Databases are empty, apart from one another, and gone afterwards.

use std::process::Command;

use testkit::engine::{Engine, TestDatabase};
use testkit::postgres::Database;

testkit::on_both_engines! {
    /// The url names the engine, and the folder is there.
    async fn a_database_has_a_place(db: TestDatabase) {
        assert!(db.data_dir().is_dir());
        match db.engine() {
            Engine::Sqlite => assert!(db.url().starts_with("sqlite:/") && db.url().ends_with("/waypost.db")),
            Engine::Postgres => assert!(db.url().contains("waypost_a_database_has_a_place")),
        }
    }

    /// A body may return a result.
    async fn a_body_may_fail(db: TestDatabase) -> anyhow::Result<()> {
        std::fs::write(db.path("file"), "text")?;
        Ok(())
    }
}

#[tokio::test]
async fn a_dropped_database_is_gone() {
    let Some(first) = Database::create("first").await else {
        return;
    };
    let Some(second) = Database::create("second").await else {
        return;
    };
    let (first_url, second_url) = (first.url().to_owned(), second.url().to_owned());
    assert_ne!(first_url, second_url);
    assert!(answers(&first_url) && answers(&second_url));

    first.drop_now().await.unwrap();
    drop(second);
    assert!(!answers(&first_url) && !answers(&second_url));
}

fn answers(url: &str) -> bool {
    Command::new("psql").args(["--no-psqlrc", "-qc", "SELECT 1", url]).output().unwrap().status.success()
}
