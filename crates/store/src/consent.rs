//! What people chose to hear. Choices are only ever added; the latest of a category holds.

use domain::ids::{AccountId, ContactId};
use domain::scope::AccountScope;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::contact::{self, Identity, Wanted};
use crate::error::StoreError;
use crate::sql::Column::{Int, Text};
use crate::sql::{Batch, Sql};
use crate::values;

/// A choice to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConsent {
    /// Whose contact.
    pub account: AccountId,
    /// Who chose: at least one; the first is the identity the choice stands under.
    pub identities: Vec<Identity>,
    /// What they call themselves.
    pub name: Option<String>,
    /// Of what, such as `marketing_messages`.
    pub category: String,
    /// `stop`, `resume` or `signup`.
    pub value: String,
    /// Who told us, such as `user_preferences`.
    pub source: &'static str,
    /// In words.
    pub detail: Option<String>,
    /// When they chose.
    pub at: Timestamp,
}

/// A choice that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Of what.
    pub category: String,
    /// `stop`, `resume` or `signup`.
    pub value: String,
    /// Who told us.
    pub source: String,
    /// In words.
    pub detail: Option<String>,
    /// When they chose.
    pub at: Timestamp,
}

static INSERT: Batch = Batch::new(
    &[
        ("account_id", Int),
        ("kind", Text),
        ("match_key", Text),
        ("category", Text),
        ("at", Int),
        ("value", Text),
        ("contact_id", Int),
        ("source", Text),
        ("detail", Text),
        ("recorded_at", Int),
    ],
    "INSERT INTO consent_event (account_id, kind, match_key, category, at, value, contact_id, source, detail, recorded_at)
     SELECT account_id, kind, match_key, category, at, value, contact_id, source, detail, recorded_at
     FROM input WHERE TRUE ON CONFLICT (account_id, kind, match_key, category, at, value) DO NOTHING",
);

/// Records choices, each once, for contacts that are made where nobody knows them.
pub(crate) async fn record_all(
    conn: &mut Conn<'_>,
    choices: &[(usize, &NewConsent)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let wanted: Vec<Wanted> = choices
        .iter()
        .map(|(_, choice)| Wanted {
            account: choice.account,
            identities: choice.identities.clone(),
            name: choice.name.clone(),
            at: choice.at,
            make: true,
        })
        .collect();
    let contacts = contact::resolve_all(conn, &wanted, now).await?;
    let rows: Vec<_> = choices
        .iter()
        .zip(contacts)
        .filter_map(|((_, choice), contact)| {
            let identity = choice.identities.first()?;
            Some(values![
                choice.account,
                identity.kind.as_str(),
                identity.match_key.as_str(),
                choice.category.as_str(),
                choice.at,
                choice.value.as_str(),
                contact,
                choice.source,
                choice.detail.as_deref(),
                now
            ])
        })
        .collect();
    conn.batch(&INSERT, &rows).await?;
    Ok(())
}

// Of two choices of one second the stricter: nobody is written to who may have said no.
const CURRENT: Sql = Sql::same(
    "SELECT category, value, source, detail, at FROM consent_event WHERE account_id = $1 AND contact_id = $2
     ORDER BY category, at, CASE value WHEN 'stop' THEN 1 ELSE 0 END, value",
);

/// The latest choice of each category, in the order of their names.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn current(
    conn: &mut Conn<'_>,
    scope: &AccountScope,
    contact: ContactId,
) -> Result<Vec<Consent>, StoreError> {
    let contact = contact::find(conn, scope, contact).await?;
    let mut latest: Vec<Consent> = Vec::new();
    for row in conn.fetch(&CURRENT, values![scope.account(), contact]).await? {
        let mut row = row.reader();
        let (category, value, source) = (row.read()?, row.read()?, row.read()?);
        let choice = Consent { category, value, source, detail: row.read()?, at: row.read()? };
        match latest.last_mut() {
            Some(last) if last.category == choice.category => *last = choice,
            _ => latest.push(choice),
        }
    }
    Ok(latest)
}
