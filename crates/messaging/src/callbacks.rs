//! Reading stored callbacks, for operators: they hold messages of every account.

use store::StoreError;
use store::inlet::Stored;

use crate::core::Core;

/// The newest callbacks that were not simply applied, at most `limit`.
///
/// # Errors
/// As classified by [`StoreError`].
pub async fn odd(core: &Core, limit: i64) -> Result<Vec<Stored>, StoreError> {
    core.store.inlet().odd(limit).await
}
