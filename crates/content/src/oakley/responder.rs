use dhc_domain::{Address, Timestamp};
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};

use super::{
    AccessRequest, Authorisation, HandshakeError, Presented, Scope,
    cookie::{CookieJar, Pending, ReplayCache},
    message::{Confirmation, Init, KeyId, Message, Reply, from_bytes},
    release::{Finished, Release, ShareRelease, refuse},
    schedule::{Keys, transcript},
    share::Asked,
    typed,
};
use crate::primitives::{encapsulate, x25519};
use crate::{DigestSigner, signature::signer_of};

/// The side of an owner, and of a holder, in every exchange. Holds nothing of a peer that has not returned its cookie
/// and signed.
pub struct Responder {
    scope: Scope,
    /// Whose keys are released, or who holds shares.
    account: Address,
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
    /// As `Release`, of a holder's share.
    ReleaseShare(Box<ShareRelease>),
}

/// A beginning whose cookie and signature are good.
pub struct Initiation {
    asked: Asked,
    peer: Vec<u8>,
    init: Init,
    init_bytes: Vec<u8>,
}

/// An exchange that waits for Confirm.
struct Confirming {
    peer: Vec<u8>,
    asked: Asked,
    keys: Box<Keys>,
}

impl Initiation {
    pub fn request(&self) -> &AccessRequest {
        &self.asked.request
    }

    /// What a holder was shown; `None` where the owner is asked for a key.
    pub fn presented(&self) -> Option<&Presented> {
        self.asked.presented.as_deref()
    }
}

impl Responder {
    pub fn new(
        scope: Scope,
        account: Address,
        now: Timestamp,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        Self {
            scope,
            account,
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
            Message::Init(init) => {
                self.check_cookie(peer, &init)?;
                let asked = Asked::for_key(&init)?;
                self.handle_init(peer, *init, asked, bytes)
            }
            Message::ShareInit(message) => {
                self.check_cookie(peer, &message.init)?;
                let (init, asked) = Asked::for_share(*message)?;
                self.handle_init(peer, init, asked, bytes)
            }
            Message::Confirm { id, sealed } => self.handle_confirm(peer, id, &sealed, bytes),
            _ => Err(HandshakeError::Unexpected),
        }
    }

    fn check_cookie(&self, peer: &[u8], init: &Init) -> Result<(), HandshakeError> {
        if self.cookies.knows(peer, &init.id) {
            Ok(())
        } else {
            Err(HandshakeError::Cookie)
        }
    }

    /// From the cheapest check to the dearest, the cookie's before all. The signatures are checked
    /// before the chain is asked, so that only who signs as the grantee can make us ask.
    fn handle_init(
        &mut self,
        peer: &[u8],
        init: Init,
        asked: Asked,
        bytes: &[u8],
    ) -> Result<Step, HandshakeError> {
        if asked.responder() != self.account || asked.request.grantee == self.account {
            return Err(HandshakeError::NotForUs);
        }
        if self.seen.has(&init.id) {
            return Err(HandshakeError::Replayed);
        }
        let digest = typed::init_digest(&self.scope, &init, asked.presented.as_deref());
        if signer_of(&digest, &init.signature) != Some(asked.request.grantee) {
            return Err(HandshakeError::Signature);
        }
        if !asked.letter_is_good(&self.scope) {
            return Err(HandshakeError::Letter);
        }
        let (peer, init_bytes) = (peer.to_vec(), bytes.to_vec());
        Ok(Step::Authorise(Box::new(Initiation {
            asked,
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
            asked,
            peer,
            init,
            init_bytes,
        } = initiation;
        if signer.address() != self.account {
            return Err(HandshakeError::SignerUnavailable);
        }
        if let Authorisation::Refused(refusal) = verdict {
            let (request, responder) = (&asked.request, self.account);
            return refuse(&self.scope, request, responder, init.id, refusal, signer);
        }
        // Remembered only now, so that who is refused cannot fill the memory. Of one beginning
        // that was sent twice meanwhile, the second ends here.
        if self.seen.has(&init.id) {
            return Err(HandshakeError::Replayed);
        }
        if !self.pending.has_room() || !self.seen.remember(init.id, now) {
            return Err(HandshakeError::Busy);
        }
        let half = StaticSecret::random_from_rng(rng);
        let shared_x25519 = x25519(&half, &init.x25519).ok_or(HandshakeError::KeyExchange)?;
        let (ciphertext, shared_kem) =
            encapsulate(&init.kem, rng).ok_or(HandshakeError::KeyExchange)?;
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let mut reply = Reply {
            id: init.id,
            nonce,
            x25519: PublicKey::from(&half).to_bytes(),
            kem: ciphertext,
            signature: Vec::new(),
            confirmation: [0; 32],
        };
        let presented = asked.presented.as_deref();
        let digest = typed::reply_digest(&self.scope, &init, presented, &reply);
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
            &*shared_kem,
        ));
        reply.confirmation = keys.responder_mac();
        self.pending
            .insert(init.id, now, Confirming { peer, asked, keys });
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
            asked: Asked { request, presented },
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
            self.account,
            &id,
            &keys.transcript,
        );
        if signer_of(&digest, &signature) != Some(request.grantee) {
            return Err(HandshakeError::Signature);
        }
        let finished = Finished {
            scope: self.scope,
            request,
            responder: self.account,
            id,
            keys,
            confirm_bytes: bytes.to_vec(),
        };
        Ok(match presented {
            None => Step::Release(Box::new(Release::new(finished))),
            Some(presented) => Step::ReleaseShare(Box::new(ShareRelease::new(finished, presented))),
        })
    }
}
