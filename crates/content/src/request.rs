//! What a doctor writes to a patient when asking for access: an HPKE envelope (as
//! [`note`](crate::note)'s) to the patient's record identity, signed by who asks, carried by the
//! event of `Requests`.

use alloy::sol_types::{Eip712Domain, SolStruct, eip712_domain};
use dhc_domain::{Address, B256, RequestId};
use hpke::{
    Deserializable, Kem, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
    single_shot_seal_with_rng,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{DigestSigner, EnvelopeOpener, signature::signer_of};

const VERSION: u8 = 1;
const INFO: &[u8] = b"DHC-REQUEST/1";
const SIGNATURE: usize = 65;
const ENCAPSULATED: usize = 1120;
/// The plaintext's length, whatever the text's: length (2, big-endian) ‖ UTF-8 ‖ zeros.
const PADDED: usize = 832;

/// The longest text, bytes of UTF-8.
pub const MAX_REQUEST_TEXT: usize = PADDED - 2;

/// Which request a text is of: signed by the asker, and needed to open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestContext {
    /// The EVM chain id.
    pub chain_id: u64,
    /// The `Requests` contract.
    pub requests: Address,
    /// Who is asked.
    pub owner: Address,
    pub asker: Address,
    pub request: RequestId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealRequestError {
    #[error("the owner's published key is malformed")]
    Recipient,
    #[error("the text of a request has at most {MAX_REQUEST_TEXT} bytes")]
    TooLong,
    #[error("the asker's key is not at hand")]
    SignerUnavailable,
    #[error("the signer is not who asks")]
    NotAsker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenRequestError {
    #[error("the text is malformed")]
    Malformed,
    #[error("the text is not signed by its asker for this request")]
    Signature,
    #[error("the text is not for this identity, or not of this request")]
    NotForUs,
}

mod typed {
    alloy::sol! {
        /// What the asker signs.
        struct RequestText {
            address owner;
            address asker;
            bytes32 request;
            bytes envelope;
        }

        /// What the envelope authenticates.
        struct RequestEnvelope {
            address owner;
            address asker;
            bytes32 request;
        }
    }
}

impl RequestContext {
    fn domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: "DHC Request",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.requests,
        }
    }

    fn aad(&self) -> B256 {
        typed::RequestEnvelope {
            owner: self.owner,
            asker: self.asker,
            request: self.request.0,
        }
        .eip712_signing_hash(&self.domain())
    }

    fn signing_hash(&self, envelope: &[u8]) -> B256 {
        typed::RequestText {
            owner: self.owner,
            asker: self.asker,
            request: self.request.0,
            envelope: envelope.to_vec().into(),
        }
        .eip712_signing_hash(&self.domain())
    }
}

/// Seals a text to the record identity that the owner has published (1216 bytes).
///
/// Gives version (1) ‖ signature (65) ‖ encapsulated key (1120) ‖ ciphertext (848).
pub fn seal_request(
    text: &str,
    context: &RequestContext,
    recipient: &[u8],
    signer: &impl DigestSigner,
    mut rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Vec<u8>, SealRequestError> {
    if signer.address() != context.asker {
        return Err(SealRequestError::NotAsker);
    }
    let recipient = <XWing as Kem>::PublicKey::from_bytes(recipient)
        .map_err(|_| SealRequestError::Recipient)?;
    if text.len() > MAX_REQUEST_TEXT {
        return Err(SealRequestError::TooLong);
    }
    let length = u16::try_from(text.len()).map_err(|_| SealRequestError::TooLong)?;
    let mut plaintext = Zeroizing::new(Vec::with_capacity(PADDED));
    plaintext.extend_from_slice(&length.to_be_bytes());
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
    .map_err(|_| SealRequestError::Recipient)?;
    let mut envelope = key.to_bytes().to_vec();
    envelope.extend_from_slice(&ciphertext);
    let signature = signer
        .sign_digest(&context.signing_hash(&envelope))
        .ok_or(SealRequestError::SignerUnavailable)?;
    Ok([&[VERSION], signature.as_slice(), &envelope].concat())
}

/// Opens a text, after checking that its asker signed it for this request.
pub fn open_request(
    bytes: &[u8],
    context: &RequestContext,
    opener: &impl EnvelopeOpener,
) -> Result<String, OpenRequestError> {
    let Some((&[VERSION], rest)) = bytes.split_first_chunk::<1>() else {
        return Err(OpenRequestError::Malformed);
    };
    let (signature, envelope) = rest
        .split_at_checked(SIGNATURE)
        .ok_or(OpenRequestError::Malformed)?;
    if signer_of(&context.signing_hash(envelope), signature) != Some(context.asker) {
        return Err(OpenRequestError::Signature);
    }
    let (key, ciphertext) = envelope
        .split_at_checked(ENCAPSULATED)
        .ok_or(OpenRequestError::Malformed)?;
    let plaintext = opener
        .open_envelope(key, INFO, context.aad().as_slice(), ciphertext)
        .ok_or(OpenRequestError::NotForUs)?;
    text(&plaintext).ok_or(OpenRequestError::Malformed)
}

fn text(plaintext: &[u8]) -> Option<String> {
    let (length, rest) = plaintext.split_first_chunk::<2>()?;
    let text = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    String::from_utf8(text.to_vec()).ok()
}
