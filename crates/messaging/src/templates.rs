//! Templates: read from the provider page by page, and changed by what it tells in between.

mod components;

use std::time::Duration;

use domain::ids::AccountId;
use domain::inbound::{TemplateEvent, TemplateNews};
use domain::scope::AccountScope;
use domain::time::Timestamp;
use providers::account::{ListedTemplate, TemplatePage};
use serde::{Deserialize, Serialize};
use store::StoreError;
use store::event::{self, TEMPLATE_UPDATED};
use store::pools::Tx;
use store::template::{self, Change, Listed, SyncState, Template, TemplateFilter, TemplateKey};

use crate::account_events::{ONE_AT_A_TIME, changed};
use crate::core::Core;
use crate::jobs::{self, Job, JobError};

/// Readings of one business account begin at least so far apart, whoever asks for them: with the largest number of
/// templates that an account of 200 questions per hour may have, that stays below them.
const SYNCS_APART: Duration = Duration::from_secs(60);

/// Reads one page of a business account's templates; the next page is the next job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SyncTemplates {
    account: AccountId,
    business_account: String,
    page: u32,
    /// When the reading began, in microseconds; none for its first page.
    began_at: Option<i64>,
    after: Option<String>,
}

impl Job for SyncTemplates {
    const NAME: &'static str = "sync_templates";
    const ATTEMPTS_MAX: i64 = 5;

    fn unique_key(&self) -> String {
        format!("{}:{}:{}", self.account, self.business_account, self.page)
    }

    fn account(&self) -> AccountId {
        self.account
    }

    async fn run(self, core: &Core) -> Result<(), JobError> {
        let place = (self.account, self.business_account.as_str());
        let line = core.lines.all().find(|line| {
            line.sender.account == self.account && line.sender.business_account_id.as_deref() == Some(place.1)
        });
        let line = line.ok_or_else(|| JobError::Never("no sender of this business account is connected".to_owned()))?;
        // Before the request: what a callback tells of a later moment is newer than the answer.
        let asked_at = core.now();
        let began_at = self.began_at.map_or(asked_at, Timestamp::from_micros);
        match line.provider.list_templates(place.1, self.after.as_deref()).await {
            Ok(page) => Ok(self.keep(core, page, (began_at, asked_at)).await?),
            Err(error) => {
                let text = error.to_string();
                let mut tx = core.store.begin().await?;
                template::begin_sync(&mut tx.conn(), place, began_at).await?;
                template::finish_sync(&mut tx.conn(), place, Err(&text)).await?;
                tx.commit().await?;
                Err(if error.is_passing() { JobError::Later(text) } else { JobError::Never(text) })
            }
        }
    }
}

impl SyncTemplates {
    async fn keep(
        &self,
        core: &Core,
        page: TemplatePage,
        (began_at, asked_at): (Timestamp, Timestamp),
    ) -> Result<(), StoreError> {
        let (now, place) = (core.now(), (self.account, self.business_account.as_str()));
        let listed: Vec<Listed> = page.templates.into_iter().map(listed).collect();
        let _guard = ONE_AT_A_TIME.lock().await;
        let mut tx = core.store.begin().await?;
        template::begin_sync(&mut tx.conn(), place, began_at).await?;
        template::upsert_listed(&mut tx.conn(), place, &listed, asked_at, now).await?;
        match page.next {
            Some(after) => {
                let business_account = self.business_account.clone();
                let began_at = Some(began_at.as_micros());
                let next = Self { business_account, page: self.page + 1, began_at, after: Some(after), ..*self };
                jobs::store(core, &mut tx, &next).await?;
            }
            None => {
                template::mark_vanished(&mut tx.conn(), place, began_at).await?;
                template::finish_sync(&mut tx.conn(), place, Ok(now)).await?;
            }
        }
        let event = changed(self.account, TEMPLATE_UPDATED, format!("templates:{}", self.business_account), now);
        event::insert_all(&mut tx.conn(), &[event], now).await?;
        tx.commit().await?;
        core.hints.account_changed(self.account);
        Ok(())
    }
}

fn listed(template: ListedTemplate) -> Listed {
    Listed {
        name: template.name,
        language: language(&template.language),
        provider_id: template.id,
        status: template.status,
        rejected_reason: template.rejected_reason,
        category: template.category,
        correct_category: template.correct_category,
        quality: template.quality,
        parameter_format: template.parameter_format,
        components: template.components,
    }
}

/// Requests use an underscore, most callbacks a hyphen.
fn language(text: &str) -> String {
    text.replace('-', "_")
}

/// Asks for a reading of a business account's templates, in the caller's transaction: now, or as soon as the last one
/// is long enough ago. Whoever commits gives the hint that there is a job.
///
/// # Errors
/// As classified by [`StoreError`].
pub(crate) async fn request(
    core: &Core,
    tx: &mut Tx,
    account: AccountId,
    business_account: &str,
) -> Result<(), StoreError> {
    let syncs = template::syncs(&mut tx.conn(), &AccountScope::system(account)).await?;
    let last = syncs.into_iter().find(|sync| sync.business_account_id == business_account);
    let earliest = last.map_or(core.now(), |last| last.began_at.plus(SYNCS_APART).max(core.now()));
    let business_account = business_account.to_owned();
    let job = SyncTemplates { account, business_account, page: 0, began_at: None, after: None };
    jobs::store_at(core, tx, &job, earliest).await
}

