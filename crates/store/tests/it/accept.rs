//! Accept: a message, its outbox row and its event, or the answer to a repetition.

use anyhow::Result;
use domain::ids::AccountId;
use domain::message::{Lane, MessageStatus};
use store::event::MESSAGE_CREATED;
use store::hot::{Accept, Accepted, Answer, Command};
use store::idempotency;
use testkit::engine::TestDatabase;

use crate::support::{NOW, OutboxRow, World, accept, add_account, at, key, new_id};

fn commands(accepts: Vec<Accept>) -> Vec<Command> {
    accepts.into_iter().map(|accept| Command::Accept(Box::new(accept))).collect()
}

fn accepted(answers: &[Answer]) -> Vec<Accepted> {
    let accepted = answers.iter().map(|answer| match answer {
        Answer::Accept(accepted) => *accepted,
        other => panic!("not an answer to accept: {other:?}"),
    });
    accepted.collect()
}

testkit::on_both_engines! {
    async fn a_message_its_outbox_row_and_its_event_are_stored_together(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let accept = Accept {
            reference: Some("order 77".to_owned()),
            context: Some("wamid.Q".to_owned()),
            simulated: true,
            excerpt: "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f44b} \"quoted\" \\ line".to_owned(),
            ..world.accept("+919876543210")
        };
        let id = new_id(world.store.hot().accept(accept.clone()).await?)?;
        let message = world.message(id).await?;
        assert_eq!((message.status, message.version, message.attempts), (MessageStatus::Queued, 1, 0));
        assert_eq!((message.content, message.excerpt), (accept.content, accept.excerpt));
        assert_eq!((message.reference, message.context), (accept.reference, accept.context));
        assert_eq!((message.address.as_str(), message.address_kind.as_str()), ("+919876543210", "phone"));
        assert_eq!((message.simulated, message.conversation, message.external_id), (true, None, None));
        assert_eq!((message.created_at, message.send_at, message.expires_at), (NOW, None, Some(at(3600))));
        let row = OutboxRow { state: 0, lane: Lane::Transactional as i64, attempts: 0, due_at: NOW };
        assert_eq!(world.waiting(id).await?, Some(row));
        assert_eq!(world.events_of(id).await?, [(MESSAGE_CREATED.to_owned(), 1)]);
        Ok(())
    }

    async fn a_message_for_later_is_scheduled(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let later = Accept { send_at: Some(at(600)), ..world.accept("+919876543210") };
        let id = new_id(world.store.hot().accept(later).await?)?;
        assert_eq!(world.message(id).await?.status, MessageStatus::Scheduled);
        assert_eq!(world.waiting(id).await?.map(|row| row.due_at), Some(at(600)));
        Ok(())
    }

    async fn a_key_stands_for_its_first_message(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let with = |k: &str, print: &str| Accept { idempotency: key(k, print), ..world.accept("+919876543210") };
        let hot = world.store.hot();
        let first = new_id(hot.accept(with("k1", "body")).await?)?;
        assert_eq!(hot.accept(with("k1", "body")).await?, Accepted::Repeated(first));
        assert_eq!(hot.accept(with("k1", "other")).await?, Accepted::KeyReused);
        new_id(hot.accept(with("k2", "body")).await?)?;
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 2);
        assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await?, 2);
        assert_eq!(world.number("SELECT COUNT(*) FROM event").await?, 2);
        Ok(())
    }

    async fn equal_keys_of_one_batch_are_one_message(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let with = |k: &str, print: &str| Accept { idempotency: key(k, print), ..world.accept("+919876543210") };
        let old = new_id(world.store.hot().accept(with("old", "body")).await?)?;
        let batch = commands(vec![
            with("k1", "body"),
            with("k1", "body"),
            with("k1", "other"),
            world.accept("+919876543211"),
            with("old", "body"),
            with("old", "other"),
            with("k2", "body"),
            with("old", "body"),
        ]);
        let answers = accepted(&world.batch(&batch).await?);
        let first = new_id(answers[0])?;
        assert_eq!(answers[1..3], [Accepted::Repeated(first), Accepted::KeyReused]);
        assert_eq!(world.message(new_id(answers[3])?).await?.address, "+919876543211");
        assert_eq!(answers[4..6], [Accepted::Repeated(old), Accepted::KeyReused]);
        new_id(answers[6])?;
        assert_eq!(answers[7], Accepted::Repeated(old));
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 4);
        Ok(())
    }

    async fn a_key_holds_for_a_day_and_is_then_taken_over(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let with = |seconds, print: &str| Accept {
            idempotency: key("k", print),
            at: at(seconds),
            ..world.accept("+919876543210")
        };
        let day = 24 * 60 * 60;
        let hot = world.store.hot();
        let first = new_id(hot.accept(with(0, "body")).await?)?;
        assert_eq!(hot.accept(with(day, "body")).await?, Accepted::Repeated(first));
        let second = new_id(hot.accept(with(day + 1, "other")).await?)?;
        assert_eq!(hot.accept(with(day + 2, "other")).await?, Accepted::Repeated(second));
        assert_eq!(hot.accept(with(day + 2, "body")).await?, Accepted::KeyReused);

        let mut tx = world.store.begin().await?;
        assert_eq!(idempotency::delete_before(&mut tx.conn(), at(day + 1)).await?, 0);
        assert_eq!(idempotency::delete_before(&mut tx.conn(), at(day + 2)).await?, 1);
        tx.commit().await?;
        new_id(hot.accept(with(day + 3, "body")).await?)?;
        Ok(())
    }

    async fn a_key_is_an_accounts_and_a_surfaces_own(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (other, sender) = add_account(&world.store, "Other", "2002").await?;
        let mine = Accept { idempotency: key("k", "body"), ..world.accept("+919876543210") };
        let theirs = Accept { idempotency: key("k", "theirs"), ..accept(other, sender, "+919876543210") };
        let mut elsewhere = mine.clone();
        elsewhere.idempotency.as_mut().expect("a key").surface = "alerts";
        let answers = world.batch(&commands(vec![mine.clone(), theirs.clone(), elsewhere.clone()])).await?;
        let answers: Vec<_> = accepted(&answers).into_iter().map(new_id).collect::<Result<_>>()?;
        for (accept, id) in [mine, theirs, elsewhere].into_iter().zip(answers) {
            assert_eq!(world.store.hot().accept(accept).await?, Accepted::Repeated(id));
        }
        Ok(())
    }

    async fn a_person_is_one_contact_for_many_messages(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (other, sender) = add_account(&world.store, "Other", "2002").await?;
        // Brazil's ninth digit: two written forms of one account on WhatsApp.
        let forms = ["+5511987654321", "+551187654321", "+5511987654321", "+919876543210"];
        let mut batch: Vec<Accept> = forms.into_iter().map(|to| world.accept(to)).collect();
        batch.push(accept(other, sender, forms[0]));
        let mut ids = accepted(&world.batch(&commands(batch)).await?);
        ids.push(world.store.hot().accept(world.accept(forms[1])).await?);
        let mut contacts = Vec::new();
        for id in [0, 1, 2, 3, 5] {
            contacts.push(world.message(new_id(ids[id])?).await?.contact);
        }
        let person = contacts[0];
        assert_eq!(contacts.iter().filter(|contact| **contact == person).count(), 4, "{contacts:?}");
        assert_eq!(world.number("SELECT COUNT(*) FROM contact").await?, 3);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact_identity").await?, 3);
        assert_eq!(world.message(new_id(ids[1])?).await?.address, forms[1], "the written form is sent to");
        let rows = world.rows("SELECT account_id FROM contact WHERE id = $1", store::values![person]).await?;
        assert_eq!(rows.first().map(|row| row.reader().read::<AccountId>()).transpose()?, Some(world.account));
        Ok(())
    }
}
