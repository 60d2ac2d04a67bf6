use dhc_domain::{Address, ObjectId, Timestamp};
use ml_kem::{Encapsulate, ml_kem_768};
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::{
    AccessRequest, Authorisation, HandshakeError, Refusal, Scope,
    cookie::{CookieJar, Pending, ReplayCache},
    message::{Confirmation, Init, KeyId, Message, Payload, Reply, from_bytes, to_bytes},
    schedule::{Keys, transcript, x25519},
    typed,
};
use crate::{DigestSigner, object::ObjectKey, signature::signer_of};

/// The owner's side of every exchange. Holds nothing of a peer that has not returned its cookie
/// and signed.
pub struct Responder {
    scope: Scope,
    owner: Address,
    cookies: CookieJar,
    seen: ReplayCache,
    pending: Pending<Confirming>,
}

/// What a request of a peer led to.
pub enum Step {
    /// The answer.
    Send(Vec<u8>),
    /// Prove the grant and the access entry, then [`Responder::authorise`]. No key has been
    /// exchanged yet.
    Authorise(Box<Initiation>),
    /// The grantee is who signed; look again, then [`Release::release`] or [`Release::refuse`].
    Release(Box<Release>),
}

/// A beginning whose cookie and signature are good.
pub struct Initiation {
    request: AccessRequest,
    peer: Vec<u8>,
    init: Init,
    init_bytes: Vec<u8>,
}

/// A finished exchange: the key may be handed over.
pub struct Release {
    scope: Scope,
    request: AccessRequest,
    id: KeyId,
    keys: Box<Keys>,
    confirm_bytes: Vec<u8>,
}

/// An exchange that waits for Confirm.
struct Confirming {
    peer: Vec<u8>,
    request: AccessRequest,
    keys: Box<Keys>,
}

impl Initiation {
    pub fn request(&self) -> &AccessRequest {
        &self.request
    }
}

impl Responder {
    pub fn new(
        scope: Scope,
        owner: Address,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        Self {
            scope,
            owner,
            cookies: CookieJar::new(now, rng),
            seen: ReplayCache::default(),
            pending: Pending::new(),
        }
    }

