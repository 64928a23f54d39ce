//! What proves who asks: sessions of browsers and tokens of programs, both stored as hashes.

use domain::ids::{AccountId, SessionId, TokenId, UserId};
use domain::scope::Role;
use domain::time::Timestamp;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::ids::{self, Sequence};
use crate::sql::Sql;
use crate::values;

const INSERT_SESSION: Sql = Sql::same(
    "INSERT INTO session (id, user_id, token_hash, created_at, expires_at, user_agent) VALUES ($1, $2, $3, $4, $5, $6)",
);

/// Opens a session.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert_session(
    conn: &mut Conn<'_>,
    user: UserId,
    token_hash: &str,
    (now, expires_at): (Timestamp, Timestamp),
    user_agent: Option<&str>,
) -> Result<SessionId, StoreError> {
    let id = SessionId(ids::take_one(conn, Sequence::Session).await?);
    conn.execute(&INSERT_SESSION, values![id, user, token_hash, now, expires_at, user_agent]).await?;
    Ok(id)
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The session.
    pub session: SessionId,
    /// The user.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether they may do everything on the platform.
    pub super_admin: bool,
}

const FIND_SESSION: Sql = Sql::same(
    "SELECT s.id, u.id, u.name, u.email, u.super_admin FROM session s JOIN app_user u ON u.id = s.user_id
     WHERE s.token_hash = $1 AND s.expires_at > $2",
);

/// The session with this token, unless it is over.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_session(
    conn: &mut Conn<'_>,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<SignedIn>, StoreError> {
    let row = conn.fetch_optional(&FIND_SESSION, values![token_hash, now]).await?;
    row.map(|row| {
        let mut row = row.reader();
        Ok(SignedIn {
            session: row.read()?,
            user: row.read()?,
            name: row.read()?,
            email: row.read()?,
            super_admin: row.read()?,
        })
    })
    .transpose()
}

const DELETE_SESSION: Sql = Sql::same("DELETE FROM session WHERE id = $1");
const DELETE_OLD_SESSIONS: Sql = Sql::same("DELETE FROM session WHERE expires_at < $1");

/// Ends a session.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn delete_session(conn: &mut Conn<'_>, session: SessionId) -> Result<(), StoreError> {
    conn.execute(&DELETE_SESSION, values![session]).await?;
    Ok(())
}

/// Forgets sessions that were over before `before`.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn delete_sessions_before(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute(&DELETE_OLD_SESSIONS, values![before]).await
}

const INSERT_TOKEN: Sql = Sql::same(
    "INSERT INTO access_token (id, account_id, name, token_hash, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
);

/// Stores a token of the native API.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn insert_token(
    conn: &mut Conn<'_>,
    account: AccountId,
    (name, token_hash): (&str, &str),
    role: Role,
    now: Timestamp,
) -> Result<TokenId, StoreError> {
    let id = TokenId(ids::take_one(conn, Sequence::Token).await?);
    conn.execute(&INSERT_TOKEN, values![id, account, name, token_hash, role.as_str(), now]).await?;
    Ok(id)
}

/// Whose token it is and what it may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    /// The token.
    pub token: TokenId,
    /// Its account.
    pub account: AccountId,
    /// Its rights.
    pub role: Role,
}

const FIND_TOKEN: Sql = Sql::same(
    "SELECT id, account_id, role FROM access_token
     WHERE token_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
);

/// The token with this hash, if it is in force.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_token(
    conn: &mut Conn<'_>,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<TokenOwner>, StoreError> {
    let row = conn.fetch_optional(&FIND_TOKEN, values![token_hash, now]).await?;
    row.map(|row| {
        let mut row = row.reader();
        let (token, account, role): (_, _, String) = (row.read()?, row.read()?, row.read()?);
        Ok(TokenOwner { token, account, role: Role::from_stored(&role) })
    })
    .transpose()
}
