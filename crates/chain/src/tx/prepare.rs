use alloy::consensus::TxEip1559;
use dhc_domain::{Address, Amount, U256, UnprovenReason};
use serde_json::{Value, json};

use super::{PreparedTx, Revert, SignedTx, TxRequest, request::kind};
use crate::{
    At, Chain, ReadError,
    node::{Blame, EvmNode, NodeError, Severity},
};

/// Above this a fee is not believed: 10,000 gwei a unit of gas.
const MAX_FEE_PER_GAS: u128 = 10_000_000_000_000;
/// More gas than any act of the product needs.
const MAX_GAS: u64 = 30_000_000;
/// Room over a node's estimate for what other transactions change meanwhile, percent.
const GAS_MARGIN: u64 = 20;
/// Room over the present base fee: it rises by at most an eighth a block.
const BASE_FEE_FACTOR: u128 = 2;

/// Why a transaction cannot be prepared.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PrepareError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("no node answers: {0}")]
    Unreachable(String),
    #[error("the account has {} {coin} and may need {}", have.to_dhl(), need.to_dhl())]
    InsufficientFunds {
        have: Amount,
        need: Amount,
        /// What fees are paid in; DHL and ether both have 18 decimals.
        coin: &'static str,
    },
    /// A node answered what no honest node answers.
    #[error("a node's answer is not believed: {0}")]
    Untrusted(String),
    /// A node says that the contract would refuse. Nothing is proven by that.
    #[error("the contract would refuse: {0}")]
    WouldRevert(Revert),
    /// A node names a fee or a gas limit out of all proportion.
    #[error("the node's fees are not believed")]
    FeesUnreasonable,
    #[error("the node does not estimate the transaction: {0}")]
    Refused(String),
}

impl PrepareError {
    /// The wire's reason where the network is at fault; `None` where the wish is.
    pub fn reason(&self) -> Option<UnprovenReason> {
        match self {
            Self::Read(e) => Some(e.reason()),
            Self::Unreachable(_) => Some(UnprovenReason::NetworkUnreachable),
            Self::FeesUnreasonable | Self::Untrusted(_) => Some(UnprovenReason::NodeUntrusted),
            Self::InsufficientFunds { .. } | Self::WouldRevert(_) | Self::Refused(_) => None,
        }
    }
}

impl From<NodeError> for PrepareError {
    fn from(e: NodeError) -> Self {
        match e {
            NodeError::Refused {
                data: Some(data), ..
            } if data.starts_with("0x") => {
                Self::WouldRevert(Revert::decode(&hex::decode(&data[2..]).unwrap_or_default()))
            }
            NodeError::Refused { message, .. } => Self::Refused(message),
            e => match e.blame() {
                Blame::Untrusted => Self::Untrusted(e.to_string()),
                Blame::Unreachable | Blame::Refused => Self::Unreachable(e.to_string()),
            },
        }
    }
}

impl Severity for PrepareError {
    fn severity(&self) -> u8 {
        match self {
            Self::Unreachable(_) => 0,
            Self::Refused(_) => 1,
            Self::FeesUnreasonable | Self::Untrusted(_) => 2,
            Self::WouldRevert(_) => 3,
            Self::Read(_) | Self::InsufficientFunds { .. } => 4,
        }
    }

    fn is_the_nodes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Refused(_) | Self::FeesUnreasonable | Self::Untrusted(_)
        )
    }

    fn of_the_node(&self) -> Option<UnprovenReason> {
        self.reason()
    }
}

/// What became of a broadcast. None of these says that the transaction is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BroadcastVerdict {
    Accepted,
    /// The node has it already.
    AlreadyKnown,
    /// The account has used this nonce: this transaction or another took it.
    NonceUsed,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BroadcastError {
    #[error("no node takes the transaction: {0}")]
    Unreachable(String),
    /// A node took it, perhaps, and answered what no honest node answers.
    #[error("a node's answer is not believed: {0}")]
    Untrusted(String),
    #[error("the account cannot pay for the transaction")]
    InsufficientFunds,
    #[error("the node refuses the transaction: {0}")]
    Refused(String),
}

impl Severity for BroadcastError {
    fn severity(&self) -> u8 {
        match self {
            Self::Unreachable(_) => 0,
            Self::Refused(_) => 1,
            Self::Untrusted(_) => 2,
            Self::InsufficientFunds => 3,
        }
    }

    fn is_the_nodes(&self) -> bool {
        true
    }

    fn of_the_node(&self) -> Option<UnprovenReason> {
        match self {
            Self::Unreachable(_) => Some(UnprovenReason::NetworkUnreachable),
            Self::Untrusted(_) => Some(UnprovenReason::NodeUntrusted),
            Self::InsufficientFunds | Self::Refused(_) => None,
        }
    }
}

/// More transactions of one account than wait to be finalized.
const MAX_UNDER_WAY: u64 = 64;

struct Fees {
    max: u128,
    priority: u128,
    gas: u64,
}

