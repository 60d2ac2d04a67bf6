//! The vault's file and the generation before it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use dhc_app::ports::{StoreError, VaultFile};

use crate::{durable, lock::HomeLock};

const NEWEST: &str = "vault";
const PREVIOUS: &str = "vault.previous";
const STAGED: &str = "vault.previous.new";

/// `vault` and `vault.previous` in a profile's folder.
#[derive(Debug)]
pub struct FileVault {
    folder: PathBuf,
    writing: Mutex<()>,
    _lock: Option<Arc<HomeLock>>,
}

impl FileVault {
    /// Over a folder that exists.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            writing: Mutex::new(()),
            _lock: None,
        }
    }

    pub(crate) fn holding(self, lock: Arc<HomeLock>) -> Self {
        Self {
            _lock: Some(lock),
            ..self
        }
    }

    fn read_generation(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        durable::read(&self.folder.join(name)).map_err(durable::failed("the vault's file"))
    }

    /// Gives the newest generation its second name. The newest keeps its own all the while, so
    /// that a crash at any point leaves a vault.
    fn keep_newest(&self) -> io::Result<()> {
        let (newest, staged) = (self.folder.join(NEWEST), self.folder.join(STAGED));
        if !newest.try_exists()? {
            return Ok(());
        }
        match fs::remove_file(&staged) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        if fs::hard_link(&newest, &staged).is_err() {
            // File systems of memory cards have no links.
            durable::write_synced(&staged, &fs::read(&newest)?)?;
        }
        fs::rename(&staged, self.folder.join(PREVIOUS))
    }
}

impl VaultFile for FileVault {
    fn read(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_generation(NEWEST)
    }

    fn read_previous(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.read_generation(PREVIOUS)
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Staged first: a write that finds no room must not cost the previous generation.
        durable::stage(&self.folder, NEWEST, bytes)
            .and_then(|()| self.keep_newest())
            .and_then(|()| durable::publish(&self.folder, NEWEST))
            .map_err(durable::failed("the vault's file"))
    }
}
