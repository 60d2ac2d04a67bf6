//! The Ethereum JSON-RPC, in go-ethereum's formats. A block's hash is its Tendermint header's,
//! as on cosmos/evm.

mod args;
mod call;
mod fees;
mod format;
mod founders;
mod logs;

use std::sync::Arc;

use alloy::primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

pub(crate) use founders::Founders;

use super::{Methods, Params, RpcError};
use crate::{
    envelope,
    execution::BLOCK_GAS_LIMIT,
    execution::BlockContext,
    node::Node,
    pool::PoolError,
    signed_tx::SignedTx,
    store::{BlockRecord, Snapshot, StoreError, TxPlace},
    trees::State,
};
use args::{Args, BlockRef};

/// go-ethereum's code for whatever has no code of its own.
const SERVER_ERROR: i64 = -32_000;

fn server_error(message: impl Into<String>) -> RpcError {
    RpcError::new(SERVER_ERROR, message)
}

impl From<PoolError> for RpcError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Store(error) => error.into(),
            other => server_error(other.to_string()),
        }
    }
}

/// The leading node's Ethereum JSON-RPC, with what the founders answer.
pub(crate) struct Ethereum {
    node: Arc<Node>,
    founders: Founders,
}

/// A block as requests name it, with its state.
struct View<'a> {
    height: u64,
    /// `None` at height 0.
    record: Option<BlockRecord>,
    state: State<'a>,
}

impl Methods for Ethereum {
    fn call(&self, method: &str, params: Params) -> Result<Value, RpcError> {
        if Founders::answers(method) {
            return self.founders.call(method, params);
        }
        let args = Args::new(params)?;
        let snapshot = self.node.store.snapshot()?;
        let snapshot = &snapshot;
        match method {
            "eth_chainId" => Ok(format::quantity(self.node.genesis.evm_chain_id)),
            "net_version" => Ok(self.node.genesis.evm_chain_id.to_string().into()),
            "net_listening" => Ok(true.into()),
            "net_peerCount" => Ok(format::quantity(0u64)),
            "web3_clientVersion" => Ok(concat!("dhc-devnet/", env!("CARGO_PKG_VERSION")).into()),
            "eth_blockNumber" => Ok(format::quantity(snapshot.head()?)),
            "eth_syncing" => Ok(false.into()),
            "eth_mining" => Ok(false.into()),
            "eth_accounts" => Ok(json!([])),
            "eth_gasPrice" => Ok(format::quantity(self.gas_price(snapshot)?)),
            "eth_maxPriorityFeePerGas" => Ok(format::quantity(fees::SUGGESTED_TIP)),
            "eth_feeHistory" => self.fee_history(snapshot, &args),
            "eth_getBalance" => self.with_view(snapshot, &args, 1, |view| {
                Ok(format::quantity(view.state.balance(args.required(0)?)?))
            }),
            "eth_getTransactionCount" => self.nonce(snapshot, &args),
            "eth_getCode" => self.with_view(snapshot, &args, 1, |view| {
                Ok(json!(view.state.code(args.required(0)?)?))
            }),
            "eth_getStorageAt" => self.with_view(snapshot, &args, 2, |view| {
                let value = view
                    .state
                    .slot(args.required(0)?, args.required::<U256>(1)?)?;
                Ok(json!(B256::from(value)))
            }),
            "eth_call" => self.with_view(snapshot, &args, 1, |view| self.run_call(view, &args)),
            "eth_estimateGas" => {
                self.with_view(snapshot, &args, 1, |view| self.estimate_gas(view, &args))
            }
            "eth_sendRawTransaction" => {
                let raw: Bytes = args.required(0)?;
                Ok(json!(self.node.submit(&raw)?))
            }
            "eth_getTransactionReceipt" => {
                self.found(snapshot, &args, |record, place| self.receipt(record, place))
            }
            "eth_getTransactionByHash" => self.transaction(snapshot, &args),
            "eth_getBlockByNumber" | "eth_getBlockByHash" => {
                let record = self.named_block(snapshot, method.ends_with("Hash"), &args)?;
                let full = args.optional(1)?.unwrap_or(false);
                record.map_or(Ok(Value::Null), |record| self.block(&record, full))
            }
            "eth_getBlockTransactionCountByNumber" | "eth_getBlockTransactionCountByHash" => {
                let record = self.named_block(snapshot, method.ends_with("Hash"), &args)?;
                Ok(record.map_or(Value::Null, |record| format::quantity(record.txs().len())))
            }
            "eth_getBlockReceipts" => {
                let block: BlockRef = args.optional(0)?.unwrap_or_default();
                let Some(record) = self.block_of(snapshot, &block)? else {
                    return Ok(Value::Null);
                };
                let height = record.header().height.unsigned_abs();
                (0..record.txs().len() as u32)
                    .map(|index| self.receipt(&record, TxPlace { height, index }))
                    .collect()
            }
            "eth_getLogs" => self.logs(snapshot, &args),
            _ => Err(RpcError::no_method(method)),
        }
    }
}

