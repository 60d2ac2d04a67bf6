//! Files that are whole after a crash and readable by their owner only.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

use dhc_app::ports::StoreError;

/// What an I/O failure means to the product. Paths stay out of the text: they name people.
pub(crate) fn failed(what: &'static str) -> impl Fn(io::Error) -> StoreError {
    move |error| {
        if no_room(&error) {
            StoreError::Full
        } else {
            StoreError::Io(format!("{what}: {error}"))
        }
    }
}

/// Whether the disk, or the person's share of it, is full.
pub(crate) fn no_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

/// Creates a folder, with those above it, that only its owner may enter.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(0o700);
        builder.create(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
    }
    #[cfg(not(unix))]
    builder.create(path)
}

/// Options that create files which only their owner may read.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// Writes a file anew; the system brings its bytes to the disk when it likes.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    written(path, bytes).map(drop)
}

/// Writes a file anew and waits until its bytes are on the disk.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    written(path, bytes)?.sync_all()
}

fn written(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut file = private()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)?;
    file.write_all(bytes)?;
    Ok(file)
}

/// Waits until the names in a folder are on the disk.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    // Windows journals names by itself and cannot open a folder as a file.
    if cfg!(unix) {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// Puts `bytes` in the place of `folder/name`: after a crash it holds the old bytes or the new.
pub(crate) fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    stage(folder, name, bytes)?;
    publish(folder, name)
}

/// The first half of [`replace`]: the new bytes are on the disk, beside the old.
pub(crate) fn stage(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let fresh = fresh(folder, name);
    write_synced(&fresh, bytes).inspect_err(|_| {
        // What did not fit must not go on taking room.
        let _ = fs::remove_file(&fresh);
    })
}

/// The second half: the new bytes take the name.
pub(crate) fn publish(folder: &Path, name: &str) -> io::Result<()> {
    fs::rename(fresh(folder, name), folder.join(name))?;
    sync_folder(folder)
}

fn fresh(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.new"))
}

/// The bytes of a file, `None` where there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_apart() {
        let error = fs::write("/dev/full", b"x").unwrap_err();
        assert!(matches!(failed("a file")(error), StoreError::Full));
    }

    #[test]
    fn other_failures_name_no_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = fs::read(folder.path().join("patient-name")).unwrap_err();
        let StoreError::Io(text) = failed("a file")(error) else {
            panic!("a missing file is an I/O failure");
        };
        assert!(!text.contains("patient-name"));
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folders_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("home");
        private_folder(&folder).unwrap();
        replace(&folder, "file", b"bytes").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("file")), 0o600);
    }
}
