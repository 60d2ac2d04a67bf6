use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};

use super::{
    AccessRequest, GROUP, HandshakeError, Presented, Refusal, ReleasedKey, Scope, TRANSFORM,
    message::{
        Confirmation, Init, KeyId, Message, Payload, Reply, SharePayload, from_bytes, to_bytes,
    },
    schedule::{Keys, transcript},
    share::Asked,
    typed,
};
use crate::primitives::{KemKey, x25519};
use crate::{DigestSigner, custody::Share, object::ObjectKey, signature::signer_of};

/// The grantee's side of one exchange.
pub struct Initiator {
    scope: Scope,
    asked: Asked,
    state: State,
}

/// What a message of the owner's or the holder's app led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// To be sent as the next request.
    Send(Vec<u8>),
    Released(ReleasedKey),
    /// A holder's, verified against the dealing.
    Share(Share),
    /// Signed by who was asked.
    Refused(Refusal),
}

enum State {
    Challenge {
        cookie: [u8; 32],
    },
    Reply(Box<Halves>),
    Release {
        id: KeyId,
        keys: Box<Keys>,
        confirm_bytes: Vec<u8>,
    },
    Done,
}

/// What was sent in Init, with the secrets behind it.
struct Halves {
    init: Init,
    init_bytes: Vec<u8>,
    x25519: StaticSecret,
    kem: KemKey,
}

