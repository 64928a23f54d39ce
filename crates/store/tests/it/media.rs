//! Media: rows that come with messages, files that come before rows, and the providers' ids of what we upload.

use anyhow::{Context, Result};
use domain::ids::{MediaId, SenderId};
use domain::scope::AccountScope;
use store::files::Files;
use store::hot::Inbound;
use store::media::{self, Ended, MediaState, Medium, NewStored, Origin, Stored, Upload};
use store::{Store, job, message};
use testkit::engine::TestDatabase;
use tokio::io::AsyncReadExt;

use crate::support::{NOW, World, add_account, at, picture, settings};

/// Every statement on media, for the test of plans.
pub async fn traffic(world: &World) -> Result<()> {
    let scope = world.scope();
    let received = of_wamid(world, "wamid.I").await?;
    let mut tx = world.store.begin().await?;
    let mut conn = tx.conn();
    media::note(&mut conn, (&scope, received.id), "not yet").await?;
    media::mark_stored(&mut conn, (&scope, received.id), &stored("ab"), None, at(9)).await?;
    media::mark_ended(&mut conn, (&scope, received.id), MediaState::Gone, "late").await?;
    message::touch(&mut conn, &scope, received.message.context("a message")?).await?;
    let file = stored("cd");
    let made = NewStored { origin: Origin::Made, ..uploaded(&file) };
    let first = media::insert_stored(&mut conn, &scope, &made, NOW).await?;
    media::insert_stored(&mut conn, &scope, &made, NOW).await?;
    media::known_digests(&mut conn, &scope, &["cd".to_owned()]).await?;
    media::keep_upload(&mut conn, &scope, (first, world.sender), &upload("1")).await?;
    media::upload(&mut conn, &scope, (first, world.sender)).await?;
    media::forget_upload(&mut conn, &scope, (first, world.sender), "1").await?;
    media::delete_uploads_before(&mut conn, NOW).await?;
    tx.commit().await?;
    Ok(())
}

fn stored(digest: &str) -> Stored {
    Stored { digest: digest.to_owned(), bytes: 3 }
}

fn uploaded(stored: &Stored) -> NewStored<'_> {
    NewStored { origin: Origin::Uploaded, sender: None, mime_type: "image/png", filename: Some("a.png"), stored }
}

fn upload(provider_id: &str) -> Upload {
    Upload { provider_id: provider_id.to_owned(), uploaded_at: at(10), expires_at: at(1000) }
}

fn with_picture(world: &World, wamid: &str) -> Inbound {
    Inbound { media: Some(picture("77")), ..world.inbound("+919876543210", wamid) }
}

async fn of_wamid(world: &World, wamid: &str) -> Result<Medium> {
    let mut reading = world.store.read().await?;
    let (mut conn, scope) = (reading.conn(), world.scope());
    let found = message::find_by_external_id(&mut conn, &scope, world.sender, ("wamid", wamid)).await?;
    let id = found.context("a message")?.id;
    media::of_messages(&mut conn, &scope, &[id]).await?.pop().context("a medium")
}

async fn find(world: &World, scope: &AccountScope, id: MediaId) -> Result<Option<Medium>> {
    let mut reading = world.store.read().await?;
    Ok(media::find(&mut reading.conn(), scope, id).await?)
}

async fn file(files: &Files, world: &World, bytes: &[u8]) -> Result<Stored> {
    let mut writing = files.begin().await?;
    writing.write(bytes).await?;
    let keeping = files.keeping().await;
    Ok(writing.keep(world.account, &keeping).await?)
}

