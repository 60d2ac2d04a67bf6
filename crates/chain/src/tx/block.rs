use alloy::{
    consensus::{Transaction, TxEnvelope, transaction::SignerRecoverable},
    eips::Decodable2718,
    primitives::{B256, Bytes, Log, keccak256},
};
use dhc_domain::{Height, Timestamp, TxHash, UnprovenReason};
use prost::Message;
use tendermint::{
    Hash, block::Header, crypto::default::Sha256, merkle::simple_hash_from_byte_vectors,
};
use tendermint_proto::v0_38::abci::ExecTxResult;

use super::{ProvenReceipt, TxStatus, envelope};
use crate::{
    Chain, SyncError,
    light::seconds,
    node::{Blame, CometNode, NodeError, Severity, TxOutcome},
};

/// The Ethereum transactions of a block with their results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenBlock {
    pub height: Height,
    pub time: Timestamp,
    pub txs: Vec<ProvenReceipt>,
}

/// What a node handed over is not the block that the headers commit to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    #[error("the transactions are not the header's")]
    Transactions,
    #[error("the results are not the next header's")]
    Results,
    #[error("transactions and results differ in number")]
    Count,
    #[error("a proven result is not understood")]
    Encoding,
}

/// Why a transaction's fate is not known.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReceiptError {
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error("no node answers: {0}")]
    Unreachable(String),
    #[error("no node has the block")]
    Unavailable,
    #[error("a node's block does not verify: {0}")]
    Untrusted(String),
}

impl ReceiptError {
    pub fn reason(&self) -> UnprovenReason {
        match self {
            Self::Sync(e) => e.reason(),
            Self::Unreachable(_) => UnprovenReason::NetworkUnreachable,
            Self::Unavailable => UnprovenReason::ProofUnavailable,
            Self::Untrusted(_) => UnprovenReason::NodeUntrusted,
        }
    }
}

impl From<NodeError> for ReceiptError {
    fn from(e: NodeError) -> Self {
        match e.blame() {
            Blame::Unreachable => Self::Unreachable(e.to_string()),
            Blame::Refused => Self::Unavailable,
            Blame::Untrusted => Self::Untrusted(e.to_string()),
        }
    }
}

impl From<BlockFault> for ReceiptError {
    fn from(e: BlockFault) -> Self {
        Self::Untrusted(e.to_string())
    }
}

impl Severity for ReceiptError {
    fn severity(&self) -> u8 {
        match self {
            Self::Unreachable(_) => 0,
            Self::Unavailable => 1,
            Self::Untrusted(_) => 2,
            Self::Sync(_) => 3,
        }
    }

    fn is_the_nodes(&self) -> bool {
        !matches!(self, Self::Sync(_))
    }

    fn of_the_node(&self) -> Option<UnprovenReason> {
        Some(self.reason())
    }
}

impl Chain {
    /// The Ethereum transactions of a block and their results, proven. The head must be past
    /// `height`: results stand in the next header. On Ethereum they stand in the block's own.
    pub async fn block(&self, height: Height) -> Result<ProvenBlock, ReceiptError> {
        if let Some(ethereum) = &self.ethereum {
            return ethereum.block(height).await;
        }
        let next = self.light.header(height.next()).await?;
        let header = self.light.header(height).await?;
        let none = || ReceiptError::Unreachable("the network names no node".into());
        self.comet
            .ask(none, |node| {
                let (header, next) = (&header, &next);
                async move { fetch(&node, header, next).await }
            })
            .await
    }
}

async fn fetch(
    node: &CometNode,
    header: &Header,
    next: &Header,
) -> Result<ProvenBlock, ReceiptError> {
    let height = Height(header.height.value());
    let txs = node.block_txs(height).await?;
    let outcomes = node.block_results(height).await?;
    Ok(open(header, next, &txs, &outcomes)?)
}

