use alloy::{
    primitives::Bytes,
    rpc::types::TransactionRequest,
    sol_types::{Revert, SolError},
};
use revm::{
    context::{
        TxEnv,
        result::{EVMError, ExecutionResult},
        transaction::{AccessList, AccessListItem},
    },
    database::WrapDatabaseRef,
    primitives::TxKind,
};
use serde_json::{Value, json};

use super::{Ethereum, View, args::Args, format, server_error};
use crate::{
    execution::{BLOCK_GAS_LIMIT, BlockContext, halted, transact},
    rpc::RpcError,
    store::StoreError,
};

/// go-ethereum's code for a call that reverts.
const REVERTED: i64 = 3;
/// An estimate may be so much too high, as in go-ethereum: one part in so many.
const ESTIMATE_TOLERANCE: u64 = 66;
/// What a plain transfer costs.
const TRANSFER_GAS: u64 = 21_000;

impl Ethereum {
    pub(super) fn run_call(&self, view: &View<'_>, args: &Args) -> Result<Value, RpcError> {
        let request: TransactionRequest = args.required(0)?;
        let mut context = self.context(view);
        let tx = self.call_env(view, &mut context, &request)?;
        match execute(view, &context, tx)? {
            ExecutionResult::Success { output, .. } => Ok(json!(output.into_data())),
            failed => Err(call_error(&failed)),
        }
    }

    /// The least gas limit with which the transaction succeeds, nearly.
    pub(super) fn estimate_gas(&self, view: &View<'_>, args: &Args) -> Result<Value, RpcError> {
        let request: TransactionRequest = args.required(0)?;
        let mut context = self.context(view);
        let mut tx = self.call_env(view, &mut context, &request)?;
        let price = request.gas_price.or(request.max_fee_per_gas).unwrap_or(0);
        if price > 0 {
            // No more than the sender can pay for.
            let balance = view.state.balance(tx.caller)?;
            let available = balance
                .checked_sub(tx.value)
                .ok_or_else(|| server_error("insufficient funds for transfer"))?;
            let affordable = available / alloy::primitives::U256::from(price);
            tx.gas_limit = tx.gas_limit.min(affordable.saturating_to());
        }
        let try_with = |gas_limit: u64| {
            let tx = TxEnv {
                gas_limit,
                ..tx.clone()
            };
            execute(view, &context, tx)
        };
        let mut high = tx.gas_limit;
        let most = try_with(high)?;
        if !most.is_success() {
            return Err(match most {
                ExecutionResult::Halt { .. } if high < BLOCK_GAS_LIMIT => {
                    server_error(format!("gas required exceeds allowance ({high})"))
                }
                failed => call_error(&failed),
            });
        }
        if tx.data.is_empty() && high >= TRANSFER_GAS && succeeds(try_with(TRANSFER_GAS))? {
            return Ok(format::quantity(TRANSFER_GAS));
        }
        let mut low = most.tx_gas_used().saturating_sub(1);
        // Calls keep back a 64th of their gas: most often this much is enough.
        let likely = most.gas().total_gas_spent().saturating_add(2_300) * 64 / 63;
        if likely < high && succeeds(try_with(likely))? {
            high = likely;
        }
        while low + 1 < high && high - low > high / ESTIMATE_TOLERANCE {
            let middle = low + (high - low) / 2;
            if succeeds(try_with(middle))? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(format::quantity(high))
    }

    /// The request as the engine takes it. Without a price, the block has no base fee.
    fn call_env(
        &self,
        view: &View<'_>,
        context: &mut BlockContext,
        request: &TransactionRequest,
    ) -> Result<TxEnv, RpcError> {
        let caller = request.from.unwrap_or_default();
        let gas_price = request.gas_price.or(request.max_fee_per_gas).unwrap_or(0);
        if gas_price == 0 {
            context.base_fee = 0;
        }
        let access_list = request.access_list.clone().unwrap_or_default().0;
        let mut tx = TxEnv {
            caller,
            gas_limit: request.gas.unwrap_or(BLOCK_GAS_LIMIT).min(BLOCK_GAS_LIMIT),
            gas_price,
            kind: request.to.unwrap_or(TxKind::Create),
            value: request.value.unwrap_or_default(),
            data: request.input.input().cloned().unwrap_or_default(),
            nonce: view.state.nonce(caller)?,
            chain_id: Some(context.evm_chain_id),
            access_list: AccessList(
                access_list
                    .into_iter()
                    .map(|item| AccessListItem {
                        address: item.address,
                        storage_keys: item.storage_keys,
                    })
                    .collect(),
            ),
            ..TxEnv::default()
        };
        if request.max_fee_per_gas.is_some() && gas_price > 0 {
            tx.gas_priority_fee = Some(request.max_priority_fee_per_gas.unwrap_or(0));
            tx.tx_type = 2;
        } else if !tx.access_list.0.is_empty() {
            tx.tx_type = 1;
        }
        Ok(tx)
    }
}

fn execute(
    view: &View<'_>,
    context: &BlockContext,
    tx: TxEnv,
) -> Result<ExecutionResult, RpcError> {
    let mut cfg = context.cfg();
    // As for go-ethereum, a call may come from anywhere.
    cfg.disable_nonce_check = true;
    cfg.disable_eip3607 = true;
    match transact(WrapDatabaseRef(&view.state), context, cfg, tx) {
        Ok(done) => Ok(done.result),
        Err(EVMError::Transaction(invalid)) => Err(server_error(invalid.to_string())),
        Err(EVMError::Database(error)) => Err(error.into()),
        Err(other) => Err(StoreError::Tree(other.to_string()).into()),
    }
}

/// Whether it would run through: too little gas to begin with is a no, too.
fn succeeds(result: Result<ExecutionResult, RpcError>) -> Result<bool, RpcError> {
    match result {
        Ok(result) => Ok(result.is_success()),
        Err(error) if error.code == super::SERVER_ERROR => Ok(false),
        Err(error) => Err(error),
    }
}

fn call_error(failed: &ExecutionResult) -> RpcError {
    match failed {
        ExecutionResult::Revert { output, .. } => {
            RpcError::new(REVERTED, reverted(output)).with_data(json!(output))
        }
        ExecutionResult::Halt { reason, .. } => server_error(halted(reason)),
        ExecutionResult::Success { .. } => server_error("execution succeeded"),
    }
}

/// The reason that a contract gives for reverting, if it is a text.
fn reverted(output: &Bytes) -> String {
    match Revert::abi_decode(output) {
        Ok(revert) => format!("execution reverted: {}", revert.reason()),
        Err(_) => "execution reverted".to_owned(),
    }
}
