//! Who asks: tokens of programs, sessions of browsers, passwords of people.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use axum::extract::FromRequestParts;
use axum_extra::extract::CookieJar;
use domain::random::Random;
use domain::scope::{AccountScope, Actor};
use http::header::AUTHORIZATION;
use http::request::Parts;
use sha2::{Digest, Sha256};
use store::StoreError;
use store::access::{self, SignedIn, TokenOwner};
use store::account::{self, Membership, User};

use crate::problem::Problem;
use crate::state::Web;

/// Name of the session's cookie.
pub const SESSION_COOKIE: &str = "waypost_session";
/// What every token of the native API begins with, so that one that leaked is recognized.
pub const TOKEN_PREFIX: &str = "wpt_";

/// A new secret of 256 bits, in hexadecimal.
#[must_use]
pub fn new_secret(random: &dyn Random) -> String {
    hex::encode(random.bytes())
}

/// What is stored of a secret that is random itself: its SHA-256. (A password needs argon2; 256 random bits do not.)
#[must_use]
pub fn secret_hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// A program with a token: the scope of its account. Extracted by every handler of the native API.
#[derive(Clone, Copy, Debug)]
pub struct TokenScope(pub AccountScope);

impl FromRequestParts<Web> for TokenScope {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Problem> {
        let header = parts.headers.get(AUTHORIZATION).ok_or_else(Problem::no_token)?;
        let token = header.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).map(str::trim);
        let token = token.filter(|token| !token.is_empty()).ok_or_else(Problem::no_token)?;
        let owner = token_owner(web, token).await?.ok_or_else(Problem::wrong_token)?;
        Ok(Self(AccountScope::new(owner.account, Actor::Token(owner.token), owner.role)))
    }
}

async fn token_owner(web: &Web, token: &str) -> Result<Option<TokenOwner>, StoreError> {
    let hash = secret_hash(token);
    if let Some(known) = web.tokens.get(&hash).await {
        return Ok(known);
    }
    let owner = {
        let mut reading = web.core.store.read().await?;
        access::find_token(&mut reading.conn(), &hash, web.core.now()).await?
    };
    // Wrong tokens are not remembered: there are too many of them, and one may be made a moment later.
    if owner.is_some() {
        web.tokens.insert(hash, owner).await;
    }
    Ok(owner)
}

/// The session a request carries, if it is in force.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn session(web: &Web, jar: &CookieJar) -> Result<Option<SignedIn>, StoreError> {
    let Some(cookie) = jar.get(SESSION_COOKIE) else { return Ok(None) };
    let mut reading = web.core.store.read().await?;
    access::find_session(&mut reading.conn(), &secret_hash(cookie.value()), web.core.now()).await
}

/// Where a signed-in person works.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn memberships(web: &Web, signed_in: &SignedIn) -> Result<Vec<Membership>, StoreError> {
    let mut reading = web.core.store.read().await?;
    account::of_user(&mut reading.conn(), signed_in.user).await
}

/// The scope of a person in an account they work in.
#[must_use]
pub fn scope_of(signed_in: &SignedIn, membership: &Membership) -> AccountScope {
    AccountScope::new(membership.account, Actor::User(signed_in.user), membership.role)
}

/// The user with this address and password. Takes as long for an address nobody has.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn check_password(web: &Web, email: &str, password: &str) -> Result<Option<User>, StoreError> {
    let user = {
        let mut reading = web.core.store.read().await?;
        account::find_user(&mut reading.conn(), email.trim()).await?
    };
    let hash = user.as_ref().map_or_else(|| NOBODYS_HASH.to_owned(), |user| user.password_hash.clone());
    let matches = in_turn(web, password.to_owned(), move |password| {
        PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
    })
    .await?;
    Ok(user.filter(|_| matches))
}

/// Argon2id of nothing anybody knows, in the parameters of [`hash_password`].
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$xTzPGdbPQGOTLX9qFIO8ATYZ7sVSXS2MyGvvhOmZ2oc";

async fn in_turn<T: Send + 'static>(
    web: &Web,
    password: String,
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, StoreError> {
    let busy = || StoreError::Unavailable("the server is stopping".to_owned());
    let permit = web.hashing.clone().acquire_owned().await.map_err(|_| busy())?;
    let done = tokio::task::spawn_blocking(move || {
        let result = work(password.as_bytes());
        drop(permit);
        result
    });
    done.await.map_err(|_| busy())
}

/// Argon2id of a password, as a PHC string. Takes a core for some 30 ms: not inside an async task.
///
/// # Errors
/// The password is longer than argon2 takes.
pub fn hash_password(password: &str) -> Result<String, argon2::password_hash::Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let stored = hash_password("correct horse battery staple").expect("hashed");
        let hash = PasswordHash::new(&stored).expect("a PHC string");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(Argon2::default().verify_password(b"correct horse battery staple", &hash).is_ok());
        assert!(Argon2::default().verify_password(b"correct horse", &hash).is_err());
    }

    #[test]
    fn the_hash_of_nobody_is_one_that_can_be_checked() {
        let hash = PasswordHash::new(NOBODYS_HASH).expect("a PHC string");
        assert!(Argon2::default().verify_password(b"", &hash).is_err());
    }
}
