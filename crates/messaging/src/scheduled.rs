//! Scheduled messages: listed, moved, taken back, and released when their time comes.

use domain::fields::FieldError;
use domain::ids::MessageId;
use domain::message::MessageStatus;
use domain::plan::Change;
use domain::scope::AccountScope;
use domain::time::Timestamp;
use store::message::{DuePlace, Message};
use store::scheduled::{self, ScheduledFilter};
use store::{StoreError, message};

use crate::core::Core;
use crate::messages;
use crate::metric::Metric;

/// How many messages are released in one transaction.
const RELEASED_PER_ROUND: i64 = 500;
/// How often a change that gave way to another transaction is tried.
const TRIES: usize = 5;

/// Why a message was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The account has no such message.
    #[error("this account has no message with this id")]
    NotFound,
    /// It is not scheduled any more, or never was.
    #[error("the message is {}, not scheduled", .0.as_str())]
    NotScheduled(MessageStatus),
    /// It left, or ended otherwise.
    #[error("the message is {} and cannot be taken back", .0.as_str())]
    NotCancellable(MessageStatus),
    /// The time makes no sense.
    #[error("{}", .0.detail)]
    Time(FieldError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The account's scheduled messages behind `after`, the next due first.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn list(
    core: &Core,
    scope: &AccountScope,
    filter: &ScheduledFilter,
    after: Option<DuePlace>,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let mut reading = core.store.read().await?;
    message::scheduled(&mut reading.conn(), scope, filter, after, limit).await
}

/// Gives a scheduled message another due time, another expiry, or both.
///
/// # Errors
/// See [`ChangeError`].
pub async fn reschedule(
    core: &Core,
    scope: &AccountScope,
    id: MessageId,
    change: Change,
) -> Result<Message, ChangeError> {
    for _ in 1..TRIES {
        match reschedule_once(core, scope, id, change).await {
            Err(ChangeError::Store(StoreError::GaveWay(_))) => {}
            other => return other,
        }
    }
    reschedule_once(core, scope, id, change).await
}

async fn reschedule_once(
    core: &Core,
    scope: &AccountScope,
    id: MessageId,
    change: Change,
) -> Result<Message, ChangeError> {
    let now = core.now();
    let mut tx = core.store.begin().await?;
    let moved = {
        let mut conn = tx.conn();
        match scheduled::find(&mut conn, scope, id).await? {
            // Due, and only not released yet: whoever is told "not scheduled" now is told the same a moment later.
            Some((due_at, _)) if due_at <= now => false,
            Some((due_at, expires_at)) => {
                let plan = change.of(due_at, expires_at, now).map_err(ChangeError::Time)?;
                let times = (plan.due_at.unwrap_or(due_at), plan.expires_at);
                scheduled::reschedule(&mut conn, scope, id, times, now).await?
            }
            None => false,
        }
    };
    tx.commit().await?;
    let message = messages::find(core, scope, id).await?.ok_or(ChangeError::NotFound)?;
    if !moved {
        let status = if message.status == MessageStatus::Scheduled { MessageStatus::Queued } else { message.status };
        return Err(ChangeError::NotScheduled(status));
    }
    core.hints.account_changed(scope.account());
    Ok(message)
}

/// Takes a message back that has not left: scheduled, or waiting for its turn or its next attempt. Doing so twice is
/// doing so once.
///
/// # Errors
/// See [`ChangeError`].
pub async fn cancel(core: &Core, scope: &AccountScope, id: MessageId) -> Result<Message, ChangeError> {
    for _ in 1..TRIES {
        match cancel_once(core, scope, id).await {
            Err(ChangeError::Store(StoreError::GaveWay(_))) => {}
            other => return other,
        }
    }
    cancel_once(core, scope, id).await
}

async fn cancel_once(core: &Core, scope: &AccountScope, id: MessageId) -> Result<Message, ChangeError> {
    let mut tx = core.store.begin().await?;
    let cancelled = scheduled::cancel(&mut tx.conn(), scope, id, core.now()).await?;
    tx.commit().await?;
    let message = messages::find(core, scope, id).await?.ok_or(ChangeError::NotFound)?;
    if cancelled {
        Metric::MessagesCancelled.count("cause", "asked");
        core.hints.account_changed(scope.account());
    }
    if message.status == MessageStatus::Cancelled {
        Ok(message)
    } else {
        Err(ChangeError::NotCancellable(message.status))
    }
}

/// Lets everything that is due wait for its turn.
///
/// # Errors
/// As classified by [`StoreError`].
pub(crate) async fn release_due(core: &Core) -> Result<(), StoreError> {
    let now = core.now();
    // A look through a reader first: the writer is for those who have something to write.
    while any_due(core, now).await? {
        let mut tx = core.store.begin().await?;
        let released = scheduled::release_due(&mut tx.conn(), now, RELEASED_PER_ROUND).await?;
        tx.commit().await?;
        if released.is_empty() {
            // Another node has them.
            break;
        }
        for (account, sender) in released {
            core.hints.sender_has_work(sender);
            core.hints.account_changed(account);
        }
    }
    Ok(())
}

async fn any_due(core: &Core, now: Timestamp) -> Result<bool, StoreError> {
    let mut reading = core.store.read().await?;
    scheduled::any_due(&mut reading.conn(), now).await
}
