//! Small pictures of films.

use std::io::{Cursor, Read};

use dhc_imaging::{DicomFile, Opener, ScannedStudy};

/// Instances larger than this get no picture at import: they would have to be held in memory.
pub const LARGEST: u64 = 64 << 20;

/// A PNG of the study's key image; `None` where it cannot be decoded.
pub fn of_study(study: &ScannedStudy) -> Option<Vec<u8>> {
    let instance = study.study.key_instance().filter(|i| i.bytes <= LARGEST)?;
    let at = study.files.get(&instance.sop_instance_uid)?;
    let mut opener = Opener::new();
    let mut bytes = Vec::with_capacity(instance.bytes as usize);
    opener.open(at).ok()?.read_to_end(&mut bytes).ok()?;
    of_instance(bytes)
}

/// A PNG of one instance.
pub fn of_instance(bytes: Vec<u8>) -> Option<Vec<u8>> {
    DicomFile::open(Cursor::new(bytes)).ok()?.thumbnail().ok()
}
