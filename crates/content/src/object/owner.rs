use dhc_domain::{B256, ObjectId};

use super::{ContentCorrupt, ObjectKey, header::Header};
use crate::ValueKeeper;

/// Bytes of a box: version (1), nonce (12), the sealed key (32) and salt (32), tag (16).
pub const OWNERS_BOX_LEN: usize = 1 + 12 + 64 + 16;

/// What an object's owner needs to open it again with nothing but their words: its key and the
/// salt of the commitment on chain, sealed by the owner's keeper. It stands behind the header; to
/// everybody else it is 93 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnersBox(pub(super) [u8; OWNERS_BOX_LEN]);

/// An object's key and the salt of its commitment, out of its box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    pub object: ObjectId,
    pub key: ObjectKey,
    /// Salt of the commitment that the record has on chain.
    pub salt: B256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecoverError {
    #[error("the object was sealed without a box for its owner")]
    NoBox,
    #[error("the object's box is another owner's")]
    NotOwner,
    #[error(transparent)]
    Corrupt(#[from] ContentCorrupt),
}

impl OwnersBox {
    /// `None` when the keeper seals in another form than the database's values have (vault.md).
    pub fn seal(
        keeper: &impl ValueKeeper,
        object: ObjectId,
        key: &ObjectKey,
        salt: &B256,
    ) -> Option<Self> {
        let plain = zeroize::Zeroizing::new([*key.as_bytes(), salt.0].concat());
        let sealed = keeper.seal(&aad(object), &plain);
        sealed.try_into().ok().map(Self)
    }
}

/// Opens the box of an object whose first leaf is `header`, and checks the header with the key
/// found in it.
pub fn recover(header: &[u8], keeper: &impl ValueKeeper) -> Result<Recovered, RecoverError> {
    let (object, sealed) = Header::boxed(header)?;
    let sealed = sealed.ok_or(RecoverError::NoBox)?;
    let plain = keeper
        .open(&aad(object), &sealed.0)
        .ok_or(RecoverError::NotOwner)?;
    let (key, salt) = plain
        .split_first_chunk::<32>()
        .ok_or(ContentCorrupt::Header)?;
    let key = ObjectKey::from_bytes(*key);
    let salt: [u8; 32] = salt.try_into().map_err(|_| ContentCorrupt::Header)?;
    Header::decode(header, &key)?;
    Ok(Recovered {
        object,
        key,
        salt: salt.into(),
    })
}

fn aad(object: ObjectId) -> Vec<u8> {
    [b"DHC-OBJECT/1 owner".as_slice(), object.0.as_slice()].concat()
}
