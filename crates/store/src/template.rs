//! Message templates as the provider has them. What a listing and a callback say is merged by time: the newer wins, for
//! status, category, quality and components apart.

mod read;
mod sync;

use domain::ids::AccountId;
use domain::time::Timestamp;

pub use read::{Template, TemplateFilter, TemplatePlace, find, list, names};
pub use sync::{SyncState, begin_sync, finish_sync, syncs};

use crate::conn::Conn;
use crate::error::StoreError;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// Status of a template that the provider does not have any more.
pub const DELETED: &str = "DELETED";

/// Which template: the provider's own key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TemplateKey {
    /// Whose.
    pub account: AccountId,
    /// The provider's id of the business account.
    pub business_account_id: String,
    /// Its name.
    pub name: String,
    /// Its language, with an underscore.
    pub language: String,
}

/// A template as a listing shows it; what the listing does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its language, with an underscore.
    pub language: String,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// The provider's word.
    pub status: Option<String>,
    /// Why it was rejected.
    pub rejected_reason: Option<String>,
    /// The provider's word.
    pub category: Option<String>,
    /// What the provider thinks right.
    pub correct_category: Option<String>,
    /// The provider's word.
    pub quality: Option<String>,
    /// `POSITIONAL`, `NAMED`.
    pub parameter_format: Option<String>,
    /// Its parts as the provider writes them, as JSON.
    pub components: Option<String>,
}

static UPSERT: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("business_account_id", Text),
        ("name", Text),
        ("language", Text),
        ("provider_id", Text),
        ("status", Text),
        ("rejected_reason", Text),
        ("category", Text),
        ("correct_category", Text),
        ("quality", Text),
        ("parameter_format", Text),
        ("components", Text),
        ("at", Int),
        ("seen_at", Int),
    ],
    "INSERT INTO template (account_id, business_account_id, name, language, provider_id, status, rejected_reason, status_at,
       category, correct_category, category_at, quality, quality_at, parameter_format, components, components_at, seen_at,
       synced_at)
     SELECT account_id, business_account_id, name, language, provider_id, status, rejected_reason, at, category,
       correct_category, at, quality, at, parameter_format, components, at, seen_at, seen_at FROM input WHERE TRUE
     ON CONFLICT (account_id, business_account_id, name, language) DO UPDATE SET
       provider_id = COALESCE(excluded.provider_id, template.provider_id),
       advice = CASE WHEN excluded.status_at >= template.status_at AND excluded.status <> template.status THEN NULL
         ELSE template.advice END,
       rejected_reason = CASE WHEN excluded.status_at >= template.status_at THEN
         CASE WHEN excluded.status = template.status
           THEN COALESCE(excluded.rejected_reason, template.rejected_reason) ELSE excluded.rejected_reason END
         ELSE template.rejected_reason END,
       status = CASE WHEN excluded.status_at >= template.status_at THEN COALESCE(excluded.status, template.status)
         ELSE template.status END,
       status_at = CASE WHEN excluded.status_at >= template.status_at THEN excluded.status_at ELSE template.status_at END,
       category_changes_at = CASE WHEN excluded.category_at >= template.category_at
         AND excluded.category <> template.category THEN NULL ELSE template.category_changes_at END,
       correct_category = CASE WHEN excluded.category_at >= template.category_at
         THEN COALESCE(excluded.correct_category, template.correct_category) ELSE template.correct_category END,
       category = CASE WHEN excluded.category_at >= template.category_at THEN COALESCE(excluded.category, template.category)
         ELSE template.category END,
       category_at = CASE WHEN excluded.category_at >= template.category_at THEN excluded.category_at
         ELSE template.category_at END,
       quality = CASE WHEN excluded.quality_at >= template.quality_at THEN COALESCE(excluded.quality, template.quality)
         ELSE template.quality END,
       quality_at = CASE WHEN excluded.quality_at >= template.quality_at THEN excluded.quality_at
         ELSE template.quality_at END,
       parameter_format = COALESCE(excluded.parameter_format, template.parameter_format),
       components = CASE WHEN excluded.components_at >= template.components_at
         THEN COALESCE(excluded.components, template.components) ELSE template.components END,
       components_at = CASE WHEN excluded.components_at >= template.components_at THEN excluded.components_at
         ELSE template.components_at END,
       seen_at = excluded.seen_at, synced_at = excluded.synced_at
     RETURNING template.name",
);

/// Writes what a page of a listing shows, as it was at `asked_at`, before the request left.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn upsert_listed(
    conn: &mut Conn<'_>,
    (account, business_account_id): (AccountId, &str),
    listed: &[Listed],
    asked_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    // A name and language that a page shows twice are one row, which a statement may write only once.
    let unique: std::collections::HashMap<_, _> =
        listed.iter().map(|template| ((template.name.as_str(), template.language.as_str()), template)).collect();
    let rows: Vec<_> = unique
        .into_values()
        .map(|t| {
            values![
                account,
                business_account_id,
                t.name.as_str(),
                t.language.as_str(),
                t.provider_id.as_deref(),
                t.status.as_deref(),
                t.rejected_reason.as_deref(),
                t.category.as_deref(),
                t.correct_category.as_deref(),
                t.quality.as_deref(),
                t.parameter_format.as_deref(),
                t.components.as_deref(),
                asked_at,
                now
            ]
        })
        .collect();
    conn.batch(&UPSERT, &rows).await?;
    Ok(())
}

