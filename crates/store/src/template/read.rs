//! Templates as they are read: one in all its languages, and lists.

use domain::ids::SenderId;
use domain::scope::AccountScope;
use domain::time::Timestamp;

use super::DELETED;
use crate::conn::{Conn, Row};
use crate::error::StoreError;
use crate::sql::Sql;
use crate::values;

/// A template as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The provider's id of the business account.
    pub business_account_id: String,
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// The provider's id of it.
    pub provider_id: Option<String>,
    /// The provider's word.
    pub status: Option<String>,
    /// Why it was rejected.
    pub rejected_reason: Option<String>,
    /// What happened and what helps, in the provider's words.
    pub advice: Option<String>,
    /// Since when the status is known.
    pub status_at: Timestamp,
    /// The provider's word.
    pub category: Option<String>,
    /// What the provider thinks right, or will change it to.
    pub correct_category: Option<String>,
    /// When the category will change.
    pub category_changes_at: Option<Timestamp>,
    /// The provider's word.
    pub quality: Option<String>,
    /// `POSITIONAL`, `NAMED`.
    pub parameter_format: Option<String>,
    /// Its parts as the provider writes them, as JSON.
    pub components: Option<String>,
    /// When a listing showed it last.
    pub synced_at: Option<Timestamp>,
    /// When a callback or its absence changed it last.
    pub changed_at: Option<Timestamp>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateFilter {
    /// Only names with this part.
    pub name: Option<String>,
    /// Only this status. Deleted ones are listed only where they are asked for.
    pub status: Option<String>,
    /// Only this category.
    pub category: Option<String>,
    /// Only this language.
    pub language: Option<String>,
    /// Only of this number's business account.
    pub sender: Option<SenderId>,
    /// Only behind this place.
    pub after: Option<TemplatePlace>,
}

/// A place in the list, which is ordered by name and language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplatePlace {
    /// The name.
    pub name: String,
    /// The language.
    pub language: String,
    /// The business account.
    pub business_account_id: String,
}

impl TemplatePlace {
    /// Reads what `Display` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, ',').map(ToOwned::to_owned);
        let (business_account_id, language, name) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { name, language, business_account_id })
    }
}

impl std::fmt::Display for TemplatePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{},{}", self.name, self.language, self.business_account_id)
    }
}

impl Template {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TemplatePlace {
        TemplatePlace {
            name: self.name.clone(),
            language: self.language.clone(),
            business_account_id: self.business_account_id.clone(),
        }
    }

    /// Whether the provider does not have it any more.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.status.as_deref() == Some(DELETED)
    }
}

macro_rules! select {
    ($($rest:expr),+) => {
        concat!(
            "SELECT business_account_id, name, language, provider_id, status, rejected_reason, advice, status_at, category,
               correct_category, category_changes_at, quality, parameter_format, components, synced_at, changed_at
             FROM template WHERE account_id = $1 ",
            $($rest),+
        )
    };
}

// An empty text and `-1` stand for "any".
macro_rules! list {
    ($position:literal) => {
        select!(
            "AND (name, language, business_account_id) > ($2, $3, $4) AND ($5 = '' OR ",
            $position,
            "(name, $5) > 0) AND ($6 = '' AND (status IS NULL OR status <> 'DELETED') OR status = $6)
             AND ($7 = '' OR category = $7) AND ($8 = '' OR language = $8)
             AND ($9 < 0 OR business_account_id =
               (SELECT s.business_account_id FROM sender s WHERE s.id = $9 AND s.account_id = $1))
             ORDER BY name, language, business_account_id LIMIT $10 + 0"
        )
    };
}

const LIST: Sql = Sql::split(list!("INSTR"), list!("STRPOS"));

/// Templates of the account, by name and language.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn list(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    filter: &TemplateFilter,
    limit: i64,
) -> Result<Vec<Template>, StoreError> {
    let after = filter.after.clone().unwrap_or_default();
    let text = |wanted: &Option<String>| wanted.clone().unwrap_or_default();
    let values = values![
        scope.account(),
        after.name,
        after.language,
        after.business_account_id,
        text(&filter.name),
        text(&filter.status),
        text(&filter.category),
        text(&filter.language),
        filter.sender.map_or(-1, |id| id.0),
        limit
    ];
    let rows = conn.fetch(&LIST, values).await?;
    rows.iter().map(template).collect()
}

const FIND: Sql = Sql::same(select!("AND name = $2 ORDER BY name, language, business_account_id"));

/// The templates of the account with this name, in all languages and business accounts.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(conn: &mut Conn<'_>, scope: &AccountScope, name: &str) -> Result<Vec<Template>, StoreError> {
    let rows = conn.fetch(&FIND, values![scope.account(), name]).await?;
    rows.iter().map(template).collect()
}

const NAMES: Sql = Sql::same(
    "SELECT name FROM template WHERE account_id = $1 AND status = 'APPROVED' GROUP BY name ORDER BY name LIMIT $2 + 0",
);

/// Names of approved templates, to choose from.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn names(conn: &mut Conn<'_>, scope: &AccountScope, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows = conn.fetch(&NAMES, values![scope.account(), limit]).await?;
    rows.iter().map(|row| row.reader().read()).collect()
}

fn template(row: &Row) -> Result<Template, StoreError> {
    let mut row = row.reader();
    Ok(Template {
        business_account_id: row.read()?,
        name: row.read()?,
        language: row.read()?,
        provider_id: row.read()?,
        status: row.read()?,
        rejected_reason: row.read()?,
        advice: row.read()?,
        status_at: row.read()?,
        category: row.read()?,
        correct_category: row.read()?,
        category_changes_at: row.read()?,
        quality: row.read()?,
        parameter_format: row.read()?,
        components: row.read()?,
        synced_at: row.read()?,
        changed_at: row.read()?,
    })
}
