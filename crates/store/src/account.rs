//! Accounts and the people who work in them.

use domain::ids::{AccountId, UserId};
use domain::scope::{AccountScope, Role};
use domain::time::Timestamp;

use crate::conn::{Conn, Reader};
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Sql;
use crate::values;

/// The tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// Country of bare national numbers.
    pub default_region: String,
    /// IANA name.
    pub time_zone: String,
    /// Language of its pages.
    pub language: String,
    /// Whether sends go out; otherwise to the sandbox.
    pub live: bool,
}

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    /// Its name.
    pub name: &'a str,
    /// Country of bare national numbers.
    pub default_region: &'a str,
    /// IANA name.
    pub time_zone: &'a str,
    /// Whether sends go out.
    pub live: bool,
}

const INSERT: Sql = Sql::same(
    "INSERT INTO account (id, name, default_region, time_zone, language, live, created_at)
     VALUES ($1, $2, $3, $4, 'en', $5, $6)",
);

/// Makes an account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert(conn: &mut Conn<'_>, new: &NewAccount<'_>, now: Timestamp) -> Result<AccountId, StoreError> {
    let id = AccountId(ids::take_one(conn, Sequence::Account).await?);
    let values = values![id, new.name, new.default_region, new.time_zone, new.live, now];
    conn.execute(&INSERT, values).await?;
    Ok(id)
}

const FIND: Sql = Sql::same("SELECT id, name, default_region, time_zone, language, live FROM account WHERE id = $1");
const FIRST: Sql =
    Sql::same("SELECT id, name, default_region, time_zone, language, live FROM account ORDER BY id LIMIT 1");

/// The scope's account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(conn: &mut Conn<'_>, scope: &AccountScope) -> Result<Option<Account>, StoreError> {
    let row = conn.fetch_optional(&FIND, values![scope.account()]).await?;
    row.as_ref().map(|row| account(row.reader())).transpose()
}

/// The first account: the owner of what the environment configures.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn first(conn: &mut Conn<'_>) -> Result<Option<Account>, StoreError> {
    let row = conn.fetch_optional(&FIRST, Vec::new()).await?;
    row.as_ref().map(|row| account(row.reader())).transpose()
}

fn account(mut row: Reader<'_>) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.read()?,
        name: row.read()?,
        default_region: row.read()?,
        time_zone: row.read()?,
        language: row.read()?,
        live: row.read()?,
    })
}

const SET_LIVE: Sql = Sql::same("UPDATE account SET live = $2 WHERE id = $1");

/// Switches the account between live and sandbox.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn set_live(conn: &mut Conn<'_>, scope: &AccountScope, live: bool) -> Result<(), StoreError> {
    conn.execute(&SET_LIVE, values![scope.account(), live]).await?;
    Ok(())
}

/// A person who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Lower case.
    pub email: String,
    /// Their name.
    pub name: String,
    /// PHC string of argon2id.
    pub password_hash: String,
    /// Whether they may do everything on the platform.
    pub super_admin: bool,
}

const INSERT_USER: Sql = Sql::same(
    "INSERT INTO app_user (id, email, name, password_hash, super_admin, created_at) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (email) DO NOTHING RETURNING id",
);

/// Makes a user; `None` if the address is taken.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert_user(
    conn: &mut Conn<'_>,
    (email, name): (&str, &str),
    password_hash: &str,
    super_admin: bool,
    now: Timestamp,
) -> Result<Option<UserId>, StoreError> {
    let id = ids::take_one(conn, Sequence::User).await?;
    let email = email.to_lowercase();
    let row = conn.fetch_optional(&INSERT_USER, values![id, email, name, password_hash, super_admin, now]).await?;
    row.map(|row| row.reader().read()).transpose()
}

const FIND_USER: Sql = Sql::same("SELECT id, email, name, password_hash, super_admin FROM app_user WHERE email = $1");

/// The user with this address.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_user(conn: &mut Conn<'_>, email: &str) -> Result<Option<User>, StoreError> {
    let row = conn.fetch_optional(&FIND_USER, values![email.to_lowercase()]).await?;
    row.map(|row| {
        let mut row = row.reader();
        Ok(User {
            id: row.read()?,
            email: row.read()?,
            name: row.read()?,
            password_hash: row.read()?,
            super_admin: row.read()?,
        })
    })
    .transpose()
}

const SET_PASSWORD: Sql = Sql::same("UPDATE app_user SET password_hash = $2 WHERE id = $1");

/// Gives a user another password.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn set_password(conn: &mut Conn<'_>, user: UserId, password_hash: &str) -> Result<(), StoreError> {
    conn.execute(&SET_PASSWORD, values![user, password_hash]).await?;
    Ok(())
}

const JOIN: Sql = Sql::same(
    "INSERT INTO account_user (account_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (account_id, user_id) DO UPDATE SET role = excluded.role",
);

/// Lets a user work in an account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn join(
    conn: &mut Conn<'_>,
    account: AccountId,
    user: UserId,
    role: Role,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(&JOIN, values![account, user, role.as_str(), now]).await?;
    Ok(())
}

const OF_USER: Sql = Sql::same(
    "SELECT a.id, a.name, u.role FROM account_user u JOIN account a ON a.id = u.account_id
     WHERE u.user_id = $1 ORDER BY a.id",
);

/// An account a user works in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Which.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// As what.
    pub role: Role,
}

/// Where the user works.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_user(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<Membership>, StoreError> {
    let rows = conn.fetch(&OF_USER, values![user]).await?;
    rows.iter()
        .map(|row| {
            let mut row = row.reader();
            let (account, name, role): (_, _, String) = (row.read()?, row.read()?, row.read()?);
            Ok(Membership { account, name, role: Role::from_stored(&role) })
        })
        .collect()
}
