//! What became of an act that others carry in. Whom they say it went with is not asked: the
//! proven state says whether it is done, and the block with its event says by which transaction.

use alloy::primitives::B256;
use dhc_domain::{Address, Height, Standing, Timestamp};

use super::{ProvenReceipt, ReceiptError, TxStatus, wait::receipt_error};
use crate::{At, Chain, contracts::intents::Intent, node::LogFilter};

/// Blocks that are asked for in one `eth_getLogs`.
const SPAN: u64 = 9_000;

/// What is proven of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentVerdict {
    /// Done, by this transaction of whomever.
    Done(Box<ProvenReceipt>),
    /// Not done in any block up to this height.
    Open { height: Height, time: Timestamp },
}

impl Chain {
    /// Looks for an intent of which it is proven that it was not done at `since`.
    pub async fn look_for_intent(
        &self,
        intent: &dyn Intent,
        since: Height,
    ) -> Result<IntentVerdict, ReceiptError> {
        let reached = intent
            .reached(self, At::Latest)
            .await
            .map_err(receipt_error)?;
        let Standing::Proven { height } = reached.standing else {
            return Err(ReceiptError::Unavailable);
        };
        if !reached.value {
            let header = self.light.header(height).await?;
            let time = crate::light::seconds(&header);
            return Ok(IntentVerdict::Open { height, time });
        }
        let contract = intent
            .contract()
            .address(&self.network)
            .map_err(|_| ReceiptError::Unavailable)?;
        // A node's word says where to look first; without one, or with a wrong one, every block.
        for hint in self.hints(intent.event(), contract, since, height).await {
            if let Some(receipt) = self.shown_in(intent, contract, hint).await? {
                return Ok(IntentVerdict::Done(Box::new(receipt)));
            }
        }
        let mut at = since;
        while at < height {
            at = at.next();
            if let Some(receipt) = self.shown_in(intent, contract, at).await? {
                return Ok(IntentVerdict::Done(Box::new(receipt)));
            }
        }
        Err(ReceiptError::Untrusted(
            "the state has changed and no block says by what".into(),
        ))
    }

    /// The transaction of a block that did the act.
    async fn shown_in(
        &self,
        intent: &dyn Intent,
        contract: Address,
        at: Height,
    ) -> Result<Option<ProvenReceipt>, ReceiptError> {
        let block = self.block(at).await?;
        Ok(block.txs.into_iter().find(|tx| {
            tx.status == TxStatus::Ok
                && tx
                    .logs
                    .iter()
                    .any(|log| log.address == contract && intent.shown_by(log))
        }))
    }

    /// Blocks in (since, to] in which a node says that the event is.
    async fn hints(
        &self,
        topics: Vec<Option<B256>>,
        contract: Address,
        since: Height,
        to: Height,
    ) -> Vec<Height> {
        let filter = LogFilter {
            contract,
            topics,
            from: Height(to.0.saturating_sub(SPAN)).max(since).next(),
            to,
        };
        let logs = self
            .evm
            .ask(
                || (),
                |node| {
                    let filter = &filter;
                    async move { node.logs(filter).await.map_err(drop) }
                },
            )
            .await;
        let within = |height: &Height| *height > since && *height <= to;
        logs.unwrap_or_default()
            .into_iter()
            .map(|log| Height(log.block_number.saturating_to()))
            .filter(within)
            .take(4)
            .collect()
    }
}
