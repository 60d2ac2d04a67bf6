use alloy::{
    primitives::{Log, keccak256},
    sol_types::SolEvent,
};
use dhc_domain::{Address, Attested, B256, Height, Standing};

use super::HistoryError;
use crate::{
    At, Chain, ReadError,
    contracts::{Contract, Identity},
    node::{EvmNode, LogFilter},
};

const SPAN: u64 = 9_000;

impl Chain {
    /// The public keys an account has published, checked against their proven hash: 1216 bytes,
    /// X-Wing (ML-KEM-768 then X25519). `None` where it has published none.
    pub async fn published_keys(
        &self,
        account: Address,
        at: At,
    ) -> Result<Attested<Option<Vec<u8>>>, HistoryError> {
        let keys = self.keys(account, at).await?;
        let Standing::Proven { height } = keys.standing else {
            return Err(ReadError::Unavailable.into());
        };
        if keys.value.version == 0 {
            return Ok(Attested {
                value: None,
                standing: keys.standing,
            });
        }
        let filter = LogFilter {
            contract: Contract::Identity
                .address(&self.network)
                .map_err(ReadError::from)?,
            topics: vec![
                Some(Identity::KeysPublished::SIGNATURE_HASH),
                Some(account.into_word()),
            ],
            from: Height(0),
            to: height,
        };
        let none = || ReadError::Unreachable("the network names no Ethereum endpoint".into());
        let bytes = self
            .evm
            .ask(none, |node| {
                let filter = &filter;
                async move { find(&node, filter, keys.value.keys_hash).await }
            })
            .await?;
        Ok(Attested {
            value: Some(bytes),
            standing: keys.standing,
        })
    }
}

/// Looks backwards for the event whose bytes have the proven hash.
async fn find(node: &EvmNode, filter: &LogFilter, hash: B256) -> Result<Vec<u8>, ReadError> {
    let mut to = filter.to;
    loop {
        let from = Height(to.0.saturating_sub(SPAN - 1));
        let logs = node
            .logs(&LogFilter {
                from,
                to,
                ..filter.clone()
            })
            .await?;
        for log in logs
            .into_iter()
            .rev()
            .filter(|log| log.address == filter.contract)
        {
            let event = Log::new(log.address, log.topics, log.data)
                .and_then(|l| Identity::KeysPublished::decode_log(&l).ok());
            if let Some(event) = event
                && keccak256(&event.publicKeys) == hash
            {
                return Ok(event.data.publicKeys.into());
            }
        }
        if from.0 == 0 {
            return Err(ReadError::Unavailable);
        }
        to = Height(from.0 - 1);
    }
}
