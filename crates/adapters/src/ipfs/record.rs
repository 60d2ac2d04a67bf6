//! What a node keeps between starts: its key and its port, so that dial hints stay true.

use std::path::Path;

use dhc_app::ports::StoreError;
use libp2p::identity::Keypair;
use serde::{Deserialize, Serialize};

use crate::durable;

const FILE: &str = "node.json";

/// The node's identity, apart from the wallet's keys, and the port it listens on.
#[derive(Clone)]
pub(super) struct NodeRecord {
    pub key: Keypair,
    /// `None` before the first start.
    pub port: Option<u16>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    /// libp2p's protobuf form of the Ed25519 key pair, in hex.
    key: String,
    port: Option<u16>,
}

impl NodeRecord {
    /// Reads a home's record, or makes a new key and keeps it.
    pub fn load(folder: &Path) -> Result<Self, StoreError> {
        let failed = durable::failed("the node's record");
        if let Some(bytes) = durable::read(&folder.join(FILE)).map_err(failed)? {
            return parse(&bytes);
        }
        let record = Self {
            key: Keypair::generate_ed25519(),
            port: None,
        };
        record.save(folder)?;
        Ok(record)
    }

    pub fn save(&self, folder: &Path) -> Result<(), StoreError> {
        let key = self.key.to_protobuf_encoding().map_err(|_| damaged())?;
        let stored = Stored {
            version: 1,
            key: hex::encode(key),
            port: self.port,
        };
        let bytes = serde_json::to_vec(&stored).map_err(|_| damaged())?;
        durable::replace(folder, FILE, &bytes).map_err(durable::failed("the node's record"))
    }
}

fn parse(bytes: &[u8]) -> Result<NodeRecord, StoreError> {
    let stored: Stored = serde_json::from_slice(bytes).map_err(|_| damaged())?;
    if stored.version != 1 {
        return Err(damaged());
    }
    let key = hex::decode(&stored.key).map_err(|_| damaged())?;
    let key = Keypair::from_protobuf_encoding(&key).map_err(|_| damaged())?;
    Ok(NodeRecord {
        key,
        port: stored.port,
    })
}

fn damaged() -> StoreError {
    StoreError::Damaged("the node's record is not what was written".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINNED: &str = r#"{"version":1,"key":"080112407e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e","port":23456}"#;

    #[test]
    fn the_stored_form_is_pinned() {
        let record = parse(PINNED.as_bytes()).unwrap();
        assert_eq!(record.port, Some(23456));
        assert_eq!(
            record.key.public().to_peer_id().to_string(),
            "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"
        );
        let folder = tempfile::tempdir().unwrap();
        record.save(folder.path()).unwrap();
        let kept = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(kept, PINNED);
    }

    #[test]
    fn a_record_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = NodeRecord::load(folder.path()).unwrap();
        let again = NodeRecord::load(folder.path()).unwrap();
        assert_eq!(first.key.public(), again.key.public());
    }

    #[test]
    fn a_record_that_does_not_parse_is_damaged() {
        for text in ["", "{}", r#"{"version":2,"key":"","port":null}"#] {
            assert!(matches!(
                parse(text.as_bytes()),
                Err(StoreError::Damaged(_))
            ));
        }
    }
}
