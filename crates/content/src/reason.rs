//! Why a glass was broken: an HPKE envelope (as [`note`](crate::note)'s) from the grantee to the
//! owner's record identity, carried by the contract's event. Its hash stands in the owner's access
//! log. The transaction is the grantee's, so the envelope needs no signature of its own.

use alloy::sol_types::{Eip712Domain, SolStruct, eip712_domain};
use dhc_domain::{Address, B256, GrantId};
use hpke::{
    Deserializable, Kem, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
    single_shot_seal_with_rng,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::EnvelopeOpener;

const VERSION: u8 = 1;
const INFO: &[u8] = b"DHC-REASON/1";
const ENCAPSULATED: usize = 1120;
/// The plaintext's length, whatever the reason's: length (2, big-endian) ‖ UTF-8 ‖ zeros.
const PADDED: usize = 1024;

/// Which breaking of which glass a reason is for: needed to open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReasonContext {
    /// The EVM chain id.
    pub chain_id: u64,
    /// The `Consent` contract.
    pub consent: Address,
    pub owner: Address,
    /// The grantee, who breaks the glass.
    pub by: Address,
    pub grant: GrantId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealReasonError {
    #[error("the owner's published key is malformed")]
    Recipient,
    #[error("a reason has at most {} bytes", PADDED - 2)]
    TooLong,
}

mod typed {
    alloy::sol! {
        /// What the envelope authenticates.
        struct GlassReason {
            address owner;
            address by;
            bytes32 grant;
        }
    }
}

impl ReasonContext {
    fn aad(&self) -> B256 {
        let domain: Eip712Domain = eip712_domain! {
            name: "DHC Reason",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.consent,
        };
        typed::GlassReason {
            owner: self.owner,
            by: self.by,
            grant: self.grant.0,
        }
        .eip712_signing_hash(&domain)
    }
}

/// Seals a reason to the record identity that the owner has published (1216 bytes).
///
/// Gives version (1) ‖ encapsulated key (1120) ‖ ciphertext (1040).
pub fn seal_reason(
    text: &str,
    context: &ReasonContext,
    recipient: &[u8],
    mut rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, SealReasonError> {
    let recipient =
        <XWing as Kem>::PublicKey::from_bytes(recipient).map_err(|_| SealReasonError::Recipient)?;
    let len = u16::try_from(text.len()).map_err(|_| SealReasonError::TooLong)?;
    if usize::from(len) > PADDED - 2 {
        return Err(SealReasonError::TooLong);
    }
    let mut plaintext = Zeroizing::new(Vec::with_capacity(PADDED));
    plaintext.extend_from_slice(&len.to_be_bytes());
    plaintext.extend_from_slice(text.as_bytes());
    plaintext.resize(PADDED, 0);
    let (key, ciphertext) = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        &OpModeS::Base,
        &recipient,
        INFO,
        &plaintext,
        context.aad().as_slice(),
        &mut rng,
    )
    .map_err(|_| SealReasonError::Recipient)?;
    Ok([&[VERSION], key.to_bytes().as_slice(), &ciphertext].concat())
}

/// Opens a reason; `None` where it is not for this identity and this breaking, or no envelope.
pub fn open_reason(
    bytes: &[u8],
    context: &ReasonContext,
    opener: &impl EnvelopeOpener,
) -> Option<String> {
    let (&[VERSION], envelope) = bytes.split_first_chunk::<1>()? else {
        return None;
    };
    let (key, ciphertext) = envelope.split_at_checked(ENCAPSULATED)?;
    let plaintext = opener.open_envelope(key, INFO, context.aad().as_slice(), ciphertext)?;
    let (len, rest) = plaintext.split_first_chunk::<2>()?;
    let text = rest.get(..usize::from(u16::from_be_bytes(*len)))?;
    String::from_utf8(text.to_vec()).ok()
}
