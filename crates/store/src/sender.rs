//! Senders: business numbers on a provider. Their credentials are not here.

use domain::ids::{AccountId, SenderId};
use domain::scope::AccountScope;
use domain::shard::Shard;
use domain::time::Timestamp;

use crate::conn::{Conn, Reader};
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sender_state;
use crate::sql::Sql;
use crate::values;

/// A business number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its id.
    pub id: SenderId,
    /// Its owner.
    pub account: AccountId,
    /// What people call it.
    pub name: String,
    /// `meta_cloud`, `sandbox`.
    pub provider: String,
    /// E.164, if known.
    pub phone: Option<String>,
    /// The provider's id of the number.
    pub number_id: String,
    /// The provider's id of the business account it belongs to, if known.
    pub business_account_id: Option<String>,
    /// Who dispatches for it.
    pub shard: i64,
}

/// A sender to be made.
#[derive(Clone, Debug)]
pub struct NewSender<'a> {
    /// Its owner.
    pub account: AccountId,
    /// What people call it.
    pub name: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// E.164, if known.
    pub phone: Option<&'a str>,
    /// The provider's id of the number.
    pub number_id: &'a str,
    /// The business account it belongs to.
    pub business_account_id: Option<&'a str>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, account_id, name, provider, phone, number_id, business_account_id, shard FROM sender ",
            $rest
        )
    };
}

const INSERT: Sql = Sql::same(
    "INSERT INTO sender (id, account_id, name, provider, phone, number_id, business_account_id, pace_group, shard, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (provider, number_id) DO NOTHING",
);
// Without its business account neither its templates nor what is told about the account can be its own.
const LEARN_ACCOUNT: Sql =
    Sql::same("UPDATE sender SET business_account_id = $2 WHERE id = $1 AND business_account_id IS NULL");
const BY_NUMBER: Sql = Sql::same(select!("WHERE provider = $1 AND number_id = $2"));

/// The sender of a provider's number; made if it is not there, otherwise as it stands, with its business account if that
/// was not known yet.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_or_insert(conn: &mut Conn<'_>, new: &NewSender<'_>, now: Timestamp) -> Result<Sender, StoreError> {
    if let Some(mut found) = find_by_number(conn, new.provider, new.number_id).await? {
        if found.business_account_id.is_none() && new.business_account_id.is_some() {
            conn.execute(&LEARN_ACCOUNT, values![found.id, new.business_account_id]).await?;
            found.business_account_id = new.business_account_id.map(ToOwned::to_owned);
        }
        return Ok(found);
    }
    let id = SenderId(ids::take_one(conn, Sequence::Sender).await?);
    let (group, shard) = (format!("sender:{id}"), Shard::of(id).number());
    let values = values![
        id,
        new.account,
        new.name,
        new.provider,
        new.phone,
        new.number_id,
        new.business_account_id,
        group,
        shard,
        now
    ];
    conn.execute(&INSERT, values).await?;
    let found = find_by_number(conn, new.provider, new.number_id).await?;
    found.ok_or_else(|| StoreError::Corrupt("a sender was not stored".to_owned()))
}

/// The sender of a provider's number, whoever owns it: for callbacks, which name only the number.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_by_number(
    conn: &mut Conn<'_>,
    provider: &str,
    number_id: &str,
) -> Result<Option<Sender>, StoreError> {
    let row = conn.fetch_optional(&BY_NUMBER, values![provider, number_id]).await?;
    row.as_ref().map(|row| sender(row.reader())).transpose()
}

const LIST: Sql = Sql::same(select!("WHERE account_id = $1 ORDER BY id"));
const ALL: Sql = Sql::same(select!("ORDER BY id"));

/// The account's senders.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn list(conn: &mut Conn<'_>, scope: &AccountScope) -> Result<Vec<Sender>, StoreError> {
    let rows = conn.fetch(&LIST, values![scope.account()]).await?;
    rows.iter().map(|row| sender(row.reader())).collect()
}

/// Every sender of the installation: for the dispatcher.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<Sender>, StoreError> {
    let rows = conn.fetch(&ALL, Vec::new()).await?;
    rows.iter().map(|row| sender(row.reader())).collect()
}

/// Every sender with the messages per second its provider gives it, inbound and outbound together; `None` where that is
/// not known. Two lookups by key per sender: cheap enough for every few seconds.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn paces(conn: &mut Conn<'_>) -> Result<Vec<(SenderId, Option<i64>)>, StoreError> {
    sender_state::paces(conn).await
}

fn sender(mut row: Reader<'_>) -> Result<Sender, StoreError> {
    Ok(Sender {
        id: row.read()?,
        account: row.read()?,
        name: row.read()?,
        provider: row.read()?,
        phone: row.read()?,
        number_id: row.read()?,
        business_account_id: row.read()?,
        shard: row.read()?,
    })
}
