//! Where the demo keeps its three homes and their network.

use std::path::{Path, PathBuf};

use dhc_domain::NetworkFile;
use dhc_ipc::{Code, Failure};

/// The length of the demo network's settlement day, seconds.
pub const DAY_S: u64 = 10;
/// The password of the demo's profiles: no secret, and shown as such.
pub const PASSWORD: &str = "correct horse battery staple";

/// `DIR/devnet`, `DIR/homes/{hospital,patient,doctor}`, `DIR/password`, `DIR/out`.
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    pub fn make(folder: &Path) -> Result<Self, Failure> {
        let kept = Self::at(folder);
        let failed = |e: std::io::Error| Failure::new(Code::FileUnreadable, e.to_string());
        std::fs::create_dir_all(kept.homes()).map_err(failed)?;
        std::fs::create_dir_all(kept.out()).map_err(failed)?;
        std::fs::write(kept.password(), PASSWORD).map_err(failed)?;
        Ok(kept)
    }

    pub fn devnet(&self) -> PathBuf {
        self.folder.join("devnet")
    }

    pub fn homes(&self) -> PathBuf {
        self.folder.join("homes")
    }

    pub fn home(&self, name: &str) -> PathBuf {
        self.homes().join(name)
    }

    pub fn password(&self) -> PathBuf {
        self.folder.join("password")
    }

    /// What the play writes: the fetched files, the rendered film.
    pub fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    /// The day's length that the kept network was made with.
    pub fn day_s(&self) -> Result<u64, Failure> {
        let path = self.devnet().join("network.json");
        let text = std::fs::read_to_string(&path).map_err(|_| {
            Failure::new(
                Code::Misuse,
                format!("{} holds no demo", self.folder.display()),
            )
            .hint("dhc demo --keep DIR")
        })?;
        NetworkFile::parse(&text)
            .map(|n| n.day_s)
            .map_err(|e| Failure::new(Code::Misuse, e.to_string()))
    }
}
