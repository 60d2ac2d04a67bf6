//! The session's handles in the forms that the layers below ask for: keys stay in the vault.

use dhc_content::{DigestSigner, EnvelopeOpener, ValueKeeper, object::ObjectKey};
use dhc_domain::{Address, B256};
use dhc_ipc::Failure;
use dhc_vault::{AccountHandle, DatabaseKey, RecordIdentity};
use zeroize::Zeroizing;

use crate::{
    entropy::Rng,
    failure::damaged,
    profile::{Profile, Session},
    records::Record,
};

/// The account as content's signer.
#[derive(Clone)]
pub struct Signing(pub AccountHandle);

impl DigestSigner for Signing {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
        Some(self.0.sign_hash(digest))
    }
}

/// The record identity as content's opener of envelopes.
pub struct Opening<'a>(pub &'a RecordIdentity);

impl EnvelopeOpener for Opening<'_> {
    fn open_envelope(
        &self,
        encapsulated: &[u8],
        info: &[u8],
        aad: &[u8],
        ciphertext: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        self.0
            .open_envelope(encapsulated, info, aad, ciphertext)
            .ok()
    }
}

/// The database key as content's keeper of object keys.
pub struct Keeper {
    key: DatabaseKey,
    rng: Rng,
}

impl Keeper {
    pub fn new(profile: &Profile, session: &Session) -> Self {
        Self {
            key: session.database_key.clone(),
            rng: profile.rng.clone(),
        }
    }
}

impl ValueKeeper for Keeper {
    fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        self.key.seal(aad, plaintext, &mut self.rng.clone())
    }

    fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        self.key.open(aad, sealed).ok()
    }
}

/// The key of a record of mine.
pub fn of_record(
    profile: &Profile,
    session: &Session,
    record: &Record,
) -> Result<ObjectKey, Failure> {
    ObjectKey::unwrap(&Keeper::new(profile, session), record.object, &record.key)
        .map_err(|_| damaged("records"))
}
