use std::{collections::HashSet, fmt};

use dhc_domain::B256;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ContentCorrupt;

/// What an object's content is. Travels encrypted, as JSON. `Debug` shows nothing of a study.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Content bytes before padding; the entries lie within, one after the other.
    pub length: u64,
    pub entries: Vec<Entry>,
    /// What the importer says of the whole.
    pub meta: Value,
}

/// One file of the content. `Debug` shows nothing of a study.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// A relative path with `/` between its parts, unique in the object, safe to create below a
    /// folder.
    pub path: String,
    /// Where it starts in the content, bytes.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// SHA-256 of its bytes.
    pub sha256: B256,
    /// What the importer says of it.
    pub meta: Value,
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manifest")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// Where it lies in the content.
    pub fn range(&self) -> std::ops::Range<u64> {
        self.offset..self.offset + self.length
    }
}

impl Manifest {
    /// Padded to at least this many bytes, so that small objects look alike.
    pub(crate) const MIN_PADDED: u64 = 4096;

    /// What the manifest's frames hold: length (8, big-endian) ‖ JSON ‖ zeros.
    pub fn encode(&self) -> Vec<u8> {
        let json = serde_json::to_vec(self).expect("a manifest's maps have text keys");
        let len = 8 + json.len() as u64;
        let padded = super::padme(len.max(Self::MIN_PADDED));
        let mut out = Vec::with_capacity(padded as usize);
        out.extend_from_slice(&(json.len() as u64).to_be_bytes());
        out.extend_from_slice(&json);
        out.resize(padded as usize, 0);
        out
    }

    /// Reads [`Manifest::encode`]'s form, and checks that its entries lie one after the other and
    /// that each path may be created below a folder.
    pub fn decode(bytes: &[u8]) -> Result<Self, ContentCorrupt> {
        let (len, rest) = bytes
            .split_first_chunk::<8>()
            .ok_or(ContentCorrupt::Manifest("it is cut short"))?;
        let json = usize::try_from(u64::from_be_bytes(*len))
            .ok()
            .and_then(|len| rest.get(..len))
            .ok_or(ContentCorrupt::Manifest("it is cut short"))?;
        let manifest: Self = serde_json::from_slice(json)
            .map_err(|_| ContentCorrupt::Manifest("it is not its JSON"))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Entries follow each other without gap, and no path leads out of a folder or twice to one
    /// place: the sealer is a stranger to the reader.
    fn check(&self) -> Result<(), ContentCorrupt> {
        let mut end = 0u64;
        let mut paths = HashSet::new();
        for entry in &self.entries {
            if entry.offset != end {
                return Err(ContentCorrupt::Manifest(
                    "its entries do not follow each other",
                ));
            }
            end = end
                .checked_add(entry.length)
                .ok_or(ContentCorrupt::Manifest("a length overflows"))?;
            if !is_safe_path(&entry.path) || !paths.insert(entry.path.to_lowercase()) {
                return Err(ContentCorrupt::Manifest("a path is unsafe or stands twice"));
            }
        }
        if end == self.length {
            Ok(())
        } else {
            Err(ContentCorrupt::Manifest("its length is not its entries'"))
        }
    }
}

/// Whether a path may be created below a folder on any system we run on.
pub(crate) fn is_safe_path(path: &str) -> bool {
    path.len() <= 4096
        && path.split('/').all(|part| {
            !part.is_empty()
                && part.len() <= 255
                && !part.ends_with(['.', ' '])
                && part
                    .chars()
                    .all(|c| !c.is_control() && !r#"\:*?"<>|"#.contains(c))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_its_folder() {
        for good in ["a", "a/b.dcm", "系列/1", "a..b", ".hidden"] {
            assert!(is_safe_path(good), "{good:?}");
        }
        for bad in [
            "", "/a", "a/", "..", "a/../b", ".", "a//b", r"a\b", "C:", "a\0", "x\n", "a.",
        ] {
            assert!(!is_safe_path(bad), "{bad:?}");
        }
    }
}
