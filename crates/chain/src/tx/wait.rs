use std::time::Duration;

use dhc_domain::{Height, Standing, UnprovenReason};

use super::{BroadcastError, PrepareError, ProvenReceipt, ReceiptError, SignedTx, TxRequest};
use crate::{
    At, Chain, ReadError,
    facade::POLL,
    ports::{SignError, Signer},
};

/// What is known of a broadcast transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TxVerdict {
    /// Included and executed, both proven. The outcome is in the receipt.
    Proven(Box<ProvenReceipt>),
    /// A node has it; no block has.
    Pending,
    /// No node knows it and the account has not used its nonce: broadcast the same bytes again.
    Unknown,
    /// Proven: the account has used the nonce for another transaction. This one is void.
    Replaced,
}

/// Why `submit` did not bring a transaction to its end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SubmitError {
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Broadcast(#[from] BroadcastError),
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
}

impl SubmitError {
    /// The wire's reason where the network is at fault.
    pub fn reason(&self) -> Option<UnprovenReason> {
        match self {
            Self::Prepare(e) => e.reason(),
            Self::Broadcast(BroadcastError::Unreachable(_)) => {
                Some(UnprovenReason::NetworkUnreachable)
            }
            Self::Broadcast(BroadcastError::Untrusted(_)) => Some(UnprovenReason::NodeUntrusted),
            Self::Receipt(e) => Some(e.reason()),
            Self::Sign(_) | Self::Broadcast(_) => None,
        }
    }
}

impl Chain {
    /// Waits, for at most `patience`, until the transaction is proven to be in a block, and returns
    /// its proven result. Where a node says is only a hint; without one, the blocks since it was
    /// signed are searched as soon as its nonce is proven to be used.
    pub async fn await_proven(
        &self,
        tx: &SignedTx,
        patience: Duration,
    ) -> Result<TxVerdict, ReceiptError> {
        let deadline = self.clock.monotonic() + patience;
        let mut searched = tx.since;
        loop {
            let step = self.look_for(tx, &mut searched).await;
            let late = self.clock.monotonic() >= deadline;
            match step {
                Ok(verdict @ (TxVerdict::Proven(_) | TxVerdict::Replaced)) => return Ok(verdict),
                Ok(verdict) if late => return Ok(verdict),
                Err(e) if late || !passes(&e) => return Err(e),
                _ => self.clock.sleep(POLL).await,
            }
        }
    }

    /// Prepares, signs, broadcasts, and waits. For callers that need not survive a crash between
    /// signing and broadcasting; others keep the signed bytes in between.
    pub async fn submit(
        &self,
        request: &TxRequest,
        signer: &dyn Signer,
        patience: Duration,
    ) -> Result<(SignedTx, TxVerdict), SubmitError> {
        let tx = self.prepare(request).await?.sign(signer)?;
        self.broadcast(&tx).await?;
        let verdict = self.await_proven(&tx, patience).await?;
        Ok((tx, verdict))
    }

    /// One look. `searched`: the transaction is proven to be in no block in (since, searched].
    async fn look_for(
        &self,
        tx: &SignedTx,
        searched: &mut Height,
    ) -> Result<TxVerdict, ReceiptError> {
        let head = self.head().await?;
        if let Some(at) = self.hint(tx).await
            && at > tx.since
            && at <= head.height.next()
        {
            if at > self.settled(head.height) {
                // Proven by a header that is about to come.
                return Ok(TxVerdict::Pending);
            }
            if let Some(receipt) = self.find(tx, at).await? {
                return Ok(TxVerdict::Proven(Box::new(receipt)));
            }
        }
        let nonce = self
            .nonce(tx.from, At::Latest)
            .await
            .map_err(receipt_error)?;
        if let Standing::Proven { height } = nonce.standing
            && nonce.value > tx.nonce
        {
            // The block that used the nonce is at or below the height of this proof.
            while *searched < height {
                if let Some(receipt) = self.find(tx, searched.next()).await? {
                    return Ok(TxVerdict::Proven(Box::new(receipt)));
                }
                *searched = searched.next();
            }
            return Ok(TxVerdict::Replaced);
        }
        let known = self
            .evm
            .ask(
                || (),
                |node| async move { node.knows(tx.hash.0).await.map_err(drop) },
            )
            .await;
        Ok(if known == Ok(true) {
            TxVerdict::Pending
        } else {
            TxVerdict::Unknown
        })
    }

    /// The last block whose results are proven under a head.
    fn settled(&self, head: Height) -> Height {
        match self.ethereum {
            Some(_) => head,
            None => Height(head.0.saturating_sub(1)),
        }
    }

    async fn hint(&self, tx: &SignedTx) -> Option<Height> {
        self.evm
            .ask(
                || (),
                |node| async move { node.receipt_height(tx.hash.0).await.map_err(drop) },
            )
            .await
            .ok()
            .flatten()
    }

    /// The transaction's receipt, if the block at `height` has it and executed it.
    async fn find(
        &self,
        tx: &SignedTx,
        height: Height,
    ) -> Result<Option<ProvenReceipt>, ReceiptError> {
        let block = self.block(height).await?;
        Ok(block.txs.into_iter().find(|r| r.tx == tx.hash))
    }
}

/// Whether waiting may help.
fn passes(e: &ReceiptError) -> bool {
    match e {
        ReceiptError::Unreachable(_) | ReceiptError::Unavailable => true,
        ReceiptError::Sync(e) => e.passes(),
        ReceiptError::Untrusted(_) => false,
    }
}

pub(super) fn receipt_error(e: ReadError) -> ReceiptError {
    match e {
        ReadError::Sync(e) => ReceiptError::Sync(e),
        ReadError::Unreachable(e) => ReceiptError::Unreachable(e),
        ReadError::Unavailable | ReadError::Network(_) => ReceiptError::Unavailable,
        ReadError::Untrusted(e) => ReceiptError::Untrusted(e),
        ReadError::Layout(e) => ReceiptError::Untrusted(e.to_string()),
    }
}
