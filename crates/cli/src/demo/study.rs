//! The bundled study: a de-identified T1 MRI (PDDL), see assets/demo.

use std::path::{Path, PathBuf};

use dhc_ipc::{Code, Failure};

const STUDY: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../assets/demo/study.zip"
));

/// Writes the bundled study below `folder`.
pub fn bundled(folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join("study.zip");
    std::fs::write(&path, STUDY).map_err(|e| Failure::new(Code::FileUnreadable, e.to_string()))?;
    Ok(path)
}
