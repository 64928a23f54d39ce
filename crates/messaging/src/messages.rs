//! Reading messages, for every surface.

use domain::ids::MessageId;
use domain::scope::AccountScope;
use store::StoreError;
use store::call::AttemptView;
use store::message::{Around, Message, MessageFilter, Page};
use store::sender::Sender;

use crate::core::Core;

/// One message of the account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(core: &Core, scope: &AccountScope, id: MessageId) -> Result<Option<Message>, StoreError> {
    let mut reading = core.store.read().await?;
    store::message::find(&mut reading.conn(), scope, id).await
}

/// One message with its attempts.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find_with_attempts(
    core: &Core,
    scope: &AccountScope,
    id: MessageId,
) -> Result<Option<(Message, Vec<AttemptView>)>, StoreError> {
    let mut reading = core.store.read().await?;
    let mut conn = reading.conn();
    let Some(message) = store::message::find(&mut conn, scope, id).await? else { return Ok(None) };
    let attempts = store::call::of_message(&mut conn, scope, id).await?;
    Ok(Some((message, attempts)))
}

/// Messages of the account, newest first.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn list(
    core: &Core,
    scope: &AccountScope,
    filter: &MessageFilter,
    page: Page,
) -> Result<Vec<Message>, StoreError> {
    let mut reading = core.store.read().await?;
    store::message::list(&mut reading.conn(), scope, filter, page).await
}

/// What is shown with each of these messages, in their order: the person, what it answers, the reactions to it.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn around(core: &Core, scope: &AccountScope, messages: &[Message]) -> Result<Vec<Around>, StoreError> {
    let mut reading = core.store.read().await?;
    store::message::around(&mut reading.conn(), scope, messages).await
}

/// The account's senders.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn senders(core: &Core, scope: &AccountScope) -> Result<Vec<Sender>, StoreError> {
    let mut reading = core.store.read().await?;
    store::sender::list(&mut reading.conn(), scope).await
}
