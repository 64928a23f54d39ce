//! Media: what people send is fetched and kept, what callers upload is kept and handed to providers, and a document's
//! link in a template's header is looked at before a person gets it.

pub(crate) mod exchange;
pub(crate) mod fetch;
mod flights;
pub(crate) mod header;
pub mod placeholder;
pub(crate) mod places;
pub mod rules;
pub mod sha256;
pub mod upload;

use domain::ids::{MediaId, MessageId};
use domain::scope::AccountScope;
use store::StoreError;
use store::media::{MediaState, Medium, Stored};

pub use exchange::Exchange;
pub(crate) use places::{Misplaced, check_places};

use crate::core::Core;

/// One medium of the account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn find(core: &Core, scope: &AccountScope, id: MediaId) -> Result<Option<Medium>, StoreError> {
    let mut reading = core.store.read().await?;
    store::media::find(&mut reading.conn(), scope, id).await
}

/// The media that came with messages of the account.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn of_messages(core: &Core, scope: &AccountScope, messages: &[MessageId]) -> Result<Vec<Medium>, StoreError> {
    if messages.is_empty() {
        return Ok(Vec::new());
    }
    let mut reading = core.store.read().await?;
    store::media::of_messages(&mut reading.conn(), scope, messages).await
}

/// Opens a medium's bytes.
///
/// # Errors
/// `Unavailable`: the file is not there or cannot be read.
pub async fn open(core: &Core, scope: &AccountScope, stored: &Stored) -> Result<tokio::fs::File, StoreError> {
    let file = core.store.files().read(scope.account(), &stored.digest).await?;
    file.ok_or_else(|| StoreError::Unavailable("the file of a medium is not in the folder of media".to_owned()))
}

/// What is stored of a medium, if its bytes are here.
#[must_use]
pub fn stored(medium: &Medium) -> Option<&Stored> {
    medium.stored.as_ref().filter(|_| medium.state == MediaState::Stored)
}
