use alloy::{
    eips::BlockNumberOrTag,
    rpc::types::{Filter, FilterBlockOption},
};
use serde_json::Value;

use super::{
    Ethereum,
    args::{Args, BlockRef},
    format, server_error,
};
use crate::{
    rpc::RpcError,
    store::{Snapshot, StoreError},
};

/// Blocks that one request searches, and logs that it returns, at most.
const MAX_BLOCKS: u64 = 10_000;
const MAX_LOGS: usize = 10_000;

impl Ethereum {
    pub(super) fn logs(&self, snapshot: &Snapshot, args: &Args) -> Result<Value, RpcError> {
        let filter: Filter = args.required(0)?;
        let head = snapshot.head()?;
        let number = |tag: Option<BlockNumberOrTag>| match tag {
            Some(BlockNumberOrTag::Number(number)) => number,
            Some(BlockNumberOrTag::Earliest) => 1,
            _ => head,
        };
        let (first, last) = match filter.block_option {
            FilterBlockOption::AtBlockHash(hash) => {
                let height = self
                    .height_of(snapshot, &BlockRef::Hash(hash))?
                    .ok_or_else(|| server_error("unknown block"))?;
                (height, height)
            }
            FilterBlockOption::Range {
                from_block,
                to_block,
            } => (number(from_block).max(1), number(to_block).min(head)),
        };
        if last
            .checked_sub(first)
            .is_some_and(|blocks| blocks >= MAX_BLOCKS)
        {
            return Err(server_error(format!(
                "a request searches at most {MAX_BLOCKS} blocks"
            )));
        }
        let mut found = Vec::new();
        for height in first..=last {
            let Some(record) = snapshot.block(height)? else {
                continue;
            };
            for outcome in &record.outcomes {
                let logs = format::logs(outcome, record.time_s())
                    .ok_or(StoreError::Damaged("a transaction's result"))?;
                let matching = logs.into_iter().filter(|log| {
                    let topics = filter.topics.iter().enumerate().all(|(i, wanted)| {
                        wanted.is_empty()
                            || log
                                .topics
                                .get(i)
                                .is_some_and(|topic| wanted.contains(topic))
                    });
                    topics && filter.address.matches(&log.address)
                });
                found.extend(matching.map(|log| log.json));
                if found.len() > MAX_LOGS {
                    return Err(server_error(format!(
                        "a request returns at most {MAX_LOGS} logs"
                    )));
                }
            }
        }
        Ok(Value::Array(found))
    }
}
