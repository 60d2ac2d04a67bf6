use std::{io::Write, path::PathBuf};

use dhc_content::object::Entry;
use dhc_ipc::{Code, Failure};

use crate::{failure::misuse, objects::EntrySink};

/// Writes entries below a folder; a file gets its name once it is whole.
pub(super) struct Files {
    out: Option<PathBuf>,
    current: Option<(std::fs::File, PathBuf)>,
}

impl Files {
    pub fn new(out: Option<PathBuf>) -> Self {
        Self { out, current: None }
    }
}

fn write_failure(e: std::io::Error) -> Failure {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    if matches!(e.kind(), StorageFull | QuotaExceeded) {
        return Failure::new(Code::DiskFull, "the disk is full");
    }
    misuse(format!("the files cannot be written: {e}"))
}

impl Drop for Files {
    fn drop(&mut self) {
        if let Some((_, part)) = self.current.take() {
            // Half a file is of no use, and on a full disk it is in the way.
            let _ = std::fs::remove_file(part);
        }
    }
}

impl EntrySink for Files {
    fn begin(&mut self, entry: &Entry) -> Result<(), Failure> {
        let Some(out) = &self.out else { return Ok(()) };
        let path = out.join(&entry.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(write_failure)?;
        }
        let part = path.with_extension("part");
        let file = std::fs::File::create(&part).map_err(write_failure)?;
        self.current = Some((file, part));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match &mut self.current {
            Some((file, _)) => file.write_all(bytes).map_err(write_failure),
            None => Ok(()),
        }
    }

    fn end(&mut self, entry: &Entry) -> Result<(), Failure> {
        if let (Some((_, part)), Some(out)) = (self.current.take(), &self.out) {
            std::fs::rename(part, out.join(&entry.path)).map_err(write_failure)?;
        }
        Ok(())
    }
}
