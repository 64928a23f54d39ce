//! What providers tell about accounts, numbers and templates: listed, and applied to the senders and templates concerned.

mod effects;
mod words;

use std::collections::HashMap;

use domain::ids::{AccountId, SenderId};
use domain::inbound::{AccountEvent, HookFact, HookItem, HookSource, Subject, reader};
use domain::scope::AccountScope;
use domain::sender_state::{Observation, Property, Source};
use domain::time::Timestamp;
use sha2::{Digest, Sha256};
use store::StoreError;
use store::account_event::{self, EventFilter, NewAccountEvent};
use store::event::{self, NewEvent, SENDER_UPDATED, TEMPLATE_UPDATED};
use store::pools::Tx;
use store::sender::Sender;
use store::sender_state::{self, Observed};
use tokio::sync::Mutex;

use crate::core::Core;
use crate::lines::Application;
use crate::templates;

pub use words::{Words, describe};

/// What is known of senders and templates is written rarely, so one writer at a time costs nothing, and no two
/// transactions lock rows in two orders.
pub(crate) static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// What became of a body's account events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Whether something is about nobody of the application.
    pub is_foreign: bool,
    /// What is to be noted with the body.
    pub notes: Vec<String>,
}

/// Applies the account events of one body; applying them again changes nothing.
///
/// # Errors
/// As classified by [`StoreError`]; then nothing was applied.
pub async fn apply(
    core: &Core,
    application: &Application,
    received_at: Timestamp,
    items: &[HookItem],
) -> Result<Applied, StoreError> {
    let mut applied = Applied::default();
    if items.is_empty() {
        return Ok(applied);
    }
    let _guard = ONE_AT_A_TIME.lock().await;
    let mut tx = core.store.begin().await?;
    let displays = displays(&mut tx, application).await?;
    let mut round = Round { core, received_at, observed: Vec::new(), events: Vec::new(), asks_sync: false };
    for item in items {
        let (HookFact::Account(event), Some(source)) = (&item.fact, &item.source) else { continue };
        let senders = concerned(application, &displays, item);
        if senders.is_empty() {
            applied.is_foreign = true;
            let note = format!("{}: {} is not of this application", item.fact.name(), about(item));
            if !applied.notes.contains(&note) {
                applied.notes.push(note);
            }
        }
        round.take(&mut tx, item, event, source, &senders).await?;
    }
    let asks_sync = round.asks_sync;
    let accounts = round.finish(&mut tx).await?;
    tx.commit().await?;
    if asks_sync {
        core.hints.jobs_have_work();
    }
    accounts.into_iter().for_each(|account| core.hints.account_changed(account));
    Ok(applied)
}

/// The application's numbers as the provider writes them, where it was asked: the configuration may not name them.
async fn displays(tx: &mut Tx, application: &Application) -> Result<HashMap<SenderId, String>, StoreError> {
    let mut accounts: Vec<AccountId> = application.senders.values().map(|sender| sender.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let mut displays = HashMap::new();
    for account in accounts {
        let states = sender_state::of_account(&mut tx.conn(), &AccountScope::system(account)).await?;
        for (sender, known) in states {
            let display = known.into_iter().find(|observation| observation.property == Property::DisplayPhone);
            displays.extend(display.map(|display| (sender, display.value)));
        }
    }
    Ok(displays)
}

/// The senders of the application that an event is about; none of anybody else, whatever the event names.
fn concerned<'a>(
    application: &'a Application,
    displays: &HashMap<SenderId, String>,
    item: &HookItem,
) -> Vec<&'a Sender> {
    let all = application.senders.values();
    let is_of = |sender: &Sender, account: &str| sender.business_account_id.as_deref() == Some(account);
    let mut found: Vec<&Sender> = match &item.subject {
        Subject::Number { id, .. } => application.senders.get(id).into_iter().collect(),
        Subject::DisplayNumber(display) => {
            let wanted = digits(display);
            let has_number = |sender: &&Sender| {
                let known = [sender.phone.as_deref(), displays.get(&sender.id).map(String::as_str)];
                !wanted.is_empty() && known.into_iter().flatten().any(|known| digits(known) == wanted)
            };
            // A number that moved to another business account is that account's.
            let is_not_elsewhere = |sender: &&Sender| match (&item.business_account, &sender.business_account_id) {
                (Some(told), Some(known)) => told == known,
                _ => true,
            };
            all.filter(has_number).filter(is_not_elsewhere).collect()
        }
        Subject::BusinessAccount(account) => all.filter(|sender| is_of(sender, account)).collect(),
        // Where partners are told of, a portfolio stands in the place of the business account, but not in all deliveries.
        Subject::Portfolio(portfolio) => {
            let account = item.business_account.as_ref().unwrap_or(portfolio);
            all.filter(|sender| is_of(sender, account)).collect()
        }
        Subject::Unnamed => {
            let account = item.business_account.as_deref();
            all.filter(|sender| account.is_some_and(|account| is_of(sender, account))).collect()
        }
    };
    found.sort_unstable_by_key(|sender| sender.id);
    found
}