/// Asks for a reading of the templates of all business accounts of the account; answers how many there are.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn request_all(core: &Core, scope: &AccountScope) -> Result<usize, StoreError> {
    let own = core.lines.all().filter(|line| line.sender.account == scope.account());
    let accounts: std::collections::BTreeSet<String> =
        own.filter_map(|line| line.sender.business_account_id.clone()).collect();
    let mut tx = core.store.begin().await?;
    for business_account in &accounts {
        request(core, &mut tx, scope.account(), business_account).await?;
    }
    tx.commit().await?;
    core.hints.jobs_have_work();
    Ok(accounts.len())
}

/// What a callback about a template led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToldTemplate {
    /// Its name, as far as it is known.
    pub name: String,
    /// Whether the provider has to be asked for what the callback does not say.
    pub asks_sync: bool,
}

/// Applies a callback about a template.
pub(crate) async fn tell(
    tx: &mut Tx,
    (account, business_account): (AccountId, &str),
    event: &TemplateEvent,
    (at, now): (Timestamp, Timestamp),
) -> Result<ToldTemplate, StoreError> {
    let mut conn = tx.conn();
    let known = match &event.id {
        Some(id) => template::find_by_provider_id(&mut conn, (account, business_account), id).await?,
        None => None,
    };
    let told = event.name.clone().zip(event.language.as_deref().map(language));
    let Some((name, language)) = told.or(known) else {
        let name = event.name.clone().or_else(|| event.id.clone()).unwrap_or_default();
        return Ok(ToldTemplate { name, asks_sync: true });
    };
    let key = TemplateKey { account, business_account_id: business_account.to_owned(), name, language };
    let found = template::find(&mut conn, &AccountScope::system(account), &key.name).await?;
    let found = found.iter().find(|t| t.language == key.language && t.business_account_id == business_account);
    let changes = changes(&event.news, found.and_then(|template| template.components.as_deref()));
    let told = template::tell(&mut conn, &key, event.id.as_deref(), &changes, (at, now)).await?;
    // Callbacks about components leave out what a listing has: samples, media, cards.
    let is_partial = matches!(event.news, TemplateNews::Components { .. });
    Ok(ToldTemplate { name: key.name, asks_sync: told.is_new || is_partial })
}

fn changes(news: &TemplateNews, components: Option<&str>) -> Vec<Change> {
    match news {
        TemplateNews::Status { category, .. } => {
            let status = status(news);
            // The category stands beside the status and is the one of now.
            let category = category.clone().map(|category| Change::Category {
                current: Some(category),
                correct: None,
                changes_at: None,
            });
            status.into_iter().chain(category.filter(|_| components.is_none())).collect()
        }
        TemplateNews::Quality { current, .. } => vec![Change::Quality(current.clone())],
        TemplateNews::Components { .. } => vec![Change::Components(components::merged(components, news))],
        TemplateNews::Category { current, correct, changes_at, .. } => {
            vec![Change::Category { current: current.clone(), correct: correct.clone(), changes_at: *changes_at }]
        }
        TemplateNews::Misuse { category, correct } => {
            vec![Change::Category { current: category.clone(), correct: correct.clone(), changes_at: None }]
        }
        TemplateNews::Unread => Vec::new(),
    }
}

/// `REINSTATED` is approved again, `LOCKED` leaves the status as it was.
fn status(news: &TemplateNews) -> Option<Change> {
    let TemplateNews::Status { event, reason, title, description, rejection, recommendation, .. } = news else {
        return None;
    };
    let status = match event.as_str() {
        "REINSTATED" => Some("APPROVED"),
        "LOCKED" => return None,
        other => Some(other),
    };
    let is_rejected = event == "REJECTED";
    let advice: Vec<&str> =
        [rejection, title, description, recommendation].into_iter().flatten().map(String::as_str).collect();
    Some(Change::Status {
        status: status.map(ToOwned::to_owned),
        rejected_reason: reason.clone().filter(|_| is_rejected),
        advice: (!advice.is_empty() && status != Some("APPROVED")).then(|| advice.join(". ")),
    })
}

/// Templates of the account, by name and language.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn list(
    core: &Core,
    scope: &AccountScope,
    filter: &TemplateFilter,
    limit: i64,
) -> Result<Vec<Template>, StoreError> {
    let mut reading = core.store.read().await?;
    template::list(&mut reading.conn(), scope, filter, limit).await
}

/// The templates with this name, in all languages and business accounts.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(core: &Core, scope: &AccountScope, name: &str) -> Result<Vec<Template>, StoreError> {
    let mut reading = core.store.read().await?;
    template::find(&mut reading.conn(), scope, name).await
}

/// Names of approved templates, to choose from.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn names(core: &Core, scope: &AccountScope, limit: i64) -> Result<Vec<String>, StoreError> {
    let mut reading = core.store.read().await?;
    template::names(&mut reading.conn(), scope, limit).await
}

/// How the last reading of each business account went.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn syncs(core: &Core, scope: &AccountScope) -> Result<Vec<SyncState>, StoreError> {
    let mut reading = core.store.read().await?;
    template::syncs(&mut reading.conn(), scope).await
}
