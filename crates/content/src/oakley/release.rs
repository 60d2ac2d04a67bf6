use dhc_domain::{Address, ObjectId};
use zeroize::Zeroizing;

use super::{
    AccessRequest, HandshakeError, Presented, Refusal, Scope,
    message::{KeyId, Message, Payload, SharePayload, to_bytes},
    schedule::Keys,
    typed,
};
use crate::{DigestSigner, custody::Share, object::ObjectKey};

/// A finished exchange: the key may be handed over.
pub struct Release(Finished);

/// A finished exchange with a holder: the share may be handed over.
pub struct ShareRelease {
    finished: Finished,
    presented: Box<Presented>,
}

/// What both have in common.
pub(crate) struct Finished {
    pub scope: Scope,
    pub request: AccessRequest,
    pub responder: Address,
    pub id: KeyId,
    pub keys: Box<Keys>,
    pub confirm_bytes: Vec<u8>,
}

impl Release {
    pub(crate) fn new(finished: Finished) -> Self {
        Self(finished)
    }

    pub fn request(&self) -> &AccessRequest {
        &self.0.request
    }

    /// Hands over the key, sealed to this exchange and bound to what was asked.
    pub fn release(self, object: ObjectId, key: &ObjectKey) -> Vec<u8> {
        let Finished {
            request,
            id,
            keys,
            confirm_bytes,
            ..
        } = self.0;
        let payload = Payload {
            grant: request.grant.0.0,
            access_seq: request.access.seq,
            access_entry: request.access.entry.0,
            root: request.root.to_bytes(),
            object: object.0.0,
            key: *key.as_bytes(),
        };
        let plaintext = Zeroizing::new(to_bytes(&payload));
        let sealed = keys.seal_release(&confirm_bytes, &plaintext);
        Message::Release { id, sealed }.encode()
    }

    pub fn refuse(
        self,
        refusal: Refusal,
        signer: &(impl DigestSigner + ?Sized),
    ) -> Result<Vec<u8>, HandshakeError> {
        self.0.refuse(refusal, signer)
    }
}

impl ShareRelease {
    pub(crate) fn new(finished: Finished, presented: Box<Presented>) -> Self {
        Self {
            finished,
            presented,
        }
    }

    pub fn request(&self) -> &AccessRequest {
        &self.finished.request
    }

    pub fn presented(&self) -> &Presented {
        &self.presented
    }

    /// Hands over the share, sealed to this exchange and bound to what was asked.
    pub fn release(self, share: &Share) -> Vec<u8> {
        let Finished {
            request,
            id,
            keys,
            confirm_bytes,
            ..
        } = self.finished;
        let payload = SharePayload {
            grant: request.grant.0.0,
            access_seq: request.access.seq,
            access_entry: request.access.entry.0,
            root: request.root.to_bytes(),
            index: share.index(),
            place: self.presented.place,
            share: share.to_bytes(),
        };
        let plaintext = Zeroizing::new(to_bytes(&payload));
        let sealed = keys.seal_share(&confirm_bytes, &plaintext);
        Message::ShareRelease { id, sealed }.encode()
    }

    pub fn refuse(
        self,
        refusal: Refusal,
        signer: &(impl DigestSigner + ?Sized),
    ) -> Result<Vec<u8>, HandshakeError> {
        self.finished.refuse(refusal, signer)
    }
}

impl Finished {
    fn refuse(
        self,
        refusal: Refusal,
        signer: &(impl DigestSigner + ?Sized),
    ) -> Result<Vec<u8>, HandshakeError> {
        let (request, responder) = (&self.request, self.responder);
        refuse(&self.scope, request, responder, self.id, refusal, signer)
    }
}

pub(crate) fn refuse(
    scope: &Scope,
    request: &AccessRequest,
    responder: Address,
    id: KeyId,
    refusal: Refusal,
    signer: &(impl DigestSigner + ?Sized),
) -> Result<Vec<u8>, HandshakeError> {
    let AccessRequest { grantee, grant, .. } = *request;
    let code = refusal.index();
    let digest = typed::refusal_digest(scope, grantee, responder, &id, grant.0, code);
    let signature = signer
        .sign_digest(&digest)
        .ok_or(HandshakeError::SignerUnavailable)?
        .to_vec();
    Ok(Message::Refusal {
        id,
        code,
        signature,
    }
    .encode())
}
