//! Transactions that wait for a block: kept in the database before their hash is reported, so
//! that none is lost.

use std::collections::{BTreeMap, HashMap};

use alloy::{
    consensus::Transaction,
    primitives::{Address, B256, U256},
};

use revm::{
    context_interface::cfg::gas::calculate_initial_tx_gas_for_tx, primitives::hardfork::SpecId,
};

use crate::{
    execution::{BLOCK_GAS_LIMIT, MIN_BASE_FEE},
    signed_tx::{SignedTx, TxError},
    store::{Store, StoreError},
    trees::State,
};

/// Transactions that may wait at once, and of one sender.
const CAPACITY: usize = 4_096;
const PER_SENDER: usize = 64;
/// A replacement pays at least so many percent more.
const PRICE_BUMP: u128 = 10;
/// EIP-3860.
const MAX_INIT_CODE_BYTES: usize = 49_152;

/// Why a transaction is not taken. The texts are go-ethereum's: clients look for them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoolError {
    #[error(transparent)]
    Tx(#[from] TxError),
    #[error("already known")]
    AlreadyKnown,
    #[error("nonce too low: next nonce {next}, tx nonce {given}")]
    NonceTooLow { next: u64, given: u64 },
    #[error("insufficient funds for gas * price + value: balance {balance}, tx cost {cost}")]
    InsufficientFunds { balance: U256, cost: U256 },
    #[error("exceeds block gas limit")]
    GasLimit,
    #[error("intrinsic gas too low: gas {given}, minimum needed {needed}")]
    IntrinsicGas { given: u64, needed: u64 },
    #[error("transaction gas price below minimum: gas fee cap {0}, minimum needed {MIN_BASE_FEE}")]
    Underpriced(u128),
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveFee,
    #[error("max initcode size exceeded: code size {0}, limit {MAX_INIT_CODE_BYTES}")]
    InitCode(usize),
    #[error("replacement transaction underpriced")]
    ReplacementUnderpriced,
    #[error("txpool is full")]
    Full,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Default)]
pub(crate) struct Pool {
    by_sender: BTreeMap<Address, BTreeMap<u64, SignedTx>>,
    by_hash: HashMap<B256, (Address, u64)>,
}

impl Pool {
    /// What waited when the database was last written. Transactions that are not understood any
    /// more are passed over.
    pub(crate) fn load(raw: &[Vec<u8>], evm_chain_id: u64) -> Self {
        let mut pool = Self::default();
        for tx in raw
            .iter()
            .filter_map(|raw| SignedTx::decode(raw, evm_chain_id).ok())
        {
            pool.insert(tx);
        }
        pool
    }

    fn insert(&mut self, tx: SignedTx) {
        self.by_hash.insert(tx.hash, (tx.sender, tx.nonce()));
        self.by_sender
            .entry(tx.sender)
            .or_default()
            .insert(tx.nonce(), tx);
    }

    fn remove(&mut self, hash: &B256) {
        let Some((sender, nonce)) = self.by_hash.remove(hash) else {
            return;
        };
        if let Some(own) = self.by_sender.get_mut(&sender) {
            own.remove(&nonce);
            if own.is_empty() {
                self.by_sender.remove(&sender);
            }
        }
    }

    pub(crate) fn get(&self, hash: &B256) -> Option<&SignedTx> {
        let (sender, nonce) = self.by_hash.get(hash)?;
        self.by_sender.get(sender)?.get(nonce)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_hash.len()
    }

    /// The nonce after those of the chain and of what waits without a gap.
    pub(crate) fn next_nonce(&self, sender: Address, on_chain: u64) -> u64 {
        let Some(own) = self.by_sender.get(&sender) else {
            return on_chain;
        };
        own.range(on_chain..)
            .zip(on_chain..)
            .take_while(|((nonce, _), expected)| **nonce == *expected)
            .last()
            .map_or(on_chain, |((nonce, _), _)| nonce + 1)
    }

