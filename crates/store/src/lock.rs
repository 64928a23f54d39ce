//! One server per data folder: an exclusive lock that the kernel releases when the process dies, and the node's name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::StoreError;

/// The data folder, held by this process.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
    node: String,
}

impl DataLock {
    /// Creates the folder if need be and locks it. `new_node` names the node if the folder has none yet.
    ///
    /// # Errors
    /// `Open`: another server holds the folder, or it cannot be written.
    pub fn take(folder: &Path, new_node: &str) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::Open(format!("cannot use {}: {error}", folder.display()));
        std::fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join("waypost.lock");
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Open(format!("another Waypost server already uses {}", folder.display())));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut node = String::new();
        file.read_to_string(&mut node).map_err(failed)?;
        if node.trim().is_empty() {
            node = new_node.to_owned();
            file.rewind().map_err(failed)?;
            file.write_all(node.as_bytes()).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        }
        Ok(Self { _file: file, node: node.trim().to_owned() })
    }

    /// The node's name: the same after every restart on this folder. Since only one process can hold the folder, a
    /// lease under this name belongs to a process that is gone.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }
}