testkit::on_both_engines! {
    async fn a_message_its_medium_and_the_job_that_fetches_it_come_together_and_once(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        world.receive(vec![with_picture(&world, "wamid.1")]).await?;
        world.receive(vec![with_picture(&world, "wamid.1"), world.inbound("+919876543210", "wamid.2")]).await?;
        let medium = of_wamid(&world, "wamid.1").await?;
        assert_eq!((medium.state, medium.origin, medium.stored.as_ref()), (MediaState::Pending, Origin::Received, None));
        assert_eq!((&medium.told, medium.mime_type.as_deref()), (&picture("77").told, Some("image/jpeg")));
        assert_eq!(medium.sender, Some(world.sender));

        let mut tx = world.store.begin().await?;
        let jobs = job::claim(&mut tx.conn(), (at(60), at(90)), "", 10).await?;
        assert_eq!(jobs.len(), 1, "{jobs:?}");
        assert_eq!(jobs[0].kind, media::FETCH_JOB);
        assert_eq!(jobs[0].payload, format!(r#"{{"account":{},"media":{}}}"#, world.account, medium.id));
        tx.commit().await?;

        let (other, _) = add_account(&world.store, "Other", "1002").await?;
        assert_eq!(find(&world, &AccountScope::system(other), medium.id).await?, None);
        Ok(())
    }

    async fn a_medium_ends_once(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        world.receive(vec![with_picture(&world, "wamid.1")]).await?;
        let (medium, scope) = (of_wamid(&world, "wamid.1").await?, world.scope());
        let mut tx = world.store.begin().await?;
        let mut conn = tx.conn();
        media::note(&mut conn, (&scope, medium.id), "WhatsApp was away").await?;
        let first = media::mark_stored(&mut conn, (&scope, medium.id), &stored("ab"), Some("image/webp"), at(9)).await?;
        let second = media::mark_ended(&mut conn, (&scope, medium.id), MediaState::Gone, "too late").await?;
        media::note(&mut conn, (&scope, medium.id), "too late").await?;
        assert_eq!((first, second), (Ended::Now(medium.message), Ended::Before));
        assert_eq!(message::touch(&mut conn, &scope, medium.message.context("a message")?).await?, Some(2));
        tx.commit().await?;
        let medium = find(&world, &scope, medium.id).await?.context("a medium")?;
        assert_eq!((medium.state, medium.reason, medium.stored), (MediaState::Stored, None, Some(stored("ab"))));
        assert_eq!((medium.content_type.as_deref(), medium.told.url), (Some("image/webp"), None));
        Ok(())
    }

    async fn what_we_make_ourselves_is_there_once_and_uploads_are_not_merged(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (scope, one) = (world.scope(), stored("ab"));
        let made = NewStored { origin: Origin::Made, ..uploaded(&one) };
        let mut tx = world.store.begin().await?;
        let mut conn = tx.conn();
        let first = media::insert_stored(&mut conn, &scope, &made, NOW).await?;
        assert_eq!(media::insert_stored(&mut conn, &scope, &made, at(1)).await?, first);
        let upload = media::insert_stored(&mut conn, &scope, &uploaded(&one), NOW).await?;
        assert_ne!(media::insert_stored(&mut conn, &scope, &uploaded(&one), NOW).await?, upload);
        tx.commit().await?;
        Ok(())
    }

    async fn a_providers_id_is_one_per_medium_and_sender_and_only_the_one_that_was_used_is_forgotten(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (scope, key) = (world.scope(), (MediaId(1), world.sender));
        let mut tx = world.store.begin().await?;
        let mut conn = tx.conn();
        assert_eq!(media::upload(&mut conn, &scope, key).await?, None);
        media::keep_upload(&mut conn, &scope, key, &upload("old")).await?;
        media::keep_upload(&mut conn, &scope, key, &upload("new")).await?;
        assert_eq!(media::upload(&mut conn, &scope, key).await?, Some(upload("new")));
        assert_eq!(media::upload(&mut conn, &scope, (MediaId(1), SenderId(99))).await?, None);

        assert!(!media::forget_upload(&mut conn, &scope, key, "old").await?, "it was uploaded anew");
        assert!(media::forget_upload(&mut conn, &scope, key, "new").await?);
        media::keep_upload(&mut conn, &scope, key, &upload("new")).await?;
        assert_eq!(media::delete_uploads_before(&mut conn, at(1000)).await?, 0);
        assert_eq!(media::delete_uploads_before(&mut conn, at(1001)).await?, 1);
        tx.commit().await?;
        Ok(())
    }

    async fn a_file_is_whole_private_and_gone_when_nobody_speaks_of_it(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let files = world.store.files();
        let orphan = file(files, &world, b"nobody wants this").await?;
        let wanted = file(files, &world, b"a picture").await?;
        assert_eq!(file(files, &world, b"a picture").await?, wanted, "the same bytes are one file");
        let mut tx = world.store.begin().await?;
        media::insert_stored(&mut tx.conn(), &world.scope(), &uploaded(&wanted), NOW).await?;
        tx.commit().await?;

        assert_eq!(world.store.sweep_files().await?, 1);
        assert!(files.read(world.account, &orphan.digest).await?.is_none(), "not there, and that is no passing fault");
        let mut text = String::new();
        files.read(world.account, &wanted.digest).await?.expect("the file").read_to_string(&mut text).await?;
        assert_eq!((text.as_str(), wanted.bytes), ("a picture", 9));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = files.read(world.account, &wanted.digest).await?.expect("the file").metadata().await?.permissions().mode();
            assert_eq!(mode & 0o077, 0, "{mode:o}");
            let folder = std::fs::metadata(world.db.path("media"))?.permissions().mode();
            assert_eq!(folder & 0o077, 0, "{folder:o}");
        }
        Ok(())
    }

    async fn a_file_that_was_never_finished_is_gone(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        let unfinished = || std::fs::read_dir(db.path("media/unfinished")).expect("a folder").count();
        let mut dropped = store.files().begin().await?;
        dropped.write(b"half").await?;
        assert_eq!(unfinished(), 1);
        drop(dropped);
        assert_eq!(unfinished(), 0);
        std::fs::write(db.path("media/unfinished/7"), b"left by a crash")?;
        store.close().await;
        let store = Store::open(&settings(&db), NOW).await?;
        assert_eq!(unfinished(), 0);
        store.close().await;
        Ok(())
    }
}