    /// Takes a request of `peer`, its transport identity. An error is not answered.
    pub fn handle(
        &mut self,
        peer: &[u8],
        bytes: &[u8],
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Step, HandshakeError> {
        self.cookies.rotate(now, rng);
        self.seen.forget_old(now);
        self.pending.forget_old(now);
        match Message::decode(bytes)? {
            Message::Hello {
                initiator_cookie: initiator,
            } => {
                let responder = self.cookies.bake(peer, &initiator);
                Ok(Step::Send(
                    Message::Challenge(KeyId {
                        initiator,
                        responder,
                    })
                    .encode(),
                ))
            }
            Message::Init(init) => self.handle_init(peer, *init, bytes),
            Message::Confirm { id, sealed } => self.handle_confirm(peer, id, &sealed, bytes),
            _ => Err(HandshakeError::Unexpected),
        }
    }

    /// From the cheapest check to the dearest. The signature is checked before the chain is
    /// asked, so that only who signs as the grantee can make us ask.
    fn handle_init(
        &mut self,
        peer: &[u8],
        init: Init,
        bytes: &[u8],
    ) -> Result<Step, HandshakeError> {
        if !self.cookies.knows(peer, &init.id) {
            return Err(HandshakeError::Cookie);
        }
        let request = init.request()?;
        if request.owner != self.owner || request.grantee == self.owner {
            return Err(HandshakeError::NotForUs);
        }
        if self.seen.has(&init.id) {
            return Err(HandshakeError::Replayed);
        }
        let digest = typed::init_digest(&self.scope, &init);
        if signer_of(&digest, &init.signature) != Some(request.grantee) {
            return Err(HandshakeError::Signature);
        }
        let (peer, init_bytes) = (peer.to_vec(), bytes.to_vec());
        Ok(Step::Authorise(Box::new(Initiation {
            request,
            peer,
            init,
            init_bytes,
        })))
    }

    /// Answers a beginning with the verdict of the chain: with our half key, or a signed refusal.
    pub fn authorise(
        &mut self,
        initiation: Initiation,
        verdict: Authorisation,
        signer: &(impl DigestSigner + ?Sized),
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, HandshakeError> {
        let Initiation {
            request,
            peer,
            init,
            init_bytes,
        } = initiation;
        if signer.address() != self.owner {
            return Err(HandshakeError::SignerUnavailable);
        }
        if let Authorisation::Refused(refusal) = verdict {
            return refuse(&self.scope, &request, init.id, refusal, signer);
        }
        // Remembered only now, so that who is refused cannot fill the memory. Of one beginning
        // that was sent twice meanwhile, the second ends here.
        if self.seen.has(&init.id) {
            return Err(HandshakeError::Replayed);
        }
        if !self.pending.has_room() || !self.seen.remember(init.id, now) {
            return Err(HandshakeError::Busy);
        }
        let their_kem = encapsulation_key(&init.kem)?;
        let half = StaticSecret::random_from_rng(rng);
        let shared_x25519 = x25519(&half, &init.x25519)?;
        let (ciphertext, mut shared_kem) = their_kem.encapsulate_with_rng(rng);
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let mut reply = Reply {
            id: init.id,
            nonce,
            x25519: PublicKey::from(&half).to_bytes(),
            kem: ciphertext.to_vec(),
            signature: Vec::new(),
            confirmation: [0; 32],
        };
        let digest = typed::reply_digest(&self.scope, &init, &reply);
        reply.signature = signer
            .sign_digest(&digest)
            .ok_or(HandshakeError::SignerUnavailable)?
            .to_vec();
        let transcript = transcript(&init_bytes, &digest, &reply.signature);
        let keys = Box::new(Keys::derive(
            &init,
            &reply,
            transcript,
            &shared_x25519,
            &shared_kem,
        ));
        zeroize::Zeroize::zeroize(shared_kem.as_mut_slice());
        reply.confirmation = keys.responder_mac();
        self.pending.insert(
            init.id,
            now,
            Confirming {
                peer,
                request,
                keys,
            },
        );
        Ok(Message::Reply(Box::new(reply)).encode())
    }

    fn handle_confirm(
        &mut self,
        peer: &[u8],
        id: KeyId,
        sealed: &[u8],
        bytes: &[u8],
    ) -> Result<Step, HandshakeError> {
        let Confirming {
            peer: theirs,
            request,
            keys,
        } = self.pending.take(&id).ok_or(HandshakeError::Expired)?;
        if theirs != peer {
            return Err(HandshakeError::NotForUs);
        }
        let plaintext = keys.open_confirm(sealed)?;
        let Confirmation {
            signature,
            confirmation,
        } = from_bytes(&plaintext)?;
        keys.check_initiator_mac(&signature, &confirmation)?;
        let digest = typed::confirm_digest(
            &self.scope,
            request.grantee,
            request.owner,
            &id,
            &keys.transcript,
        );
        if signer_of(&digest, &signature) != Some(request.grantee) {
            return Err(HandshakeError::Signature);
        }
        let (scope, confirm_bytes) = (self.scope, bytes.to_vec());
        Ok(Step::Release(Box::new(Release {
            scope,
            request,
            id,
            keys,
            confirm_bytes,
        })))
    }
}

impl Release {
    pub fn request(&self) -> &AccessRequest {
        &self.request
    }

    /// Hands over the key, sealed to this exchange and bound to what was asked.
    pub fn release(self, object: ObjectId, key: &ObjectKey) -> Vec<u8> {
        let AccessRequest {
            grant,
            access,
            root,
            ..
        } = self.request;
        let payload = Payload {
            grant: grant.0.0,
            access_seq: access.seq,
            access_entry: access.entry.0,
            root: root.to_bytes(),
            object: object.0.0,
            key: *key.as_bytes(),
        };
        let plaintext = Zeroizing::new(to_bytes(&payload));
        let sealed = self.keys.seal_release(&self.confirm_bytes, &plaintext);
        Message::Release {
            id: self.id,
            sealed,
        }
        .encode()
    }

    pub fn refuse(
        self,
        refusal: Refusal,
        signer: &(impl DigestSigner + ?Sized),
    ) -> Result<Vec<u8>, HandshakeError> {
        refuse(&self.scope, &self.request, self.id, refusal, signer)
    }
}

fn refuse(
    scope: &Scope,
    request: &AccessRequest,
    id: KeyId,
    refusal: Refusal,
    signer: &(impl DigestSigner + ?Sized),
) -> Result<Vec<u8>, HandshakeError> {
    let AccessRequest {
        grantee,
        owner,
        grant,
        ..
    } = *request;
    let code = refusal.index();
    let digest = typed::refusal_digest(scope, grantee, owner, &id, grant.0, code);
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

/// Reads an ML-KEM-768 encapsulation key with FIPS 203's check of its modulus.
fn encapsulation_key(bytes: &[u8]) -> Result<ml_kem_768::EncapsulationKey, HandshakeError> {
    let bytes = bytes.try_into().map_err(|_| HandshakeError::KeyExchange)?;
    ml_kem_768::EncapsulationKey::new(bytes).map_err(|_| HandshakeError::KeyExchange)
}
