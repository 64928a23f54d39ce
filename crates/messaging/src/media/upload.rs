//! Keeping what a caller uploads.

use domain::ids::{MediaId, SenderId};
use domain::scope::AccountScope;
use store::StoreError;
use store::files::Writing;
use store::media::{NewStored, Origin, Stored};

use super::rules;
use crate::core::Core;

/// Why an upload was not kept. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is larger than any medium may be.
    #[error("the file has more than {bytes_max} bytes")]
    TooLarge {
        /// How large a medium may be.
        bytes_max: u64,
    },
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// No sender of the account has this id.
    #[error("this account has no sender with this id")]
    UnknownSender,
    /// The database or the disk.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a caller says of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its media type.
    pub mime_type: Option<String>,
    /// Its name.
    pub filename: Option<String>,
    /// The number it is meant for.
    pub sender: Option<SenderId>,
}

/// A medium that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: MediaId,
    /// Its media type.
    pub mime_type: String,
    /// Its file.
    pub stored: Stored,
}

/// A file on its way in.
#[derive(Debug)]
pub struct Incoming {
    writing: Writing,
    bytes_max: u64,
}

impl Incoming {
    /// Begins to take a file.
    ///
    /// # Errors
    /// The disk.
    pub async fn begin(core: &Core) -> Result<Self, UploadError> {
        Ok(Self { writing: core.store.files().begin().await?, bytes_max: core.settings.media_bytes_max })
    }

    /// Takes a piece of it.
    ///
    /// # Errors
    /// `TooLarge` as soon as it is; the disk.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), UploadError> {
        if self.writing.bytes() + piece.len() as u64 > self.bytes_max {
            return Err(UploadError::TooLarge { bytes_max: self.bytes_max });
        }
        Ok(self.writing.write(piece).await?)
    }

    /// Keeps it for the account.
    ///
    /// # Errors
    /// `Empty`, `UnknownSender`; the database or the disk.
    pub async fn keep(self, core: &Core, scope: &AccountScope, about: About) -> Result<Kept, UploadError> {
        if self.writing.bytes() == 0 {
            return Err(UploadError::Empty);
        }
        if let Some(sender) = about.sender {
            let senders = crate::messages::senders(core, scope).await?;
            if !senders.iter().any(|known| known.id == sender) {
                return Err(UploadError::UnknownSender);
            }
        }
        let filename = about.filename.as_deref().and_then(rules::safe_name);
        let mime_type = rules::type_of(about.mime_type.as_deref(), filename.as_deref());
        let file = NewFile {
            origin: Origin::Uploaded,
            sender: about.sender,
            mime_type: &mime_type,
            filename: filename.as_deref(),
        };
        let (id, stored) = keep(core, scope, self.writing, file).await?;
        Ok(Kept { id, mime_type, stored })
    }
}

/// A file to be kept, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewFile<'a> {
    pub(super) origin: Origin,
    pub(super) sender: Option<SenderId>,
    pub(super) mime_type: &'a str,
    pub(super) filename: Option<&'a str>,
}

/// Keeps a file with the row that speaks of it.
pub(super) async fn keep(
    core: &Core,
    scope: &AccountScope,
    writing: Writing,
    file: NewFile<'_>,
) -> Result<(MediaId, Stored), StoreError> {
    let keeping = core.store.files().keeping().await;
    let stored = writing.keep(scope.account(), &keeping).await?;
    let NewFile { origin, sender, mime_type, filename } = file;
    let new = NewStored { origin, sender, mime_type, filename, stored: &stored };
    let mut tx = core.store.begin().await?;
    let id = store::media::insert_stored(&mut tx.conn(), scope, &new, core.now()).await?;
    tx.commit().await?;
    drop(keeping);
    Ok((id, stored))
}
