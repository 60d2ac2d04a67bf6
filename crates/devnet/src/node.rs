//! One node: the chain as it keeps it. The leading node composes blocks from its pool; a
//! follower takes the leader's, and believes nothing that it has not verified and executed.

#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use alloy::primitives::{Address, B256};
use revm::context::result::InvalidTransaction;
use tendermint::{Time, block::Commit, chain};

use crate::{
    consensus::{
        BlockError, ChainIdentity, Decided, Parent, Proposal, Signers, check, next_time, propose,
        vote_time,
    },
    envelope,
    execution::{
        BLOCK_GAS_LIMIT, BlockContext, Executed, Executor, Refusal, next_base_fee, outcomes,
    },
    genesis::{Genesis, GenesisError},
    pool::{Pool, PoolError},
    signed_tx::SignedTx,
    state::BASE_FEE_KEY,
    store::{BlockRecord, NewBlock, Snapshot, Store, StoreError},
    trees::{State, StoreName, app_hash, first_state},
};

/// States that can be proven, counted back from the last block.
pub(crate) const PROVABLE_STATES: u64 = 10_000;
/// Bytes that the transactions of a block have together at most: leaves room for the rest.
const MAX_TXS_BYTES: usize = 4_000_000;

#[derive(Debug, thiserror::Error)]
pub(crate) enum NodeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    #[error("block {height}: {reason}")]
    Block { height: u64, reason: BlockError },
    #[error("block {height}: a transaction cannot be in it: {reason}")]
    Transaction { height: u64, reason: String },
    #[error("the node's genesis is another chain's")]
    OtherGenesis,
    #[error("the chain identifier is malformed")]
    ChainId,
}

pub(crate) struct Node {
    pub(crate) store: Store,
    /// How many of the newest states it keeps.
    states: u64,
    pub(crate) genesis: Genesis,
    pub(crate) identity: ChainIdentity,
    head: RwLock<Parent>,
    pool: Mutex<Pool>,
}

fn unpoisoned<T>(result: Result<T, PoisonError<T>>) -> T {
    // What the locks hold is replaced as a whole, so a panic elsewhere leaves it usable.
    result.unwrap_or_else(PoisonError::into_inner)
}

impl Node {
    /// Opens what `store` has, or begins the chain of `genesis` in it.
    pub(crate) fn open(
        store: Store,
        states: u64,
        genesis: impl FnOnce() -> Result<Genesis, GenesisError>,
    ) -> Result<Self, NodeError> {
        let mut snapshot = store.snapshot()?;
        if snapshot.genesis()?.is_none() {
            let genesis = genesis()?;
            let (roots, trees) = first_state(&snapshot, &genesis.state()?)?;
            store.put_genesis(&genesis.encode(), &roots, &trees)?;
            snapshot = store.snapshot()?;
        }
        let document = snapshot
            .genesis()?
            .ok_or(StoreError::Damaged("no genesis"))?;
        let genesis = Genesis::parse(&document)?;
        let identity = ChainIdentity {
            chain_id: chain::Id::try_from(genesis.chain_id.clone())
                .map_err(|_| NodeError::ChainId)?,
            genesis_time: genesis.time,
            validators: genesis.validators()?,
        };
        let head = RwLock::new(parent_of_next(&snapshot)?);
        let pool = Mutex::new(Pool::load(&snapshot.waiting()?, genesis.evm_chain_id));
        Ok(Self {
            store,
            states,
            genesis,
            identity,
            head,
            pool,
        })
    }

    pub(crate) fn head(&self) -> Parent {
        unpoisoned(self.head.read()).clone()
    }

