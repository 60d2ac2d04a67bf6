//! The only part that touches files: which there are, and their bytes.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use dicom_dictionary_std::tags;
use walkdir::WalkDir;

use super::archive::Archive;
use super::{Limits, ScanError};
use crate::file::DicomFile;

/// Where the bytes of an instance are. Valid as long as the input is not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locator(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Entry { archive: PathBuf, index: usize },
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::File(path) => write!(f, "{}", path.display()),
            Place::Entry { archive, index } => write!(f, "{}#{index}", archive.display()),
        }
    }
}

/// Opens instances again after a scan. Keeps the archive opened last, so that reading the
/// instances of one in order opens it once.
#[derive(Default)]
pub struct Opener {
    archive: Option<(PathBuf, Archive)>,
}

impl Opener {
    pub fn new() -> Self {
        Self::default()
    }

    /// The original bytes. A caller compares their digest with the scan's: a file may have
    /// changed since.
    pub fn open(&mut self, at: &Locator) -> io::Result<Box<dyn Read + '_>> {
        match &at.0 {
            Place::File(path) => Ok(Box::new(File::open(path)?)),
            Place::Entry {
                archive: path,
                index,
            } => {
                if self.archive.as_ref().is_none_or(|(open, _)| open != path) {
                    self.archive = Some((path.clone(), Archive::open(path)?));
                }
                let (_, archive) = self.archive.as_mut().expect("opened above");
                archive.entry(*index)
            }
        }
    }
}

/// A file that may be an instance, or what is wrong with the place where one was expected.
pub(super) enum Candidate<'a> {
    File {
        locator: Locator,
        path: String,
        reader: Box<dyn Read + 'a>,
    },
    /// An archive, as a whole or one entry of it, that is not read.
    ArchiveRefused { path: String, message: String },
    /// A file that a DICOMDIR names and that is not there.
    Missing { path: String },
}

type Visit<'a> = dyn FnMut(Candidate<'_>) -> Result<(), ScanError> + 'a;

/// Visits every file of the inputs once: files as named, folders recursively by name, archives
/// entry by entry, the files a named DICOMDIR refers to.
pub(super) fn visit(
    paths: &[PathBuf],
    limits: &Limits,
    visit: &mut Visit,
) -> Result<(), ScanError> {
    for path in paths {
        let kind = std::fs::metadata(path).map_err(|e| ScanError::io(path, e))?;
        if kind.is_dir() {
            visit_folder(path, limits, visit)?;
        } else if is_archive(path).map_err(|e| ScanError::io(path, e))? {
            if let Some(message) = visit_archive(path, limits, visit)? {
                // Named, and nothing of it is taken: the import as a whole is refused.
                return Err(ScanError::archive(shown(path), message));
            }
        } else if is_dicomdir(path) {
            visit_directory_records(path, visit)?;
        } else {
            visit_file(path, visit)?;
        }
    }
    Ok(())
}

fn visit_folder(folder: &Path, limits: &Limits, visit: &mut Visit) -> Result<(), ScanError> {
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|e| ScanError::io(folder, e.into()))?;
        let path = entry.path();
        // Links to files are read, links to folders are not entered: they may lead in circles.
        if entry.file_type().is_dir() || !path.is_file() {
            continue;
        }
        if is_archive(path).map_err(|e| ScanError::io(path, e))? {
            if let Some(message) = visit_archive(path, limits, visit)? {
                visit(Candidate::ArchiveRefused {
                    path: shown(path),
                    message,
                })?;
            }
        } else {
            visit_file(path, visit)?;
        }
    }
    Ok(())
}

fn visit_file(path: &Path, visit: &mut Visit) -> Result<(), ScanError> {
    let file = File::open(path).map_err(|e| ScanError::io(path, e))?;
    visit(Candidate::File {
        locator: Locator(Place::File(path.to_owned())),
        path: shown(path),
        reader: Box::new(file),
    })
}

/// The reason where the archive is refused as a whole: nothing of it was visited then.
fn visit_archive(
    path: &Path,
    limits: &Limits,
    visit: &mut Visit,
) -> Result<Option<String>, ScanError> {
    let mut archive = match Archive::open(path) {
        Ok(archive) => archive,
        Err(e) if e.kind() == io::ErrorKind::InvalidData => return Ok(Some(e.to_string())),
        Err(e) => return Err(ScanError::io(path, e)),
    };
    let files = match archive.inspect(limits) {
        Ok(files) => files,
        Err(message) => return Ok(Some(message)),
    };
    for (index, name) in files {
        let shown = format!("{}/{name}", shown(path));
        let candidate = match archive.entry(index) {
            Ok(reader) => Candidate::File {
                locator: Locator(Place::Entry {
                    archive: path.to_owned(),
                    index,
                }),
                path: shown,
                reader,
            },
            Err(e) => Candidate::ArchiveRefused {
                path: shown,
                message: e.to_string(),
            },
        };
        visit(candidate)?;
    }
    Ok(None)
}

fn is_archive(path: &Path) -> io::Result<bool> {
    let mut magic = [0; 4];
    match File::open(path)?.read_exact(&mut magic) {
        Ok(()) => Ok(super::archive::is_magic(&magic)),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(e) => Err(e),
    }
}

fn is_dicomdir(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"))
}

/// A DICOMDIR of a full disc has some ten megabytes.
const LARGEST_DICOMDIR: u64 = 1 << 26;

/// Visits the files that a DICOMDIR's records refer to (PS3.3, annex F).
fn visit_directory_records(path: &Path, visit: &mut Visit) -> Result<(), ScanError> {
    let size = std::fs::metadata(path)
        .map_err(|e| ScanError::io(path, e))?
        .len();
    let references = (size <= LARGEST_DICOMDIR)
        .then(|| referenced_files(path))
        .flatten();
    let Some(references) = references else {
        return visit_file(path, visit);
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    for parts in references {
        // File ID components (PS3.10, 8.2) are names, never ways out of the medium.
        let sound = parts
            .iter()
            .all(|p| !p.is_empty() && p != ".." && !p.contains(['/', '\\']));
        let file = parts
            .iter()
            .fold(folder.to_owned(), |at, part| at.join(part));
        let lower = parts
            .iter()
            .fold(folder.to_owned(), |at, p| at.join(p.to_lowercase()));
        match [file.clone(), lower]
            .into_iter()
            .find(|f| sound && f.is_file())
        {
            Some(found) => visit_file(&found, visit)?,
            None => visit(Candidate::Missing { path: shown(&file) })?,
        }
    }
    Ok(())
}

fn referenced_files(path: &Path) -> Option<Vec<Vec<String>>> {
    let directory = DicomFile::open(File::open(path).ok()?).ok()?;
    let records = directory.attributes.get(tags::DIRECTORY_RECORD_SEQUENCE)?;
    let records = records.items()?;
    Some(
        records
            .iter()
            .filter_map(|record| record.get(tags::REFERENCED_FILE_ID)?.to_multi_str().ok())
            .map(|parts| {
                parts
                    .iter()
                    .map(|p| p.trim_end_matches([' ', '\0']).to_owned())
                    .collect()
            })
            .collect(),
    )
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
