//! Two apps and the wire between them.

use crate::seeded::Seeded;
use alloy::signers::{SignerSync, local::PrivateKeySigner};
use dhc_content::{
    Cid, DigestSigner,
    oakley::{
        AccessEntry, AccessRequest, Authorisation, HandshakeError, Initiator, Progress, Release,
        Responder, Scope, Step,
    },
    object::ObjectKey,
};
use dhc_domain::{Address, B256, GrantId, ObjectId, Timestamp};

pub const NOW: Timestamp = Timestamp(1_795_000_000);
pub const PEER: &[u8] = b"doctor's peer id";
pub const SCOPE: Scope = Scope {
    chain_id: 7761,
    consent: Address::repeat_byte(0xc0),
};
pub const OBJECT: ObjectId = ObjectId(alloy::primitives::FixedBytes([5; 16]));

pub struct Wallet(PrivateKeySigner);

pub fn owner() -> Wallet {
    wallet(1)
}

pub fn grantee() -> Wallet {
    wallet(2)
}

pub fn wallet(byte: u8) -> Wallet {
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

pub fn request() -> AccessRequest {
    AccessRequest {
        grantee: grantee().address(),
        owner: owner().address(),
        grant: GrantId(B256::repeat_byte(3)),
        access: AccessEntry {
            seq: 41,
            entry: B256::repeat_byte(4),
        },
        root: "bafybeify2r7byu57x3zc3ezpn6ifwk5supwnnxpjvr62zyvaqs4i6iqhca"
            .parse::<Cid>()
            .unwrap(),
    }
}

pub fn key() -> ObjectKey {
    ObjectKey::make_random(&mut Seeded::new("object key"))
}

pub fn responder(label: &'static str) -> Responder {
    Responder::new(SCOPE, owner().address(), NOW, &mut Seeded::new(label))
}

/// What each side holds, and every message that passed.
pub struct Exchange {
    pub initiator: Initiator,
    pub responder: Responder,
    pub rng_i: Seeded,
    pub rng_r: Seeded,
    pub messages: Vec<Vec<u8>>,
}

impl Exchange {
    pub fn begin() -> Self {
        Self::of(request())
    }

    pub fn of(request: AccessRequest) -> Self {
        let mut rng_i = Seeded::new("initiator");
        let (initiator, hello) = Initiator::new(SCOPE, request, &mut rng_i);
        let (responder, rng_r) = (responder("cookies"), Seeded::new("responder"));
        Self {
            initiator,
            responder,
            rng_i,
            rng_r,
            messages: vec![hello],
        }
    }

    pub fn last(&self) -> &[u8] {
        self.messages.last().unwrap()
    }

    pub fn ask(&mut self, message: &[u8]) -> Result<Step, HandshakeError> {
        self.responder.handle(PEER, message, NOW, &mut self.rng_r)
    }

    /// The owner's answer to the last message.
    pub fn answer(&mut self) -> Result<Vec<u8>, HandshakeError> {
        let message = self.last().to_vec();
        match self.ask(&message)? {
            Step::Send(answer) => Ok(answer),
            Step::Authorise(initiation) => {
                assert_eq!(*initiation.request(), request());
                self.responder.authorise(
                    *initiation,
                    Authorisation::Allowed,
                    &owner(),
                    NOW,
                    &mut self.rng_r,
                )
            }
            Step::Release(release) => Ok(release.release(OBJECT, &key())),
            Step::ReleaseShare(_) => panic!("a share was not asked for"),
        }
    }

    pub fn take(&mut self, answer: &[u8]) -> Result<Progress, HandshakeError> {
        self.initiator.handle(answer, &grantee(), &mut self.rng_i)
    }

    /// Passes messages until the owner's `n`-th answer is on the wire (0 is the challenge).
    pub fn until_answer(n: usize) -> Self {
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
    pub fn until_request(n: usize) -> Self {
        let mut exchange = Self::begin();
        for _ in 0..n {
            let answer = exchange.answer().unwrap();
            exchange.messages.push(answer.clone());
            exchange.pass(&answer);
        }
        exchange
    }

    pub fn pass(&mut self, answer: &[u8]) {
        let Progress::Send(next) = self.take(answer).unwrap() else {
            panic!("ended early")
        };
        self.messages.push(next);
    }

    pub fn initiation(&mut self) -> Box<dhc_content::oakley::Initiation> {
        let message = self.last().to_vec();
        let Ok(Step::Authorise(initiation)) = self.ask(&message) else {
            panic!("not authorised")
        };
        initiation
    }

    pub fn release(&mut self) -> Box<Release> {
        let message = self.last().to_vec();
        let Ok(Step::Release(release)) = self.ask(&message) else {
            panic!("not confirmed")
        };
        release
    }
}
