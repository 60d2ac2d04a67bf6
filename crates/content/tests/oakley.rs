//! The Oakley exchange: two honest apps agree; every attack on it ends without a key.

mod seeded;

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use dhc_content::{
    Cid, DigestSigner,
    oakley::{
        AccessEntry, AccessRequest, Authorisation, HandshakeError, Initiator, MAX_MESSAGE, Progress, Refusal,
        Release, ReleasedKey, Responder, Scope, Step,
    },
    object::ObjectKey,
};
use dhc_domain::{Address, B256, GrantId, ObjectId, Timestamp};
use seeded::Seeded;

const NOW: Timestamp = Timestamp(1_795_000_000);
const PEER: &[u8] = b"doctor's peer id";
const SCOPE: Scope = Scope { chain_id: 7761, consent: Address::repeat_byte(0xc0) };
const OBJECT: ObjectId = ObjectId(alloy::primitives::FixedBytes([5; 16]));

struct Wallet(PrivateKeySigner);

fn owner() -> Wallet {
    wallet(1)
}

fn grantee() -> Wallet {
    wallet(2)
}

fn wallet(byte: u8) -> Wallet {
    Wallet(PrivateKeySigner::from_bytes(&B256::repeat_byte(byte)).unwrap())
}

impl DigestSigner for Wallet {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
        Some(self.0.sign_hash_sync(digest).unwrap().as_bytes())
    }
}

fn request() -> AccessRequest {
    AccessRequest {
        grantee: grantee().address(),
        owner: owner().address(),
        grant: GrantId(B256::repeat_byte(3)),
        access: AccessEntry { seq: 41, entry: B256::repeat_byte(4) },
        root: "bafybeify2r7byu57x3zc3ezpn6ifwk5supwnnxpjvr62zyvaqs4i6iqhca".parse::<Cid>().unwrap(),
    }
}

fn key() -> ObjectKey {
    ObjectKey::make_random(&mut Seeded::new("object key"))
}

fn responder(label: &'static str) -> Responder {
    Responder::new(SCOPE, owner().address(), NOW, &mut Seeded::new(label))
}

/// What each side holds, and every message that passed.
struct Exchange {
    initiator: Initiator,
    responder: Responder,
    rng_i: Seeded,
    rng_r: Seeded,
    messages: Vec<Vec<u8>>,
}

impl Exchange {
    fn begin() -> Self {
        Self::of(request())
    }

    fn of(request: AccessRequest) -> Self {
        let mut rng_i = Seeded::new("initiator");
        let (initiator, hello) = Initiator::new(SCOPE, request, &mut rng_i);
        let (responder, rng_r) = (responder("cookies"), Seeded::new("responder"));
        Self { initiator, responder, rng_i, rng_r, messages: vec![hello] }
    }

    fn last(&self) -> &[u8] {
        self.messages.last().unwrap()
    }

    fn ask(&mut self, message: &[u8]) -> Result<Step, HandshakeError> {
        self.responder.handle(PEER, message, NOW, &mut self.rng_r)
    }

    /// The owner's answer to the last message.
    fn answer(&mut self) -> Result<Vec<u8>, HandshakeError> {
        let message = self.last().to_vec();
        match self.ask(&message)? {
            Step::Send(answer) => Ok(answer),
            Step::Authorise(initiation) => {
                assert_eq!(*initiation.request(), request());
                self.responder.authorise(*initiation, Authorisation::Allowed, &owner(), NOW, &mut self.rng_r)
            }
            Step::Release(release) => Ok(release.release(OBJECT, &key())),
        }
    }

    fn take(&mut self, answer: &[u8]) -> Result<Progress, HandshakeError> {
        self.initiator.handle(answer, &grantee(), &mut self.rng_i)
    }

    /// Passes messages until the owner's `n`-th answer is on the wire (0 is the challenge).
    fn until_answer(n: usize) -> Self {
        let mut exchange = Self::begin();
        for i in 0..=n {
            let answer = exchange.answer().unwrap();
            exchange.messages.push(answer.clone());
            if i < n {
                exchange.pass(&answer);
            }
        }
        exchange
    }

    /// Passes messages until the grantee's `n`-th request is on the wire (0 is the hello).
    fn until_request(n: usize) -> Self {
        let mut exchange = Self::begin();
        for _ in 0..n {
            let answer = exchange.answer().unwrap();
            exchange.messages.push(answer.clone());
            exchange.pass(&answer);
        }
        exchange
    }

