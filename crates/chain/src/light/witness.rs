use dhc_domain::Height;
use serde::{Deserialize, Serialize};
use tendermint::{account, block::signed_header::SignedHeader};

use crate::node::{CometNode, Recorded, signed_header};

/// Two signed headers of one height that differ: somebody signed twice, or lies.
///
/// Serializes to a file that a person can send on: the validators of the height before judge it by
/// the signatures in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    pub chain_id: String,
    /// The first height at which the two are known to differ.
    pub height: Height,
    /// The last height below on which they agree; `None` where not even the checkpoint is common.
    pub common_height: Option<Height>,
    pub finding: Finding,
    /// The validators whose signatures both headers carry: with a fork, those who signed twice.
    pub signed_both: Vec<account::Id>,
    pub primary: Shown,
    pub witness: Shown,
    /// Where the evidence is kept on this device.
    #[serde(skip)]
    pub kept: Option<String>,
}

impl Conflict {
    /// Whether nothing is believed any more until a person has decided. Anything less than a fork
    /// stops the step in which it was shown and not the next: else a witness could lock everybody
    /// out with a header that nobody signed.
    pub fn stops(&self) -> bool {
        self.finding == Finding::Fork
    }
}

/// What is known of a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The validators that both nodes agree on signed both headers: they attack.
    Fork,
    /// The witness's header is not signed by them: it is faulty, lies, or follows another chain.
    FalseWitness,
    /// The witness did not show enough to tell, or trust in the common header has expired.
    Unexplained,
}

/// What one endpoint showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub endpoint: String,
    #[serde(deserialize_with = "signed_header")]
    pub signed_header: SignedHeader,
}

impl Shown {
    pub(super) fn by(node: &CometNode, signed_header: SignedHeader) -> Self {
        Self {
            endpoint: node.endpoint().to_owned(),
            signed_header,
        }
    }
}

/// A witness at the last comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WitnessStatus {
    pub endpoint: String,
    pub standing: WitnessStanding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WitnessStanding {
    NotAsked,
    /// Showed the same header at this height.
    Agrees {
        height: Height,
    },
    /// Could not be reached, or gave no header.
    Silent,
}