    /// Height of the last block.
    pub(crate) fn height(&self) -> u64 {
        unpoisoned(self.head.read()).height
    }

    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        unpoisoned(self.pool.lock())
    }

    /// The nonce after those of the chain and of what waits.
    pub(crate) fn pending_nonce(&self, sender: Address) -> Result<u64, StoreError> {
        // The lock comes first: a block takes its transactions from the pool under it.
        let pool = self.pool();
        let snapshot = self.store.snapshot()?;
        Ok(pool.next_nonce(sender, head_state(&snapshot)?.nonce(sender)?))
    }

    /// The context in which a block after `parent` runs.
    pub(crate) fn next_context(
        &self,
        parent: &Parent,
        state: &State<'_>,
    ) -> Result<BlockContext, StoreError> {
        let time = next_time(&self.identity, parent).unix_timestamp();
        Ok(BlockContext {
            evm_chain_id: self.genesis.evm_chain_id,
            height: parent.height + 1,
            time_s: u64::try_from(time).unwrap_or(0),
            base_fee: state.next_base_fee()?,
            gas_limit: BLOCK_GAS_LIMIT,
        })
    }

    /// Takes a transaction that a client sends: once this returns, a crash does not lose it.
    pub(crate) fn submit(&self, raw: &[u8]) -> Result<B256, PoolError> {
        let tx = SignedTx::decode(raw, self.genesis.evm_chain_id)?;
        let mut pool = self.pool();
        let snapshot = self.store.snapshot()?;
        let state = head_state(&snapshot)?;
        pool.add(tx, &state, &self.store)
    }

    /// Composes, signs and keeps the next block.
    pub(crate) fn produce(
        &self,
        signers: &Signers,
        now: impl Fn() -> Time,
    ) -> Result<u64, NodeError> {
        let parent = self.head();
        let snapshot = self.store.snapshot()?;
        let state = head_state(&snapshot)?;
        let context = self.next_context(&parent, &state)?;
        let candidates = self.pool().candidates(context.base_fee);
        let mut run = Run::new(&state, context);
        let mut hopeless = Vec::new();
        for tx in candidates {
            match run.add(&tx) {
                Ok(()) => {}
                Err(Refusal::Store(error)) => return Err(error.into()),
                Err(Refusal::BlockFull) => {}
                Err(Refusal::Invalid(reason)) if may_fit_later(&reason) => {}
                Err(reason) => {
                    tracing::info!(tx = %tx.hash, %reason, "dropped a transaction");
                    hopeless.push(tx.hash.0);
                }
            }
        }
        let height = context.height;
        let proposal = propose(&self.identity, &parent, std::mem::take(&mut run.envelopes))
            .map_err(|reason| NodeError::Block { height, reason })?;
        let header = &proposal.header;
        let commit = signers.commit(&header.chain_id, header.height, proposal.id, || {
            vote_time(header.time, now())
        });
        self.keep(&state, run, proposal, commit, hopeless)
    }

    /// Verifies, executes and keeps the next block of another node.
    pub(crate) fn follow(&self, record: &BlockRecord) -> Result<u64, NodeError> {
        let parent = self.head();
        let height = parent.height + 1;
        let malformed = |reason: String| NodeError::Block {
            height,
            reason: BlockError::Malformed(reason),
        };
        let commit = Commit::try_from(record.commit().clone())
            .map_err(|error| malformed(error.to_string()))?;
        let block = record
            .block
            .as_ref()
            .ok_or_else(|| malformed("no block".to_owned()))?;
        let proposal = check(&self.identity, &parent, block, &commit)
            .map_err(|reason| NodeError::Block { height, reason })?;
        let snapshot = self.store.snapshot()?;
        let state = head_state(&snapshot)?;
        let mut run = Run::new(&state, self.next_context(&parent, &state)?);
        let refused = |reason: String| NodeError::Transaction { height, reason };
        for bytes in record.txs() {
            let opened = envelope::open(bytes).ok_or_else(|| refused("no envelope".to_owned()))?;
            let tx = SignedTx::decode(&opened.raw, self.genesis.evm_chain_id)
                .map_err(|error| refused(error.to_string()))?;
            if opened.from != tx.sender || envelope::seal(&tx) != *bytes {
                return Err(refused(
                    "an envelope that is not the transaction's".to_owned(),
                ));
            }
            run.add(&tx).map_err(|error| refused(error.to_string()))?;
        }
        self.keep(&state, run, proposal, commit, Vec::new())
    }

    fn keep(
        &self,
        state: &State<'_>,
        run: Run<'_>,
        proposal: Proposal,
        commit: Commit,
        hopeless: Vec<[u8; 32]>,
    ) -> Result<u64, NodeError> {
        let Run {
            executor,
            executed,
            context,
            ..
        } = run;
        let block_hash = B256::from_slice(proposal.id.hash.as_bytes());
        let outcomes = outcomes(&executed, context.height, block_hash, context.time_s);
        let record = BlockRecord {
            block: Some(proposal.block),
            commit: Some(commit.clone().into()),
            outcomes,
            base_fee: context.base_fee,
        };
        let mut writes = executor.into_changes().into_writes(Some(state))?;
        let base_fee = next_base_fee(context.base_fee, record.gas_used());
        if base_fee != context.base_fee {
            let digits = base_fee.to_string().into_bytes();
            writes.insert((StoreName::Feemarket, BASE_FEE_KEY.to_vec()), Some(digits));
        }
        let (roots, trees) = state.commit(&writes)?;
        let eth_hashes: Vec<_> = executed.iter().map(|done| done.tx.0).collect();
        let leaves_pool: Vec<_> = eth_hashes.iter().copied().chain(hopeless).collect();
        let new = NewBlock {
            height: context.height,
            record: &record,
            roots: &roots,
            trees: &trees,
            eth_hashes: &eth_hashes,
            leaves_pool: &leaves_pool,
        };
        // Nobody sees a transaction both waiting and in a block.
        let mut pool = self.pool();
        self.store.put_block(&new, self.states)?;
        pool.forget(&leaves_pool);
        *unpoisoned(self.head.write()) = Parent {
            height: context.height,
            decided: Some(Decided {
                id: proposal.id,
                commit,
            }),
            app_hash: app_hash(&roots),
            results_hash: record.results_hash(),
        };
        Ok(context.height)
    }
}