    fn pass(&mut self, answer: &[u8]) {
        let Progress::Send(next) = self.take(answer).unwrap() else { panic!("ended early") };
        self.messages.push(next);
    }

    fn initiation(&mut self) -> Box<dhc_content::oakley::Initiation> {
        let message = self.last().to_vec();
        let Ok(Step::Authorise(initiation)) = self.ask(&message) else { panic!("not authorised") };
        initiation
    }

    fn release(&mut self) -> Box<Release> {
        let message = self.last().to_vec();
        let Ok(Step::Release(release)) = self.ask(&message) else { panic!("not confirmed") };
        release
    }
}

#[test]
fn two_honest_apps_hand_over_the_key() {
    let mut exchange = Exchange::until_answer(2);
    let last = exchange.last().to_vec();
    assert_eq!(exchange.take(&last), Ok(Progress::Released(ReleasedKey { object: OBJECT, key: key() })));
    assert!(exchange.messages.iter().all(|m| m.len() <= MAX_MESSAGE));
}

/// Signatures and ciphertexts are deterministic given the randomness, so the wire is pinned whole.
#[test]
fn the_transcript_of_version_1_is_the_same_for_ever() {
    let exchange = Exchange::until_answer(2);
    let wire: String = exchange.messages.iter().map(|m| hex::encode(m) + "\n").collect();
    assert!(wire == include_str!("vectors/oakley-1.txt"), "{wire}");
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
        let answer = exchange.responder.authorise(*initiation, verdict, &owner(), NOW, &mut exchange.rng_r).unwrap();
        assert_eq!(exchange.take(&answer), Ok(Progress::Refused(refusal)));
    }
    assert_eq!(Refusal::GrantRevoked.code(), "grant_revoked");
}

/// Revoked between the first look at the chain and the second.
#[test]
fn a_refusal_may_come_as_late_as_the_release() {
    let mut exchange = Exchange::until_request(2);
    let answer = exchange.release().refuse(Refusal::GrantRevoked, &owner()).unwrap();
    assert_eq!(exchange.take(&answer), Ok(Progress::Refused(Refusal::GrantRevoked)));
}

#[test]
fn a_refusal_by_anybody_else_is_not_believed() {
    let mut exchange = Exchange::until_request(2);
    let forged = exchange.release().refuse(Refusal::GrantRevoked, &wallet(9)).unwrap();
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
            let mut exchange = if n == 2 { Exchange::until_request(n) } else { Exchange::begin() };
            let step = exchange.ask(&altered);
            // Of a hello only the cookie can be altered; the answer is then not ours.
            let harmless = matches!(&step, Ok(Step::Send(answer)) if n == 0 && exchange.take(answer).is_err());
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
    assert_eq!(other.handle(PEER, &init, NOW, &mut rng).err(), Some(HandshakeError::Cookie));
    // After so long that the exchange is forgotten, its cookie is too.
    let later = NOW.plus(3600);
    assert_eq!(exchange.responder.handle(PEER, &init, later, &mut rng).err(), Some(HandshakeError::Cookie));
}

#[test]
fn answers_of_another_exchange_are_refused() {
    let recorded = Exchange::until_answer(2);
    let mut rng = Seeded::new("second");
    let (mut second, hello) = Initiator::new(SCOPE, request(), &mut rng);
    assert_eq!(second.handle(&recorded.messages[1], &grantee(), &mut rng), Err(HandshakeError::Unexpected));

    let (mut third, _) = Initiator::new(SCOPE, request(), &mut rng);
    assert_eq!(third.handle(&recorded.messages[5], &grantee(), &mut rng), Err(HandshakeError::Unexpected));

    let mut app = responder("cookies");
    let Ok(Step::Send(challenge)) = app.handle(PEER, &hello, NOW, &mut rng) else { panic!() };
    let (mut fourth, _) = Initiator::new(SCOPE, request(), &mut Seeded::new("second"));
    assert!(matches!(fourth.handle(&challenge, &grantee(), &mut rng), Ok(Progress::Send(_))));
    assert_eq!(fourth.handle(&recorded.messages[3], &grantee(), &mut rng), Err(HandshakeError::Unexpected));
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
    let (mut own, hello) = Initiator::new(SCOPE, AccessRequest { grantee: owner().address(), ..request() }, &mut Seeded::new("own"));
    let Ok(Step::Send(challenge)) = exchange.ask(&hello) else { panic!() };
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
    let Ok(Progress::Send(init)) = exchange.initiator.handle(&challenge, &Impostor, &mut exchange.rng_i) else { panic!() };
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
        .authorise(*initiation, Authorisation::Allowed, &FalseOwner, NOW, &mut exchange.rng_r)
        .unwrap();
    assert_eq!(exchange.take(&reply), Err(HandshakeError::Signature));
}

