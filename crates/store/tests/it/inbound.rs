//! What people write: stored once, in their conversation, under their contact.

use std::sync::Arc;

use anyhow::Result;
use domain::attempt::AttemptStatus;
use domain::ids::{ContactId, ConversationId};
use domain::message::{Direction, MessageStatus};
use store::contact::Identity;
use store::event::{MESSAGE_CREATED, MESSAGE_UPDATED};
use store::hot::{Accept, Apply, Command, Inbound};
use testkit::engine::TestDatabase;
use tokio::task::JoinSet;

use crate::support::{World, add_account, add_sender, at, evidence, inbound, new_id, phone, user_id, username};

fn apply(messages: Vec<Inbound>) -> Command {
    Command::Apply(Box::new(Apply { messages, ..Apply::at(at(5)) }))
}

testkit::on_both_engines! {
    async fn a_line_opens_a_conversation_and_is_delivered(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let line = Inbound { name: Some("Asha".to_owned()), ..world.inbound("+919876543210", "wamid.I") };
        assert_eq!(world.receive(vec![line.clone()]).await?, 1);
        let message = world.by_wamid("wamid.I").await?;
        assert_eq!((message.direction, message.status), (Direction::Inbound, MessageStatus::Delivered));
        assert_eq!((message.content, message.excerpt), (line.content, line.excerpt));
        assert_eq!((message.created_at, message.times.delivered), (at(4), Some(at(5))));
        assert_eq!(message.contact_name.as_deref(), Some("Asha"));
        assert_eq!(message.external_id.as_deref(), Some("wamid.I"));
        assert!(message.conversation.is_some());
        assert_eq!(world.events_of(message.id).await?, [(MESSAGE_CREATED.to_owned(), 1)]);
        assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await?, 0);
        Ok(())
    }

    async fn the_same_line_is_stored_once(db: TestDatabase) -> Result<()> {
        let world = Arc::new(World::open(db).await?);
        let line = || world.inbound("+919876543210", "wamid.I");
        assert_eq!(world.receive(vec![line(), line()]).await?, 1);
        assert_eq!(world.receive(vec![line()]).await?, 0);
        world.batch(&[apply(vec![line()]), apply(vec![world.inbound("+919876543210", "wamid.J")]), apply(vec![
            world.inbound("+919876543210", "wamid.J"),
        ])]).await?;
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 2);

        let mut receiving = JoinSet::new();
        for _ in 0..8 {
            let world = world.clone();
            receiving.spawn(async move {
                let line = || vec![world.inbound("+919876543277", "wamid.K"), world.inbound("+919876543277", "wamid.L")];
                // One through the writer, one beside it, as another node would.
                world.receive(line()).await?;
                world.batch(&[apply(line())]).await?;
                anyhow::Ok(())
            });
        }
        receiving.join_all().await.into_iter().collect::<Result<()>>()?;
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 4);
        assert_eq!(world.number("SELECT COUNT(*) FROM event").await?, 4);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact").await?, 2);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact_identity").await?, 2);
        assert_eq!(world.number("SELECT COUNT(*) FROM conversation").await?, 2);
        Ok(())
    }

    async fn one_id_of_two_numbers_is_two_lines(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let second = add_sender(&world.store, world.account, "1002").await?;
        let lines = vec![
            world.inbound("+919876543210", "wamid.I"),
            inbound(world.account, second, "+919876543210", "wamid.I"),
        ];
        assert_eq!(world.receive(lines).await?, 2);
        Ok(())
    }

    async fn lines_of_one_second_keep_the_bodys_order(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let wamids = ["wamid.Z", "wamid.A", "wamid.M"];
        world.receive(wamids.iter().map(|wamid| world.inbound("+919876543210", wamid)).collect()).await?;
        let mut ids = Vec::new();
        for wamid in wamids {
            ids.push(world.by_wamid(wamid).await?.id);
        }
        assert!(ids.is_sorted(), "{ids:?}");
        Ok(())
    }

    async fn a_conversation_is_reused_while_it_is_open(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (other, sender) = add_account(&world.store, "Other", "2002").await?;
        let second = add_sender(&world.store, world.account, "1002").await?;
        let from = |number: &str, wamid: &str| world.inbound(number, wamid);
        world.receive(vec![from("+919876543210", "wamid.1"), from("+919876543210", "wamid.2")]).await?;
        world.receive(vec![from("+919876543210", "wamid.3"), from("+919876543211", "wamid.4")]).await?;
        world.receive(vec![
            inbound(other, sender, "+919876543210", "wamid.5"),
            inbound(world.account, second, "+919876543210", "wamid.6"),
        ]).await?;
        let first = world.by_wamid("wamid.1").await?.conversation;
        assert_eq!(world.by_wamid("wamid.2").await?.conversation, first);
        assert_eq!(world.by_wamid("wamid.3").await?.conversation, first);
        assert_ne!(world.by_wamid("wamid.4").await?.conversation, first);
        let numbers = async |account| {
            let sql = "SELECT number FROM conversation WHERE account_id = $1 ORDER BY number";
            let rows = world.rows(sql, store::values![account]).await?;
            rows.iter().map(|row| Ok(row.reader().read()?)).collect::<Result<Vec<i64>>>()
        };
        assert_eq!(numbers(world.account).await?, [1, 2, 3]);
        assert_eq!(numbers(other).await?, [1], "each account counts for itself");

        world.execute("UPDATE conversation SET open = (number < 0) WHERE number = 1").await?;
        world.receive(vec![from("+919876543210", "wamid.7")]).await?;
        assert_ne!(world.by_wamid("wamid.7").await?.conversation, first);
        assert_eq!(numbers(world.account).await?, [1, 2, 3, 4]);
        Ok(())
    }

    async fn a_conversation_knows_when_the_person_last_wrote(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let wrote = |seconds, wamid: &str| Inbound { at: at(seconds), ..world.inbound("+919876543210", wamid) };
        world.receive(vec![wrote(20, "wamid.1"), wrote(30, "wamid.2"), wrote(10, "wamid.3")]).await?;
        world.receive(vec![wrote(15, "wamid.4")]).await?;
        let last = world.number("SELECT last_inbound_at FROM conversation").await?;
        assert_eq!(last, at(30).as_micros());
        assert_eq!(world.number("SELECT last_activity_at FROM conversation").await?, last);
        Ok(())
    }

    async fn a_contact_is_named_once(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.send("+919876543210").await?;
        assert_eq!(world.message(id).await?.contact_name, None);
        for (wamid, name) in [("wamid.1", None), ("wamid.2", Some("Asha")), ("wamid.3", Some("Another"))] {
            let line = world.inbound("+919876543210", wamid);
            world.receive(vec![Inbound { name: name.map(ToOwned::to_owned), ..line }]).await?;
        }
        assert_eq!(world.message(id).await?.contact_name.as_deref(), Some("Asha"));
        Ok(())
    }

    async fn a_quoted_message_is_replied_to_else_the_newest(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let first = world.submitted("+919876543210", "wamid.1").await?;
        let second = world.submitted("+919876543210", "wamid.2").await?;
        let to_another = world.submitted("+919876543211", "wamid.3").await?;
        let wrote = |seconds, wamid: &str, context: Option<&str>| Inbound {
            at: at(seconds),
            context: context.map(ToOwned::to_owned),
            ..world.inbound("+919876543210", wamid)
        };
        world.receive(vec![wrote(10, "wamid.I", Some("wamid.1"))]).await?;
        assert_eq!(world.message(first).await?.replied_at, Some(at(10)));
        assert_eq!(world.message(second).await?.replied_at, None);
        assert_eq!(world.events_of(first).await?.last(), Some(&(MESSAGE_UPDATED.to_owned(), 4)));
        assert_eq!(world.message(first).await?.version, 4);

        world.receive(vec![wrote(20, "wamid.J", None), wrote(20, "wamid.K", Some("wamid.1"))]).await?;
        assert_eq!(world.message(second).await?.replied_at, Some(at(20)));
        world.receive(vec![wrote(30, "wamid.L", None), wrote(30, "wamid.M", Some("wamid.2"))]).await?;
        assert_eq!(world.message(first).await?.replied_at, Some(at(10)), "the first answer counts");
        assert_eq!(world.message(second).await?.replied_at, Some(at(20)));
        assert_eq!(world.message(second).await?.version, 4);
        assert_eq!(world.message(to_another).await?.replied_at, None);
        Ok(())
    }

    async fn of_two_answers_in_one_batch_the_earlier_counts(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.1").await?;
        let wrote = |seconds, wamid: &str| Inbound { at: at(seconds), ..world.inbound("+919876543210", wamid) };
        world.receive(vec![wrote(12, "wamid.I"), wrote(10, "wamid.J"), wrote(11, "wamid.K")]).await?;
        let message = world.message(id).await?;
        assert_eq!((message.replied_at, message.version), (Some(at(10)), 4));
        assert_eq!(world.events_of(id).await?.len(), 4);
        Ok(())
    }

    async fn a_person_is_found_by_any_identity(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (number, id) = (phone("+919876543210"), user_id("IN.13491208655302741918"));
        let contact = async |line: Inbound| -> Result<(ContactId, Option<ConversationId>)> {
            let wamid = line.external_id.clone();
            world.receive(vec![line]).await?;
            let message = world.by_wamid(&wamid).await?;
            Ok((message.contact, message.conversation))
        };
        let both = vec![Identity::from(&number), Identity::from(&id), username("asha")];
        let first = contact(Inbound { identities: both, ..world.inbound("+919876543210", "wamid.1") }).await?;
        let only_id = Inbound { identities: vec![Identity::from(&id)], address: id, ..world.inbound("+919876543210", "wamid.2") };
        assert_eq!(contact(only_id).await?, first);
        let only_name = Inbound { identities: vec![username("asha")], ..world.inbound("+919876543210", "wamid.3") };
        assert_eq!(contact(only_name).await?, first);
        assert_eq!(contact(world.inbound("+919876543210", "wamid.4")).await?, first);
        let message = world.by_wamid("wamid.2").await?;
        assert_eq!((message.address_kind.as_str(), message.address.as_str()), ("user_id", "IN.13491208655302741918"));
        let sent = world.send("+919876543210").await?;
        assert_eq!(world.message(sent).await?.contact, first.0);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact").await?, 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact_identity").await?, 3);
        Ok(())
    }

    async fn identities_learnt_within_a_batch_join_its_lines(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (number, id) = (phone("+919876543210"), user_id("IN.13491208655302741918"));
        let lines = vec![
            Inbound { identities: vec![Identity::from(&id)], ..world.inbound("+919876543210", "wamid.1") },
            Inbound {
                identities: vec![Identity::from(&number), Identity::from(&id)],
                ..world.inbound("+919876543210", "wamid.2")
            },
            world.inbound("+919876543210", "wamid.3"),
        ];
        assert_eq!(world.receive(lines).await?, 3);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact").await?, 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM conversation").await?, 1);
        Ok(())
    }

    async fn nobody_answers_what_was_never_sent(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let sent = world.submitted("+919876543210", "wamid.A").await?;
        let later = Accept { send_at: Some(at(600)), at: at(3), ..world.accept("+919876543210") };
        let later = new_id(world.store.hot().accept(later).await?)?;
        world.receive(vec![world.inbound("+919876543210", "wamid.I")]).await?;
        assert_eq!(world.message(later).await?.replied_at, None);
        assert_eq!(world.message(sent).await?.replied_at, Some(at(4)));
        Ok(())
    }

    async fn statuses_and_lines_of_one_body_are_applied_together(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let id = world.submitted("+919876543210", "wamid.A").await?;
        let body = Apply {
            statuses: vec![world.status("wamid.A", evidence(AttemptStatus::Read, 9)), world.status("wamid.?", evidence(AttemptStatus::Sent, 9))],
            messages: vec![world.inbound("+919876543210", "wamid.I")],
            ..Apply::at(at(9))
        };
        let applied = world.store.hot().apply(body.clone()).await?;
        assert_eq!((applied.messages_new, applied.statuses_early), (1, 1));
        let message = world.message(id).await?;
        assert_eq!((message.status, message.replied_at), (MessageStatus::Read, Some(at(4))));
        let again = world.store.hot().apply(body).await?;
        assert_eq!((again.messages_new, world.message(id).await?.version), (0, message.version));
        Ok(())
    }
}
