//! Zip archives from strangers: looked at as a whole before anything of them is read.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use super::Limits;

pub(super) struct Archive(ZipArchive<BufReader<File>>);

/// Whether a file begins as zip archives do: with an entry, or empty.
pub(super) fn is_magic(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Unix file types (`S_IFMT`) of an entry's mode.
const TYPE_MASK: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;

impl Archive {
    /// `InvalidData` where the file is no readable archive.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = BufReader::new(File::open(path)?);
        ZipArchive::new(file).map(Self).map_err(|e| match e {
            zip::result::ZipError::Io(e) if e.kind() != io::ErrorKind::UnexpectedEof => e,
            other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
        })
    }

    /// The files in it, or why it is refused. What headers claim is checked here, what they
    /// hide in [`Archive::entry`].
    pub(super) fn inspect(&mut self, limits: &Limits) -> Result<Vec<(usize, String)>, String> {
        if self.0.len() > limits.archive_entries {
            return Err(format!("the archive has {} entries", self.0.len()));
        }
        let overlapping = self.0.has_overlapping_files().map_err(|e| e.to_string())?;
        if overlapping {
            return Err("entries of the archive overlap".into());
        }
        let mut files = Vec::new();
        let (mut packed, mut unpacked) = (0u64, 0u64);
        for index in 0..self.0.len() {
            let entry = self.0.by_index_data(index).map_err(|e| e.to_string())?;
            let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
            if leaves_its_folder(&name) {
                return Err(format!("the entry {name:?} leads out of the archive"));
            }
            let kind = entry.unix_mode().map_or(0, |mode| mode & TYPE_MASK);
            if entry.is_symlink() || !matches!(kind, 0 | REGULAR | DIRECTORY) {
                return Err(format!("the entry {name:?} is a link or a device"));
            }
            if entry.encrypted() {
                return Err("the archive is encrypted".into());
            }
            packed = packed.saturating_add(entry.compressed_size());
            unpacked = unpacked.saturating_add(entry.size());
            if limits.is_bomb(entry.compressed_size(), entry.size()) {
                return Err(format!("the entry {name:?} is a decompression bomb"));
            }
            if !entry.is_dir() {
                files.push((index, name));
            }
        }
        if unpacked > limits.archive_bytes {
            return Err(format!("the archive unpacks to {unpacked} bytes"));
        }
        if unpacked > limits.bomb_bytes && unpacked / limits.archive_ratio > packed {
            return Err("the archive is a decompression bomb".into());
        }
        Ok(files)
    }

    /// Reads an entry; more bytes than its header claims are an error.
    pub(super) fn entry(&mut self, index: usize) -> io::Result<Box<dyn Read + '_>> {
        let entry = self
            .0
            .by_index(index)
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e.to_string()))?;
        let left = entry.size();
        Ok(Box::new(Claimed { entry, left }))
    }
}

fn leaves_its_folder(name: &str) -> bool {
    let absolute = name.starts_with(['/', '\\']) || name.as_bytes().get(1) == Some(&b':');
    absolute || name.contains('\0') || name.split(['/', '\\']).any(|part| part == "..")
}

/// A reader that holds an entry to its claimed size.
struct Claimed<R> {
    entry: R,
    left: u64,
}

impl<R: Read> Read for Claimed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.entry.read(buf)?;
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the entry is longer than it claims",
            )
        })?;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_out_of_the_archive_are_seen_in_both_spellings() {
        for bad in [
            "../x",
            "a/../../x",
            "a/..",
            "/etc/x",
            "\\x",
            "..\\x",
            "a\\..\\x",
            "C:\\x",
            "a\0b",
        ] {
            assert!(leaves_its_folder(bad), "{bad:?}");
        }
        for good in ["a/b.dcm", "..a/b", "a..b", "1..2/IM0001"] {
            assert!(!leaves_its_folder(good), "{good:?}");
        }
    }
}
