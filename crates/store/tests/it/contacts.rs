//! Who people are: found by any of their ids, merged, followed through a change of number; and what they do to messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context, Result};
use domain::address::{Address, IdentityKind};
use domain::attempt::AttemptStatus;
use domain::ids::{AccountId, ContactId, SenderId};
use domain::message::{Direction, MessageStatus};
use domain::scope::AccountScope;
use proptest::strategy::{Just, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use store::StoreError;
use store::consent::{self, NewConsent};
use store::contact::{self, Identity, NumberChange, Wanted};
use store::hot::{Apply, Bearing, Command, Inbound};
use store::message::{self, Origin, Page};
use store::recipient::{self, Receipt};
use store::values;
use testkit::engine::{Engine, TestDatabase};
use tokio::task::JoinSet;

use crate::support::{
    World, accept, add_account, add_sender, at, evidence, inbound, new_id, phone, picture, user_id, username,
};

mod order;

const OLD: &str = "+919876543210";
const NEW: &str = "+919876543299";
const FIRST_ID: &str = "IN.1111";
const SECOND_ID: &str = "IN.2222";
const STRANGERS_ID: &str = "IN.9999";

fn ids(addresses: &[Address]) -> Vec<Identity> {
    addresses.iter().map(Identity::from).collect()
}

fn from(addresses: &[Address], seconds: i64, line: Inbound) -> Inbound {
    let address = addresses.first().expect("an address").clone();
    Inbound { identities: ids(addresses), address, at: at(seconds), ..line }
}

fn text(body: &str) -> String {
    format!(r#"{{"type":"text","text":{{"body":"{body}"}}}}"#)
}

fn edit(of: &str, body: &str, line: Inbound) -> Inbound {
    let content = format!(r#"{{"type":"edit","edit":{{"original_message_id":"{of}","message":{}}}}}"#, text(body));
    let (kind, excerpt, target) = ("edit".to_owned(), body.to_owned(), Some(of.to_owned()));
    Inbound { kind, content, excerpt, target, bearing: Bearing::Nothing, ..line }
}

fn revoke(of: &str, line: Inbound) -> Inbound {
    let content = format!(r#"{{"type":"revoke","revoke":{{"original_message_id":"{of}"}}}}"#);
    let (kind, excerpt, target) = ("revoke".to_owned(), String::new(), Some(of.to_owned()));
    Inbound { kind, content, excerpt, target, bearing: Bearing::Nothing, ..line }
}

fn reaction(to: &str, emoji: &str, line: Inbound) -> Inbound {
    let content = format!(r#"{{"type":"reaction","reaction":{{"message_id":"{to}","emoji":"{emoji}"}}}}"#);
    let bearing = if emoji.is_empty() { Bearing::Nothing } else { Bearing::Reaction };
    Inbound {
        kind: "reaction".to_owned(),
        content,
        excerpt: emoji.to_owned(),
        target: Some(to.to_owned()),
        bearing,
        ..line
    }
}

fn echo(line: Inbound) -> Inbound {
    let (direction, origin) = (Direction::Outbound, Some(Origin::PhoneApp));
    Inbound { direction, origin, reached: AttemptStatus::Sent, bearing: Bearing::Nothing, ..line }
}

fn say(messages: Vec<Inbound>) -> Apply {
    Apply { messages, ..Apply::at(at(90)) }
}

impl World {
    async fn contact_of(&self, wamid: &str) -> Result<ContactId> {
        Ok(self.by_wamid(wamid).await?.contact)
    }

    async fn put(&self, apply: Apply) -> Result<()> {
        self.store.hot().apply(apply).await?;
        Ok(())
    }

    fn sighting(&self, addresses: &[Address], seconds: i64) -> Apply {
        let account = self.account;
        let person = Wanted { account, identities: ids(addresses), name: None, at: at(seconds), make: false };
        Apply { people: vec![person], ..Apply::at(at(90)) }
    }

    fn moved(&self, seconds: i64) -> Apply {
        let old = Identity::from(&phone(OLD));
        let change = NumberChange { account: self.account, at: at(seconds), old, identities: ids(&[phone(NEW)]) };
        Apply { number_changes: vec![change], ..Apply::at(at(90)) }
    }

    async fn around(&self, wamid: &str) -> Result<message::Around> {
        let message = self.by_wamid(wamid).await?;
        let mut reading = self.store.read().await?;
        let around = message::around(&mut reading.conn(), &self.scope(), &[message]).await?;
        around.into_iter().next().context("something around it")
    }

    async fn reactions(&self, wamid: &str) -> Result<Vec<String>> {
        Ok(self.around(wamid).await?.reactions.into_iter().map(|reaction| reaction.emoji).collect())
    }
}

testkit::on_both_engines! {
    async fn two_contacts_that_are_one_person_become_the_older(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let second = add_sender(&world.store, world.account, "1002").await?;
        let by_id = |wamid: &str| from(&[user_id(FIRST_ID)], 3, world.inbound(OLD, wamid));
        world.receive(vec![Inbound { name: Some("Asha".to_owned()), ..world.inbound(OLD, "wamid.1") }]).await?;
        world.receive(vec![Inbound { name: Some("Asha V".to_owned()), ..by_id("wamid.2") }, Inbound { sender: second, ..by_id("wamid.3") }]).await?;
        let (older, younger) = (world.contact_of("wamid.1").await?, world.contact_of("wamid.2").await?);
        assert_ne!(older, younger);
        let thread = world.by_wamid("wamid.1").await?.conversation;

        world.put(world.sighting(&[phone(OLD), user_id(FIRST_ID)], 8)).await?;
        for wamid in ["wamid.1", "wamid.2"] {
            let message = world.by_wamid(wamid).await?;
            assert_eq!((message.contact, message.conversation), (older, thread));
            assert_eq!(message.contact_name.as_deref(), Some("Asha"), "called so at second 4, and otherwise at 3");
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM conversation WHERE open").await?, 2, "one for each number");
        let contact_of = format!("SELECT COUNT(*) FROM conversation WHERE contact_id = {older}");
        assert_eq!(world.number(contact_of.leak()).await?, 3);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact WHERE merged_into IS NULL").await?, 1);

        let mut reading = world.store.read().await?;
        let (mut conn, scope) = (reading.conn(), world.scope());
        assert_eq!(contact::find(&mut conn, &scope, younger).await?, older, "the id that is no more leads on");
        let filter = message::MessageFilter { contact: Some(younger), ..message::MessageFilter::default() };
        let page = Page { older_than: None, newer_than: None, limit: 10 };
        assert_eq!(message::list(&mut conn, &scope, &filter, page).await?.len(), 3);
        drop(reading);
        let version = world.by_wamid("wamid.2").await?.version;
        world.put(world.sighting(&[phone(OLD), user_id(FIRST_ID)], 8)).await?;
        assert_eq!(world.by_wamid("wamid.2").await?.version, version);
        Ok(())
    }

    async fn no_line_stays_behind_while_contacts_merge(db: TestDatabase) -> Result<()> {
        let world = Arc::new(World::open(db).await?);
        let mut nodes = JoinSet::new();
        for node in 0..6 {
            let world = Arc::clone(&world);
            nodes.spawn(async move {
                for round in 0..6 {
                    let addresses = match (node + round) % 3 {
                        0 => vec![phone(OLD)],
                        1 => vec![user_id(FIRST_ID)],
                        _ => vec![phone(OLD), user_id(FIRST_ID)],
                    };
                    let wamid = format!("wamid.{node}.{round}");
                    let said = Command::Apply(Box::new(say(vec![from(&addresses, 4, world.inbound(OLD, &wamid))])));
                    // Beside the writer, as other nodes do; who gives way tries again, as the writer does.
                    while let Err(error) = world.batch(std::slice::from_ref(&said)).await {
                        let gave_way = error.downcast_ref::<StoreError>().is_some_and(StoreError::is_unavailable);
                        anyhow::ensure!(gave_way, error);
                    }
                }
                Ok(())
            });
        }
        nodes.join_all().await.into_iter().collect::<Result<()>>()?;
        assert_eq!(world.number("SELECT COUNT(*) FROM message").await?, 36);
        assert_eq!(world.number("SELECT COUNT(DISTINCT contact_id) FROM message").await?, 1);
        assert_eq!(world.number("SELECT COUNT(DISTINCT contact_id) FROM contact_identity").await?, 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact WHERE merged_into IS NULL").await?, 1);
        assert_eq!(world.number("SELECT COUNT(*) FROM conversation WHERE open").await?, 1);
        assert_eq!(world.number("SELECT COUNT(DISTINCT conversation_id) FROM message").await?, 1);
        Ok(())
    }

    async fn ids_that_nobody_has_make_no_contact(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        world.put(world.sighting(&[phone(OLD), user_id(FIRST_ID)], 8)).await?;
        assert_eq!(world.number("SELECT COUNT(*) FROM contact").await?, 0);
        let sent = world.send(OLD).await?;
        world.put(world.sighting(&[phone(OLD), user_id(FIRST_ID)], 8)).await?;
        world.receive(vec![from(&[user_id(FIRST_ID)], 9, world.inbound(OLD, "wamid.1"))]).await?;
        assert_eq!(world.contact_of("wamid.1").await?, world.message(sent).await?.contact);
        Ok(())
    }

    async fn a_username_passes_to_whoever_has_it_and_merges_nobody(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let named = |number: &str, seconds, wamid: &str| {
            let line = from(&[phone(number)], seconds, world.inbound(number, wamid));
            Inbound { identities: vec![Identity::from(&phone(number)), username("asha")], ..line }
        };
        world.receive(vec![named(OLD, 3, "wamid.1")]).await?;
        world.receive(vec![named(NEW, 9, "wamid.2")]).await?;
        world.receive(vec![named(OLD, 5, "wamid.3")]).await?;
        assert_ne!(world.contact_of("wamid.1").await?, world.contact_of("wamid.2").await?);
        let only = Inbound { identities: vec![username("asha")], ..world.inbound(OLD, "wamid.4") };
        world.receive(vec![only]).await?;
        assert_eq!(world.contact_of("wamid.4").await?, world.contact_of("wamid.2").await?);
        assert_eq!(world.around("wamid.2").await?.contact.username.as_deref(), Some("asha"));
        Ok(())
    }

    async fn a_new_number_is_the_same_person_and_the_old_one_somebody_elses(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let line = |number: &str, seconds, wamid: &str| from(&[phone(number)], seconds, world.inbound(number, wamid));
        world.receive(vec![line(OLD, 1, "wamid.1")]).await?;
        world.put(world.moved(10)).await?;
        // As another of our numbers is told, a moment later.
        world.put(world.moved(11)).await?;
        world.receive(vec![line(NEW, 20, "wamid.2"), line(OLD, 21, "wamid.3"), line(OLD, 9, "wamid.4")]).await?;
        let person = world.contact_of("wamid.1").await?;
        assert_eq!(world.contact_of("wamid.2").await?, person);
        assert_eq!(world.contact_of("wamid.4").await?, person, "written before the change, delivered after it");
        assert_ne!(world.contact_of("wamid.3").await?, person);
        assert_eq!(world.by_wamid("wamid.2").await?.conversation, world.by_wamid("wamid.1").await?.conversation);
        assert_eq!(world.around("wamid.1").await?.contact.phone.as_deref(), Some(NEW));
        assert_eq!(world.number("SELECT COUNT(*) FROM contact WHERE merged_into IS NULL").await?, 2);
        Ok(())
    }

    async fn the_new_number_may_have_been_a_strangers(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let line = |number: &str, seconds, wamid: &str| from(&[phone(number)], seconds, world.inbound(number, wamid));
        world.receive(vec![line(NEW, 1, "wamid.C"), line(OLD, 2, "wamid.A")]).await?;
        let (stranger, person) = (world.contact_of("wamid.C").await?, world.contact_of("wamid.A").await?);
        // The line from the new number comes before the notice; other numbers of ours are told a little apart.
        world.receive(vec![line(NEW, 12, "wamid.A2")]).await?;
        for seconds in [10, 11, 9, 10] {
            world.put(world.moved(seconds)).await?;
        }
        world.receive(vec![line(NEW, 20, "wamid.A3"), line(NEW, 3, "wamid.C2"), line(OLD, 8, "wamid.A4")]).await?;
        for (wamid, contact) in
            [("C", stranger), ("C2", stranger), ("A", person), ("A2", person), ("A3", person), ("A4", person)]
        {
            assert_eq!(world.contact_of(&format!("wamid.{wamid}")).await?, contact, "{wamid}");
        }
        assert_ne!(world.by_wamid("wamid.C").await?.conversation, world.by_wamid("wamid.A").await?.conversation);
        assert_eq!(world.by_wamid("wamid.A2").await?.conversation, world.by_wamid("wamid.A").await?.conversation);
        assert_eq!(world.around("wamid.A").await?.contact.phone.as_deref(), Some(NEW));
        assert_eq!(world.number("SELECT COUNT(*) FROM contact WHERE merged_into IS NULL").await?, 2);
        Ok(())
    }

    async fn whom_another_id_of_the_notice_names_had_the_new_number_already(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let both = from(&[phone(NEW), user_id(FIRST_ID)], 1, world.inbound(NEW, "wamid.1"));
        world.receive(vec![both, world.inbound(OLD, "wamid.2")]).await?;
        let mut told = world.moved(10);
        told.number_changes[0].identities = ids(&[phone(NEW), user_id(FIRST_ID)]);
        world.put(told).await?;
        assert_eq!(world.contact_of("wamid.1").await?, world.contact_of("wamid.2").await?);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact WHERE merged_into IS NULL").await?, 1);
        Ok(())
    }

    async fn a_late_notice_parts_the_parent_ids_too(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let parent = |id: &str| Identity { kind: IdentityKind::ParentUserId, match_key: id.to_owned(), value: id.to_owned() };
        let line = |number: &str, parents: &[&str], seconds, wamid: &str| {
            let line = from(&[phone(number)], seconds, world.inbound(number, wamid));
            let parents = parents.iter().map(|id| parent(id));
            Inbound { identities: line.identities.iter().cloned().chain(parents).collect(), ..line }
        };
        world.receive(vec![line(OLD, &["IN.ENT.1"], 1, "wamid.A")]).await?;
        world.receive(vec![line(OLD, &["IN.ENT.9"], 20, "wamid.S")]).await?;
        // Told without a line, of the stranger or of the person: nobody knows.
        let told = Wanted {
            account: world.account,
            identities: vec![Identity::from(&phone(OLD)), parent("IN.ENT.7")],
            name: None,
            at: at(25),
            make: false,
        };
        world.put(Apply { people: vec![told], ..Apply::at(at(90)) }).await?;
        let mut change = world.moved(10);
        change.number_changes[0].identities = vec![Identity::from(&phone(NEW)), parent("IN.ENT.2")];
        world.put(change).await?;
        let person = world.contact_of("wamid.A").await?;
        let stranger = world.contact_of("wamid.S").await?;
        assert_ne!(person, stranger);
        let unknown = "SELECT COUNT(*) FROM contact_identity WHERE match_key = 'IN.ENT.7'";
        assert_eq!(world.number(unknown).await?, 0);
        world.receive(vec![line(OLD, &["IN.ENT.9", "IN.ENT.7"], 30, "wamid.S2")]).await?;
        world.receive(vec![line(NEW, &["IN.ENT.1", "IN.ENT.2"], 31, "wamid.A2")]).await?;
        assert_eq!(world.contact_of("wamid.S2").await?, stranger);
        assert_eq!(world.contact_of("wamid.A2").await?, person);
        assert_eq!(world.number("SELECT COUNT(*) FROM contact WHERE merged_into IS NULL").await?, 2);
        Ok(())
    }

    async fn a_number_may_come_back(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let line = |number: &str, seconds, wamid: &str| from(&[phone(number)], seconds, world.inbound(number, wamid));
        let (old, new) = (ids(&[phone(OLD)]), ids(&[phone(NEW)]));
        let back = NumberChange { account: world.account, at: at(30), old: new[0].clone(), identities: old };
        world.receive(vec![line(OLD, 1, "wamid.1")]).await?;
        world.put(Apply { number_changes: vec![back], ..world.moved(10) }).await?;
        world.put(world.moved(10)).await?;
        world.receive(vec![line(OLD, 40, "wamid.2"), line(NEW, 20, "wamid.3"), line(NEW, 50, "wamid.4")]).await?;
        let person = world.contact_of("wamid.1").await?;
        assert_eq!([world.contact_of("wamid.2").await?, world.contact_of("wamid.3").await?], [person, person]);
        assert_ne!(world.contact_of("wamid.4").await?, person);
        Ok(())
    }

    async fn edits_and_deletions_change_what_is_shown_and_lose_nothing(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        world.receive(vec![edit("wamid.1", "second", world.inbound(OLD, "wamid.E1"))]).await?;
        world.receive(vec![world.inbound(OLD, "wamid.1")]).await?;
        let message = world.by_wamid("wamid.1").await?;
        assert_eq!((message.excerpt.as_str(), message.edited_at), ("second", Some(at(4))));
        world.receive(vec![Inbound { at: at(5), ..edit("wamid.1", "third", world.inbound(OLD, "wamid.E2")) }]).await?;
        world.receive(vec![Inbound { at: at(3), ..edit("wamid.1", "late", world.inbound(OLD, "wamid.E0")) }]).await?;
        let message = world.by_wamid("wamid.1").await?;
        assert_eq!((message.content.as_str(), message.edited_at), (r#"{"text":{"body":"third"},"type":"text"}"#, Some(at(5))));
        let original = world.rows("SELECT original FROM message WHERE original IS NOT NULL", Vec::new()).await?;
        assert!(original[0].reader().read::<String>()?.contains("Hi"));

        let forged = Inbound { at: at(6), ..echo(edit("wamid.1", "forged", world.inbound(OLD, "wamid.F"))) };
        world.receive(vec![forged]).await?;
        assert_eq!(world.by_wamid("wamid.1").await?.excerpt, "third", "only whoever wrote it may change it");

        world.receive(vec![Inbound { at: at(7), ..revoke("wamid.1", world.inbound(OLD, "wamid.R")) }]).await?;
        assert_eq!(world.by_wamid("wamid.1").await?.deleted_at, Some(at(7)));
        assert_eq!(world.by_wamid("wamid.E2").await?.deleted_at, Some(at(7)), "an edit says it too");
        assert_eq!(world.by_wamid("wamid.1").await?.excerpt, "third", "it stays stored");
        let quoting = Inbound { context: Some("wamid.1".to_owned()), ..world.inbound(OLD, "wamid.Q") };
        world.receive(vec![quoting]).await?;
        assert_eq!(world.around("wamid.Q").await?.quoted.context("quoted")?.excerpt, None);
        Ok(())
    }

    async fn the_last_reaction_is_shown_until_it_is_taken_back(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let react = |emoji: &str, seconds, wamid: &str| {
            Inbound { at: at(seconds), ..reaction("wamid.A", emoji, world.inbound(OLD, wamid)) }
        };
        world.receive(vec![react("❤", 12, "wamid.R2")]).await?;
        let id = world.submitted(OLD, "wamid.A").await?;
        assert_eq!(world.reactions("wamid.A").await?, ["❤"]);
        world.receive(vec![react("👍", 11, "wamid.R1")]).await?;
        assert_eq!(world.reactions("wamid.A").await?, ["❤"], "an earlier one, delivered later");
        assert_eq!(world.message(id).await?.replied_at, Some(at(11)));
        let before = world.message(id).await?.version;
        world.receive(vec![react("", 13, "wamid.R3")]).await?;
        assert_eq!(world.message(id).await?.version, before + 1, "whoever looks at it looks again");
        assert_eq!(world.reactions("wamid.A").await?, Vec::<String>::new());
        assert_eq!(world.around("wamid.R2").await?.quoted.context("its target")?.id, id);
        assert_eq!(world.number("SELECT COUNT(*) FROM conversation WHERE last_inbound_at IS NOT NULL").await?, 0);
        Ok(())
    }

    async fn what_nobody_took_is_not_answered(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let taken = world.submitted(OLD, "wamid.A").await?;
        let waiting = world.send(OLD).await?;
        let (calling, _) = world.calling(OLD).await?;
        world.receive(vec![world.inbound(OLD, "wamid.I")]).await?;
        let replied = async |id| Ok::<_, anyhow::Error>(world.message(id).await?.replied_at);
        assert_eq!((replied(taken).await?, replied(waiting).await?, replied(calling).await?), (Some(at(4)), None, None));
        Ok(())
    }

    async fn an_echo_is_a_message_of_ours_once_and_its_statuses_raise_it(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let ours = world.submitted(OLD, "wamid.A").await?;
        let before = world.message(ours).await?.version;
        world.apply(vec![world.status("wamid.E", evidence(AttemptStatus::Delivered, 9))]).await?;
        let echoes = || vec![echo(world.inbound(OLD, "wamid.E")), echo(world.inbound(OLD, "wamid.A"))];
        assert_eq!(world.receive(echoes()).await?, 1);
        assert_eq!(world.receive(echoes()).await?, 0);
        let message = world.by_wamid("wamid.E").await?;
        assert_eq!((message.direction, message.status), (Direction::Outbound, MessageStatus::Delivered));
        assert_eq!((message.times.sent, message.times.delivered), (Some(at(4)), Some(at(9))));
        assert_eq!((message.origin.as_deref(), message.contact), (Some("phone_app"), world.message(ours).await?.contact));
        assert_eq!(world.message(ours).await?.version, before, "an echo of our own changes nothing");
        let failed = store::hot::StatusChange {
            evidence: domain::attempt::Evidence {
                failure: Some(domain::refusal::Failure { kind: domain::refusal::RefusalKind::PairRate, ..crate::support::failure("131056") }),
                ..evidence(AttemptStatus::Failed, 9)
            },
            ..world.status("wamid.E2", evidence(AttemptStatus::Failed, 9))
        };
        world.receive(vec![echo(world.inbound(OLD, "wamid.E2"))]).await?;
        world.apply(vec![failed]).await?;
        assert_eq!(world.by_wamid("wamid.E2").await?.status, MessageStatus::Failed);
        assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await?, 0, "what the app sent is not ours to send again");
        Ok(())
    }

    async fn history_opens_no_window_tells_nobody_and_gets_its_media_later(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let old = |line: Inbound| Inbound { origin: Some(Origin::History), bearing: Bearing::Nothing, replaces: Some("media_placeholder"), ..line };
        let place = Inbound { kind: "media_placeholder".to_owned(), replaces: None, ..old(world.inbound(OLD, "wamid.1")) };
        world.receive(vec![place.clone()]).await?;
        assert_eq!(world.number("SELECT COUNT(*) FROM event").await?, 0);
        let image = Inbound { kind: "image".to_owned(), content: text("picture"), ..old(world.inbound(OLD, "wamid.1")) };
        assert_eq!(world.receive(vec![image.clone()]).await?, 0);
        assert_eq!(world.receive(vec![place, image]).await?, 0);
        let message = world.by_wamid("wamid.1").await?;
        assert_eq!((message.kind.as_str(), message.version), ("image", 2));
        assert_eq!(world.number("SELECT COUNT(*) FROM conversation WHERE last_inbound_at IS NOT NULL").await?, 0);
        Ok(())
    }

    async fn a_place_is_taken_in_the_batch_that_made_it(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let old = |line: Inbound| Inbound { origin: Some(Origin::History), bearing: Bearing::Nothing, ..line };
        let place = Inbound { kind: "media_placeholder".to_owned(), ..old(world.inbound(OLD, "wamid.1")) };
        let image = Inbound {
            kind: "image".to_owned(),
            content: text("picture"),
            media: Some(picture("77")),
            replaces: Some("media_placeholder"),
            ..old(world.inbound(OLD, "wamid.1"))
        };
        let call = |replaces, body: &str| Inbound {
            kind: "call".to_owned(),
            content: text(body),
            bearing: Bearing::Nothing,
            replaces,
            ..world.inbound(OLD, "wacid.2")
        };
        let better = Inbound { at: at(6), ..edit("wamid.1", "better", world.inbound(OLD, "wamid.E")) };
        let bodies = [vec![place, better], vec![image], vec![call(None, "rings")], vec![call(Some("call"), "over")]];
        let bodies: Vec<Command> = bodies.into_iter().map(|lines| Command::Apply(Box::new(say(lines)))).collect();
        world.batch(&bodies).await?;
        let call = world.by_wamid("wacid.2").await?;
        assert_eq!((call.content.as_str(), call.version), (text("over").as_str(), 2));
        let picture = world.by_wamid("wamid.1").await?;
        assert_eq!((picture.excerpt.as_str(), picture.version), ("better", 3), "an edit changes what took the place");
        let original = world.rows("SELECT original FROM message WHERE original IS NOT NULL", Vec::new()).await?;
        assert!(original[0].reader().read::<String>()?.contains("picture"));
        assert_eq!(world.number("SELECT COUNT(*) FROM media").await?, 1);
        Ok(())
    }

    async fn a_group_has_a_thread_and_each_participant_a_status(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let wrote = |number: &str, wamid: &str| Inbound { group: Some("Y2Fw".to_owned()), ..world.inbound(number, wamid) };
        world.receive(vec![wrote(OLD, "wamid.1"), wrote(NEW, "wamid.2"), world.inbound(OLD, "wamid.3")]).await?;
        let [one, two, alone] = [world.by_wamid("wamid.1").await?, world.by_wamid("wamid.2").await?, world.by_wamid("wamid.3").await?];
        assert_eq!(one.conversation, two.conversation);
        assert_ne!(one.conversation, alone.conversation);
        assert_eq!((one.contact == alone.contact, one.contact == two.contact), (true, false));
        let receipt = |participant: &str, status, seconds| Receipt {
            account: world.account,
            sender: world.sender,
            external_id: "wamid.G".to_owned(),
            participant: participant.to_owned(),
            status,
            at: at(seconds),
        };
        for _ in 0..2 {
            let receipts = vec![
                receipt("IN.1", AttemptStatus::Read, 8),
                receipt("IN.1", AttemptStatus::Delivered, 7),
                receipt("IN.2", AttemptStatus::Delivered, 9),
                receipt("IN.2", AttemptStatus::Delivered, 6),
            ];
            world.put(Apply { receipts, ..Apply::at(at(9)) }).await?;
        }
        let mut reading = world.store.read().await?;
        let told = recipient::of_message(&mut reading.conn(), &world.scope(), world.sender, "wamid.G").await?;
        assert_eq!(told, [("IN.1".to_owned(), AttemptStatus::Read), ("IN.2".to_owned(), AttemptStatus::Delivered)]);
        assert_eq!(world.number("SELECT at FROM recipient_status WHERE participant = 'IN.2'").await?, at(6).as_micros());
        Ok(())
    }

    async fn choices_are_kept_and_the_latest_holds(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let choice = |value: &str, seconds| NewConsent {
            account: world.account,
            identities: ids(&[phone(OLD)]),
            name: None,
            category: "marketing_messages".to_owned(),
            value: value.to_owned(),
            source: "user_preferences",
            detail: None,
            at: at(seconds),
        };
        for (value, seconds) in [("resume", 20), ("stop", 10), ("stop", 20), ("stop", 10), ("signup", 1)] {
            world.put(Apply { consents: vec![choice(value, seconds)], ..Apply::at(at(30)) }).await?;
        }
        assert_eq!(world.number("SELECT COUNT(*) FROM consent_event").await?, 4);
        world.receive(vec![world.inbound(OLD, "wamid.1")]).await?;
        let contact = world.contact_of("wamid.1").await?;
        let mut reading = world.store.read().await?;
        let held = consent::current(&mut reading.conn(), &world.scope(), contact).await?;
        assert_eq!(held.iter().map(|c| (c.value.as_str(), c.at)).collect::<Vec<_>>(), [("stop", at(20))], "of two at once the stricter");
        Ok(())
    }

    async fn the_price_is_kept_whenever_it_is_told(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let priced = |wamid: &str, status, billing: &str| store::hot::StatusChange {
            billing: Some(billing.to_owned()),
            ..world.status(wamid, evidence(status, 9))
        };
        let (short, long) = (r#"{"category":"utility"}"#, r#"{"category":"utility","conversation_id":"c1"}"#);
        world.apply(vec![priced("wamid.A", AttemptStatus::Delivered, long)]).await?;
        let early = world.submitted(OLD, "wamid.A").await?;
        let late = world.submitted(OLD, "wamid.B").await?;
        world.apply(vec![priced("wamid.A", AttemptStatus::Sent, short), priced("wamid.B", AttemptStatus::Delivered, short)]).await?;
        assert_eq!(world.message(early).await?.billing.as_deref(), Some(long), "whichever says more");
        assert_eq!(world.message(late).await?.billing.as_deref(), Some(short));
        Ok(())
    }
}

/// What can be told of an account's people and messages without its ids.
#[derive(Debug, PartialEq, Eq)]
struct Canonical {
    /// By the messages of each contact: its identities, those it gave up, what is open.
    contacts: BTreeMap<BTreeSet<String>, (BTreeSet<String>, BTreeSet<String>)>,
    messages: BTreeMap<String, String>,
    open_twice: usize,
}
