//! Tendermint blocks: what a header says, who signs it, and whether it may be believed.

mod block;
mod validators;

pub(crate) use block::{
    BlockError, ChainIdentity, Decided, Parent, Proposal, check, next_time, propose, vote_time,
};
pub(crate) use validators::{Signers, VALIDATORS, Validators};

/// Bytes of a block at most, CometBFT's default.
pub(crate) const MAX_BLOCK_BYTES: i64 = 4_194_304;
