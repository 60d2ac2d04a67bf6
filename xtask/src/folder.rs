//! Copying and clearing folders.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

/// Everything under `from`, into `to`, which is made. An absent `from` copies nothing.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)
                .with_context(|| format!("cannot copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// Removes the folder with all in it. An absent folder is already cleared.
pub fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(failure) if failure.kind() != ErrorKind::NotFound => {
            Err(failure).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
