//! The bytes of media: files in the data folder, named by account and SHA-256, readable by nobody else.
//!
//! A file is complete or not there: it is written under another name, synced, and renamed. It is there before the row
//! that speaks of it, so that a crash in between leaves a file without a row, which `Files::sweep` removes, and never
//! a row without a file.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::ids::AccountId;
use domain::scope::AccountScope;
use sha2::{Digest, Sha256};
use tokio::fs::{self, DirBuilder, File, OpenOptions};
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedRwLockReadGuard, RwLock};

use crate::error::StoreError;
use crate::media::{self, Stored};
use crate::pools::Pools;

/// Where files are that are still being written.
const UNFINISHED: &str = "unfinished";
/// A SHA-256 in hexadecimal.
const DIGEST_CHARS: usize = 64;

/// The files of this node's data folder; cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    root: Arc<Path>,
    next: Arc<AtomicU64>,
    /// Held for reading between a file and its row, and for writing by who looks for files without one.
    keeping: Arc<RwLock<()>>,
}

/// The right to keep files: while it is held, no file is taken for one that nobody wants. Hold it until the row that
/// speaks of the file is committed.
#[derive(Debug)]
pub struct Keeping {
    _guard: OwnedRwLockReadGuard<()>,
}

/// A file that is being written; dropped before it is kept, it is gone.
#[derive(Debug)]
pub struct Writing {
    files: Files,
    file: File,
    path: PathBuf,
    hash: Sha256,
    bytes: u64,
    is_kept: bool,
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(format!("the folder of media cannot be used: {error}"))
}

impl Files {
    /// Opens the folder, making it if need be, and removes what an earlier process left unfinished. Only the process
    /// that holds the data folder's lock may do so.
    ///
    /// # Errors
    /// `Open` with the path.
    pub async fn open(root: &Path) -> Result<Self, StoreError> {
        let failed = |error: io::Error| StoreError::Open(format!("cannot use {}: {error}", root.display()));
        let unfinished = root.join(UNFINISHED);
        make_folder(&unfinished).await.map_err(failed)?;
        for name in names(&unfinished).await.map_err(failed)? {
            fs::remove_file(unfinished.join(name)).await.map_err(failed)?;
        }
        Ok(Self { root: root.into(), next: Arc::default(), keeping: Arc::default() })
    }

    /// The right to keep files.
    pub async fn keeping(&self) -> Keeping {
        Keeping { _guard: self.keeping.clone().read_owned().await }
    }

    /// Begins a file.
    ///
    /// # Errors
    /// `Unavailable`: the disk cannot be written.
    pub async fn begin(&self) -> Result<Writing, StoreError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join(UNFINISHED).join(number.to_string());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&path).await.map_err(unavailable)?;
        Ok(Writing { files: self.clone(), file, path, hash: Sha256::new(), bytes: 0, is_kept: false })
    }

    /// Opens a kept file for reading; `None` if it is not there, which waiting does not change.
    ///
    /// # Errors
    /// `Unavailable`: it cannot be read, or the whole folder is away.
    pub async fn read(&self, account: AccountId, digest: &str) -> Result<Option<File>, StoreError> {
        match File::open(self.path(account, digest)).await {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // A disk that is not mounted has no file either, but will have it again.
                fs::metadata(self.root.join(UNFINISHED)).await.map_err(unavailable)?;
                Ok(None)
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    fn path(&self, account: AccountId, digest: &str) -> PathBuf {
        // Folders of a 256th each keep listings short.
        let shelf = digest.get(..2).unwrap_or("00");
        self.root.join(account.to_string()).join(shelf).join(digest)
    }

    /// Removes files that no medium speaks of; answers how many.
    ///
    /// # Errors
    /// `Unavailable`, and as classified by [`StoreError`].
    pub(crate) async fn sweep(&self, pools: &Pools) -> Result<u64, StoreError> {
        let mut removed = 0;
        for account in names(&self.root).await.map_err(unavailable)? {
            let Ok(id) = account.parse::<AccountId>() else { continue };
            let folder = self.root.join(&account);
            for shelf in names(&folder).await.map_err(unavailable)? {
                removed += self.sweep_shelf(pools, id, &folder.join(shelf)).await?;
            }
        }
        Ok(removed)
    }

    async fn sweep_shelf(&self, pools: &Pools, account: AccountId, shelf: &Path) -> Result<u64, StoreError> {
        // Nobody may be between a file and its row while we ask for rows. Files are kept in moments, and so is a shelf.
        let _nobody_keeps = self.keeping.write().await;
        let mut digests = names(shelf).await.map_err(unavailable)?;
        digests.retain(|name| name.len() == DIGEST_CHARS);
        let known = {
            let mut reading = pools.read().await?;
            media::known_digests(&mut reading.conn(), &AccountScope::system(account), &digests).await?
        };
        digests.retain(|digest| !known.contains(digest));
        for digest in &digests {
            fs::remove_file(shelf.join(digest)).await.map_err(unavailable)?;
        }
        Ok(digests.len() as u64)
    }
}

impl Writing {
    /// Adds to the file.
    ///
    /// # Errors
    /// `Unavailable`: the disk is full or gone.
    pub async fn write(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
        self.file.write_all(chunk).await.map_err(unavailable)
    }

    /// How long the file is by now.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// SHA-256 of what was written by now, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }

    /// Keeps the file under its digest, durably. The same bytes twice are one file.
    ///
    /// # Errors
    /// `Unavailable`: the disk is full or gone.
    pub async fn keep(mut self, account: AccountId, _keeping: &Keeping) -> Result<Stored, StoreError> {
        let digest = self.digest();
        let path = self.files.path(account, &digest);
        let folder = path.parent().unwrap_or(&self.files.root);
        self.file.flush().await.map_err(unavailable)?;
        self.file.sync_all().await.map_err(unavailable)?;
        make_folder(folder).await.map_err(unavailable)?;
        fs::rename(&self.path, &path).await.map_err(unavailable)?;
        self.is_kept = true;
        // The name is as durable as the bytes only when the folder is synced too.
        File::open(folder).await.map_err(unavailable)?.sync_all().await.map_err(unavailable)?;
        Ok(Stored { digest, bytes: i64::try_from(self.bytes).unwrap_or(i64::MAX) })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed now is removed at the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

async fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(path).await
}

/// The names in a folder; a folder that is not there has none.
async fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut entries = match fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        found.extend(entry.file_name().into_string().ok());
    }
    Ok(found)
}
