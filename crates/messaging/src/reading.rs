//! Telling the provider that a person's message was read, so that their ticks turn blue.

use domain::ids::{AccountId, MessageId};
use domain::message::Direction;
use domain::scope::AccountScope;
use providers::Outcome;
use serde::{Deserialize, Serialize};
use store::StoreError;

use crate::core::Core;
use crate::jobs::{self, Job, JobError};
use crate::messages;

/// Why a message was not marked.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// The account has no such message.
    #[error("this account has no message with this id")]
    NotFound,
    /// Only what people wrote can be read.
    #[error("only inbound messages can be marked as read")]
    NotInbound,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells the provider of one read message; everything before it in the thread counts as read too.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MarkRead {
    account: AccountId,
    message: MessageId,
    typing: bool,
}

impl Job for MarkRead {
    const NAME: &'static str = "mark_read";
    const ATTEMPTS_MAX: i64 = 5;

    fn unique_key(&self) -> String {
        format!("{}:{}:{}", self.account, self.message, self.typing)
    }

    fn account(&self) -> AccountId {
        self.account
    }

    async fn run(self, core: &Core) -> Result<(), JobError> {
        let scope = AccountScope::system(self.account);
        let message = messages::find(core, &scope, self.message).await?;
        let Some((external_id, sender)) = message.and_then(|m| Some((m.external_id?, m.sender))) else {
            return Err(JobError::Never("the message is gone".to_owned()));
        };
        let account = core.accounts.find(&core.store, &scope).await?;
        if account.is_none_or(|account| !account.live) {
            // In the sandbox nothing goes out, not even a receipt.
            return Ok(());
        }
        let provider = core.lines.provider(sender, false);
        let provider = provider.ok_or_else(|| JobError::Never("the sender is not connected".to_owned()))?;
        let answer = provider.mark_read(&external_id, self.typing).await;
        match answer.outcome.each(1).pop() {
            Some(Outcome::Sent { .. }) => Ok(()),
            Some(Outcome::Refused(refusal)) if !refusal.failure.kind.is_retryable() => {
                Err(JobError::Never(refusal.failure.reason))
            }
            Some(Outcome::Refused(refusal)) => Err(JobError::Later(refusal.failure.reason)),
            // Marking twice changes nothing, so an unknown outcome is simply tried again.
            Some(Outcome::Unknown(cause)) => Err(JobError::Later(cause)),
            None => Err(JobError::Later("the provider's answer is empty".to_owned())),
        }
    }
}

/// Marks a person's message as read; with `typing` they see that an answer is being written.
///
/// # Errors
/// See [`MarkError`].
pub async fn mark(core: &Core, scope: &AccountScope, id: MessageId, typing: bool) -> Result<(), MarkError> {
    let message = messages::find(core, scope, id).await?.ok_or(MarkError::NotFound)?;
    if message.direction != Direction::Inbound {
        return Err(MarkError::NotInbound);
    }
    let mut tx = core.store.begin().await?;
    jobs::store(core, &mut tx, &MarkRead { account: scope.account(), message: id, typing }).await?;
    tx.commit().await?;
    core.hints.jobs_have_work();
    Ok(())
}
