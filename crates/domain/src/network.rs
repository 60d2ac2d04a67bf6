use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

/// How a network proves a key in one of its stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofSpec {
    /// cosmos/evm: IAVL trees under a simple Merkle multistore.
    Iavl,
    /// The embedded chain: Jellyfish Merkle trees under the same multistore.
    Devnet,
    /// Ethereum: Merkle–Patricia tries under a block's state root. Such a network has no CometBFT
    /// endpoints; `witnesses` are Ethereum endpoints too, and the checkpoint is a block's hash.
    Mpt,
}

/// The checkpoint a light client starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    pub height: u64,
    /// Header hash, upper- or lower-case hex without 0x, as CometBFT prints it.
    pub hash: String,
    pub period_s: u64,
}

/// A network, as its file says it. `rpc` and `evm` are asked, each of `witnesses` is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    pub name: String,
    pub chain_id: String,
    pub evm_chain_id: u64,
    pub rpc: Vec<String>,
    pub evm: Vec<String>,
    pub witnesses: Vec<String>,
    pub proof_spec: ProofSpec,
    pub denom: String,
    pub trust: Trust,
    /// Length of a settlement day, seconds.
    pub day_s: u64,
    pub contracts: BTreeMap<String, Address>,
    /// Apps of this network exchange blocks and letters with those alone who have this key: the
    /// text of Kubo's `swarm.key`. Without it, with everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swarm_key: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    #[error("the network file is not understood: {0}")]
    Malformed(String),
    #[error("the network file names no contract {0}")]
    NoContract(&'static str),
}

impl NetworkFile {
    pub fn parse(json: &str) -> Result<Self, NetworkError> {
        serde_json::from_str(json).map_err(|e| NetworkError::Malformed(e.to_string()))
    }

    pub fn contract(&self, name: &'static str) -> Result<Address, NetworkError> {
        self.contracts
            .get(name)
            .copied()
            .ok_or(NetworkError::NoContract(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_named() {
        let json = r#"{"name":"x","chain_id":"x-1","evm_chain_id":1,"rpc":[],"evm":[],"witnesses":[],
            "proof_spec":"iavl","denom":"adhl","trust":{"height":1,"hash":"00","period_s":1},
            "day_s":86400,"contracts":{},"chainid":"typo"}"#;
        let Err(NetworkError::Malformed(text)) = NetworkFile::parse(json) else {
            panic!("accepted an unknown field");
        };
        assert!(text.contains("chainid"), "{text}");
    }
}