impl Chain {
    /// Builds an EIP-1559 transaction: nonce and balance proven, fees and gas as a node says but
    /// within bounds.
    pub async fn prepare(&self, request: &TxRequest) -> Result<PreparedTx, PrepareError> {
        let head = self.head().await.map_err(ReadError::from)?;
        let nonce = match request.nonce {
            Some(nonce) => nonce,
            None => self.next_nonce(request.from).await?,
        };
        let have = self.coin(request.from, At::Latest).await?.value;
        let coin = if self.ethereum.is_some() {
            "ETH"
        } else {
            "DHL"
        };
        if have.0 < request.value {
            return Err(PrepareError::InsufficientFunds {
                have,
                need: Amount(request.value),
                coin,
            });
        }
        let none = || PrepareError::Unreachable("the network names no Ethereum endpoint".into());
        let fees = self
            .evm
            .ask(
                none,
                |node| async move { fees(&node, request, nonce).await },
            )
            .await?;
        let prepared = PreparedTx {
            from: request.from,
            tx: TxEip1559 {
                chain_id: self.network.evm_chain_id,
                nonce,
                gas_limit: fees.gas,
                max_fee_per_gas: fees.max,
                max_priority_fee_per_gas: fees.priority,
                to: kind(request.to),
                value: request.value,
                access_list: Default::default(),
                input: request.data.clone(),
            },
            since: head.height,
        };
        let need = prepared.max_cost();
        if have < need {
            return Err(PrepareError::InsufficientFunds { have, need, coin });
        }
        Ok(prepared)
    }

    /// The proven nonce. Ethereum finalizes minutes later: there, what a node says of transactions
    /// under way counts within bounds; if it lies, the transaction waits.
    async fn next_nonce(&self, account: Address) -> Result<u64, PrepareError> {
        let proven = self.nonce(account, At::Latest).await?.value;
        if self.ethereum.is_none() {
            return Ok(proven);
        }
        let none = || PrepareError::Unreachable("the network names no Ethereum endpoint".into());
        let said = self
            .evm
            .ask(none, |node| async move {
                Ok::<_, PrepareError>(node.pending_nonce(account).await?)
            })
            .await?;
        Ok(said.clamp(proven, proven.saturating_add(MAX_UNDER_WAY)))
    }

    /// Hands a signed transaction to the nodes. Safe to repeat.
    pub async fn broadcast(&self, tx: &SignedTx) -> Result<BroadcastVerdict, BroadcastError> {
        let none = || BroadcastError::Unreachable("the network names no Ethereum endpoint".into());
        self.evm
            .ask(none, |node| async move { send(&node, tx).await })
            .await
    }
}

async fn fees(node: &EvmNode, request: &TxRequest, nonce: u64) -> Result<Fees, PrepareError> {
    let price = bounded(node.gas_price().await?)?;
    let priority = bounded(node.priority_fee().await?)?;
    let max = price
        .saturating_mul(BASE_FEE_FACTOR)
        .saturating_add(priority)
        .min(MAX_FEE_PER_GAS);
    let gas = match request.gas_limit {
        Some(gas) => gas,
        None => {
            let estimate = node.estimate_gas(call(request, nonce)).await?;
            let estimate = u64::try_from(estimate).map_err(|_| PrepareError::FeesUnreasonable)?;
            // A plain transfer costs what it costs.
            if request.data.is_empty() && estimate == 21_000 {
                estimate
            } else {
                estimate.saturating_mul(100 + GAS_MARGIN) / 100
            }
        }
    };
    if gas > MAX_GAS {
        return Err(PrepareError::FeesUnreasonable);
    }
    Ok(Fees {
        max,
        priority: priority.min(max),
        gas,
    })
}

fn bounded(fee: U256) -> Result<u128, PrepareError> {
    u128::try_from(fee)
        .ok()
        .filter(|f| *f <= MAX_FEE_PER_GAS)
        .ok_or(PrepareError::FeesUnreasonable)
}

fn call(request: &TxRequest, nonce: u64) -> Value {
    let mut call = json!({
        "from": request.from,
        "value": request.value,
        "nonce": format!("{nonce:#x}"),
        "data": request.data,
    });
    if let Some(to) = request.to {
        call["to"] = json!(to);
    }
    call
}

/// Nodes say what is wrong with a transaction in words; these are go-ethereum's and cosmos/evm's.
async fn send(node: &EvmNode, tx: &SignedTx) -> Result<BroadcastVerdict, BroadcastError> {
    match node.send_raw(&tx.raw).await {
        Ok(_) => Ok(BroadcastVerdict::Accepted),
        Err(NodeError::Refused { message, .. }) => {
            let says = message.to_lowercase();
            let has = |words: &[&str]| words.iter().any(|w| says.contains(w));
            if has(&[
                "already known",
                "already in mempool",
                "tx already exists",
                "already exists in cache",
            ]) {
                Ok(BroadcastVerdict::AlreadyKnown)
            } else if has(&["nonce too low", "invalid nonce"]) {
                Ok(BroadcastVerdict::NonceUsed)
            } else if has(&["insufficient fund"]) {
                Err(BroadcastError::InsufficientFunds)
            } else {
                Err(BroadcastError::Refused(message))
            }
        }
        Err(e) => Err(match e.blame() {
            Blame::Untrusted => BroadcastError::Untrusted(e.to_string()),
            Blame::Unreachable | Blame::Refused => BroadcastError::Unreachable(e.to_string()),
        }),
    }
}
