use alloy::primitives::Signature;
use dhc_domain::{Address, B256};

/// The account that signed `digest`. `None` unless `signature` is 65 bytes with s in the lower
/// half (EIP-2) and v 27 or 28: one signature has one form.
pub(crate) fn signer_of(digest: &B256, signature: &[u8]) -> Option<Address> {
    let v = *signature.get(64)?;
    if signature.len() != 65 || !(27..=28).contains(&v) {
        return None;
    }
    let signature = Signature::from_bytes_and_parity(&signature[..64], v == 28);
    if signature.normalize_s().is_some() {
        return None;
    }
    signature.recover_address_from_prehash(digest).ok()
}
