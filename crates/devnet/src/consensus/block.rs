use std::time::Duration;

use prost::Message;
use tendermint::{
    AppHash, Hash, Time, block,
    block::{Commit, CommitSig, Header, header::Version, parts},
    chain,
};
use tendermint_proto::v0_38::types as raw;

use super::{MAX_BLOCK_BYTES, Validators, validators::vote_bytes};
use crate::{
    execution::BLOCK_GAS_LIMIT,
    merkle::{self, sha256},
};

/// CometBFT's block protocol.
const BLOCK_PROTOCOL: u64 = 11;
/// Blocks are gossiped in parts of so many bytes; a block's id commits to them.
const PART_BYTES: usize = 65_536;
/// A vote is at least so much later than the block it is for.
const TIME_IOTA: Duration = Duration::from_millis(1);

/// What the chain is, besides its blocks.
#[derive(Clone, Debug)]
pub(crate) struct ChainIdentity {
    pub(crate) chain_id: chain::Id,
    pub(crate) genesis_time: Time,
    pub(crate) validators: Validators,
}

/// What the next block builds on.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    /// 0 before the first block.
    pub(crate) height: u64,
    /// Of the last block; `None` before the first.
    pub(crate) decided: Option<Decided>,
    pub(crate) app_hash: merkle::Hash,
    pub(crate) results_hash: merkle::Hash,
}

#[derive(Clone, Debug)]
pub(crate) struct Decided {
    pub(crate) id: block::Id,
    pub(crate) commit: Commit,
}

/// A block that only lacks its commit.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) header: Header,
    pub(crate) id: block::Id,
    pub(crate) block: raw::Block,
}

/// Why a block is not the next of the chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BlockError {
    #[error("the header is not the one that follows")]
    Header,
    #[error("the commit is for another block")]
    OtherBlock,
    #[error("a vote is not of its validator")]
    Vote,
    #[error("the votes have {0} of {1} power")]
    TooFewVotes(u64, u64),
    #[error("the block is not understood: {0}")]
    Malformed(String),
}

