use std::{fmt, sync::Arc};

use bip32::XPrv;

use crate::{AccountHandle, DatabaseKey, DeriveError, RecordIdentity, derivation};

/// An open vault. Cheap to clone; keys are wiped when the last clone and handle are dropped,
/// which is what locking means.
#[derive(Clone)]
pub struct Unlocked(Arc<Branches>);

struct Branches {
    accounts: XPrv,
    identity: RecordIdentity,
    database: DatabaseKey,
}

impl Unlocked {
    pub(crate) fn derive(seed: &[u8; 64]) -> Result<Self, DeriveError> {
        Ok(Self(Arc::new(Branches {
            accounts: derivation::accounts(seed)?,
            identity: RecordIdentity::derive(seed)?,
            database: DatabaseKey::derive(seed)?,
        })))
    }

    /// The account at m/44'/60'/0'/0/`index`.
    pub fn account(&self, index: u32) -> Result<AccountHandle, DeriveError> {
        AccountHandle::derive(&self.0.accounts, index)
    }

    pub fn record_identity(&self) -> RecordIdentity {
        self.0.identity.clone()
    }

    pub fn database_key(&self) -> DatabaseKey {
        self.0.database.clone()
    }
}

impl fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlocked([redacted])")
    }
}
