//! Attacks by a peer whose signatures are good and whose half keys are not.

use alloy::{
    primitives::B256,
    signers::{SignerSync, local::PrivateKeySigner},
};
use dhc_domain::{Address, GrantId, Timestamp};
use x25519_dalek::{PublicKey, StaticSecret};

use super::{
    AccessEntry, AccessRequest, Authorisation, HandshakeError, Initiator, Progress, Responder,
    Scope, Step,
    message::{Init, Message},
    typed,
};
use crate::DigestSigner;

const NOW: Timestamp = Timestamp(1_795_000_000);
const SCOPE: Scope = Scope {
    chain_id: 7761,
    consent: Address::repeat_byte(0xc0),
};

impl DigestSigner for PrivateKeySigner {
    fn address(&self) -> Address {
        PrivateKeySigner::address(self)
    }

    fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
        self.sign_hash_sync(digest).ok().map(|s| s.as_bytes())
    }
}

/// Points of X25519 whose product with any scalar is zero (RFC 7748, section 6.1).
fn degenerate() -> [[u8; 32]; 3] {
    let mut one = [0; 32];
    one[0] = 1;
    let mut p_minus_one = [0xff; 32];
    p_minus_one[0] = 0xec;
    p_minus_one[31] = 0x7f;
    [[0; 32], one, p_minus_one]
}

struct Parties {
    owner: PrivateKeySigner,
    grantee: PrivateKeySigner,
    initiator: Initiator,
    responder: Responder,
    init: Init,
}

fn parties() -> Parties {
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let wallet = |byte| PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap();
    let (owner, grantee) = (wallet(1), wallet(2));
    let request = AccessRequest {
        grantee: grantee.address(),
        owner: owner.address(),
        grant: GrantId(B256::repeat_byte(3)),
        access: AccessEntry {
            seq: 0,
            entry: B256::repeat_byte(4),
        },
        root: "bafybeify2r7byu57x3zc3ezpn6ifwk5supwnnxpjvr62zyvaqs4i6iqhca"
            .parse()
            .unwrap(),
    };
    let mut responder = Responder::new(SCOPE, owner.address(), NOW, &mut rng);
    let (mut initiator, hello) = Initiator::new(SCOPE, request, &mut rng);
    let Ok(Step::Send(challenge)) = responder.handle(b"peer", &hello, NOW, &mut rng) else {
        panic!()
    };
    let Ok(Progress::Send(init)) = initiator.handle(&challenge, &grantee, &mut rng) else {
        panic!()
    };
    let Ok(Message::Init(init)) = Message::decode(&init) else {
        panic!()
    };
    Parties {
        owner,
        grantee,
        initiator,
        responder,
        init: *init,
    }
}

fn authorise(p: &mut Parties) -> Result<Vec<u8>, HandshakeError> {
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let digest = typed::init_digest(&SCOPE, &p.init, None);
    p.init.signature = p.grantee.sign_digest(&digest).unwrap().to_vec();
    let bytes = Message::Init(Box::new(p.init.clone())).encode();
    let Step::Authorise(initiation) = p.responder.handle(b"peer", &bytes, NOW, &mut rng)? else {
        panic!()
    };
    p.responder
        .authorise(*initiation, Authorisation::Allowed, &p.owner, NOW, &mut rng)
}

#[test]
fn a_degenerate_half_key_of_a_signed_beginning_is_refused() {
    for point in degenerate() {
        let mut p = parties();
        p.init.x25519 = point;
        assert_eq!(authorise(&mut p), Err(HandshakeError::KeyExchange));
    }
}

#[test]
fn an_encapsulation_key_out_of_its_modulus_is_refused() {
    for kem in [vec![0xff; 1184], vec![0; 1183], Vec::new()] {
        let mut p = parties();
        p.init.kem = kem;
        assert_eq!(authorise(&mut p), Err(HandshakeError::KeyExchange));
    }
}

#[test]
fn a_degenerate_half_key_of_a_signed_reply_is_refused() {
    for point in degenerate() {
        let mut p = parties();
        let reply = authorise(&mut p).unwrap();
        let Ok(Message::Reply(mut reply)) = Message::decode(&reply) else {
            panic!()
        };
        reply.x25519 = point;
        let digest = typed::reply_digest(&SCOPE, &p.init, None, &reply);
        reply.signature = p.owner.sign_digest(&digest).unwrap().to_vec();
        let bytes = Message::Reply(reply).encode();
        let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
        assert_eq!(
            p.initiator.handle(&bytes, &p.grantee, &mut rng),
            Err(HandshakeError::KeyExchange)
        );
    }
}

/// The half key is exchanged for another and signed by the right owner, as by an owner's app
/// that was handed another beginning: the transcripts differ, so the keys do.
#[test]
fn a_substituted_half_key_confirms_nothing() {
    let mut p = parties();
    let reply = authorise(&mut p).unwrap();
    let Ok(Message::Reply(mut reply)) = Message::decode(&reply) else {
        panic!()
    };
    reply.x25519 = PublicKey::from(&StaticSecret::from([9; 32])).to_bytes();
    let digest = typed::reply_digest(&SCOPE, &p.init, None, &reply);
    reply.signature = p.owner.sign_digest(&digest).unwrap().to_vec();
    let bytes = Message::Reply(reply).encode();
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    assert_eq!(
        p.initiator.handle(&bytes, &p.grantee, &mut rng),
        Err(HandshakeError::Confirmation)
    );
}
