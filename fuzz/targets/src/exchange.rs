//! Messages of Oakley, at each moment of an exchange: nothing but the honest one goes on.

use std::sync::LazyLock;

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use dhc_content::{
    Cid, DigestSigner,
    oakley::{
        AccessEntry, AccessRequest, Authorisation, Initiator, Progress, Responder, Scope, Step,
    },
    object::ObjectKey,
};
use dhc_domain::{Address, B256, GrantId, ObjectId, Timestamp};

use crate::seeded::Seeded;

pub(crate) const NOW: Timestamp = Timestamp(1_795_000_000);
pub(crate) const PEER: &[u8] = b"doctor's peer id";
pub(crate) const SCOPE: Scope = Scope {
    chain_id: 7761,
    consent: Address::repeat_byte(0xc0),
};
pub(crate) const ROOT: &str = "bafybeify2r7byu57x3zc3ezpn6ifwk5supwnnxpjvr62zyvaqs4i6iqhca";

pub(crate) struct Wallet(PrivateKeySigner);

impl Wallet {
    pub(crate) fn new(byte: u8) -> Self {
        let key = B256::repeat_byte(byte);
        Self(PrivateKeySigner::from_bytes(&key).expect("a key"))
    }
}

impl DigestSigner for Wallet {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_digest(&self, digest: &B256) -> Option<[u8; 65]> {
        Some(self.0.sign_hash_sync(digest).ok()?.as_bytes())
    }
}

pub(crate) static OWNER: LazyLock<Wallet> = LazyLock::new(|| Wallet::new(1));
pub(crate) static GRANTEE: LazyLock<Wallet> = LazyLock::new(|| Wallet::new(2));

pub(crate) fn wanted() -> AccessRequest {
    AccessRequest {
        grantee: GRANTEE.address(),
        owner: OWNER.address(),
        grant: GrantId(B256::repeat_byte(3)),
        access: AccessEntry {
            seq: 41,
            entry: B256::repeat_byte(4),
        },
        root: ROOT.parse::<Cid>().expect("a root"),
    }
}

fn key() -> ObjectKey {
    ObjectKey::make_random(&mut Seeded::new("object key"))
}

/// Both sides, always with the same randomness.
struct Exchange {
    initiator: Initiator,
    responder: Responder,
    rng_i: Seeded,
    rng_r: Seeded,
    /// To the owner's app, not yet there.
    letter: Vec<u8>,
}

impl Exchange {
    /// After so many of the grantee's messages were answered.
    fn after(rounds: usize) -> Self {
        let mut rng_i = Seeded::new("initiator");
        let (initiator, letter) = Initiator::new(SCOPE, wanted(), &mut rng_i);
        let cookies = &mut Seeded::new("cookies");
        let mut exchange = Self {
            initiator,
            responder: Responder::new(SCOPE, OWNER.address(), NOW, cookies),
            rng_i,
            rng_r: Seeded::new("responder"),
            letter,
        };
        for _ in 0..rounds {
            let answer = exchange.answer().expect("an honest message is answered");
            let next = exchange
                .initiator
                .handle(&answer, &*GRANTEE, &mut exchange.rng_i);
            match next.expect("an honest answer is taken") {
                Progress::Send(letter) => exchange.letter = letter,
                Progress::Released(_) | Progress::Share(_) | Progress::Refused(_) => break,
            }
        }
        exchange
    }

    /// The owner's honest answer to the letter on its way.
    fn answer(&mut self) -> Option<Vec<u8>> {
        let step = self
            .responder
            .handle(PEER, &self.letter, NOW, &mut self.rng_r);
        match step.ok()? {
            Step::Send(answer) => Some(answer),
            Step::Authorise(initiation) => {
                let allowed = Authorisation::Allowed;
                let answer =
                    self.responder
                        .authorise(*initiation, allowed, &*OWNER, NOW, &mut self.rng_r);
                answer.ok()
            }
            Step::Release(release) => Some(release.release(ObjectId([5; 16].into()), &key())),
            Step::ReleaseShare(_) => None,
        }
    }
}

/// The honest messages to the owner's app, each after the number of the round.
pub fn to_owner() -> [Vec<u8>; 3] {
    [0, 1, 2].map(|round| [vec![round], Exchange::after(round.into()).letter].concat())
}

/// The honest answers of the owner's app, each after the number of the round.
pub fn to_grantee() -> [Vec<u8>; 3] {
    [0, 1, 2].map(|round| {
        let answer = Exchange::after(round.into())
            .answer()
            .expect("it is answered");
        [vec![round], answer].concat()
    })
}

/// The round, and a message to the owner's app.
pub fn oakley_to_owner(bytes: &[u8]) {
    let Some((round, message)) = bytes.split_first() else {
        return;
    };
    let mut exchange = Exchange::after(usize::from(round % 3));
    let step = exchange
        .responder
        .handle(PEER, message, NOW, &mut exchange.rng_r);
    match step {
        // A greeting is answered by a cookie, whoever sends it.
        Ok(Step::Send(answer)) => assert!(answer.len() < 128),
        Ok(Step::Authorise(initiation)) => assert_eq!(*initiation.request(), wanted()),
        Ok(Step::Release(release)) => {
            assert_eq!(*release.request(), wanted());
            assert_eq!(message, exchange.letter, "a forged confirmation");
        }
        Ok(Step::ReleaseShare(_)) => panic!("a share was not asked for"),
        Err(_) => {}
    }
}

/// The round, and an answer to the grantee's app.
pub fn oakley_to_grantee(bytes: &[u8]) {
    let Some((round, answer)) = bytes.split_first() else {
        return;
    };
    let mut exchange = Exchange::after(usize::from(round % 3));
    match exchange
        .initiator
        .handle(answer, &*GRANTEE, &mut exchange.rng_i)
    {
        Ok(Progress::Released(released)) => assert_eq!(released.key, key(), "a forged key"),
        Ok(Progress::Share(_)) => panic!("a share was not asked for"),
        Ok(Progress::Refused(_)) => panic!("a forged refusal"),
        Ok(Progress::Send(_)) | Err(_) => {}
    }
}
