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

/// As `NodeStatus`, after every endpoint was asked where it stands: also those that nothing had to
/// be asked of yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct CheckNode {}

/// After more than a trusting period offline: a recent header as the nodes show it, for a person
/// to compare with what the network's operators publish.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ShowCheckpoint {}

/// The person has compared it: trust begins at this header. What was trusted before is kept.
/// Refused (`misuse`) unless what is trusted has lapsed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TrustCheckpoint {
    pub height: u64,
    /// Header hash, hex, with or without 0x.
    pub hash: String,
}

/// Nothing about it is proven; that is why a person is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckpointView {
    pub height: u64,
    /// Header hash, as `TrustCheckpoint` takes it.
    pub hash: String,
    pub time: String,
    /// Endpoints and witnesses that show this header.
    pub shown_by: Vec<String>,
    /// Endpoints and witnesses that show another one at this height.
    pub contradicted_by: Vec<String>,
    /// Whether a new checkpoint is needed.
    pub needed: bool,
}

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
    /// What nodes contradicted each other about, until a person has decided.
    pub conflict: Option<ConflictView>,
    pub anchor: Option<AnchorView>,
    pub standing: Standing,
    /// Header hash at the trusted height.
    pub trusted_hash: String,
    /// Time of the trusted header.
    pub trusted_time: Option<String>,
    /// Every endpoint and witness, as it has answered since the app was started.
    pub endpoints: Vec<EndpointView>,
    pub day_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointRole {
    /// Headers, state and proofs are asked of it.
    Rpc,
    /// Fees, entries and broadcasts are asked of it.
    Evm,
    /// Its headers are compared with.
    Witness,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointView {
    /// Without path and query, which may hold access keys.
    pub url: String,
    pub role: EndpointRole,
    /// When it last gave an answer that held. Absent: none yet.
    pub answered: Option<String>,
    /// Why the last question to it led to nothing. Absent: it answered, or was not asked yet.
    pub code: Option<Code>,
    /// The highest block it has claimed.
    pub height: Option<u64>,
    /// The newest block of which it was asked for header, content or state and has it no more:
    /// another endpoint was asked.
    pub pruned: Option<u64>,
}

/// What is known of a conflict between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The chain's validators signed both headers.
    Fork,
    /// The witness's header is not signed by them.
    FalseWitness,
    /// The witness did not show enough to tell.
    Unexplained,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConflictView {
    /// The first height at which the two are known to differ.
    pub height: u64,
    /// The last height on which they agree.
    pub common_height: Option<u64>,
    pub finding: Finding,
    /// The endpoint that was followed, and the one that contradicted it.
    pub followed: String,
    pub contradicting: String,
    /// How many validators signed both.
    pub signed_both: u32,
    /// Nothing is believed until `ResumeNode`.
    pub stops: bool,
    /// The file with the evidence, to be sent to the network's operators.
    pub evidence: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnchorOrigin {
    /// The network's file.
    Network,
    /// A person, by `TrustCheckpoint`.
    Person,
}

/// The checkpoint that trust stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchorView {
    pub height: u64,
    pub hash: String,
    pub origin: AnchorOrigin,
    /// How long trust in a header lasts, seconds.
    pub period_s: u64,
    /// When the newest trusted header is too old to go on from, if the app stays offline. Absent:
    /// nothing is trusted yet.
    pub lapses: Option<String>,
    /// It has lapsed: `ShowCheckpoint`, compare, `TrustCheckpoint`.
    pub lapsed: bool,
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
    /// Who carried this act in and paid for it, if it was not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<String>,
}