fn digits(number: &str) -> String {
    let phone = reader::phone(number);
    let text = phone.as_ref().map_or(number, |phone| phone.as_str());
    text.chars().filter(char::is_ascii_digit).collect()
}

fn about(item: &HookItem) -> String {
    match &item.subject {
        Subject::Number { id, .. } => format!("number {id}"),
        Subject::DisplayNumber(display) => format!("number {display}"),
        Subject::BusinessAccount(account) => format!("business account {account}"),
        Subject::Portfolio(portfolio) => format!("portfolio {portfolio}"),
        Subject::Unnamed => "what it is about".to_owned(),
    }
}

/// What the events of one body add up to.
struct Round<'c> {
    core: &'c Core,
    received_at: Timestamp,
    observed: Vec<Observed>,
    events: Vec<NewEvent>,
    asks_sync: bool,
}

impl Round<'_> {
    async fn take(
        &mut self,
        tx: &mut Tx,
        item: &HookItem,
        event: &AccountEvent,
        source: &HookSource,
        senders: &[&Sender],
    ) -> Result<(), StoreError> {
        let now = self.core.now();
        let own_time = match event {
            AccountEvent::Settings(settings) => settings.at,
            _ => None,
        };
        let at = own_time.or(item.at).unwrap_or(self.received_at).min(now);
        let mut accounts: Vec<AccountId> = senders.iter().map(|sender| sender.account).collect();
        accounts.dedup();
        for account in accounts {
            let own: Vec<&Sender> = senders.iter().copied().filter(|sender| sender.account == account).collect();
            let new = listed(account, &own, item, (event, source), (at, self.received_at));
            if !account_event::insert(&mut tx.conn(), &new).await? {
                continue;
            }
            let told = effects::properties(event);
            for sender in &own {
                let observations = told.iter().map(|(property, value)| Observed {
                    account,
                    sender: sender.id,
                    observation: Observation {
                        property: *property,
                        value: value.clone(),
                        at,
                        source: Source::Callback,
                    },
                });
                self.observed.extend(observations);
                self.events.push(changed(account, SENDER_UPDATED, format!("sender:{}", sender.id), now));
            }
            let business_account = own.iter().find_map(|sender| sender.business_account_id.as_deref());
            if let (AccountEvent::Template(template), Some(business_account)) = (event, business_account) {
                let told = templates::tell(tx, (account, business_account), template, (at, now)).await?;
                if told.asks_sync {
                    templates::request(self.core, tx, account, business_account).await?;
                    self.asks_sync = true;
                }
                self.events.push(changed(account, TEMPLATE_UPDATED, format!("template:{}", told.name), now));
            }
        }
        Ok(())
    }

    /// Writes what is known now; answers whose screens have changed.
    async fn finish(self, tx: &mut Tx) -> Result<Vec<AccountId>, StoreError> {
        let mut conn = tx.conn();
        sender_state::record(&mut conn, &self.observed).await?;
        event::insert_all(&mut conn, &self.events, self.core.now()).await?;
        let mut accounts: Vec<AccountId> = self.events.iter().map(|event| event.account).collect();
        accounts.sort_unstable();
        accounts.dedup();
        Ok(accounts)
    }
}

/// A change for screens. What has no version of its own takes the time.
pub(crate) fn changed(account: AccountId, kind: &'static str, subject: String, now: Timestamp) -> NewEvent {
    NewEvent { account, kind, subject, version: now.as_micros(), payload: "{}".to_owned() }
}

fn listed(
    account: AccountId,
    senders: &[&Sender],
    item: &HookItem,
    (event, source): (&AccountEvent, &HookSource),
    (at, received_at): (Timestamp, Timestamp),
) -> NewAccountEvent {
    let words = describe(event);
    let is_of_number = matches!(item.subject, Subject::Number { .. } | Subject::DisplayNumber(_));
    let known = senders.iter().find_map(|sender| sender.business_account_id.clone());
    NewAccountEvent {
        account,
        sender: senders.first().filter(|_| is_of_number).map(|sender| sender.id),
        business_account_id: known.or_else(|| item.business_account.clone()),
        field: source.field.clone(),
        event: words.event,
        severity: words.severity,
        sentence: words.sentence,
        remedy: words.remedy,
        value: source.value.to_string(),
        at,
        received_at,
        fingerprint: fingerprint(item, source),
    }
}

/// These deliveries have no id; entry, time, field and value together name one.
fn fingerprint(item: &HookItem, source: &HookSource) -> String {
    let entry = item.portfolio.as_deref().or(item.business_account.as_deref()).unwrap_or_default();
    let time = item.at.map_or(0, Timestamp::as_micros);
    let named = serde_json::json!([entry, time, source.field, source.value]);
    hex::encode(Sha256::digest(named.to_string().as_bytes()))
}

/// The account's events, newest first.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn list(
    core: &Core,
    scope: &AccountScope,
    filter: EventFilter,
    limit: i64,
) -> Result<Vec<account_event::AccountEvent>, StoreError> {
    let mut reading = core.store.read().await?;
    account_event::list(&mut reading.conn(), scope, filter, limit).await
}
