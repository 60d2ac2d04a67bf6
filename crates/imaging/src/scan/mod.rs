//! The first pass of an import: which instances the input holds, whole or not, and how they
//! group. Each file is read once from end to end and nothing of it is kept but its summary, so
//! memory grows with the number of instances only.

mod archive;
mod grouping;
mod inspect;
mod source;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use grouping::Grouping;
use source::{Candidate, visit};
pub use source::{Locator, Opener};

use crate::refusal::{Duplicate, OpenError, RefusalCode, Skipped};
use crate::study::Study;

/// What is refused before it is read.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Entries of an archive.
    pub archive_entries: usize,
    /// Bytes of an archive's files together, unpacked.
    pub archive_bytes: u64,
    /// How many times larger unpacked an archive may be, beyond [`Limits::bomb_bytes`].
    pub archive_ratio: u64,
    /// The same of one entry: deflate reaches 1032 on nothing but zeros.
    pub entry_ratio: u64,
    /// Below this size no ratio is a bomb.
    pub bomb_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            archive_entries: 200_000,
            archive_bytes: 1 << 38,
            archive_ratio: 100,
            entry_ratio: 900,
            bomb_bytes: 1 << 24,
        }
    }
}

impl Limits {
    fn is_bomb(&self, packed: u64, unpacked: u64) -> bool {
        unpacked > self.bomb_bytes && unpacked / self.entry_ratio > packed
    }
}

/// How far a scan is. What is left is not known before the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub files_done: u64,
    pub bytes_done: u64,
}

/// What the input holds. Every file of it is in exactly one of the three, except the DICOMDIR
/// that an import was pointed at.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    pub studies: Vec<ScannedStudy>,
    pub duplicates: Vec<Duplicate>,
    pub skipped: Vec<Skipped>,
}

/// A study and where its instances are, by SOP instance UID.
#[derive(Clone, Debug)]
pub struct ScannedStudy {
    pub study: Study,
    pub files: BTreeMap<String, Locator>,
}

/// Why an input as a whole is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    #[error("{path}: {message}")]
    Refused {
        code: RefusalCode,
        path: String,
        message: String,
    },
    #[error("{path} cannot be read")]
    Io {
        path: String,
        #[source]
        source: io::Error,
    },
}

impl ScanError {
    /// `None` where the storage failed, or the path does not exist.
    pub const fn code(&self) -> Option<RefusalCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            Self::Io { .. } => None,
        }
    }

    fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.display().to_string(),
            source,
        }
    }

    fn archive(path: String, message: String) -> Self {
        Self::Refused {
            code: RefusalCode::ArchiveRefused,
            path,
            message,
        }
    }
}

/// Reads all that `paths` name: files, folders, zip archives, a DICOMDIR. Nothing is written.
///
/// # Errors
/// A path that cannot be read, an archive named by `paths` that is refused, or an input without
/// a single instance, with the code of the first file in it.
pub fn scan(
    paths: &[PathBuf],
    limits: &Limits,
    progress: &mut dyn FnMut(Progress),
) -> Result<Scan, ScanError> {
    let mut done = Progress::default();
    let mut seen: HashMap<String, [u8; 32]> = HashMap::new();
    let mut grouping = Grouping::default();
    let mut scan = Scan::default();

    visit(paths, limits, &mut |candidate| {
        let skip = |path, code, message: String| Skipped {
            path,
            code,
            message,
        };
        match candidate {
            Candidate::ArchiveRefused { path, message } => {
                scan.skipped
                    .push(skip(path, RefusalCode::ArchiveRefused, message));
            }
            Candidate::Missing { path } => scan.skipped.push(skip(
                path,
                RefusalCode::DicomDamaged,
                "the DICOMDIR names this file, but it is not there".into(),
            )),
            Candidate::File {
                locator,
                path,
                reader,
            } => match inspect::inspect(reader) {
                Ok(found) => {
                    done.bytes_done += found.instance.bytes;
                    let uid = &found.instance.sop_instance_uid;
                    if let Some(first) = seen.get(uid) {
                        scan.duplicates.push(Duplicate {
                            path,
                            sop_instance_uid: uid.clone(),
                            identical: *first == found.instance.sha256,
                        });
                    } else {
                        seen.insert(uid.clone(), found.instance.sha256);
                        grouping.add(found, locator);
                    }
                }
                Err(inspect::Refusal::Archive) => scan.skipped.push(skip(
                    path,
                    RefusalCode::ArchiveRefused,
                    "an archive within an archive is not opened".into(),
                )),
                Err(inspect::Refusal::DirectoryIndex) => scan.skipped.push(skip(
                    path,
                    RefusalCode::NotDicom,
                    "this is the index of a medium (DICOMDIR); its files are read themselves"
                        .into(),
                )),
                Err(inspect::Refusal::Open(OpenError::Io(e))) => {
                    return Err(ScanError::Io { path, source: e });
                }
                Err(inspect::Refusal::Open(e)) => {
                    let code = e.code().unwrap_or(RefusalCode::DicomDamaged);
                    scan.skipped.push(skip(path, code, e.to_string()));
                }
            },
        }
        done.files_done += 1;
        progress(done);
        Ok(())
    })?;

    scan.studies = grouping.finish();
    if scan.studies.is_empty() {
        let first = scan.skipped.into_iter().next().unwrap_or_else(|| Skipped {
            path: paths
                .first()
                .map_or_else(String::new, |p| p.display().to_string()),
            code: RefusalCode::NotDicom,
            message: "there are no files here".into(),
        });
        return Err(ScanError::Refused {
            code: first.code,
            path: first.path,
            message: first.message,
        });
    }
    Ok(scan)
}
