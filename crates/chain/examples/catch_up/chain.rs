//! A synthetic chain: headers are made and signed when they are first asked for, and kept as the
//! JSON that a node would send, so that whoever asks gets the same bytes.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use ed25519_dalek::{Signer, SigningKey};
use serde_json::json;
use tendermint::{
    Hash, PublicKey, Signature, Time,
    block::{self, Commit, CommitSig, Header, header::Version, parts, signed_header::SignedHeader},
    chain, validator,
    vote::{self, ValidatorIndex, Vote},
};

pub const CHAIN_ID: &str = "synthetic-1";
/// Of the last block.
pub const HEIGHT: u64 = 100_000;
/// Blocks with the same validators.
const EPOCH: u64 = 1_000;
const GENESIS: u64 = 1_790_000_000;

/// How many validate, and how many of them are others after each epoch, those that have
/// validated longest.
#[derive(Clone, Copy)]
pub struct Plan {
    pub validators: u64,
    pub replaced: u64,
}

/// A chain of [`HEIGHT`] blocks, a second apart. Its headers name no real predecessors: forward
/// verification does not look at them, and so one header can be made without those below it.
pub struct Synthetic {
    plan: Plan,
    sets: Mutex<HashMap<u64, Epoch>>,
    commits: Mutex<HashMap<u64, String>>,
}

#[derive(Clone)]
struct Epoch {
    set: validator::Set,
    keys: HashMap<[u8; 20], SigningKey>,
    json: String,
}

impl Synthetic {
    pub fn new(plan: Plan) -> Self {
        Self {
            plan,
            sets: Mutex::default(),
            commits: Mutex::default(),
        }
    }

    /// The second after the last block.
    pub fn now() -> u64 {
        GENESIS + HEIGHT + 1
    }

    pub fn hash(&self, height: u64) -> Hash {
        self.header(height).hash()
    }

    /// The result of `commit`.
    pub fn commit(&self, height: u64) -> String {
        let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
        commits
            .entry(height)
            .or_insert_with(|| {
                json!({"signed_header": self.sign(self.header(height)), "canonical": true})
                    .to_string()
            })
            .clone()
    }

    /// The result of `validators`, all on one page.
    pub fn validators(&self, height: u64) -> String {
        self.epoch(height).json
    }

    fn epoch(&self, height: u64) -> Epoch {
        let number = (height - 1) / EPOCH;
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        sets.entry(number)
            .or_insert_with(|| self.make_epoch(number))
            .clone()
    }

    fn make_epoch(&self, number: u64) -> Epoch {
        let first = number * self.plan.replaced;
        let mut keys = HashMap::new();
        let mut infos = Vec::new();
        for who in first..first + self.plan.validators {
            let mut seed = [0x5e; 32];
            seed[..8].copy_from_slice(&who.to_le_bytes());
            let key = SigningKey::from_bytes(&seed);
            let public = PublicKey::from_raw_ed25519(key.verifying_key().as_bytes())
                .expect("an ed25519 key");
            let info = validator::Info::new(public, vote::Power::from(10u32));
            keys.insert(info.address.as_bytes().try_into().expect("20 bytes"), key);
            infos.push(info);
        }
        let set = validator::Set::without_proposer(infos);
        let count = set.validators().len().to_string();
        let json = json!({
            "block_height": (number * EPOCH + 1).to_string(),
            "validators": set.validators(),
            "count": count,
            "total": count,
        });
        Epoch {
            set,
            keys,
            json: json.to_string(),
        }
    }

    fn header(&self, height: u64) -> Header {
        let set = self.epoch(height).set;
        Header {
            version: Version { block: 11, app: 0 },
            chain_id: chain::Id::try_from(CHAIN_ID.to_owned()).expect("an id"),
            height: height.try_into().expect("a height"),
            time: Time::from_unix_timestamp((GENESIS + height) as i64, 0).expect("a time"),
            last_block_id: (height > 1).then(|| block_id(marked(height - 1))),
            last_commit_hash: Some(marked(height)),
            data_hash: Some(marked(height)),
            validators_hash: set.hash(),
            next_validators_hash: self.epoch(height + 1).set.hash(),
            consensus_hash: marked(1),
            app_hash: marked(height)
                .as_bytes()
                .to_vec()
                .try_into()
                .expect("a hash"),
            last_results_hash: Some(marked(height)),
            evidence_hash: Some(marked(2)),
            proposer_address: set.validators()[0].address,
        }
    }

    fn sign(&self, header: Header) -> SignedHeader {
        let epoch = self.epoch(header.height.value());
        let block_id = block_id(header.hash());
        let signed = |(index, info): (usize, &validator::Info)| {
            let mut vote = Vote {
                vote_type: vote::Type::Precommit,
                height: header.height,
                round: 0u16.into(),
                block_id: Some(block_id),
                timestamp: Some(header.time),
                validator_address: info.address,
                validator_index: ValidatorIndex::try_from(index).expect("an index"),
                signature: None,
                extension: Vec::new(),
                extension_signature: None,
            };
            let message = vote.clone().into_signable_vec(header.chain_id.clone());
            let signature = epoch.keys[info.address.as_bytes()].sign(&message);
            vote.signature = Signature::new(signature.to_bytes()).expect("64 bytes");
            CommitSig::BlockIdFlagCommit {
                validator_address: info.address,
                timestamp: header.time,
                signature: vote.signature,
            }
        };
        let commit = Commit {
            height: header.height,
            round: 0u16.into(),
            block_id,
            signatures: epoch
                .set
                .validators()
                .iter()
                .enumerate()
                .map(signed)
                .collect(),
        };
        SignedHeader::new(header, commit).expect("a commit of the header")
    }
}

fn block_id(hash: Hash) -> block::Id {
    block::Id {
        hash,
        part_set_header: parts::Header::new(1, marked(3)).expect("a part"),
    }
}

/// Stands for a hash that nobody looks behind.
fn marked(number: u64) -> Hash {
    let mut bytes = [0xa5; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    Hash::Sha256(bytes)
}
