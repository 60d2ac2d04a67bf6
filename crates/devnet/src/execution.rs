//! Runs transactions on the state of the block before, by the rules of the Prague fork and of
//! cosmos/evm: the fees of a block, base fee included, go to the fee collector, and at least half
//! of a transaction's gas limit is charged.

use alloy::{
    consensus::Transaction,
    primitives::{Address, B256, Bytes, Log, U256, address},
};
use revm::{
    Context, Database, DatabaseCommit, ExecuteEvm, MainBuilder, MainContext,
    context::{
        BlockEnv, CfgEnv, TxEnv,
        result::{EVMError, ExecutionResult, HaltReason, InvalidTransaction, ResultAndState},
    },
    database::CacheDB,
    primitives::hardfork::SpecId,
};

use crate::{
    envelope::{EthereumTxResponse, EventLog},
    signed_tx::SignedTx,
    state::Changes,
    store::{StoreError, TxOutcome},
    trees::State,
};

/// Gas of all transactions of a block together.
pub(crate) const BLOCK_GAS_LIMIT: u64 = 40_000_000;
/// adhl per gas: where the base fee begins, and below which it does not fall.
pub(crate) const MIN_BASE_FEE: u64 = 1_000_000_000;
/// EIP-1559.
const ELASTICITY: u64 = 2;
const BASE_FEE_CHANGE_DENOMINATOR: u64 = 8;
/// cosmos/evm's `MinGasMultiplier` of one half: the divisor of the gas limit.
const MIN_GAS_DIVISOR: u64 = 2;

/// The Cosmos SDK's module account "fee_collector": the first 20 bytes of the name's SHA-256.
pub(crate) const FEE_COLLECTOR: Address = address!("f1829676db577682e944fc3493d451b67ff3e29f");

/// The block in which transactions run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockContext {
    pub(crate) evm_chain_id: u64,
    pub(crate) height: u64,
    /// Seconds since 1970.
    pub(crate) time_s: u64,
    /// adhl per gas.
    pub(crate) base_fee: u64,
    pub(crate) gas_limit: u64,
}

impl BlockContext {
    pub(crate) fn block_env(&self) -> BlockEnv {
        BlockEnv {
            number: U256::from(self.height),
            beneficiary: FEE_COLLECTOR,
            timestamp: U256::from(self.time_s),
            gas_limit: self.gas_limit,
            basefee: self.base_fee,
            // cosmos/evm has no randomness to offer and says so by the greatest value.
            prevrandao: Some(B256::repeat_byte(0xff)),
            ..BlockEnv::default()
        }
    }

    pub(crate) fn cfg(&self) -> CfgEnv {
        CfgEnv::new()
            .with_chain_id(self.evm_chain_id)
            .with_spec_and_mainnet_gas_params(SpecId::PRAGUE)
    }
}

/// The base fee of the block after one with this base fee and gas, by EIP-1559, adhl per gas.
pub(crate) fn next_base_fee(base_fee: u64, gas_used: u64) -> u64 {
    let target = BLOCK_GAS_LIMIT / ELASTICITY;
    let delta = |difference: u64| {
        let delta = u128::from(base_fee) * u128::from(difference)
            / u128::from(target)
            / u128::from(BASE_FEE_CHANGE_DENOMINATOR);
        u64::try_from(delta).unwrap_or(u64::MAX)
    };
    if gas_used > target {
        base_fee.saturating_add(delta(gas_used - target).max(1))
    } else {
        base_fee
            .saturating_sub(delta(target - gas_used))
            .max(MIN_BASE_FEE)
    }
}

/// Why a transaction cannot be in the block.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The block has no room for its gas: the next one may.
    #[error("the block is full")]
    BlockFull,
    #[error("{0}")]
    Invalid(InvalidTransaction),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("execution: {0}")]
    Fatal(String),
}

impl From<EVMError<StoreError>> for Refusal {
    fn from(error: EVMError<StoreError>) -> Self {
        match error {
            EVMError::Transaction(invalid) => Self::Invalid(invalid),
            EVMError::Database(error) => Self::Store(error),
            other => Self::Fatal(other.to_string()),
        }
    }
}

/// What a transaction did, before the block that holds it has a hash.
#[derive(Clone, Debug)]
pub(crate) struct Executed {
    pub(crate) tx: B256,
    pub(crate) gas_limit: u64,
    /// Charged.
    pub(crate) gas_used: u64,
    pub(crate) max_used_gas: u64,
    pub(crate) logs: Vec<Log>,
    pub(crate) ret: Bytes,
    /// Empty where it succeeded.
    pub(crate) vm_error: String,
}

/// Runs a block's transactions one after the other.
pub(crate) struct Executor<'a> {
    cache: CacheDB<&'a State<'a>>,
    block: BlockContext,
    changes: Changes,
    gas_left: u64,
}

impl<'a> Executor<'a> {
    pub(crate) fn new(parent: &'a State<'a>, block: BlockContext) -> Self {
        Self {
            cache: CacheDB::new(parent),
            block,
            changes: Changes::default(),
            gas_left: block.gas_limit,
        }
    }