    /// Takes a transaction in, once it is in the database.
    pub(crate) fn add(
        &mut self,
        tx: SignedTx,
        state: &State<'_>,
        store: &Store,
    ) -> Result<B256, PoolError> {
        if self.by_hash.contains_key(&tx.hash) {
            return Err(PoolError::AlreadyKnown);
        }
        check(&tx, state)?;
        let own = self.by_sender.get(&tx.sender);
        let replaced = own.and_then(|own| own.get(&tx.nonce()));
        if let Some(waiting) = replaced {
            let dearer = |new: u128, old: u128| new >= old + old * PRICE_BUMP / 100;
            let tip = |tx: &SignedTx| {
                tx.envelope
                    .max_priority_fee_per_gas()
                    .unwrap_or(tx.max_fee_per_gas())
            };
            if !dearer(tx.max_fee_per_gas(), waiting.max_fee_per_gas())
                || !dearer(tip(&tx), tip(waiting))
            {
                return Err(PoolError::ReplacementUnderpriced);
            }
        } else if self.by_hash.len() >= CAPACITY || own.is_some_and(|own| own.len() >= PER_SENDER) {
            return Err(PoolError::Full);
        }
        let replaced = replaced.map(|tx| tx.hash);
        store.put_waiting(&tx.hash, &tx.raw, replaced.as_ref().map(|hash| &hash.0))?;
        if let Some(replaced) = replaced {
            self.remove(&replaced);
        }
        let hash = tx.hash;
        self.insert(tx);
        Ok(hash)
    }

    /// What could be in the next block: each sender's in the order of their nonces, and among
    /// senders the best paying first.
    pub(crate) fn candidates(&self, base_fee: u64) -> Vec<SignedTx> {
        let mut queues: Vec<_> = self
            .by_sender
            .values()
            .map(|own| own.values().peekable())
            .collect();
        let mut chosen = Vec::new();
        loop {
            let best = queues
                .iter_mut()
                .enumerate()
                .filter_map(|(i, queue)| Some((i, queue.peek()?.effective_gas_price(base_fee))))
                .max_by_key(|(i, price)| (*price, std::cmp::Reverse(*i)));
            let Some((index, _)) = best else {
                return chosen;
            };
            chosen.extend(queues[index].next().cloned());
        }
    }

    /// Forgets what a block took, or what can never be in one.
    pub(crate) fn forget(&mut self, hashes: &[[u8; 32]]) {
        for hash in hashes {
            self.remove(&B256::from(*hash));
        }
    }
}

fn check(tx: &SignedTx, state: &State<'_>) -> Result<(), PoolError> {
    let envelope = &tx.envelope;
    let fee_cap = tx.max_fee_per_gas();
    if envelope.gas_limit() > BLOCK_GAS_LIMIT {
        return Err(PoolError::GasLimit);
    }
    if envelope
        .max_priority_fee_per_gas()
        .is_some_and(|tip| tip > fee_cap)
    {
        return Err(PoolError::TipAboveFee);
    }
    if fee_cap < MIN_BASE_FEE.into() {
        return Err(PoolError::Underpriced(fee_cap));
    }
    if envelope.is_create() && envelope.input().len() > MAX_INIT_CODE_BYTES {
        return Err(PoolError::InitCode(envelope.input().len()));
    }
    let needed = intrinsic_gas(tx);
    if envelope.gas_limit() < needed {
        return Err(PoolError::IntrinsicGas {
            given: envelope.gas_limit(),
            needed,
        });
    }
    let next = state.nonce(tx.sender)?;
    if tx.nonce() < next {
        return Err(PoolError::NonceTooLow {
            next,
            given: tx.nonce(),
        });
    }
    let balance = state.balance(tx.sender)?;
    let cost =
        (U256::from(fee_cap) * U256::from(envelope.gas_limit())).saturating_add(envelope.value());
    if balance < cost {
        return Err(PoolError::InsufficientFunds { balance, cost });
    }
    Ok(())
}

/// The gas that a transaction costs before it runs, with the floor of EIP-7623.
fn intrinsic_gas(tx: &SignedTx) -> u64 {
    let gas = calculate_initial_tx_gas_for_tx(tx.to_env(), SpecId::PRAGUE, None);
    gas.initial_regular_gas.max(gas.floor_gas)
}
