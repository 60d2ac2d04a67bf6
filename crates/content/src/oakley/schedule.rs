use dhc_domain::B256;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{
    HandshakeError,
    message::{Init, KeyId, Reply},
};
use crate::primitives::{Aead, Hkdf, TAG};

/// A directional key seals one message.
const NONCE: [u8; 12] = [0; 12];

/// SHA-256 over a label, the hash of Init's bytes, the digest that Reply signs, and its signature.
pub(crate) fn transcript(
    init_bytes: &[u8],
    reply_digest: &B256,
    reply_signature: &[u8],
) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"DHC-OAKLEY/1 transcript")
        .chain_update(Sha256::digest(init_bytes))
        .chain_update(reply_digest)
        .chain_update(reply_signature)
        .finalize()
        .into()
}

/// What both sides derive. The directional keys seal one message each, so their nonce is zero.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Keys {
    #[zeroize(skip)]
    pub transcript: [u8; 32],
    initiator_key: [u8; 32],
    responder_key: [u8; 32],
    responder_share_key: [u8; 32],
    initiator_confirm: [u8; 32],
    responder_confirm: [u8; 32],
}

impl Keys {
    /// sKEYID = HKDF-Extract(Ni ‖ Nr, g^xy ‖ ss ‖ CKY-I ‖ CKY-R), RFC 2412 section 2.4; the keys
    /// are HKDF-Expand(sKEYID, "DHC-OAKLEY/1 " ‖ label ‖ transcript).
    pub(crate) fn derive(
        init: &Init,
        reply: &Reply,
        transcript: [u8; 32],
        x25519: &[u8; 32],
        kem: &[u8],
    ) -> Self {
        let KeyId {
            initiator,
            responder,
        } = init.id;
        let ikm = Zeroizing::new([x25519.as_slice(), kem, &initiator, &responder].concat());
        let skeyid = Hkdf::extract(Some(&[init.nonce, reply.nonce].concat()), &ikm);
        let expand = |label: &[u8]| {
            let mut key = [0; 32];
            skeyid
                .expand(&[b"DHC-OAKLEY/1 ", label, &transcript], &mut key)
                .expect("32 bytes are within HKDF's limit");
            key
        };
        Self {
            transcript,
            initiator_key: expand(b"initiator key"),
            responder_key: expand(b"responder key"),
            responder_share_key: expand(b"responder share key"),
            initiator_confirm: expand(b"initiator confirm"),
            responder_confirm: expand(b"responder confirm"),
        }
    }

    pub(crate) fn responder_mac(&self) -> [u8; 32] {
        mac(&self.responder_confirm, &self.transcript, &[])
            .finalize()
            .into_bytes()
            .into()
    }

    pub(crate) fn check_responder_mac(&self, tag: &[u8; 32]) -> Result<(), HandshakeError> {
        verify(mac(&self.responder_confirm, &self.transcript, &[]), tag)
    }

    pub(crate) fn initiator_mac(&self, signature: &[u8]) -> [u8; 32] {
        mac(&self.initiator_confirm, &self.transcript, signature)
            .finalize()
            .into_bytes()
            .into()
    }

    pub(crate) fn check_initiator_mac(
        &self,
        signature: &[u8],
        tag: &[u8; 32],
    ) -> Result<(), HandshakeError> {
        verify(
            mac(&self.initiator_confirm, &self.transcript, signature),
            tag,
        )
    }

    pub(crate) fn seal_confirm(&self, plaintext: &[u8]) -> Vec<u8> {
        seal(&self.initiator_key, &self.transcript, plaintext)
    }

    pub(crate) fn open_confirm(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, HandshakeError> {
        open(&self.initiator_key, &self.transcript, sealed)
    }

    pub(crate) fn seal_release(&self, confirm_bytes: &[u8], plaintext: &[u8]) -> Vec<u8> {
        seal(
            &self.responder_key,
            &self.release_aad(confirm_bytes),
            plaintext,
        )
    }

    pub(crate) fn open_release(
        &self,
        confirm_bytes: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, HandshakeError> {
        open(
            &self.responder_key,
            &self.release_aad(confirm_bytes),
            sealed,
        )
    }

    pub(crate) fn seal_share(&self, confirm_bytes: &[u8], plaintext: &[u8]) -> Vec<u8> {
        seal(
            &self.responder_share_key,
            &self.release_aad(confirm_bytes),
            plaintext,
        )
    }

    pub(crate) fn open_share(
        &self,
        confirm_bytes: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, HandshakeError> {
        open(
            &self.responder_share_key,
            &self.release_aad(confirm_bytes),
            sealed,
        )
    }

    fn release_aad(&self, confirm_bytes: &[u8]) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.transcript)
            .chain_update(confirm_bytes)
            .finalize()
            .into()
    }
}

fn mac(key: &[u8; 32], transcript: &[u8; 32], signature: &[u8]) -> Hmac<Sha256> {
    <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key)
        .expect("HMAC takes a key of any length")
        .chain_update(transcript)
        .chain_update(signature)
}

fn verify(mac: Hmac<Sha256>, tag: &[u8; 32]) -> Result<(), HandshakeError> {
    mac.verify_slice(tag)
        .map_err(|_| HandshakeError::Confirmation)
}

fn seal(key: &[u8; 32], aad: &[u8], message: &[u8]) -> Vec<u8> {
    // With room for the tag, so that no message is left behind where it grew out of.
    let mut sealed = Vec::with_capacity(message.len() + TAG);
    sealed.extend_from_slice(message);
    Aead::new(key).seal(NONCE, aad, &mut sealed);
    sealed
}

fn open(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, HandshakeError> {
    let mut message = Zeroizing::new(sealed.to_vec());
    Aead::new(key)
        .open(NONCE, aad, &mut message)
        .ok_or(HandshakeError::Confirmation)?;
    Ok(message)
}
