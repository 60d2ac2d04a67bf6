//! What was done for which content, so that it is not done again.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Folders that never belong to the sources.
const SKIPPED: [&str; 4] = ["node_modules", "target", "out", "cache"];

/// A file that holds the fingerprint of the inputs of a finished step.
pub struct Stamp {
    file: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// `file`: where the stamp stands. `words`: what else the step depends on, such as a version.
    /// `inputs`: files and folders, by content and relative name.
    pub fn new(file: PathBuf, words: &[&str], root: &Path, inputs: &[&str]) -> Result<Self> {
        let mut hash = Sha256::new();
        for word in words {
            hash.update((word.len() as u64).to_le_bytes());
            hash.update(word);
        }
        for input in inputs {
            for path in files(&root.join(input))? {
                let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy();
                let content =
                    fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
                hash.update((name.len() as u64).to_le_bytes());
                hash.update(name.as_bytes());
                hash.update((content.len() as u64).to_le_bytes());
                hash.update(content);
            }
        }
        let fingerprint = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        Ok(Self { file, fingerprint })
    }

    /// Whether the step was finished for exactly these inputs.
    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text.trim() == self.fingerprint)
    }

    /// To be called when the step is finished.
    pub fn set(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, &self.fingerprint)
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

/// All files under `path` in the order of their names; none when there is nothing.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    let mut found = Vec::new();
    for entry in entries {
        if !SKIPPED.iter().any(|name| entry.file_name() == *name) {
            found.extend(files(&entry.path())?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_fresh_until_content_name_or_version_changes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("src")).unwrap();
        fs::write(root.join("src/a"), "1").unwrap();
        let stamp = |version| Stamp::new(root.join("stamp"), &[version], root, &["src"]).unwrap();

        assert!(!stamp("v1").is_fresh());
        stamp("v1").set().unwrap();
        assert!(stamp("v1").is_fresh());
        assert!(!stamp("v2").is_fresh());

        fs::write(root.join("src/a"), "2").unwrap();
        assert!(!stamp("v1").is_fresh());
        fs::write(root.join("src/a"), "1").unwrap();
        fs::rename(root.join("src/a"), root.join("src/b")).unwrap();
        assert!(!stamp("v1").is_fresh());
    }
}
