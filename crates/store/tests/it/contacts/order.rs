//! A set of facts about people ends in the same rows, in whatever order and however often they come.

use super::*;

async fn canonical(world: &World, account: AccountId) -> Result<Canonical> {
    let scope = AccountScope::system(account);
    let mut reading = world.store.read().await?;
    let mut conn = reading.conn();
    let page = Page { older_than: None, newer_than: None, limit: 100 };
    let all = message::list(&mut conn, &scope, &message::MessageFilter::default(), page).await?;
    let around = message::around(&mut conn, &scope, &all).await?;
    drop(reading);
    let mut messages = BTreeMap::new();
    let mut of_contact: BTreeMap<ContactId, BTreeSet<String>> = BTreeMap::new();
    for (m, around) in all.iter().zip(around) {
        let name = m.external_id.clone().unwrap_or_default();
        of_contact.entry(m.contact).or_default().insert(name.clone());
        let reactions: Vec<_> = around.reactions.iter().map(|r| (r.emoji.clone(), r.contact == m.contact)).collect();
        // Which message an answer that quotes none belongs to is decided when it comes, by what is known then.
        let shown = (&m.kind, &m.content, m.edited_at, m.deleted_at, m.status, m.times, reactions);
        messages.insert(name, format!("{shown:?}"));
    }
    let text = async |sql: &'static str| -> Result<BTreeMap<ContactId, BTreeSet<String>>> {
        let mut found: BTreeMap<ContactId, BTreeSet<String>> = BTreeMap::new();
        for row in world.rows(sql, values![account]).await? {
            let mut row = row.reader();
            found.entry(row.read()?).or_default().insert(format!(
                "{}:{}",
                row.read::<String>()?,
                row.read::<String>()?
            ));
        }
        Ok(found)
    };
    let identities = text("SELECT contact_id, kind, value FROM contact_identity WHERE account_id = $1").await?;
    let former = text("SELECT contact_id, kind, value FROM former_identity WHERE account_id = $1").await?;
    let open =
        world.rows("SELECT contact_id FROM conversation WHERE account_id = $1 AND open", values![account]).await?;
    let holders: BTreeSet<i64> = open.iter().map(|row| row.reader().read()).collect::<Result<_, _>>()?;
    let of = |map: &BTreeMap<ContactId, BTreeSet<String>>, id| map.get(&id).cloned().unwrap_or_default();
    let contacts = of_contact.into_iter().map(|(id, lines)| (lines, (of(&identities, id), of(&former, id)))).collect();
    Ok(Canonical { contacts, messages, open_twice: open.len() - holders.len() })
}

/// Facts about one person with two numbers and two ids, and a stranger who gets the first number.
fn facts(account: AccountId, sender: SenderId) -> Vec<Apply> {
    let line = |addresses: &[&Address], seconds, wamid: &str| {
        let addresses: Vec<Address> = addresses.iter().map(|address| (*address).clone()).collect();
        from(&addresses, seconds, inbound(account, sender, OLD, wamid))
    };
    let (old, new) = (phone(OLD), phone(NEW));
    let [first, second, strangers] = [FIRST_ID, SECOND_ID, STRANGERS_ID].map(user_id);
    let notice =
        Inbound { kind: "system".to_owned(), bearing: Bearing::Nothing, ..line(&[&old, &first], 10, "wamid.notice") };
    let change = NumberChange {
        account,
        at: at(10),
        old: Identity::from(&old),
        identities: ids(&[new.clone(), second.clone(), first.clone()]),
    };
    let both =
        Wanted { account, identities: ids(&[first.clone(), second.clone()]), name: None, at: at(11), make: true };
    let delivered = store::hot::StatusChange {
        account,
        sender,
        kind: "wamid",
        external_id: "wamid.echo".to_owned(),
        reference: None,
        evidence: evidence(AttemptStatus::Delivered, 18),
        billing: None,
    };
    vec![
        say(vec![line(&[&old], 1, "wamid.1")]),
        say(vec![line(&[&old, &first], 2, "wamid.2")]),
        say(vec![reaction("wamid.1", "❤", echo(line(&[&old], 3, "wamid.r1")))]),
        say(vec![reaction("wamid.echo", "👍", line(&[&second], 19, "wamid.r2"))]),
        say(vec![edit("wamid.1", "better", line(&[&old], 5, "wamid.e1"))]),
        say(vec![edit("wamid.1", "best", line(&[&old], 6, "wamid.e2"))]),
        Apply { number_changes: vec![change], ..say(vec![notice]) },
        Apply { people: vec![both], ..Apply::at(at(90)) },
        say(vec![line(&[&new], 12, "wamid.3")]),
        say(vec![revoke("wamid.3", line(&[&new, &second], 14, "wamid.d1"))]),
        say(vec![line(&[&second], 15, "wamid.4")]),
        say(vec![echo(line(&[&new], 16, "wamid.echo"))]),
        Apply { statuses: vec![delivered], ..Apply::at(at(90)) },
        say(vec![line(&[&old, &strangers], 20, "wamid.5")]),
        say(vec![line(&[&strangers], 25, "wamid.6")]),
    ]
}

testkit::on_both_engines! {
    async fn facts_mean_the_same_in_any_order_and_number(db: TestDatabase) -> Result<()> {
        let cases = if db.engine() == Engine::Sqlite { 60 } else { 12 };
        let world = World::open(db).await?;
        let mut runner = TestRunner::deterministic();
        let mut expected: Option<Canonical> = None;
        for case in 0..cases {
            let (account, sender) = add_account(&world.store, "Case", &format!("case-{case}")).await?;
            new_id(world.store.hot().accept(accept(account, sender, OLD)).await?)?;
            let facts = facts(account, sender);
            let all: Vec<usize> = (0..facts.len()).chain([2, 6, 8, 13]).collect();
            let order = match case {
                0 => (0..facts.len()).collect(),
                1 => (0..facts.len()).rev().collect(),
                _ => Just(all).prop_shuffle().new_tree(&mut runner).map_err(|e| anyhow::anyhow!("{e}"))?.current(),
            };
            // Singly, and several to a transaction.
            for part in order.chunks(1 + case % 4) {
                let commands: Vec<Command> =
                    part.iter().filter_map(|i| facts.get(*i)).map(|fact| Command::Apply(Box::new(fact.clone()))).collect();
                world.batch(&commands).await?;
            }
            let found = canonical(&world, account).await?;
            assert_eq!(found.open_twice, 0);
            match &expected {
                None => expected = Some(found),
                Some(expected) => {
                    assert_eq!(found.contacts, expected.contacts, "in the order {order:?}");
                    assert_eq!(found.messages, expected.messages, "in the order {order:?}");
                }
            }
        }
        let expected = expected.context("a case")?;
        assert_eq!(expected.contacts.len(), 2, "the person and the stranger: {expected:#?}");
        Ok(())
    }
}
