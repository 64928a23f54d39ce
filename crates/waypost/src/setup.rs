//! First things in an empty installation: an account, a person who administers it, a token.

use anyhow::{Context, bail};
use domain::clock::Clock;
use domain::ids::{AccountId, UserId};
use domain::random::Random;
use domain::scope::{Actor, Role};
use domain::time::Timestamp;
use store::Store;
use store::account::{self, NewAccount};
use store::audit::{self, Entry};
use web::auth::{self, TOKEN_PREFIX};

/// What is made first.
#[derive(Clone, Debug)]
pub struct FirstThings<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// Address of the person.
    pub email: &'a str,
    /// Their name.
    pub name: &'a str,
    /// Country of bare national numbers, as a two-letter code.
    pub region: &'a str,
    /// IANA name of the account's time zone.
    pub time_zone: &'a str,
    /// Whether sends go out.
    pub live: bool,
}

/// What was made; the secrets are told once and stored as hashes.
#[derive(Clone, Debug)]
pub struct Made {
    /// The account.
    pub account: AccountId,
    /// The person's password.
    pub password: String,
    /// An access token of the account.
    pub access_token: String,
}

/// Makes the account, the person and a token. A person who is there already gets a new password.
///
/// # Errors
/// The database, in words.
pub async fn make(
    store: &Store,
    clock: &dyn Clock,
    random: &dyn Random,
    first: &FirstThings<'_>,
) -> anyhow::Result<Made> {
    let now = clock.now();
    let password = new_password(random);
    let for_hash = password.clone();
    let hash = tokio::task::spawn_blocking(move || auth::hash_password(&for_hash))
        .await?
        .map_err(|error| anyhow::anyhow!("cannot hash a password: {error}"))?;
    let mut tx = store.begin().await.context("cannot write to the database")?;
    let mut conn = tx.conn();
    let account = match account::first(&mut conn).await? {
        Some(account) => account.id,
        None => {
            let (name, default_region, time_zone) = (first.account, first.region, first.time_zone);
            account::insert(&mut conn, &NewAccount { name, default_region, time_zone, live: first.live }, now).await?
        }
    };
    let user = find_or_make_user(&mut conn, first, &hash, now).await?;
    account::join(&mut conn, account, user, Role::Administrator, now).await?;
    let access_token = format!("{TOKEN_PREFIX}{}", auth::new_secret(random));
    let token_hash = auth::secret_hash(&access_token);
    store::access::insert_token(&mut conn, account, ("made by setup", &token_hash), Role::Administrator, now).await?;
    let entry = Entry {
        account: Some(account),
        actor: Actor::System,
        action: "installation.setup",
        subject: format!("user:{user}"),
        details: "{}",
        origin: None,
    };
    audit::write(&mut conn, &entry, now).await?;
    tx.commit().await?;
    Ok(Made { account, password, access_token })
}

async fn find_or_make_user(
    conn: &mut store::conn::Conn<'_>,
    first: &FirstThings<'_>,
    hash: &str,
    now: Timestamp,
) -> anyhow::Result<UserId> {
    if !first.email.contains('@') {
        bail!("`{}` is not an e-mail address", first.email);
    }
    if let Some(id) = account::insert_user(conn, (first.email, first.name), hash, true, now).await? {
        return Ok(id);
    }
    let user = account::find_user(conn, first.email).await?.context("the user is there and is not")?;
    account::set_password(conn, user.id, hash).await?;
    Ok(user.id)
}

/// 20 characters of an alphabet without look-alikes: 100 bits.
#[must_use]
pub fn new_password(random: &dyn Random) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let letters = random.bytes().into_iter().take(20).map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    let letters: Vec<char> = letters.collect();
    let groups: Vec<String> = letters.chunks(5).map(|chunk| chunk.iter().collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting;

    impl Random for Counting {
        fn bytes(&self) -> [u8; 32] {
            std::array::from_fn(|i| u8::try_from(i).unwrap_or(0).wrapping_mul(37))
        }
    }

    #[test]
    fn a_password_can_be_read_aloud() {
        let password = new_password(&Counting);
        assert_eq!(password.len(), 23);
        assert!(password.chars().all(|c| c == '-' || (c.is_ascii_alphanumeric() && !"lo01".contains(c))), "{password}");
    }
}
