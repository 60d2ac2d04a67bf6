//! What attackers get: no key.

use alloy::primitives::B256;
use dhc_content::{
    DigestSigner,
    oakley::{
        AccessRequest, Authorisation, HandshakeError, Initiator, MAX_MESSAGE, Progress, Refusal,
        Responder, Scope, Step,
    },
};
use dhc_domain::{Address, GrantId};

use crate::{exchange::*, seeded::Seeded};

/// Signatures and ciphertexts are deterministic given the randomness, so the wire is pinned whole.
/// Revoked between the first look at the chain and the second.
#[test]
fn a_refusal_by_anybody_else_is_not_believed() {
    let mut exchange = Exchange::until_request(2);
    let forged = exchange
        .release()
        .refuse(Refusal::GrantRevoked, &wallet(9))
        .unwrap();
    assert_eq!(exchange.take(&forged), Err(HandshakeError::Signature));
}

#[test]
fn any_flipped_bit_of_any_message_ends_without_a_key() {
    for n in 0..3 {
        let exchange = Exchange::until_request(n);
        let message = exchange.last().to_vec();
        for i in 0..message.len() {
            let mut altered = message.clone();
            altered[i] ^= 1 << (i % 8);
            let mut exchange = if n == 2 {
                Exchange::until_request(n)
            } else {
                Exchange::begin()
            };
            let step = exchange.ask(&altered);
            // Of a hello only the cookie can be altered; the answer is then not ours.
            let harmless =
                matches!(&step, Ok(Step::Send(answer)) if n == 0 && exchange.take(answer).is_err());
            assert!(step.is_err() || harmless, "request {n}, byte {i}");
        }
    }
    for n in 0..3 {
        let message = Exchange::until_answer(n).last().to_vec();
        for i in (0..message.len()).step_by(if n == 1 { 7 } else { 1 }) {
            let mut altered = message.clone();
            altered[i] ^= 1 << (i % 8);
            let mut exchange = Exchange::until_answer(n);
            let accepted = match exchange.take(&altered) {
                // An altered challenge is noticed by the owner, who does not know the cookie.
                Ok(Progress::Send(next)) if n == 0 => exchange.ask(&next).is_ok(),
                outcome => outcome.is_ok(),
            };
            assert!(!accepted, "answer {n}, byte {i}");
        }
    }
}

#[test]
fn replayed_messages_are_refused() {
    let mut exchange = Exchange::until_answer(2);
    let init = exchange.messages[2].clone();
    let confirm = exchange.messages[4].clone();
    assert_eq!(exchange.ask(&init).err(), Some(HandshakeError::Replayed));
    assert_eq!(exchange.ask(&confirm).err(), Some(HandshakeError::Expired));
    // To another run of the app, whose cookies are others.
    let mut other = responder("other cookies");
    let mut rng = Seeded::new("other");
    assert_eq!(
        other.handle(PEER, &init, NOW, &mut rng).err(),
        Some(HandshakeError::Cookie)
    );
    // After so long that the exchange is forgotten, its cookie is too.
    let later = NOW.plus(3600);
    assert_eq!(
        exchange
            .responder
            .handle(PEER, &init, later, &mut rng)
            .err(),
        Some(HandshakeError::Cookie)
    );
}

/// The second copy arrives while the chain is still being asked about the first.
#[test]
fn a_beginning_sent_twice_at_once_is_answered_once() {
    let mut exchange = Exchange::until_request(1);
    let (first, second) = (exchange.initiation(), exchange.initiation());
    let mut authorise = |initiation| {
        let verdict = Authorisation::Allowed;
        exchange
            .responder
            .authorise(initiation, verdict, &owner(), NOW, &mut exchange.rng_r)
    };
    assert!(authorise(*first).is_ok());
    assert_eq!(authorise(*second), Err(HandshakeError::Replayed));
}

#[test]
fn answers_of_another_exchange_are_refused() {
    let recorded = Exchange::until_answer(2);
    let mut rng = Seeded::new("second");
    let (mut second, hello) = Initiator::new(SCOPE, request(), &mut rng);
    assert_eq!(
        second.handle(&recorded.messages[1], &grantee(), &mut rng),
        Err(HandshakeError::Unexpected)
    );

    let (mut third, _) = Initiator::new(SCOPE, request(), &mut rng);
    assert_eq!(
        third.handle(&recorded.messages[5], &grantee(), &mut rng),
        Err(HandshakeError::Unexpected)
    );

    let mut app = responder("cookies");
    let Ok(Step::Send(challenge)) = app.handle(PEER, &hello, NOW, &mut rng) else {
        panic!()
    };
    let (mut fourth, _) = Initiator::new(SCOPE, request(), &mut Seeded::new("second"));
    assert!(matches!(
        fourth.handle(&challenge, &grantee(), &mut rng),
        Ok(Progress::Send(_))
    ));
    assert_eq!(
        fourth.handle(&recorded.messages[3], &grantee(), &mut rng),
        Err(HandshakeError::Unexpected)
    );
}