impl From<tendermint::Error> for BlockError {
    fn from(error: tendermint::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// The hash of the consensus parameters that headers commit to.
fn consensus_hash() -> Hash {
    let params = raw::HashedParams {
        block_max_bytes: MAX_BLOCK_BYTES,
        block_max_gas: BLOCK_GAS_LIMIT.cast_signed(),
    };
    Hash::Sha256(sha256(&params.encode_to_vec()))
}

fn commit_hash(commit: Option<&Commit>) -> Hash {
    let leaves: Vec<_> = commit
        .map_or(&[][..], |commit| &commit.signatures)
        .iter()
        .map(|signature| raw::CommitSig::from(signature.clone()).encode_to_vec())
        .collect();
    Hash::Sha256(merkle::root(&leaves))
}

/// The Merkle root over the transactions' SHA-256 hashes.
fn data_hash(txs: &[Vec<u8>]) -> merkle::Hash {
    let leaves: Vec<_> = txs.iter().map(|tx| sha256(tx)).collect();
    merkle::root(&leaves)
}

/// BFT time: the median of the votes' times. All votes weigh the same here.
fn median_time(commit: &Commit) -> Option<Time> {
    let mut times: Vec<_> = commit
        .signatures
        .iter()
        .filter_map(|signature| match signature {
            CommitSig::BlockIdFlagCommit { timestamp, .. }
            | CommitSig::BlockIdFlagNil { timestamp, .. } => Some(*timestamp),
            CommitSig::BlockIdFlagAbsent => None,
        })
        .collect();
    times.sort_unstable();
    // The first at which half of the power is reached.
    times.get(times.len().checked_sub(1)? / 2).copied()
}

/// When a vote for a block of `block_time` is cast, the clock showing `now`.
pub(crate) fn vote_time(block_time: Time, now: Time) -> Time {
    let earliest = block_time.checked_add(TIME_IOTA).unwrap_or(block_time);
    now.max(earliest)
}

/// The time of the block after `parent`.
pub(crate) fn next_time(chain: &ChainIdentity, parent: &Parent) -> Time {
    parent
        .decided
        .as_ref()
        .and_then(|decided| median_time(&decided.commit))
        .unwrap_or(chain.genesis_time)
}

/// The block after `parent` with these transactions: there is only one.
pub(crate) fn propose(
    chain: &ChainIdentity,
    parent: &Parent,
    txs: Vec<Vec<u8>>,
) -> Result<Proposal, BlockError> {
    let height = parent.height + 1;
    let validators_hash = chain.validators.set().hash();
    let last_commit = parent.decided.as_ref().map(|decided| &decided.commit);
    let header = Header {
        version: Version {
            block: BLOCK_PROTOCOL,
            app: 0,
        },
        chain_id: chain.chain_id.clone(),
        height: block::Height::try_from(height)?,
        time: next_time(chain, parent),
        last_block_id: parent.decided.as_ref().map(|decided| decided.id),
        last_commit_hash: Some(commit_hash(last_commit)),
        data_hash: Some(Hash::Sha256(data_hash(&txs))),
        validators_hash,
        next_validators_hash: validators_hash,
        consensus_hash: consensus_hash(),
        app_hash: AppHash::try_from(parent.app_hash.to_vec())?,
        last_results_hash: Some(Hash::Sha256(parent.results_hash)),
        evidence_hash: Some(Hash::Sha256(merkle::root::<&[u8]>(&[]))),
        proposer_address: chain.validators.proposer(height),
    };
    let block = raw::Block {
        header: Some(header.clone().into()),
        data: Some(raw::Data { txs }),
        evidence: Some(raw::EvidenceList::default()),
        last_commit: Some(last_commit.cloned().map(Into::into).unwrap_or_default()),
    };
    let bytes = block.encode_to_vec();
    let parts: Vec<_> = bytes.chunks(PART_BYTES).collect();
    let total = u32::try_from(parts.len()).map_err(|e| BlockError::Malformed(e.to_string()))?;
    let part_set_header = parts::Header::new(total, Hash::Sha256(merkle::root(&parts)))?;
    let id = block::Id {
        hash: header.hash(),
        part_set_header,
    };
    Ok(Proposal { header, id, block })
}

/// Checks a decided block of others: that it is the one after `parent`, and that more than two
/// thirds of the validators' power signed it.
pub(crate) fn check(
    chain: &ChainIdentity,
    parent: &Parent,
    block: &raw::Block,
    commit: &Commit,
) -> Result<Proposal, BlockError> {
    let txs = block.data.clone().unwrap_or_default().txs;
    let proposal = propose(chain, parent, txs)?;
    if proposal.block != *block {
        return Err(BlockError::Header);
    }
    check_commit(chain, &proposal, commit)?;
    Ok(proposal)
}

fn check_commit(
    chain: &ChainIdentity,
    proposal: &Proposal,
    commit: &Commit,
) -> Result<(), BlockError> {
    let infos = chain.validators.infos();
    if commit.height != proposal.header.height
        || commit.block_id != proposal.id
        || commit.signatures.len() != infos.len()
    {
        return Err(BlockError::OtherBlock);
    }
    let mut power = 0;
    for (vote, info) in commit.signatures.iter().zip(infos) {
        let CommitSig::BlockIdFlagCommit {
            validator_address,
            timestamp,
            signature,
        } = vote
        else {
            continue;
        };
        if *validator_address != info.address {
            return Err(BlockError::Vote);
        }
        let message = vote_bytes(
            &chain.chain_id,
            commit.height,
            proposal.id,
            info.address,
            *timestamp,
        );
        let signature = signature.as_ref().ok_or(BlockError::Vote)?;
        info.verify_signature::<tendermint::crypto::default::signature::Verifier>(
            &message, signature,
        )
        .map_err(|_| BlockError::Vote)?;
        power += info.power();
    }
    let total = chain.validators.total_power();
    if 3 * power > 2 * total {
        Ok(())
    } else {
        Err(BlockError::TooFewVotes(power, total))
    }
}
