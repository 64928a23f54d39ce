//! Accounts, people, what proves who they are, senders, settings, the audit log.

use anyhow::{Context, Result};
use domain::scope::{AccountScope, Actor, Role};
use store::account::{Account, Membership};
use store::audit::Entry;
use store::sender::NewSender;
use store::{Store, access, account, audit, sender, setting};
use testkit::engine::TestDatabase;

use crate::support::{NOW, World, add_account, at, settings};

testkit::on_both_engines! {
    async fn an_account_is_read_back_and_switched(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        add_account(&world.store, "Other", "2002").await?;
        let mut tx = world.store.begin().await?;
        account::set_live(&mut tx.conn(), &world.scope(), false).await?;
        let found = account::find(&mut tx.conn(), &world.scope()).await?.context("an account")?;
        let expected = Account {
            id: world.account,
            name: "Acme".to_owned(),
            default_region: "IN".to_owned(),
            time_zone: "Asia/Kolkata".to_owned(),
            language: "en".to_owned(),
            live: false,
        };
        assert_eq!(found, expected);
        assert_eq!(account::first(&mut tx.conn()).await?, Some(expected));
        let nobody = AccountScope::system(domain::ids::AccountId(99));
        assert_eq!(account::find(&mut tx.conn(), &nobody).await?, None);
        tx.commit().await?;
        Ok(())
    }

    async fn a_person_works_in_accounts_and_signs_in(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let mut tx = world.store.begin().await?;
        let mut conn = tx.conn();
        let person = ("Asha@Acme.example", "Asha");
        let asha = account::insert_user(&mut conn, person, "$argon2id$1", true, NOW).await?.context("a user")?;
        assert_eq!(account::insert_user(&mut conn, ("asha@acme.example", "Again"), "$", false, NOW).await?, None);
        account::set_password(&mut conn, asha, "$argon2id$2").await?;
        let found = account::find_user(&mut conn, "ASHA@acme.example").await?.context("a user")?;
        assert_eq!((found.id, found.email.as_str(), found.name.as_str()), (asha, "asha@acme.example", "Asha"));
        assert_eq!((found.password_hash.as_str(), found.super_admin), ("$argon2id$2", true));
        assert_eq!(account::find_user(&mut conn, "bela@acme.example").await?, None);

        account::join(&mut conn, world.account, asha, Role::Agent, NOW).await?;
        account::join(&mut conn, world.account, asha, Role::Administrator, NOW).await?;
        let membership = Membership { account: world.account, name: "Acme".to_owned(), role: Role::Administrator };
        assert_eq!(account::of_user(&mut conn, asha).await?, [membership]);

        let session = access::insert_session(&mut conn, asha, "hash-1", (NOW, at(60)), Some("Firefox")).await?;
        let signed_in = access::find_session(&mut conn, "hash-1", at(59)).await?.context("a session")?;
        assert_eq!((signed_in.session, signed_in.user, signed_in.name.as_str()), (session, asha, "Asha"));
        assert_eq!(access::find_session(&mut conn, "hash-1", at(60)).await?, None, "it is over");
        access::delete_session(&mut conn, session).await?;
        assert_eq!(access::find_session(&mut conn, "hash-1", at(1)).await?, None);
        access::insert_session(&mut conn, asha, "hash-2", (NOW, at(60)), None).await?;
        assert_eq!(access::delete_sessions_before(&mut conn, at(61)).await?, 1);
        tx.commit().await?;
        Ok(())
    }

    async fn a_token_is_found_by_its_hash_while_in_force(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let mut tx = world.store.begin().await?;
        let token = access::insert_token(&mut tx.conn(), world.account, ("shop", "hash"), Role::Agent, NOW).await?;
        tx.commit().await?;
        let find = async |hash: &'static str| -> Result<_> {
            let mut reading = world.store.read().await?;
            Ok(access::find_token(&mut reading.conn(), hash, at(9)).await?)
        };
        let owner = find("hash").await?.context("a token")?;
        assert_eq!((owner.token, owner.account, owner.role), (token, world.account, Role::Agent));
        assert_eq!(find("other").await?, None);
        world.execute("UPDATE access_token SET expires_at = 1").await?;
        assert_eq!(find("hash").await?, None);
        world.execute("UPDATE access_token SET expires_at = NULL, revoked_at = 1").await?;
        assert_eq!(find("hash").await?, None);
        Ok(())
    }

    async fn a_providers_number_has_one_sender(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (other, theirs) = add_account(&world.store, "Other", "2002").await?;
        let mut tx = world.store.begin().await?;
        let new = NewSender {
            account: other,
            name: "Mine now",
            provider: "sandbox",
            phone: Some("+15550100"),
            number_id: "1001",
            business_account_id: Some("77"),
        };
        let found = sender::find_or_insert(&mut tx.conn(), &new, NOW).await?;
        assert_eq!((found.id, found.account, found.name.as_str()), (world.sender, world.account, "Shop"));
        let new = NewSender { number_id: "3003", provider: "meta_cloud", ..new };
        let made = sender::find_or_insert(&mut tx.conn(), &new, NOW).await?;
        assert_eq!((made.account, made.phone.as_deref()), (other, Some("+15550100")));
        assert_eq!(sender::find_by_number(&mut tx.conn(), "meta_cloud", "3003").await?, Some(made.clone()));
        assert_eq!(sender::find_by_number(&mut tx.conn(), "sandbox", "3003").await?, None);
        let mine: Vec<_> = sender::list(&mut tx.conn(), &world.scope()).await?.iter().map(|s| s.id).collect();
        assert_eq!(mine, [world.sender]);
        let all: Vec<_> = sender::all(&mut tx.conn()).await?.iter().map(|s| s.id).collect();
        assert_eq!(all, [world.sender, theirs, made.id]);
        tx.commit().await?;
        Ok(())
    }

    async fn a_setting_keeps_its_first_value(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        for value in ["a1b2", "other"] {
            let mut tx = store.begin().await?;
            assert_eq!(setting::find_or_put(&mut tx.conn(), setting::INSTALLATION, value).await?, "a1b2");
            tx.commit().await?;
        }
        Ok(())
    }

    async fn acts_are_written_down(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let mut tx = world.store.begin().await?;
        for account in [None, Some(world.account)] {
            let entry = Entry {
                account,
                actor: Actor::System,
                action: "account.live",
                subject: "account:1".to_owned(),
                details: "{}",
                origin: None,
            };
            audit::write(&mut tx.conn(), &entry, NOW).await?;
        }
        tx.commit().await?;
        assert_eq!(world.number("SELECT COUNT(*) FROM audit WHERE actor = 'system'").await?, 2);
        Ok(())
    }

    async fn what_is_not_committed_is_not_there(db: TestDatabase) -> Result<()> {
        let store = Store::open(&settings(&db), NOW).await?;
        let mut tx = store.begin().await?;
        setting::find_or_put(&mut tx.conn(), "a", "dropped").await?;
        drop(tx);
        let mut tx = store.begin().await?;
        setting::find_or_put(&mut tx.conn(), "a", "rolled back").await?;
        tx.rollback().await?;
        let mut tx = store.begin().await?;
        assert_eq!(setting::find_or_put(&mut tx.conn(), "a", "kept").await?, "kept");
        tx.commit().await?;
        Ok(())
    }
}
