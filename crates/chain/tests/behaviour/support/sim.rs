use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Log, keccak256};
use dhc_chain::contracts::Contract;
use dhc_chain::proof::keys;
use ed25519_dalek::{Signer as _, SigningKey};
use prost::Message;
use tendermint::{
    Hash, PublicKey, Time,
    block::{self, Commit, CommitSig, Header, header::Version, parts, signed_header::SignedHeader},
    chain,
    crypto::{Sha256 as _, default::Sha256},
    merkle::simple_hash_from_byte_vectors,
    validator, vote,
};
use tendermint_proto::v0_38::abci::ExecTxResult;

use super::{Ledger, proto};

pub const CHAIN_ID: &str = "sim-1";
pub const EVM_CHAIN_ID: u64 = 7_761;
pub const GENESIS: u64 = 1_790_000_000;

/// A transaction of the simulation: the raw Ethereum transaction and what came of it.
#[derive(Clone, Debug)]
pub struct SimTx {
    pub raw: Vec<u8>,
    pub code: u32,
    pub vm_error: String,
    pub ret: Vec<u8>,
    pub gas_used: u64,
    pub logs: Vec<Log>,
}

impl SimTx {
    pub fn ok(raw: &[u8]) -> Self {
        Self {
            raw: raw.to_vec(),
            code: 0,
            vm_error: String::new(),
            ret: vec![],
            gas_used: 21_000,
            logs: vec![],
        }
    }

    /// The SDK's envelope, as the node writes it.
    pub fn envelope(&self) -> Vec<u8> {
        let msg = proto::MsgEthereumTx {
            from: vec![0; 20],
            raw: self.raw.clone(),
        };
        let any = proto::any("/cosmos.evm.vm.v1.MsgEthereumTx", &msg);
        let body = proto::TxBody {
            messages: vec![any],
        };
        proto::TxRaw {
            body_bytes: body.encode_to_vec(),
        }
        .encode_to_vec()
    }

    pub fn result(&self) -> ExecTxResult {
        let response = proto::Response {
            hash: keccak256(&self.raw).to_string(),
            logs: self.logs.iter().map(proto::log).collect(),
            ret: self.ret.clone(),
            vm_error: self.vm_error.clone(),
            gas_used: self.gas_used,
        };
        let any = proto::any("/cosmos.evm.vm.v1.MsgEthereumTxResponse", &response);
        let data = if self.code == 0 {
            proto::TxMsgData {
                msg_responses: vec![any],
            }
            .encode_to_vec()
        } else {
            vec![]
        };
        ExecTxResult {
            code: self.code,
            data: data.into(),
            gas_wanted: 30_000,
            gas_used: self.gas_used as i64,
            ..ExecTxResult::default()
        }
    }
}

struct Block {
    signed: SignedHeader,
    txs: Vec<SimTx>,
    /// State after the block.
    ledger: Ledger,
}

type Validators = Box<dyn Fn(u64) -> Vec<u8> + Send>;

/// A chain whose blocks are really signed. `validators(h)` are the seeds of those of height h.
pub struct SimChain {
    blocks: Vec<Block>,
    validators: Validators,
    genesis: Ledger,
    salt: u8,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn root(leaves: &[Vec<u8>]) -> Hash {
    Hash::Sha256(simple_hash_from_byte_vectors::<Sha256>(leaves))
}

impl SimChain {
    pub fn new(validators: impl Fn(u64) -> Vec<u8> + Send + 'static) -> Self {
        Self::with_ledger(validators, Ledger::new())
    }

    pub fn with_ledger(
        validators: impl Fn(u64) -> Vec<u8> + Send + 'static,
        genesis: Ledger,
    ) -> Self {
        let mut sim = Self {
            blocks: Vec::new(),
            validators: Box::new(validators),
            genesis,
            salt: 0,
        };
        sim.push_empty();
        sim
    }

    /// Four validators that never change, and so many empty blocks.
    pub fn steady(blocks: u64) -> Self {
        let mut sim = Self::new(|_| vec![1, 2, 3, 4]);
        sim.grow_to(blocks);
        sim
    }

    /// The same chain up to `height`, and other blocks from there.
    pub fn forked(
        &self,
        height: u64,
        validators: impl Fn(u64) -> Vec<u8> + Send + 'static,
    ) -> Self {
        let mut fork = Self {
            blocks: Vec::new(),
            validators: Box::new(validators),
            genesis: self.genesis.clone(),
            salt: 0,
        };
        for block in self.blocks.iter().take(height as usize) {
            fork.blocks.push(Block {
                signed: block.signed.clone(),
                txs: block.txs.clone(),
                ledger: block.ledger.clone(),
            });
        }
        fork.salt = 1;
        fork.grow_to(self.height());
        fork
    }

    pub fn grow_to(&mut self, height: u64) {
        while self.height() < height {
            self.push_empty();
        }
    }

    pub fn push_empty(&mut self) {
        let ledger = self.ledger().clone();
        self.push(Vec::new(), ledger);
    }

