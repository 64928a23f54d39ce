//! Chance as an argument: only the binary draws random bytes.

use std::fmt::Debug;
use std::sync::Arc;

/// Draws random bytes.
pub trait Random: Debug + Send + Sync {
    /// 32 bytes that nobody can guess.
    fn bytes(&self) -> [u8; 32];
}

/// The source as it is handed around.
pub type SharedRandom = Arc<dyn Random>;
