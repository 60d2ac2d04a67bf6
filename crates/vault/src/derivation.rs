use bip32::{ChildNumber, XPrv};
use hkdf::Hkdf;
use hpke::{Deserializable, Kem, kem::XWing};
use k256::ecdsa::SigningKey;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The purpose (first, hardened level) of the branches that are not accounts: "DHC" in ASCII.
const PURPOSE: u32 = 0x0044_4843;
const SALT: &[u8] = b"DHC-VAULT/1";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeriveError {
    #[error("account numbers are below 2^31")]
    Index,
    /// BIP-32: happens with a probability below 2^-127.
    #[error("this number derives no key; take the next")]
    NoKey,
}

/// Derives along a path; a level is (number, hardened).
fn derive(seed: &[u8; 64], path: &[(u32, bool)]) -> Result<XPrv, DeriveError> {
    let root = XPrv::new(seed).map_err(|_| DeriveError::NoKey)?;
    path.iter().try_fold(root, |key, (number, hardened)| {
        child(&key, *number, *hardened)
    })
}

fn child(key: &XPrv, number: u32, hardened: bool) -> Result<XPrv, DeriveError> {
    let number = ChildNumber::new(number, hardened).map_err(|_| DeriveError::Index)?;
    key.derive_child(number).map_err(|_| DeriveError::NoKey)
}

/// m/44'/60'/0'/0, the parent of the EVM accounts (BIP-44, SLIP-44 coin 60).
pub(crate) fn accounts(seed: &[u8; 64]) -> Result<XPrv, DeriveError> {
    derive(seed, &[(44, true), (60, true), (0, true), (0, false)])
}

/// m/44'/60'/0'/0/`index`.
pub(crate) fn account(parent: &XPrv, index: u32) -> Result<SigningKey, DeriveError> {
    child(parent, index, false).map(|key| key.private_key().clone())
}

/// A 32-byte key from a hardened branch of our own: HKDF-SHA256 over its private key, so that it
/// is neither a secp256k1 key nor related to one.
fn branch_key(
    seed: &[u8; 64],
    path: &[(u32, bool)],
    info: &[u8],
) -> Result<Zeroizing<[u8; 32]>, DeriveError> {
    let branch = derive(seed, path)?;
    let ikm = Zeroizing::new(branch.to_bytes());
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(SALT), &*ikm)
        .expand(info, &mut *key)
        .expect("32 bytes are within HKDF's limit");
    Ok(key)
}

/// The record identity's X-Wing key, from m/4474947'/0'/0'.
pub(crate) fn record_identity(
    seed: &[u8; 64],
) -> Result<(<XWing as Kem>::PrivateKey, <XWing as Kem>::PublicKey), DeriveError> {
    let path = [(PURPOSE, true), (0, true), (0, true)];
    let bytes = branch_key(seed, &path, b"record identity")?;
    let private = <XWing as Kem>::PrivateKey::from_bytes(&*bytes)
        .expect("an X-Wing private key is any 32 bytes");
    let public = XWing::sk_to_pk(&private);
    Ok((private, public))
}

/// The local database's AES-256 key, from m/4474947'/1'/0'.
pub(crate) fn database(seed: &[u8; 64]) -> Result<Zeroizing<[u8; 32]>, DeriveError> {
    branch_key(seed, &[(PURPOSE, true), (1, true), (0, true)], b"database")
}