#[test]
fn another_owner_another_peer_and_another_deployment_are_refused() {
    let mut misdirected = Exchange::of(AccessRequest { owner: wallet(8).address(), ..request() });
    let challenge = misdirected.answer().unwrap();
    let Ok(Progress::Send(init)) = misdirected.take(&challenge) else { panic!() };
    assert_eq!(misdirected.ask(&init).err(), Some(HandshakeError::NotForUs));

    let exchange = Exchange::until_request(1);
    let mut app = exchange.responder;
    let (init, mut rng) = (exchange.messages.last().unwrap(), Seeded::new("peer"));
    assert_eq!(app.handle(b"another peer", init, NOW, &mut rng).err(), Some(HandshakeError::Cookie));

    let mut exchange = Exchange::until_request(2);
    let confirm = exchange.last().to_vec();
    let stolen = exchange.responder.handle(b"another peer", &confirm, NOW, &mut rng);
    assert_eq!(stolen.err(), Some(HandshakeError::NotForUs));

    for scope in [Scope { chain_id: 1, ..SCOPE }, Scope { consent: Address::ZERO, ..SCOPE }] {
        let mut app = Responder::new(scope, owner().address(), NOW, &mut Seeded::new("cookies"));
        let init = Exchange::until_request(1).last().to_vec();
        assert_eq!(app.handle(PEER, &init, NOW, &mut rng).err(), Some(HandshakeError::Signature));
    }
}

#[test]
fn a_key_for_another_grant_is_not_taken() {
    // The owner's app is asked for one grant, and the grantee waits for another.
    let mut exchange = Exchange::until_answer(2);
    let other = AccessRequest { grant: GrantId(B256::repeat_byte(9)), ..request() };
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
fn a_flood_of_beginnings_is_answered_without_state_or_signature() {
    let mut app = responder("flood");
    let mut rng = Seeded::new("flood");
    let (_, hello) = Initiator::new(SCOPE, request(), &mut rng);
    let init = Exchange::until_request(1).last().to_vec();
    for i in 0..10_000u32 {
        let mut hello = hello.clone();
        hello[13..17].copy_from_slice(&i.to_be_bytes());
        assert!(matches!(app.handle(PEER, &hello, NOW, &mut rng), Ok(Step::Send(_))));
        assert_eq!(app.handle(PEER, &init, NOW, &mut rng).err(), Some(HandshakeError::Cookie));
    }
}

#[test]
fn an_exchange_that_dawdles_is_forgotten() {
    let mut exchange = Exchange::until_request(2);
    let confirm = exchange.last().to_vec();
    let late = exchange.responder.handle(PEER, &confirm, NOW.plus(61), &mut exchange.rng_r);
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
            exchange.responder.handle(b"other", &hello, NOW.plus(t), &mut exchange.rng_r).unwrap();
        }
        let step = exchange.responder.handle(PEER, &init, NOW.plus(age), &mut exchange.rng_r);
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
    let refused =
        exchange.responder.authorise(*initiation, Authorisation::Allowed, &Locked, NOW, &mut exchange.rng_r);
    assert_eq!(refused, Err(HandshakeError::SignerUnavailable));
}

#[test]
fn bytes_of_no_message_are_refused() {
    let mut exchange = Exchange::until_request(1);
    let init = exchange.last().to_vec();
    for bytes in [&b""[..], b"DHC-OAKLEY/1", b"DHC-OAKLEY/2\0", &init[..init.len() - 1], &[init.as_slice(), b"\0"].concat()] {
        assert_eq!(exchange.ask(bytes).err(), Some(HandshakeError::Malformed));
    }
    assert_eq!(exchange.ask(&vec![0; MAX_MESSAGE + 1]).err(), Some(HandshakeError::Malformed));
}
