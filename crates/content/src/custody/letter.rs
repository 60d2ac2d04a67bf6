use alloy::sol_types::{Eip712Domain, SolStruct, eip712_domain};
use dhc_domain::{Address, B256, GrantId};
use hpke::{
    Deserializable, Kem, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::XWing,
    single_shot_seal_with_rng,
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{Dealing, Share};
use crate::{DigestSigner, EnvelopeOpener, signature::signer_of};

const INFO: &[u8] = b"DHC-CUSTODY/1 letter";
const ENCAPSULATED: usize = 1120;
const TAG: usize = 16;
const SHARE: usize = 32;

/// A holder's shares, which only the holder opens, signed by who makes the grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// r ‖ s ‖ v.
    pub signature: Vec<u8>,
    /// Encapsulated key (1120) ‖ ciphertext of the shares.
    pub envelope: Vec<u8>,
}

/// For which holder of which grant a letter is, and who asks with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LetterContext {
    /// The EVM chain id.
    pub chain_id: u64,
    /// The `Consent` contract.
    pub consent: Address,
    pub owner: Address,
    /// Who made the grant and signs.
    pub by: Address,
    pub holder: Address,
    pub grantee: Address,
    pub grant: GrantId,
    /// The holder's, from 1.
    pub index: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealLetterError {
    #[error("the holder's published key is malformed")]
    Recipient,
    #[error("the signer is not who makes the grant")]
    NotAuthor,
    #[error("the shares are not of this holder and dealing")]
    Shares,
    #[error("the author's key is not at hand")]
    SignerUnavailable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenLetterError {
    #[error("the letter is not signed by its author for this holder, grantee and grant")]
    Signature,
    #[error("the letter is not for this identity, or was altered")]
    NotForUs,
    /// A dealer who deals badly.
    #[error("the shares are not what the commitments say")]
    Shares,
}

mod typed {
    alloy::sol! {
        /// What the author signs.
        struct CustodyLetter {
            address owner;
            address by;
            address holder;
            address grantee;
            bytes32 grant;
            uint8 index;
            uint8 threshold;
            uint8 holders;
            bytes32[] commitments;
            bytes envelope;
        }

        /// What the envelope authenticates.
        struct CustodyContext {
            address owner;
            address by;
            address holder;
            address grantee;
            bytes32 grant;
            uint8 index;
            uint8 threshold;
            uint8 holders;
            bytes32[] commitments;
        }
    }
}

impl LetterContext {
    fn domain(&self) -> Eip712Domain {
        eip712_domain! {
            name: "DHC Custody",
            version: "1",
            chain_id: self.chain_id,
            verifying_contract: self.consent,
        }
    }

    fn aad(&self, dealing: &Dealing) -> B256 {
        typed::CustodyContext {
            owner: self.owner,
            by: self.by,
            holder: self.holder,
            grantee: self.grantee,
            grant: self.grant.0,
            index: self.index,
            threshold: dealing.threshold(),
            holders: dealing.holders(),
            commitments: dealing.commitments().iter().map(Into::into).collect(),
        }
        .eip712_signing_hash(&self.domain())
    }

    /// What the letter's author signs.
    pub(crate) fn signing_hash(&self, dealing: &Dealing, envelope: &[u8]) -> B256 {
        typed::CustodyLetter {
            owner: self.owner,
            by: self.by,
            holder: self.holder,
            grantee: self.grantee,
            grant: self.grant.0,
            index: self.index,
            threshold: dealing.threshold(),
            holders: dealing.holders(),
            commitments: dealing.commitments().iter().map(Into::into).collect(),
            envelope: envelope.to_vec().into(),
        }
        .eip712_signing_hash(&self.domain())
    }
}

impl Letter {
    /// Whether its author signed it for this holder, grantee, grant and dealing.
    pub fn is_of(&self, context: &LetterContext, dealing: &Dealing) -> bool {
        let hash = context.signing_hash(dealing, &self.envelope);
        signer_of(&hash, &self.signature) == Some(context.by)
    }
}

/// Seals a holder's shares, one for each record, to the record identity that the holder has
/// published (1216 bytes).
pub fn seal_letter(
    shares: &[Share],
    dealing: &Dealing,
    context: &LetterContext,
    recipient: &[u8],
    signer: &impl DigestSigner,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Letter, SealLetterError> {
    if signer.address() != context.by {
        return Err(SealLetterError::NotAuthor);
    }
    let is_ours = |(place, share): (usize, &Share)| {
        share.index() == context.index && dealing.is_of(place, share)
    };
    if shares.len() != dealing.records() || !shares.iter().enumerate().all(is_ours) {
        return Err(SealLetterError::Shares);
    }
    let mut plaintext = Zeroizing::new(Vec::with_capacity(shares.len() * SHARE));
    for share in shares {
        plaintext.extend_from_slice(&*Zeroizing::new(share.to_bytes()));
    }
    seal_unchecked(&plaintext, dealing, context, recipient, signer, rng)
}

/// Seals and signs whatever a dealer sends.
pub(super) fn seal_unchecked(
    plaintext: &[u8],
    dealing: &Dealing,
    context: &LetterContext,
    recipient: &[u8],
    signer: &impl DigestSigner,
    mut rng: &mut (impl CryptoRng + ?Sized),
) -> Result<Letter, SealLetterError> {
    let recipient =
        <XWing as Kem>::PublicKey::from_bytes(recipient).map_err(|_| SealLetterError::Recipient)?;
    let (key, ciphertext) = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
        &OpModeS::Base,
        &recipient,
        INFO,
        plaintext,
        context.aad(dealing).as_slice(),
        &mut rng,
    )
    .map_err(|_| SealLetterError::Recipient)?;
    let envelope = [key.to_bytes().as_slice(), &ciphertext].concat();
    let signature = signer
        .sign_digest(&context.signing_hash(dealing, &envelope))
        .ok_or(SealLetterError::SignerUnavailable)?
        .to_vec();
    Ok(Letter {
        signature,
        envelope,
    })
}

/// Opens a letter to this identity; gives the holder's share of each record, each verified
/// against the dealing.
pub fn open_letter(
    letter: &Letter,
    dealing: &Dealing,
    context: &LetterContext,
    opener: &impl EnvelopeOpener,
) -> Result<Vec<Share>, OpenLetterError> {
    if !letter.is_of(context, dealing) {
        return Err(OpenLetterError::Signature);
    }
    if letter.envelope.len() != ENCAPSULATED + dealing.records() * SHARE + TAG {
        return Err(OpenLetterError::NotForUs);
    }
    let (key, ciphertext) = letter.envelope.split_at(ENCAPSULATED);
    let plaintext = opener
        .open_envelope(key, INFO, context.aad(dealing).as_slice(), ciphertext)
        .ok_or(OpenLetterError::NotForUs)?;
    let (values, _) = plaintext.as_chunks::<SHARE>();
    values
        .iter()
        .enumerate()
        .map(|(place, value)| dealing.share(place, context.index, value))
        .collect::<Option<_>>()
        .ok_or(OpenLetterError::Shares)
}