/// Checks a block's transactions against its header and their results against the next one, and
/// reads the Ethereum transactions in it. Pure.
pub(super) fn open(
    header: &Header,
    next: &Header,
    txs: &[Vec<u8>],
    outcomes: &[TxOutcome],
) -> Result<ProvenBlock, BlockFault> {
    if root(&txs.iter().map(|tx| sha256(tx)).collect::<Vec<_>>())
        != header.data_hash.unwrap_or(empty())
    {
        return Err(BlockFault::Transactions);
    }
    if txs.len() != outcomes.len() {
        return Err(BlockFault::Count);
    }
    let results: Vec<_> = outcomes.iter().map(deterministic).collect();
    if root(&results) != next.last_results_hash.unwrap_or(empty()) {
        return Err(BlockFault::Results);
    }
    let (height, time) = (Height(header.height.value()), seconds(header));
    let mut receipts = Vec::new();
    for (tx, outcome) in txs.iter().zip(outcomes) {
        for (place, raw) in envelope::ethereum_txs(tx) {
            receipts.extend(receipt(&raw, place, outcome, height, time)?);
        }
    }
    Ok(ProvenBlock {
        height,
        time,
        txs: receipts,
    })
}

/// `None` for bytes that are no Ethereum transaction: a proposer may include them, execution
/// refuses them.
fn receipt(
    raw: &[u8],
    place: usize,
    outcome: &TxOutcome,
    height: Height,
    time: Timestamp,
) -> Result<Option<ProvenReceipt>, BlockFault> {
    let Ok(tx) = TxEnvelope::decode_2718_exact(raw) else {
        return Ok(None);
    };
    let Ok(from) = tx.recover_signer() else {
        return Ok(None);
    };
    let hash = keccak256(raw);
    let mut receipt = ProvenReceipt {
        tx: TxHash(hash),
        from,
        to: tx.to(),
        value: tx.value(),
        nonce: tx.nonce(),
        input: tx.input().clone(),
        gas_limit: tx.gas_limit(),
        max_fee_per_gas: tx.max_fee_per_gas(),
        max_priority_fee_per_gas: tx
            .max_priority_fee_per_gas()
            .unwrap_or_else(|| tx.max_fee_per_gas()),
        height,
        time,
        status: TxStatus::Refused,
        gas_used: u64::try_from(outcome.gas_used).unwrap_or(0),
        vm_error: String::new(),
        ret: Bytes::new(),
        logs: Vec::new(),
    };
    if outcome.code != 0 {
        receipt.vm_error = format!("refused with code {}", outcome.code);
        return Ok(Some(receipt));
    }
    let response = envelope::response(&outcome.data, place).ok_or(BlockFault::Encoding)?;
    if response.hash.parse() != Ok(hash) {
        return Err(BlockFault::Encoding);
    }
    receipt.status = if response.vm_error.is_empty() {
        TxStatus::Ok
    } else {
        TxStatus::Reverted
    };
    receipt.gas_used = response.gas_used;
    receipt.logs = response
        .logs
        .iter()
        .map(log)
        .collect::<Option<_>>()
        .ok_or(BlockFault::Encoding)?;
    receipt.vm_error = response.vm_error;
    receipt.ret = response.ret.into();
    Ok(Some(receipt))
}

fn log(log: &envelope::Log) -> Option<Log> {
    let topics: Option<Vec<B256>> = log.topics.iter().map(|t| t.parse().ok()).collect();
    Log::new(log.address.parse().ok()?, topics?, log.data.clone().into())
}

/// What `last_results_hash` commits to of a result (CometBFT `types/results.go`).
fn deterministic(outcome: &TxOutcome) -> Vec<u8> {
    ExecTxResult {
        code: outcome.code,
        data: outcome.data.clone().into(),
        gas_wanted: outcome.gas_wanted,
        gas_used: outcome.gas_used,
        ..ExecTxResult::default()
    }
    .encode_to_vec()
}

fn root(leaves: &[Vec<u8>]) -> Hash {
    Hash::Sha256(simple_hash_from_byte_vectors::<Sha256>(leaves))
}

fn empty() -> Hash {
    root(&[])
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    <Sha256 as tendermint::crypto::Sha256>::digest(bytes).to_vec()
}
