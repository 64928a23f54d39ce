//! The audit log: administrative and autonomous acts.

use domain::ids::AccountId;
use domain::scope::Actor;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Sql;
use crate::values;

/// An act to be written down.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Whose account, if any.
    pub account: Option<AccountId>,
    /// Who.
    pub actor: Actor,
    /// What, such as `session.create`.
    pub action: &'static str,
    /// To what, such as `user:3`.
    pub subject: String,
    /// A small JSON object; never a secret, a number or a text of a message.
    pub details: &'a str,
    /// From where: an address, or none for Waypost's own acts.
    pub origin: Option<&'a str>,
}

const INSERT: Sql = Sql::same(
    "INSERT INTO audit (id, account_id, at, actor, action, subject, details, origin)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
);

/// Writes an act.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn write(conn: &mut Conn<'_>, entry: &Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
    let id = ids::take_one(conn, Sequence::Audit).await?;
    let (actor, subject) = (entry.actor.describe(), entry.subject.as_str());
    let values = values![id, entry.account, now, actor, entry.action, subject, entry.details, entry.origin];
    conn.execute(&INSERT, values).await?;
    Ok(())
}
