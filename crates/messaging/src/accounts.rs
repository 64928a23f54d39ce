//! Accounts as every send needs them: read once, believed for a moment.

use std::time::Duration;

use domain::ids::AccountId;
use domain::scope::AccountScope;
use moka::future::Cache;
use store::account::{self, Account};
use store::{Store, StoreError};

/// How long an account is believed without asking again: a switch to the sandbox on another node takes that long.
const BELIEVED: Duration = Duration::from_secs(2);
const ACCOUNTS_MAX: u64 = 10_000;

/// Accounts, as they were a moment ago.
#[derive(Clone, Debug)]
pub struct Accounts(Cache<AccountId, Account>);

impl Default for Accounts {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(ACCOUNTS_MAX).time_to_live(BELIEVED).build())
    }
}

impl Accounts {
    /// The scope's account.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn find(&self, store: &Store, scope: &AccountScope) -> Result<Option<Account>, StoreError> {
        if let Some(known) = self.0.get(&scope.account()).await {
            return Ok(Some(known));
        }
        let found = {
            let mut reading = store.read().await?;
            account::find(&mut reading.conn(), scope).await?
        };
        if let Some(account) = &found {
            self.0.insert(account.id, account.clone()).await;
        }
        Ok(found)
    }

    /// Switches an account between live and sandbox; the next send on this node sees it.
    ///
    /// # Errors
    /// As classified by [`StoreError`].
    pub async fn set_live(&self, store: &Store, scope: &AccountScope, live: bool) -> Result<(), StoreError> {
        let mut tx = store.begin().await?;
        account::set_live(&mut tx.conn(), scope, live).await?;
        tx.commit().await?;
        self.0.invalidate(&scope.account()).await;
        Ok(())
    }
}