const MARK_VANISHED: Sql = Sql::same(
    "UPDATE template SET status = 'DELETED', status_at = $4, changed_at = $4, advice = NULL
     WHERE account_id = $1 AND business_account_id = $2 AND seen_at < $3 AND status_at <= $4
       AND (status IS NULL OR status <> 'DELETED')",
);

/// Marks what a whole listing that began at `began_at` did not show, and tells how many that were. What somebody told of
/// since then stays.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn mark_vanished(
    conn: &mut Conn<'_>,
    (account, business_account_id): (AccountId, &str),
    began_at: Timestamp,
) -> Result<u64, StoreError> {
    conn.execute(&MARK_VANISHED, values![account, business_account_id, began_at, began_at]).await
}

const BY_PROVIDER_ID: Sql = Sql::same(
    "SELECT name, language FROM template WHERE account_id = $1 AND business_account_id = $2 AND provider_id = $3",
);

/// Name and language of the template with the provider's id.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_by_provider_id(
    conn: &mut Conn<'_>,
    (account, business_account_id): (AccountId, &str),
    provider_id: &str,
) -> Result<Option<(String, String)>, StoreError> {
    let row = conn.fetch_optional(&BY_PROVIDER_ID, values![account, business_account_id, provider_id]).await?;
    row.map(|row| {
        let mut row = row.reader();
        Ok((row.read()?, row.read()?))
    })
    .transpose()
}

/// What a callback says about a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Its status, with what belongs to it.
    Status {
        /// The provider's word; `None` leaves it as it is.
        status: Option<String>,
        /// Why it was rejected.
        rejected_reason: Option<String>,
        /// What happened and what helps, in the provider's words.
        advice: Option<String>,
    },
    /// Its category.
    Category {
        /// The category now.
        current: Option<String>,
        /// What it will become.
        correct: Option<String>,
        /// When.
        changes_at: Option<Timestamp>,
    },
    /// Its quality.
    Quality(String),
    /// Its parts, as JSON.
    Components(String),
}

const TELL: Sql = Sql::same(
    "INSERT INTO template (account_id, business_account_id, name, language, provider_id, status_at, category_at, quality_at,
       components_at, seen_at) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, $6)
     ON CONFLICT (account_id, business_account_id, name, language) DO UPDATE SET seen_at = excluded.seen_at,
       provider_id = COALESCE(excluded.provider_id, template.provider_id)",
);
const IS_KNOWN: Sql = Sql::same(
    "SELECT synced_at FROM template
     WHERE account_id = $1 AND business_account_id = $2 AND name = $3 AND language = $4",
);
const SET_STATUS: Sql = Sql::same(
    "UPDATE template SET status = COALESCE($6, status), rejected_reason = $7, advice = $8, status_at = $5, changed_at = $5
     WHERE account_id = $1 AND business_account_id = $2 AND name = $3 AND language = $4 AND status_at <= $5",
);
const SET_CATEGORY: Sql = Sql::same(
    "UPDATE template SET category = COALESCE($6, category), correct_category = $7, category_changes_at = $8,
       category_at = $5, changed_at = $5
     WHERE account_id = $1 AND business_account_id = $2 AND name = $3 AND language = $4 AND category_at <= $5",
);
const SET_QUALITY: Sql = Sql::same(
    "UPDATE template SET quality = $6, quality_at = $5, changed_at = $5
     WHERE account_id = $1 AND business_account_id = $2 AND name = $3 AND language = $4 AND quality_at <= $5",
);
const SET_COMPONENTS: Sql = Sql::same(
    "UPDATE template SET components = $6, components_at = $5, changed_at = $5
     WHERE account_id = $1 AND business_account_id = $2 AND name = $3 AND language = $4 AND components_at <= $5",
);

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// No listing has shown the template yet.
    pub is_new: bool,
    /// The change was written; otherwise something newer is known.
    pub changed: bool,
}

/// Writes what was told of a template at `at`, unless something newer is known; a template that nobody knew becomes a row
/// with what is known.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn tell(
    conn: &mut Conn<'_>,
    key: &TemplateKey,
    provider_id: Option<&str>,
    changes: &[Change],
    (at, now): (Timestamp, Timestamp),
) -> Result<Told, StoreError> {
    let place = || values![key.account, key.business_account_id.as_str(), key.name.as_str(), key.language.as_str()];
    let known = conn.fetch_optional(&IS_KNOWN, place()).await?;
    let synced_at: Option<Timestamp> = known.map(|row| row.reader().read()).transpose()?.flatten();
    let tell = [place(), values![provider_id, now]].concat();
    conn.execute(&TELL, tell).await?;
    let mut changed = false;
    for change in changes {
        let (statement, rest) = match change {
            Change::Status { status, rejected_reason, advice } => {
                (&SET_STATUS, values![at, status.as_deref(), rejected_reason.as_deref(), advice.as_deref()])
            }
            Change::Category { current, correct, changes_at } => {
                (&SET_CATEGORY, values![at, current.as_deref(), correct.as_deref(), *changes_at])
            }
            Change::Quality(quality) => (&SET_QUALITY, values![at, quality.as_str()]),
            Change::Components(components) => (&SET_COMPONENTS, values![at, components.as_str()]),
        };
        changed |= conn.execute(statement, [place(), rest].concat()).await? > 0;
    }
    Ok(Told { is_new: synced_at.is_none(), changed })
}
