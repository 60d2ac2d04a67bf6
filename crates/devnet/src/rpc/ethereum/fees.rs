use alloy::primitives::U64;
use serde_json::{Value, json};

use super::{BlockRef, Ethereum, args::Args, format, server_error};
use crate::{
    execution::BLOCK_GAS_LIMIT,
    node::head_state,
    rpc::RpcError,
    store::{BlockRecord, Snapshot, StoreError},
};

/// adhl per gas: blocks are seldom full, but a tip keeps a price valid while the base fee rises.
pub(super) const SUGGESTED_TIP: u64 = 100_000_000;
/// Blocks that one request covers at most, as in go-ethereum.
const MAX_HISTORY: u64 = 1_024;

impl Ethereum {
    pub(super) fn gas_price(&self, snapshot: &Snapshot) -> Result<u64, RpcError> {
        Ok(head_state(snapshot)?
            .next_base_fee()?
            .saturating_add(SUGGESTED_TIP))
    }

    pub(super) fn fee_history(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        let count = match args.required::<Value>(0)? {
            Value::Number(count) => count.as_u64(),
            other => serde_json::from_value::<U64>(other)
                .ok()
                .map(|count| count.to()),
        };
        let count = count
            .ok_or_else(|| server_error("invalid block count"))?
            .min(MAX_HISTORY);
        let newest: BlockRef = args.optional(1)?.unwrap_or_default();
        let percentiles: Option<Vec<f64>> = args.optional(2)?;
        let ordered = percentiles.iter().flatten().is_sorted();
        if !ordered
            || percentiles
                .iter()
                .flatten()
                .any(|p| !(0.0..=100.0).contains(p))
        {
            return Err(server_error("invalid reward percentile"));
        }
        let newest = self
            .height_of(snapshot, &newest)?
            .ok_or_else(|| server_error("request beyond head block"))?;
        let oldest = (newest + 1).saturating_sub(count).max(1);
        let mut base_fees = Vec::new();
        let mut ratios = Vec::new();
        let mut rewards = Vec::new();
        for height in oldest..=newest {
            let record = snapshot
                .block(height)?
                .ok_or(StoreError::Damaged("no block"))?;
            base_fees.push(format::quantity(record.base_fee));
            ratios.push(record.gas_used() as f64 / BLOCK_GAS_LIMIT as f64);
            if let Some(percentiles) = &percentiles {
                rewards.push(self.rewards(&record, percentiles)?);
            }
        }
        let next = match snapshot.block(newest + 1)? {
            Some(record) => record.base_fee,
            None => head_state(snapshot)?.next_base_fee()?,
        };
        base_fees.push(format::quantity(next));
        let mut history = json!({
            "oldestBlock": format::quantity(oldest),
            "baseFeePerGas": base_fees,
            "gasUsedRatio": ratios,
        });
        if percentiles.is_some() {
            history["reward"] = rewards.into();
        }
        Ok(history)
    }

    /// The tips per gas at these percentiles of the block's gas.
    fn rewards(&self, record: &BlockRecord, percentiles: &[f64]) -> Result<Value, RpcError> {
        let mut tips = (0..)
            .zip(&record.outcomes)
            .map(|(index, outcome)| {
                let price = self
                    .signed_tx(record, index)?
                    .effective_gas_price(record.base_fee);
                let tip = price.saturating_sub(record.base_fee.into());
                Ok((tip, outcome.gas_used.unsigned_abs()))
            })
            .collect::<Result<Vec<_>, RpcError>>()?;
        tips.sort_unstable();
        let total = record.gas_used() as f64;
        let at = |percentile: &f64| {
            let threshold = total * percentile / 100.0;
            let mut gas = 0;
            let reached = tips.iter().find(|(_, used)| {
                gas += used;
                gas as f64 >= threshold
            });
            format::quantity(reached.or(tips.last()).map_or(0, |(tip, _)| *tip))
        };
        Ok(percentiles.iter().map(at).collect())
    }
}