    /// Runs `tx` after those before it. A refused transaction leaves no trace.
    pub(crate) fn run(&mut self, tx: &SignedTx) -> Result<Executed, Refusal> {
        let gas_limit = tx.envelope.gas_limit();
        if gas_limit > self.gas_left {
            return Err(Refusal::BlockFull);
        }
        let ResultAndState { result, state } =
            transact(&mut self.cache, &self.block, self.block.cfg(), tx.to_env())?;
        let gas_used = result.tx_gas_used().max(gas_limit / MIN_GAS_DIVISOR);
        let max_used_gas = result.gas().total_gas_spent().max(gas_used);
        self.changes.absorb(&state);
        self.cache.commit(state);
        // The engine charged what was used, and burned the base fee of that.
        let uncharged = u128::from(gas_used - result.tx_gas_used());
        let more = U256::from(uncharged * tx.effective_gas_price(self.block.base_fee));
        let burned = U256::from(u128::from(result.tx_gas_used()) * u128::from(self.block.base_fee));
        self.move_coins(tx.sender, more, |balance, coins| {
            balance.saturating_sub(coins)
        })?;
        self.move_coins(FEE_COLLECTOR, more + burned, U256::saturating_add)?;
        self.gas_left -= gas_used;
        let (logs, ret, vm_error) = match result {
            ExecutionResult::Success { logs, output, .. } => {
                (logs, output.into_data(), String::new())
            }
            ExecutionResult::Revert { output, .. } => {
                (Vec::new(), output, "execution reverted".to_owned())
            }
            ExecutionResult::Halt { reason, .. } => (Vec::new(), Bytes::new(), halted(&reason)),
        };
        Ok(Executed {
            tx: tx.hash,
            gas_limit,
            gas_used,
            max_used_gas,
            logs,
            ret,
            vm_error,
        })
    }

    fn move_coins(
        &mut self,
        address: Address,
        coins: U256,
        change: impl Fn(U256, U256) -> U256,
    ) -> Result<(), StoreError> {
        if coins.is_zero() {
            return Ok(());
        }
        let mut info = self.cache.basic(address)?.unwrap_or_default();
        info.balance = change(info.balance, coins);
        self.cache.insert_account_info(address, info.clone());
        self.changes.set_account(address, info);
        Ok(())
    }

    pub(crate) fn into_changes(self) -> Changes {
        self.changes
    }
}

/// Runs one transaction without keeping what it changes.
pub(crate) fn transact<DB: Database<Error = StoreError>>(
    database: DB,
    block: &BlockContext,
    cfg: CfgEnv,
    tx: TxEnv,
) -> Result<ResultAndState, EVMError<StoreError>> {
    Context::mainnet()
        .with_db(database)
        .with_cfg(cfg)
        .with_block(block.block_env())
        .build_mainnet()
        .transact(tx)
}

/// A failed execution, in go-ethereum's words where it has them.
pub(crate) fn halted(reason: &HaltReason) -> String {
    match reason {
        HaltReason::OutOfGas(_) => "out of gas".to_owned(),
        HaltReason::InvalidJump => "invalid jump destination".to_owned(),
        HaltReason::StackOverflow => "stack limit reached 1024 (1023)".to_owned(),
        HaltReason::CreateCollision => "contract address collision".to_owned(),
        HaltReason::CreateContractSizeLimit => "max code size exceeded".to_owned(),
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode => "invalid opcode".to_owned(),
        HaltReason::StateChangeDuringStaticCall => "write protection".to_owned(),
        other => format!("{other:?}"),
    }
}

/// The results of a block, now that its hash is known.
pub(crate) fn outcomes(
    executed: &[Executed],
    height: u64,
    block_hash: B256,
    time_s: u64,
) -> Vec<TxOutcome> {
    let mut next_log = 0;
    (0..)
        .zip(executed)
        .map(|(tx_index, done)| {
            let logs = done
                .logs
                .iter()
                .map(|log| {
                    let mut log = EventLog::new(log, height, block_hash, done.tx, tx_index);
                    log.index = next_log;
                    next_log += 1;
                    log
                })
                .collect();
            let response = EthereumTxResponse {
                hash: done.tx.to_string(),
                logs,
                ret: done.ret.to_vec(),
                vm_error: done.vm_error.clone(),
                gas_used: done.gas_used,
                max_used_gas: done.max_used_gas,
                block_hash: block_hash.to_vec(),
                block_timestamp: time_s,
            };
            TxOutcome {
                code: 0,
                data: response.wrap(),
                gas_wanted: done.gas_limit.cast_signed(),
                gas_used: done.gas_used.cast_signed(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_fee_follows_eip_1559_down_to_its_floor() {
        let target = BLOCK_GAS_LIMIT / 2;
        assert_eq!(next_base_fee(8_000_000_000, target), 8_000_000_000);
        assert_eq!(next_base_fee(8_000_000_000, BLOCK_GAS_LIMIT), 9_000_000_000);
        assert_eq!(next_base_fee(8_000_000_000, 0), 7_000_000_000);
        assert_eq!(next_base_fee(MIN_BASE_FEE, 0), MIN_BASE_FEE);
        assert_eq!(next_base_fee(MIN_BASE_FEE, target + 1), MIN_BASE_FEE + 6);
    }

    #[test]
    fn fees_go_to_the_module_account_of_that_name() {
        assert_eq!(
            &crate::merkle::sha256(b"fee_collector")[..20],
            FEE_COLLECTOR.as_slice()
        );
    }
}