impl Ethereum {
    pub(crate) fn new(node: Arc<Node>, founders: Founders) -> Self {
        Self { node, founders }
    }

    fn height_of(&self, snapshot: &Snapshot, block: &BlockRef) -> Result<Option<u64>, StoreError> {
        let head = snapshot.head()?;
        match block {
            BlockRef::Latest => Ok(Some(head)),
            BlockRef::Earliest => Ok(Some(head.min(1))),
            BlockRef::Number(number) => Ok((*number <= head).then_some(*number)),
            BlockRef::Hash(hash) => snapshot.height_of(hash.as_slice()),
        }
    }

    fn block_of(
        &self,
        snapshot: &Snapshot,
        block: &BlockRef,
    ) -> Result<Option<BlockRecord>, RpcError> {
        match self.height_of(snapshot, block)? {
            Some(height) => Ok(snapshot.block(height)?),
            None => Ok(None),
        }
    }

    fn named_block(
        &self,
        snapshot: &Snapshot,
        by_hash: bool,
        args: &Args,
    ) -> Result<Option<BlockRecord>, RpcError> {
        let block = if by_hash {
            BlockRef::Hash(args.required(0)?)
        } else {
            args.required(0)?
        };
        self.block_of(snapshot, &block)
    }

    /// Calls `read` with the block that argument `index` names, the last one by default.
    fn with_view<'a, T>(
        &self,
        snapshot: &'a Snapshot,
        args: &Args,
        index: usize,
        read: impl FnOnce(&View<'a>) -> Result<T, RpcError>,
    ) -> Result<T, RpcError> {
        let block: BlockRef = args.optional(index)?.unwrap_or_default();
        let height = self
            .height_of(snapshot, &block)?
            .ok_or_else(|| server_error("header not found"))?;
        let state = State::at(snapshot, height)?.ok_or_else(|| {
            server_error(format!(
                "required historical state unavailable: block {height}"
            ))
        })?;
        read(&View {
            height,
            record: snapshot.block(height)?,
            state,
        })
    }

    /// The block whose rules and time a call sees.
    fn context(&self, view: &View<'_>) -> BlockContext {
        let genesis = &self.node.genesis;
        BlockContext {
            evm_chain_id: genesis.evm_chain_id,
            height: view.height,
            time_s: view
                .record
                .as_ref()
                .map_or_else(|| genesis.time_s(), BlockRecord::time_s),
            base_fee: view.record.as_ref().map_or(0, |record| record.base_fee),
            gas_limit: BLOCK_GAS_LIMIT,
        }
    }

    fn nonce(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        let address: Address = args.required(0)?;
        if args.is_pending(1) {
            return Ok(format::quantity(self.node.pending_nonce(address)?));
        }
        self.with_view(snapshot, args, 1, |view| {
            Ok(format::quantity(view.state.nonce(address)?))
        })
    }

    /// Answers about the transaction of argument 0; null where no block has it.
    fn found(
        &self,
        snapshot: &Snapshot,
        args: &Args,
        answer: impl FnOnce(&BlockRecord, TxPlace) -> Result<Value, RpcError>,
    ) -> Result<Value, RpcError> {
        let hash: B256 = args.required(0)?;
        let Some(place) = snapshot.eth_tx(hash.as_slice())? else {
            return Ok(Value::Null);
        };
        let record = snapshot
            .block(place.height)?
            .ok_or(StoreError::Damaged("no block"))?;
        answer(&record, place)
    }

    fn signed_tx(&self, record: &BlockRecord, index: u32) -> Result<SignedTx, RpcError> {
        record
            .txs()
            .get(index as usize)
            .and_then(|tx| envelope::open(tx))
            .and_then(|tx| SignedTx::decode(&tx.raw, self.node.genesis.evm_chain_id).ok())
            .ok_or_else(|| StoreError::Damaged("a transaction").into())
    }

    fn receipt(&self, record: &BlockRecord, place: TxPlace) -> Result<Value, RpcError> {
        let tx = self.signed_tx(record, place.index)?;
        format::receipt(record, place, &tx)
            .ok_or_else(|| StoreError::Damaged("a transaction's result").into())
    }

    fn transaction(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        let found = self.found(snapshot, args, |record, place| {
            Ok(format::transaction(
                &self.signed_tx(record, place.index)?,
                Some((record, place)),
            ))
        })?;
        if !found.is_null() {
            return Ok(found);
        }
        let hash: B256 = args.required(0)?;
        let pool = self.node.pool();
        Ok(pool
            .get(&hash)
            .map_or(Value::Null, |tx| format::transaction(tx, None)))
    }

    fn block(&self, record: &BlockRecord, full: bool) -> Result<Value, RpcError> {
        let height = record.header().height.unsigned_abs();
        let txs = (0..record.txs().len() as u32)
            .map(|index| {
                let tx = self.signed_tx(record, index)?;
                Ok(if full {
                    format::transaction(&tx, Some((record, TxPlace { height, index })))
                } else {
                    json!(tx.hash)
                })
            })
            .collect::<Result<Vec<_>, RpcError>>()?;
        Ok(format::block(record, txs))
    }
}