/// A block's transactions while they run.
struct Run<'a> {
    executor: Executor<'a>,
    context: BlockContext,
    executed: Vec<Executed>,
    envelopes: Vec<Vec<u8>>,
    bytes: usize,
}

impl<'a> Run<'a> {
    fn new(state: &'a State<'a>, context: BlockContext) -> Self {
        let executor = Executor::new(state, context);
        Self {
            executor,
            context,
            executed: Vec::new(),
            envelopes: Vec::new(),
            bytes: 0,
        }
    }

    fn add(&mut self, tx: &SignedTx) -> Result<(), Refusal> {
        let envelope = envelope::seal(tx);
        if self.bytes + envelope.len() > MAX_TXS_BYTES {
            return Err(Refusal::BlockFull);
        }
        self.executed.push(self.executor.run(tx)?);
        self.bytes += envelope.len();
        self.envelopes.push(envelope);
        Ok(())
    }
}

fn may_fit_later(reason: &InvalidTransaction) -> bool {
    matches!(
        reason,
        InvalidTransaction::NonceTooHigh { .. } | InvalidTransaction::GasPriceLessThanBasefee
    )
}

/// The state after the last block.
pub(crate) fn head_state(snapshot: &Snapshot) -> Result<State<'_>, StoreError> {
    State::at(snapshot, snapshot.head()?)?.ok_or(StoreError::Damaged("no state"))
}

fn parent_of_next(snapshot: &Snapshot) -> Result<Parent, NodeError> {
    let height = snapshot.head()?;
    let app_hash = head_state(snapshot)?.app_hash();
    let Some(record) = snapshot.block(height)? else {
        let results_hash = crate::store::results_hash(&[]);
        return Ok(Parent {
            height,
            decided: None,
            app_hash,
            results_hash,
        });
    };
    let commit =
        Commit::try_from(record.commit().clone()).map_err(|_| StoreError::Damaged("a commit"))?;
    let decided = Some(Decided {
        id: commit.block_id,
        commit,
    });
    Ok(Parent {
        height,
        decided,
        app_hash,
        results_hash: record.results_hash(),
    })
}