#[test]
fn reflected_messages_are_refused() {
    let mut exchange = Exchange::until_request(1);
    let init = exchange.last().to_vec();
    assert_eq!(exchange.take(&init), Err(HandshakeError::Unexpected));
    let mut exchange = Exchange::until_answer(1);
    let reply = exchange.last().to_vec();
    assert_eq!(exchange.ask(&reply).err(), Some(HandshakeError::Unexpected));
    // An owner is not its own grantee.
    let (mut own, hello) = Initiator::new(
        SCOPE,
        AccessRequest {
            grantee: owner().address(),
            ..request()
        },
        &mut Seeded::new("own"),
    );
    let Ok(Step::Send(challenge)) = exchange.ask(&hello) else {
        panic!()
    };
    let refused = own.handle(&challenge, &owner(), &mut Seeded::new("own"));
    assert_eq!(refused, Err(HandshakeError::NotForUs));
}

#[test]
fn a_stranger_cannot_stand_in_for_either_side() {
    // A stranger signs as itself and claims the grantee's address.
    let mut exchange = Exchange::begin();
    let challenge = exchange.answer().unwrap();
    struct Impostor;
    impl DigestSigner for Impostor {
        fn address(&self) -> Address {
            grantee().address()
        }
        fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
            wallet(9).sign_digest(digest)
        }
    }
    let Ok(Progress::Send(init)) =
        exchange
            .initiator
            .handle(&challenge, &Impostor, &mut exchange.rng_i)
    else {
        panic!()
    };
    assert_eq!(exchange.ask(&init).err(), Some(HandshakeError::Signature));

    // A stranger's app answers in the owner's place.
    let mut exchange = Exchange::until_request(1);
    let initiation = exchange.initiation();
    struct FalseOwner;
    impl DigestSigner for FalseOwner {
        fn address(&self) -> Address {
            owner().address()
        }
        fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
            wallet(9).sign_digest(digest)
        }
    }
    let reply = exchange
        .responder
        .authorise(
            *initiation,
            Authorisation::Allowed,
            &FalseOwner,
            NOW,
            &mut exchange.rng_r,
        )
        .unwrap();
    assert_eq!(exchange.take(&reply), Err(HandshakeError::Signature));
}

#[test]
fn another_owner_another_peer_and_another_deployment_are_refused() {
    let mut misdirected = Exchange::of(AccessRequest {
        owner: wallet(8).address(),
        ..request()
    });
    let challenge = misdirected.answer().unwrap();
    let Ok(Progress::Send(init)) = misdirected.take(&challenge) else {
        panic!()
    };
    assert_eq!(misdirected.ask(&init).err(), Some(HandshakeError::NotForUs));

    let exchange = Exchange::until_request(1);
    let mut app = exchange.responder;
    let (init, mut rng) = (exchange.messages.last().unwrap(), Seeded::new("peer"));
    assert_eq!(
        app.handle(b"another peer", init, NOW, &mut rng).err(),
        Some(HandshakeError::Cookie)
    );

    let mut exchange = Exchange::until_request(2);
    let confirm = exchange.last().to_vec();
    let stolen = exchange
        .responder
        .handle(b"another peer", &confirm, NOW, &mut rng);
    assert_eq!(stolen.err(), Some(HandshakeError::NotForUs));

    for scope in [
        Scope {
            chain_id: 1,
            ..SCOPE
        },
        Scope {
            consent: Address::ZERO,
            ..SCOPE
        },
    ] {
        let mut app = Responder::new(scope, owner().address(), NOW, &mut Seeded::new("cookies"));
        let init = Exchange::until_request(1).last().to_vec();
        assert_eq!(
            app.handle(PEER, &init, NOW, &mut rng).err(),
            Some(HandshakeError::Signature)
        );
    }
}

#[test]
fn a_key_for_another_grant_is_not_taken() {
    // The owner's app is asked for one grant, and the grantee waits for another.
    let mut exchange = Exchange::until_answer(2);
    let other = AccessRequest {
        grant: GrantId(B256::repeat_byte(9)),
        ..request()
    };
    let release = exchange.last().to_vec();
    exchange.initiator = Initiator::new(SCOPE, other, &mut Seeded::new("initiator")).0;
    assert_eq!(exchange.take(&release), Err(HandshakeError::Unexpected));
}

/// Init's fields stand at fixed places after the 12-byte prefix and the tag: two cookies, then
/// group and transform as variable-length integers.
#[test]
fn another_group_is_refused_before_the_signature_is_looked_at() {
    let mut exchange = Exchange::until_request(1);
    let mut init = exchange.last().to_vec();
    assert_eq!(init[77..83], [0x81, 0x80, 0x80, 0x80, 0x08, 0x01]);
    init[77] = 0x82;
    assert_eq!(exchange.ask(&init).err(), Some(HandshakeError::Downgrade));
    init[77] = 0x81;
    init[82] = 0x02;
    assert_eq!(exchange.ask(&init).err(), Some(HandshakeError::Downgrade));
}

#[test]
fn bytes_of_no_message_are_refused() {
    let mut exchange = Exchange::until_request(1);
    let init = exchange.last().to_vec();
    for bytes in [
        &b""[..],
        b"DHC-OAKLEY/1",
        b"DHC-OAKLEY/2\0",
        &init[..init.len() - 1],
        &[init.as_slice(), b"\0"].concat(),
    ] {
        assert_eq!(exchange.ask(bytes).err(), Some(HandshakeError::Malformed));
    }
    assert_eq!(
        exchange.ask(&vec![0; MAX_MESSAGE + 1]).err(),
        Some(HandshakeError::Malformed)
    );
}