impl Initiator {
    /// Begins, with the owner's app; gives the first request with the machine.
    pub fn new(
        scope: Scope,
        request: AccessRequest,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (Self, Vec<u8>) {
        let asked = Asked {
            request,
            presented: None,
        };
        Self::begin(scope, asked, rng)
    }

    /// Begins, with a holder's app, for its share of the record that `request` names.
    pub fn for_share(
        scope: Scope,
        request: AccessRequest,
        presented: Presented,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> (Self, Vec<u8>) {
        let asked = Asked {
            request,
            presented: Some(Box::new(presented)),
        };
        Self::begin(scope, asked, rng)
    }

    fn begin(scope: Scope, asked: Asked, rng: &mut (impl CryptoRng + ?Sized)) -> (Self, Vec<u8>) {
        let mut cookie = [0; 32];
        rng.fill_bytes(&mut cookie);
        let hello = Message::Hello {
            initiator_cookie: cookie,
        }
        .encode();
        (
            Self {
                scope,
                asked,
                state: State::Challenge { cookie },
            },
            hello,
        )
    }

    /// Takes the answer to the last request. After an error the exchange is over.
    pub fn handle(
        &mut self,
        bytes: &[u8],
        signer: &(impl DigestSigner + ?Sized),
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Progress, HandshakeError> {
        let message = Message::decode(bytes)?;
        match (std::mem::replace(&mut self.state, State::Done), message) {
            (State::Challenge { cookie }, Message::Challenge(id)) if id.initiator == cookie => {
                self.handle_challenge(id, signer, rng)
            }
            (State::Reply(halves), Message::Reply(reply)) => {
                self.handle_reply(&halves, &reply, signer)
            }
            (
                State::Reply(halves),
                Message::Refusal {
                    id,
                    code,
                    signature,
                },
            ) => self.handle_refusal(&halves.init.id, id, code, &signature),
            (
                State::Release { id, .. },
                Message::Refusal {
                    id: theirs,
                    code,
                    signature,
                },
            ) => self.handle_refusal(&id, theirs, code, &signature),
            (
                State::Release {
                    id,
                    keys,
                    confirm_bytes,
                },
                Message::Release { id: theirs, sealed },
            ) if id == theirs && self.asked.presented.is_none() => {
                self.handle_release(&keys, &confirm_bytes, &sealed)
            }
            (
                State::Release {
                    id,
                    keys,
                    confirm_bytes,
                },
                Message::ShareRelease { id: theirs, sealed },
            ) if id == theirs => self.handle_share(&keys, &confirm_bytes, &sealed),
            _ => Err(HandshakeError::Unexpected),
        }
    }

    fn handle_challenge(
        &mut self,
        id: KeyId,
        signer: &(impl DigestSigner + ?Sized),
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Progress, HandshakeError> {
        let AccessRequest {
            grantee,
            owner,
            grant,
            access,
            root,
        } = self.asked.request;
        let responder = self.asked.responder();
        let presented = self.asked.presented.as_deref();
        if signer.address() != grantee
            || grantee == responder
            || presented.is_some_and(|p| p.owner != owner)
        {
            return Err(HandshakeError::NotForUs);
        }
        let x25519 = StaticSecret::random_from_rng(rng);
        let (kem, encapsulation_key) = KemKey::generate(rng);
        let mut nonce = [0; 32];
        rng.fill_bytes(&mut nonce);
        let mut init = Init {
            id,
            group: GROUP,
            transform: TRANSFORM,
            initiator: grantee.into(),
            responder: responder.into(),
            grant: grant.0.0,
            access_seq: access.seq,
            access_entry: access.entry.0,
            root: root.to_bytes(),
            nonce,
            x25519: PublicKey::from(&x25519).to_bytes(),
            kem: encapsulation_key,
            signature: Vec::new(),
        };
        init.signature = signer
            .sign_digest(&typed::init_digest(&self.scope, &init, presented))
            .ok_or(HandshakeError::SignerUnavailable)?
            .to_vec();
        let init_bytes = self.asked.beginning(init.clone()).encode();
        self.state = State::Reply(Box::new(Halves {
            init,
            init_bytes: init_bytes.clone(),
            x25519,
            kem,
        }));
        Ok(Progress::Send(init_bytes))
    }

    fn handle_reply(
        &mut self,
        halves: &Halves,
        reply: &Reply,
        signer: &(impl DigestSigner + ?Sized),
    ) -> Result<Progress, HandshakeError> {
        let Halves {
            init, init_bytes, ..
        } = halves;
        if reply.id != init.id {
            return Err(HandshakeError::Unexpected);
        }
        let presented = self.asked.presented.as_deref();
        let digest = typed::reply_digest(&self.scope, init, presented, reply);
        let responder = self.asked.responder();
        if signer_of(&digest, &reply.signature) != Some(responder) {
            return Err(HandshakeError::Signature);
        }
        let shared_x25519 =
            x25519(&halves.x25519, &reply.x25519).ok_or(HandshakeError::KeyExchange)?;
        let shared_kem = halves
            .kem
            .decapsulate(&reply.kem)
            .ok_or(HandshakeError::KeyExchange)?;
        let transcript = transcript(init_bytes, &digest, &reply.signature);
        let keys = Keys::derive(init, reply, transcript, &shared_x25519, &*shared_kem);
        keys.check_responder_mac(&reply.confirmation)?;

        let grantee = self.asked.request.grantee;
        let digest = typed::confirm_digest(&self.scope, grantee, responder, &init.id, &transcript);
        let signature = signer
            .sign_digest(&digest)
            .ok_or(HandshakeError::SignerUnavailable)?
            .to_vec();
        let confirmation = keys.initiator_mac(&signature);
        let sealed = keys.seal_confirm(&to_bytes(&Confirmation {
            signature,
            confirmation,
        }));
        let confirm_bytes = Message::Confirm {
            id: init.id,
            sealed,
        }
        .encode();
        self.state = State::Release {
            id: init.id,
            keys: Box::new(keys),
            confirm_bytes: confirm_bytes.clone(),
        };
        Ok(Progress::Send(confirm_bytes))
    }

    fn handle_release(
        &self,
        keys: &Keys,
        confirm_bytes: &[u8],
        sealed: &[u8],
    ) -> Result<Progress, HandshakeError> {
        let plaintext = keys.open_release(confirm_bytes, sealed)?;
        let payload: Payload = from_bytes(&plaintext)?;
        let AccessRequest {
            grant,
            access,
            root,
            ..
        } = self.asked.request;
        let is_ours = payload.grant == grant.0.0
            && payload.access_seq == access.seq
            && payload.access_entry == access.entry.0
            && payload.root == root.to_bytes();
        if !is_ours {
            return Err(HandshakeError::NotForUs);
        }
        Ok(Progress::Released(ReleasedKey {
            object: dhc_domain::ObjectId(payload.object.into()),
            key: ObjectKey::from_bytes(payload.key),
        }))
    }

    fn handle_share(
        &self,
        keys: &Keys,
        confirm_bytes: &[u8],
        sealed: &[u8],
    ) -> Result<Progress, HandshakeError> {
        let Some(presented) = &self.asked.presented else {
            return Err(HandshakeError::Unexpected);
        };
        let plaintext = keys.open_share(confirm_bytes, sealed)?;
        let payload: SharePayload = from_bytes(&plaintext)?;
        let AccessRequest {
            grant,
            access,
            root,
            ..
        } = self.asked.request;
        let is_ours = payload.grant == grant.0.0
            && payload.access_seq == access.seq
            && payload.access_entry == access.entry.0
            && payload.root == root.to_bytes()
            && (payload.index, payload.place) == (presented.index, presented.place);
        if !is_ours {
            return Err(HandshakeError::NotForUs);
        }
        presented
            .dealing
            .share(payload.place.into(), payload.index, &payload.share)
            .map(Progress::Share)
            .ok_or(HandshakeError::Share)
    }

    fn handle_refusal(
        &self,
        ours: &KeyId,
        theirs: KeyId,
        code: u8,
        signature: &[u8],
    ) -> Result<Progress, HandshakeError> {
        if *ours != theirs {
            return Err(HandshakeError::Unexpected);
        }
        let AccessRequest { grantee, grant, .. } = self.asked.request;
        let responder = self.asked.responder();
        let digest = typed::refusal_digest(&self.scope, grantee, responder, ours, grant.0, code);
        if signer_of(&digest, signature) != Some(responder) {
            return Err(HandshakeError::Signature);
        }
        Refusal::from_index(code)
            .map(Progress::Refused)
            .ok_or(HandshakeError::Malformed)
    }
}
