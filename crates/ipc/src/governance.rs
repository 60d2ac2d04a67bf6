use serde::{Deserialize, Serialize};

use crate::Standing;

/// Locks DHL for votes. `amount` in DHL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LockVotes {
    pub amount: String,
}

/// Takes locked DHL back. `amount` in DHL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnlockVotes {
    pub amount: String,
}

/// What an account has locked afterwards, adhl.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LockView {
    pub locked: String,
    pub tx: String,
    pub height: u64,
    pub standing: Standing,
}

/// A template that is proposed, in the words of `consent templates`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTemplate {
    pub name: String,
    /// HL7 ActReason codes.
    pub purposes: Vec<String>,
    /// Longest time of a grant, seconds.
    pub max_window_s: u64,
    #[serde(default)]
    pub min_approvals: u8,
    #[serde(default)]
    pub sealed_allowed: bool,
    /// For contributions, and not for grants.
    #[serde(default)]
    pub contribution: bool,
    /// What a grant may allow: `view`, `export`, `annotate`; none for contributions.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Whether a grantee may be allowed to share onward.
    #[serde(default)]
    pub onward: bool,
    /// Above 0, grants are dormant until their glass is broken, then open for so many seconds.
    #[serde(default)]
    pub glass_window_s: u64,
    /// Sensitive: keys are shared among holders, and given in no other way.
    #[serde(default)]
    pub custody_only: bool,
}

/// One of what governance does to templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProposalAct {
    AddTemplate(NewTemplate),
    /// `name` is absent where no template of that id stands.
    RetireTemplate {
        name: Option<String>,
        id: String,
    },
    /// A call that this app has no words for.
    Other {
        target: String,
        call: String,
    },
}

/// One of the two.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Propose {
    #[serde(default)]
    pub add: Option<NewTemplate>,
    /// A template's name.
    #[serde(default)]
    pub retire: Option<String>,
    /// Why, for everybody to read. Another reason makes another proposal.
    #[serde(default)]
    pub because: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Proposals {}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProposalsView {
    /// The newest first.
    pub proposals: Vec<ProposalView>,
    /// What my account has locked, adhl.
    pub locked: String,
    /// What a proposer must have locked, adhl.
    pub threshold: String,
    /// Of all that is said here. What a proposal would do is the preimage of its proven number.
    pub standing: Standing,
}

/// Votes are adhl.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProposalView {
    pub proposal: String,
    pub proposer: String,
    /// `pending`, `active`, `defeated`, `succeeded`, `queued`, `executed`, `canceled`.
    pub state: String,
    /// Absent where no node tells what it would do; its number is the hash of that.
    pub acts: Option<Vec<ProposalAct>>,
    pub because: String,
    /// The last moment whose locks count.
    pub snapshot: String,
    pub ends: String,
    /// When it may be executed, once it is queued.
    pub due: Option<String>,
    /// Whether it may be executed now.
    pub ready: bool,
    #[serde(rename = "for")]
    pub in_favour: String,
    pub against: String,
    pub abstain: String,
    pub quorum: String,
    /// Whether my account has voted.
    pub voted: bool,
}

/// `support`: `for`, `against`, `abstain`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VoteOn {
    pub proposal: String,
    pub support: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueueProposal {
    pub proposal: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExecuteProposal {
    pub proposal: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProposalChange {
    pub proposal: String,
    pub tx: String,
    pub height: u64,
    pub standing: Standing,
}
