//! How senders stand at their providers: asked at the start and every hour, told by callbacks in between.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::ids::{AccountId, SenderId};
use domain::scope::AccountScope;
use domain::sender_state::{Observation, Property, Source, limit_tier};
use providers::account::ReadError;
use serde::{Deserialize, Serialize};
use store::event::{self, SENDER_UPDATED};
use store::sender::Sender;
use store::sender_state::{self, Observed};
use store::{StoreError, schedule};

use crate::account_events::{ONE_AT_A_TIME, changed};
use crate::core::Core;
use crate::jobs::{self, Job, JobError};
use crate::templates;

/// Name of the schedule that asks.
const ASK: &str = "ask_providers";
/// How often it runs, in seconds. Meta counts 200 questions per hour and business account as long as it has no number
/// that is registered, and 5,000 afterwards; a number is one question, a hundred templates are one.
const ASK_EVERY_SECONDS: i64 = 60 * 60;

/// Asks a sender's provider what it knows of the number.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AskNumber {
    account: AccountId,
    sender: SenderId,
}

impl Job for AskNumber {
    const NAME: &'static str = "ask_number";
    const ATTEMPTS_MAX: i64 = 5;

    fn unique_key(&self) -> String {
        self.sender.to_string()
    }

    fn account(&self) -> AccountId {
        self.account
    }

    async fn run(self, core: &Core) -> Result<(), JobError> {
        let line = core.lines.line(self.sender);
        let line = line.ok_or_else(|| JobError::Never("the sender is not connected".to_owned()))?;
        // Before the request: what a callback tells of a later moment is newer than the answer.
        let asked_at = core.now();
        let description = match line.provider.describe_number().await {
            Ok(description) => description,
            Err(ReadError::NotOffered) => return Ok(()),
            Err(error) if error.is_passing() => return Err(JobError::Later(error.to_string())),
            Err(error) => return Err(JobError::Never(error.to_string())),
        };
        let observed: Vec<Observed> = description
            .properties
            .into_iter()
            .map(|(property, value)| {
                let value = if property == Property::MessagingLimit { limit_tier(&value) } else { value };
                let observation = Observation { property, value, at: asked_at, source: Source::Asked };
                Observed { account: self.account, sender: self.sender, observation }
            })
            .collect();
        let _guard = ONE_AT_A_TIME.lock().await;
        let mut tx = core.store.begin().await?;
        sender_state::record(&mut tx.conn(), &observed).await?;
        let event = changed(self.account, SENDER_UPDATED, format!("sender:{}", self.sender), core.now());
        event::insert_all(&mut tx.conn(), &[event], core.now()).await?;
        tx.commit().await?;
        core.hints.account_changed(self.account);
        Ok(())
    }
}

/// Asks about every sender and its templates now, and from now on every hour.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn begin(core: &Core) -> Result<(), StoreError> {
    let mut tx = core.store.begin().await?;
    let first = core.now().plus(Duration::from_secs(ASK_EVERY_SECONDS.unsigned_abs()));
    schedule::ensure(&mut tx.conn(), ASK, ASK_EVERY_SECONDS, first).await?;
    tx.commit().await?;
    ask_all(core).await?;
    Ok(())
}

/// Asks about every sender and its templates, if the hour is over.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn ask_if_due(core: &Core) -> Result<(), StoreError> {
    let now = core.now();
    let is_due = {
        let mut reading = core.store.read().await?;
        schedule::is_due(&mut reading.conn(), ASK, now).await?
    };
    if !is_due {
        return Ok(());
    }
    let mut tx = core.store.begin().await?;
    let begun = schedule::begin_due(&mut tx.conn(), ASK, now).await?;
    tx.commit().await?;
    let Some(occurrence) = begun else { return Ok(()) };
    let questions = ask_all(core).await?;
    let report = serde_json::json!({ "questions": questions }).to_string();
    let mut tx = core.store.begin().await?;
    schedule::finish(&mut tx.conn(), (ASK, occurrence), core.now(), &report).await?;
    tx.commit().await
}

/// Stores a job for every connected sender and every business account; answers how many.
async fn ask_all(core: &Core) -> Result<usize, StoreError> {
    let mut questions = 0;
    let mut business_accounts = BTreeSet::new();
    let mut tx = core.store.begin().await?;
    for line in core.lines.all() {
        let Sender { account, id, business_account_id, .. } = &line.sender;
        jobs::store(core, &mut tx, &AskNumber { account: *account, sender: *id }).await?;
        questions += 1;
        business_accounts.extend(business_account_id.clone().map(|business_account| (*account, business_account)));
    }
    for (account, business_account) in business_accounts {
        templates::request(core, &mut tx, account, &business_account).await?;
        questions += 1;
    }
    tx.commit().await?;
    core.hints.jobs_have_work();
    Ok(questions)
}

/// A sender with what is known of it, and the newest event about it alone.
#[derive(Clone, Debug)]
pub struct SenderStanding {
    /// The sender.
    pub sender: Sender,
    /// Whether it has credentials.
    pub is_connected: bool,
    /// What is known, by property.
    pub known: HashMap<Property, Observation>,
}

impl SenderStanding {
    /// A property in the provider's words.
    #[must_use]
    pub fn value(&self, property: Property) -> Option<&str> {
        self.known.get(&property).map(|observation| observation.value.as_str())
    }

    /// Messages per second, if known.
    #[must_use]
    pub fn messages_per_second(&self) -> Option<i64> {
        let on_phone_app = self.value(Property::OnPhoneApp) == Some("true");
        domain::sender_state::messages_per_second(self.value(Property::Throughput), on_phone_app)
    }

    /// The newest that is known.
    #[must_use]
    pub fn newest(&self) -> Option<&Observation> {
        self.known.values().max_by_key(|observation| (observation.at, observation.source.as_str()))
    }
}

/// The account's senders with what is known of them.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn standings(core: &Core, scope: &AccountScope) -> Result<Vec<SenderStanding>, StoreError> {
    let mut reading = core.store.read().await?;
    let mut conn = reading.conn();
    let senders = store::sender::list(&mut conn, scope).await?;
    let mut states = sender_state::of_account(&mut conn, scope).await?;
    Ok(senders
        .into_iter()
        .map(|sender| {
            let known = states.remove(&sender.id).unwrap_or_default();
            SenderStanding {
                is_connected: core.lines.line(sender.id).is_some(),
                known: known.into_iter().map(|observation| (observation.property, observation)).collect(),
                sender,
            }
        })
        .collect())
}