    /// A block with these transactions, after which the state is `ledger`.
    pub fn push(&mut self, txs: Vec<SimTx>, ledger: Ledger) {
        let height = self.height() + 1;
        let last = self.blocks.last();
        let set = self.set(height);
        let header = Header {
            version: Version { block: 11, app: 0 },
            chain_id: chain::Id::try_from(CHAIN_ID.to_owned()).unwrap(),
            height: block::Height::try_from(height).unwrap(),
            time: Time::from_unix_timestamp((GENESIS + height) as i64, 5).unwrap(),
            last_block_id: last.map(|b| b.signed.commit.block_id),
            last_commit_hash: None,
            data_hash: Some(root(
                &txs.iter()
                    .map(|tx| Sha256::digest(tx.envelope()).to_vec())
                    .collect::<Vec<_>>(),
            )),
            validators_hash: set.hash(),
            next_validators_hash: self.set(height + 1).hash(),
            consensus_hash: Hash::Sha256([self.salt; 32]),
            app_hash: self.ledger().app_hash().try_into().unwrap(),
            last_results_hash: Some(last.map_or_else(
                || root(&[]),
                |b| {
                    root(
                        &b.txs
                            .iter()
                            .map(|tx| tx.result().encode_to_vec())
                            .collect::<Vec<_>>(),
                    )
                },
            )),
            evidence_hash: None,
            proposer_address: set.validators()[0].address,
        };
        let signed = self.sign(header);
        self.blocks.push(Block {
            signed,
            txs,
            ledger,
        });
    }

    /// A header with a commit by the validators of its height.
    pub fn sign(&self, header: Header) -> SignedHeader {
        let height = header.height;
        let block_id = block::Id {
            hash: header.hash(),
            part_set_header: parts::Header::new(1, Hash::Sha256([7; 32])).unwrap(),
        };
        let set = self.set(height.value());
        let seeds = (self.validators)(height.value());
        let signatures = set.validators().iter().enumerate().map(|(index, info)| {
            let seed = seeds.iter().find(|s| public(**s) == info.pub_key).unwrap();
            let mut vote = vote::Vote {
                vote_type: vote::Type::Precommit,
                height,
                round: 0u16.into(),
                block_id: Some(block_id),
                timestamp: Some(header.time),
                validator_address: info.address,
                validator_index: vote::ValidatorIndex::try_from(index).unwrap(),
                signature: None,
                extension: vec![],
                extension_signature: None,
            };
            let bytes = vote.clone().into_signable_vec(header.chain_id.clone());
            vote.signature =
                tendermint::Signature::new(key(*seed).sign(&bytes).to_bytes()).unwrap();
            CommitSig::BlockIdFlagCommit {
                validator_address: info.address,
                timestamp: header.time,
                signature: vote.signature,
            }
        });
        let commit = Commit {
            height,
            round: 0u16.into(),
            block_id,
            signatures: signatures.collect(),
        };
        SignedHeader::new(header, commit).unwrap()
    }

    pub fn height(&self) -> u64 {
        self.blocks.len() as u64
    }

    /// The latest block's time.
    pub fn time(&self) -> u64 {
        GENESIS + self.height()
    }

    pub fn ledger(&self) -> &Ledger {
        self.blocks.last().map_or(&self.genesis, |b| &b.ledger)
    }

    pub fn ledger_at(&self, height: u64) -> Option<&Ledger> {
        self.blocks
            .get(height.checked_sub(1)? as usize)
            .map(|b| &b.ledger)
    }

    pub fn signed(&self, height: u64) -> Option<SignedHeader> {
        self.blocks
            .get(height.checked_sub(1)? as usize)
            .map(|b| b.signed.clone())
    }

    pub fn txs(&self, height: u64) -> Option<&[SimTx]> {
        self.blocks
            .get(height.checked_sub(1)? as usize)
            .map(|b| b.txs.as_slice())
    }

    pub fn hash(&self, height: u64) -> String {
        self.signed(height).unwrap().header.hash().to_string()
    }

    pub fn set(&self, height: u64) -> validator::Set {
        let power = vote::Power::from(10u32);
        let infos = (self.validators)(height)
            .into_iter()
            .map(|seed| validator::Info::new(public(seed), power));
        validator::Set::without_proposer(infos.collect())
    }

    pub fn contracts(&self) -> BTreeMap<String, Address> {
        let address = |i: usize| Address::with_last_byte(0xc0 + i as u8);
        Contract::ALL
            .iter()
            .enumerate()
            .map(|(i, c)| (c.name().to_owned(), address(i)))
            .collect()
    }

    /// Where a transaction is, by its hash.
    pub fn find(&self, hash: B256) -> Option<u64> {
        let has = |b: &Block| b.txs.iter().any(|tx| keccak256(&tx.raw) == hash);
        self.blocks.iter().position(has).map(|i| i as u64 + 1)
    }
}

fn public(seed: u8) -> PublicKey {
    PublicKey::from_raw_ed25519(key(seed).verifying_key().as_bytes()).unwrap()
}

/// A ledger entry for an account with so many sent transactions.
pub fn account_value(nonce: u64) -> Vec<u8> {
    let account = proto::BaseAccount {
        address: "dhl1x".into(),
        account_number: 3,
        sequence: nonce,
    };
    proto::any("/cosmos.auth.v1beta1.BaseAccount", &account).encode_to_vec()
}

/// Sets a nonce.
pub fn set_nonce(ledger: &mut Ledger, account: Address, nonce: u64) {
    ledger.set(keys::account(account), account_value(nonce));
}
