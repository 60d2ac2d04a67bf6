//! The built interface, read from a folder: `DHC_UI_DIR`, else `ui-dist` beside the program's
//! folder, where `dhc serve` finds it too.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};

use tauri::utils::assets::{AssetKey, AssetsIter, CspHash};
use tauri::{Assets, Runtime};

pub struct Folder(PathBuf);

impl Folder {
    pub fn beside_program() -> Self {
        let told = std::env::var_os("DHC_UI_DIR").map(PathBuf::from);
        let beside = || {
            Some(
                std::env::current_exe()
                    .ok()?
                    .parent()?
                    .parent()?
                    .join("ui-dist"),
            )
        };
        Self(
            told.or_else(beside)
                .unwrap_or_else(|| PathBuf::from("ui-dist")),
        )
    }

    /// The file of a key; `None` for one that leads out of the folder.
    fn file(&self, key: &str) -> Option<PathBuf> {
        let relative = Path::new(key.trim_start_matches('/'));
        let inside = relative
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        (inside && !relative.as_os_str().is_empty()).then(|| self.0.join(relative))
    }
}

impl<R: Runtime> Assets<R> for Folder {
    fn get(&self, key: &AssetKey) -> Option<Cow<'_, [u8]>> {
        std::fs::read(self.file(key.as_ref())?).ok().map(Cow::Owned)
    }

    fn iter(&self) -> Box<AssetsIter<'_>> {
        Box::new(std::iter::empty())
    }

    /// The interface has no inline scripts.
    fn csp_hashes(&self, _: &AssetKey) -> Box<dyn Iterator<Item = CspHash<'_>> + '_> {
        Box::new(std::iter::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_leads_out_of_the_folder() {
        let folder = Folder("/ui".into());
        assert_eq!(
            folder.file("/assets/boot.js"),
            Some("/ui/assets/boot.js".into())
        );
        for key in ["/../etc/passwd", "/assets/../../etc/passwd", "/", ""] {
            assert_eq!(folder.file(key), None, "{key}");
        }
    }
}
