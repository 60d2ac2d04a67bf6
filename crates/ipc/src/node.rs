use serde::{Deserialize, Serialize};

use crate::Code;

/// How well a value from the chain is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    Proven {
        height: u64,
    },
    /// Waits for the header after `height`.
    Pending {
        height: u64,
    },
    Unproven {
        reason: Code,
    },
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct NodeStatus {}

/// Goes on after a fork: the person has looked at the evidence and chosen whom to ask.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ResumeNode {}

/// Who confirms the head, beside the node that showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// A witness has the same. To deceive, its operator and a third of the validators, by power,
    /// must conspire with the node.
    Witnessed,
    /// Witnesses are configured; none could be compared with.
    Unconfirmed,
    /// No witness is configured: a third of the validators and the node suffice to deceive.
    Alone,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeView {
    pub network: String,
    pub chain_id: String,
    pub evm_chain_id: u64,
    pub trusted_height: u64,
    pub latest_height: u64,
    pub synced: bool,
    pub witnesses: Vec<WitnessView>,
    pub guard: Guard,
    /// The file with the evidence of a conflict between nodes, where there was one.
    pub evidence: Option<String>,
    pub standing: Standing,
    /// Header hash at the trusted height.
    pub trusted_hash: String,
    /// Time of the trusted header.
    pub trusted_time: Option<String>,
    pub endpoints: Vec<String>,
    pub day_s: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WitnessView {
    pub url: String,
    pub agrees: bool,
    pub height: u64,
    pub code: Option<Code>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StorageStatus {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StorageView {
    pub bytes: u64,
    pub objects: u32,
    pub quota: u64,
    /// This node's peer id and addresses, where it runs.
    pub peer: Option<String>,
    pub listening: Vec<String>,
    pub connected: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PublishIdentity {}

/// `None`: mine.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ShowIdentity {
    pub address: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IdentityView {
    pub address: String,
    /// Absent where nothing is published.
    pub keys_hash: Option<String>,
    pub standing: Standing,
}
