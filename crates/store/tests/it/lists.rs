//! Lists of messages: filters, pages, and nothing of another account.

use anyhow::Result;
use domain::attempt::AttemptStatus;
use domain::ids::MessageId;
use domain::message::{Direction, MessageStatus};
use domain::scope::AccountScope;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use store::hot::Accept;
use store::message::{self, Message, MessageFilter, Page, Place};
use testkit::engine::TestDatabase;
use tokio::runtime::Handle;

use crate::support::{World, accept, add_account, add_sender, at, evidence, inbound, new_id, phone};

const WHOLE: Page = Page { older_than: None, newer_than: None, limit: 1000 };

async fn list(world: &World, filter: &MessageFilter, page: Page) -> Result<Vec<Message>> {
    let mut reading = world.store.read().await?;
    Ok(message::list(&mut reading.conn(), &world.scope(), filter, page).await?)
}

async fn ids(world: &World, filter: &MessageFilter) -> Result<Vec<MessageId>> {
    Ok(list(world, filter, WHOLE).await?.iter().map(|message| message.id).collect())
}

/// Thirty messages to three people over seven seconds, so that many share a time.
async fn thirty(world: &World) -> Result<()> {
    for number in 0..30 {
        let accept = Accept { at: at(number % 7), ..world.accept(&format!("+91987654321{}", number % 3)) };
        world.store.hot().accept(accept).await?;
    }
    Ok(())
}

testkit::on_both_engines! {
    async fn filters_narrow_the_list(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let second = add_sender(&world.store, world.account, "1002").await?;
        let brazil = new_id(world.store.hot().accept(world.accept("+5511987654321")).await?)?;
        let by_second = Accept { at: at(1), ..accept(world.account, second, "+919876543210") };
        let by_second = new_id(world.store.hot().accept(by_second).await?)?;
        let sent = world.submitted("+919876543211", "wamid.A").await?;
        world.apply(vec![world.status("wamid.A", evidence(AttemptStatus::Sent, 3))]).await?;
        world.receive(vec![world.inbound("+919876543211", "wamid.I")]).await?;
        let all = ids(&world, &MessageFilter::default()).await?;
        let [received, ..] = all[..] else { panic!("{all:?}") };
        assert_eq!(all, [received, by_second, sent, brazil], "newest first, of equal times the larger id");

        let filter = MessageFilter { sender: Some(second), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, [by_second]);
        let filter = MessageFilter { status: Some(MessageStatus::Sent), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, [sent]);
        let filter = MessageFilter { direction: Some(Direction::Inbound), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, [received]);
        let filter = MessageFilter { direction: Some(Direction::Outbound), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, [by_second, sent, brazil]);
        let contact = world.message(sent).await?.contact;
        let filter = MessageFilter { contact: Some(contact), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, [received, sent]);
        let narrower = MessageFilter { direction: Some(Direction::Inbound), ..filter.clone() };
        assert_eq!(ids(&world, &narrower).await?, [received]);
        let filter = MessageFilter { from: Some(at(1)), until: Some(at(4)), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, [by_second], "from its start to before its end");
        let filter = MessageFilter { until: Some(at(1)), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, [sent, brazil]);
        let filter = MessageFilter { from: Some(at(4)), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, [received]);

        // Either written form of a number finds its person.
        let key = |number: &str| store::contact::Identity::from(&phone(number)).match_key;
        for form in ["+5511987654321", "+551187654321"] {
            let filter = MessageFilter { phone_match_key: Some(key(form)), ..MessageFilter::default() };
            assert_eq!(ids(&world, &filter).await?, [brazil]);
            let both = MessageFilter { contact: Some(contact), ..filter };
            assert_eq!(ids(&world, &both).await?, [], "that number is not this person's");
        }
        let filter = MessageFilter { phone_match_key: Some(key("+919999999999")), ..MessageFilter::default() };
        assert_eq!(ids(&world, &filter).await?, []);
        Ok(())
    }

    async fn another_accounts_messages_are_never_seen(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        let (other, sender) = add_account(&world.store, "Other", "2002").await?;
        let theirs = new_id(world.store.hot().accept(accept(other, sender, "+919876543210")).await?)?;
        let received = inbound(other, sender, "+919876543210", "wamid.I");
        world.receive(vec![received]).await?;
        let mine = world.send("+919876543210").await?;
        assert_eq!(ids(&world, &MessageFilter::default()).await?, [mine]);
        let contact = world.message(mine).await?.contact;
        let mut reading = world.store.read().await?;
        assert!(message::find(&mut reading.conn(), &world.scope(), theirs).await?.is_none());
        let external = ("wamid", "wamid.I");
        let found = message::find_by_external_id(&mut reading.conn(), &world.scope(), sender, external).await?;
        assert!(found.is_none());
        let them = AccountScope::system(other);
        assert!(message::find(&mut reading.conn(), &them, theirs).await?.is_some());
        assert!(message::find_by_external_id(&mut reading.conn(), &them, sender, external).await?.is_some());
        let filter = MessageFilter { contact: Some(contact), ..MessageFilter::default() };
        assert!(message::list(&mut reading.conn(), &them, &filter, WHOLE).await?.is_empty());
        Ok(())
    }

    async fn pages_in_both_directions_have_no_gaps_and_no_doubles(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        thirty(&world).await?;
        let contact = list(&world, &MessageFilter::default(), WHOLE).await?[0].contact;
        let cases = (1_i64..8, any::<bool>(), prop::option::of(0_i64..8), prop::option::of(0_i64..8));
        let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        let run = |(limit, of_contact, from, until): (i64, bool, Option<i64>, Option<i64>)| {
            let filter = MessageFilter {
                contact: of_contact.then_some(contact),
                from: from.map(at),
                until: until.map(at),
                ..MessageFilter::default()
            };
            let walked = Handle::current().block_on(walk(&world, &filter, limit));
            walked.map_err(|error| TestCaseError::fail(format!("{error:#}")))
        };
        tokio::task::block_in_place(|| runner.run(&cases, run))?;
        Ok(())
    }

    async fn a_page_between_two_places_holds_what_lies_between(db: TestDatabase) -> Result<()> {
        let world = World::open(db).await?;
        thirty(&world).await?;
        let all: Vec<Place> =
            list(&world, &MessageFilter::default(), WHOLE).await?.iter().map(Message::place).collect();
        let page = Page { older_than: Some(all[4]), newer_than: Some(all[9]), limit: 100 };
        let between: Vec<Place> =
            list(&world, &MessageFilter::default(), page).await?.iter().map(Message::place).collect();
        assert_eq!(between, all[5..9]);
        Ok(())
    }
}

