//! The keys of one devnet: all derived from a seed that its data directory keeps.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use alloy::signers::local::PrivateKeySigner;
use ed25519_dalek::SigningKey;
use rand::RngCore;
use sha2::{Digest, Sha256};

const SEED_FILE: &str = "seed";

/// What an account of the devnet itself is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Deploys the contracts of genesis and owns `Templates`.
    Deployer,
    /// Gives coins to whoever asks.
    Faucet,
    /// Owns `Issuers`: certifies institutions.
    Certifier,
    /// Signs similarities: member of the PoQ committee.
    Committee(u8),
    /// Receives one of the allocations of the white paper.
    Allocation(u8),
    /// Owns the stake of a validator of a network of real nodes.
    Validator(u8),
}

impl Role {
    fn label(self) -> String {
        match self {
            Self::Deployer => "deployer".to_owned(),
            Self::Faucet => "faucet".to_owned(),
            Self::Certifier => "certifier".to_owned(),
            Self::Committee(i) => format!("committee/{i}"),
            Self::Allocation(i) => format!("allocation/{i}"),
            Self::Validator(i) => format!("validator-operator/{i}"),
        }
    }
}

/// The seed of a devnet's keys: worth nothing outside of this devnet, private nevertheless.
#[derive(Clone)]
pub(crate) struct Keys {
    seed: [u8; 32],
}

impl Keys {
    #[cfg(test)]
    pub(crate) fn from_seed(seed: [u8; 32]) -> Self {
        Self { seed }
    }

    /// Reads the seed of `data_dir`, or makes one there (mode 0600) that a crash cannot halve.
    pub(crate) fn load_or_create(data_dir: &Path) -> io::Result<Self> {
        let path = data_dir.join(SEED_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                let mut seed = [0; 32];
                hex::decode_to_slice(text.trim(), &mut seed).map_err(|_| {
                    io::Error::new(io::ErrorKind::InvalidData, "the devnet's seed is damaged")
                })?;
                Ok(Self { seed })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut seed = [0; 32];
                rand::rng().fill_bytes(&mut seed);
                write_whole(&path, hex::encode(seed).as_bytes(), 0o600)?;
                Ok(Self { seed })
            }
            Err(error) => Err(error),
        }
    }

    fn derive(&self, label: &str, attempt: u32) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(b"dhc-devnet/");
        hasher.update(label.as_bytes());
        hasher.update(attempt.to_be_bytes());
        hasher.update(self.seed);
        hasher.finalize().into()
    }

    pub(crate) fn validator(&self, index: usize) -> SigningKey {
        SigningKey::from_bytes(&self.derive(&format!("validator/{index}"), 0))
    }

    pub(crate) fn account(&self, role: Role) -> PrivateKeySigner {
        // A digest that is no secp256k1 scalar (chance 2^-128) is passed over.
        (0..)
            .find_map(|attempt| {
                PrivateKeySigner::from_bytes(&self.derive(&role.label(), attempt).into()).ok()
            })
            .expect("one of 2^32 digests is a scalar")
    }
}

/// Writes `path` so that a reader finds the old content or the new, never a part.
pub(crate) fn write_whole(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&partial)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&partial, path)?;
    match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_seed_is_kept_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let first = Keys::load_or_create(directory.path()).unwrap();
        let again = Keys::load_or_create(directory.path()).unwrap();
        assert_eq!(first.seed, again.seed);
        let mode = fs::metadata(directory.path().join(SEED_FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_ne!(
            first.account(Role::Committee(0)).address(),
            first.account(Role::Committee(1)).address()
        );
    }
}
