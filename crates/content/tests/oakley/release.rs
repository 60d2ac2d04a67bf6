//! What two honest apps get.

use alloy::primitives::B256;
use dhc_content::{
    DigestSigner,
    oakley::{
        Authorisation, HandshakeError, Initiator, MAX_MESSAGE, Progress, Refusal, ReleasedKey, Step,
    },
};
use dhc_domain::Address;

use crate::{exchange::*, seeded::Seeded};

#[test]
fn two_honest_apps_hand_over_the_key() {
    let mut exchange = Exchange::until_answer(2);
    let last = exchange.last().to_vec();
    assert_eq!(
        exchange.take(&last),
        Ok(Progress::Released(ReleasedKey {
            object: OBJECT,
            key: key()
        }))
    );
    assert!(exchange.messages.iter().all(|m| m.len() <= MAX_MESSAGE));
}

#[test]
fn the_transcript_of_version_1_is_the_same_for_ever() {
    let exchange = Exchange::until_answer(2);
    let wire: String = exchange
        .messages
        .iter()
        .map(|m| hex::encode(m) + "\n")
        .collect();
    assert!(wire == include_str!("../vectors/oakley-1.txt"), "{wire}");
}

#[test]
fn a_refusal_arrives_signed_with_its_code() {
    for refusal in [
        Refusal::GrantUnknown,
        Refusal::GrantRevoked,
        Refusal::GrantExpired,
        Refusal::GrantUnapproved,
        Refusal::NotGrantee,
        Refusal::AccessUnproven,
        Refusal::ContentUnavailable,
    ] {
        let mut exchange = Exchange::until_request(1);
        let initiation = exchange.initiation();
        let verdict = Authorisation::Refused(refusal);
        let answer = exchange
            .responder
            .authorise(*initiation, verdict, &owner(), NOW, &mut exchange.rng_r)
            .unwrap();
        assert_eq!(exchange.take(&answer), Ok(Progress::Refused(refusal)));
    }
    assert_eq!(Refusal::GrantRevoked.code(), "grant_revoked");
}

#[test]
fn a_refusal_may_come_as_late_as_the_release() {
    let mut exchange = Exchange::until_request(2);
    let answer = exchange
        .release()
        .refuse(Refusal::GrantRevoked, &owner())
        .unwrap();
    assert_eq!(
        exchange.take(&answer),
        Ok(Progress::Refused(Refusal::GrantRevoked))
    );
}

#[test]
fn a_flood_of_beginnings_is_answered_without_state_or_signature() {
    let mut app = responder("flood");
    let mut rng = Seeded::new("flood");
    let (_, hello) = Initiator::new(SCOPE, request(), &mut rng);
    let init = Exchange::until_request(1).last().to_vec();
    for i in 0..10_000u32 {
        let mut hello = hello.clone();
        hello[13..17].copy_from_slice(&i.to_be_bytes());
        assert!(matches!(
            app.handle(PEER, &hello, NOW, &mut rng),
            Ok(Step::Send(_))
        ));
        assert_eq!(
            app.handle(PEER, &init, NOW, &mut rng).err(),
            Some(HandshakeError::Cookie)
        );
    }
}

#[test]
fn an_exchange_that_dawdles_is_forgotten() {
    let mut exchange = Exchange::until_request(2);
    let confirm = exchange.last().to_vec();
    let late = exchange
        .responder
        .handle(PEER, &confirm, NOW.plus(61), &mut exchange.rng_r);
    assert_eq!(late.err(), Some(HandshakeError::Expired));
}

#[test]
fn a_cookie_outlives_one_change_of_its_secret_and_no_second() {
    for (age, good) in [(59, true), (61, true), (119, true), (121, false)] {
        let mut exchange = Exchange::until_request(1);
        let init = exchange.last().to_vec();
        // Time passes in steps, as messages of others arrive.
        let hello = exchange.messages[0].clone();
        for t in (0..=age).step_by(20) {
            exchange
                .responder
                .handle(b"other", &hello, NOW.plus(t), &mut exchange.rng_r)
                .unwrap();
        }
        let step = exchange
            .responder
            .handle(PEER, &init, NOW.plus(age), &mut exchange.rng_r);
        assert_eq!(step.is_ok(), good, "after {age} s");
    }
}

#[test]
fn a_locked_vault_signs_nothing() {
    struct Locked;
    impl DigestSigner for Locked {
        fn address(&self) -> Address {
            owner().address()
        }
        fn sign_digest(&self, _: &B256) -> Option<[u8; 65]> {
            None
        }
    }
    let mut exchange = Exchange::until_request(1);
    let initiation = exchange.initiation();
    let refused = exchange.responder.authorise(
        *initiation,
        Authorisation::Allowed,
        &Locked,
        NOW,
        &mut exchange.rng_r,
    );
    assert_eq!(refused, Err(HandshakeError::SignerUnavailable));
}