/// Walks down to the end and up again; both ways show what the whole list shows.
async fn walk(world: &World, filter: &MessageFilter, limit: i64) -> Result<()> {
    let whole: Vec<Place> = list(world, filter, WHOLE).await?.iter().map(Message::place).collect();
    let expected = list(world, &MessageFilter { contact: filter.contact, ..MessageFilter::default() }, WHOLE).await?;
    let in_time = |place: &Place| {
        filter.from.is_none_or(|from| place.created_at >= from)
            && filter.until.is_none_or(|until| place.created_at < until)
    };
    let expected: Vec<Place> = expected.iter().map(Message::place).filter(in_time).collect();
    assert_eq!(whole, expected);
    let mut down: Vec<Place> = Vec::new();
    loop {
        // A place outlives its journey to a browser and back.
        let older_than = down.last().and_then(|place| Place::parse(&place.to_string()));
        let page = list(world, filter, Page { older_than, newer_than: None, limit }).await?;
        if page.is_empty() {
            break;
        }
        down.extend(page.iter().map(Message::place));
    }
    assert_eq!(down, whole);
    let Some(last) = whole.last() else { return Ok(()) };
    let mut up = vec![*last];
    loop {
        let newer_than = up.first().copied();
        let page = list(world, filter, Page { older_than: None, newer_than, limit }).await?;
        if page.is_empty() {
            break;
        }
        up.splice(0..0, page.iter().map(Message::place));
    }
    assert_eq!(up, whole);
    Ok(())
}
