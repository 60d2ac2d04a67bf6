use dhc_domain::Height;
use serde::Serialize;
use tendermint::block::signed_header::SignedHeader;

/// Two signed headers of one height that differ: somebody signed twice, or lies.
///
/// Serializes to a file that a person can send on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    pub chain_id: String,
    pub height: Height,
    /// The latest height below at which the light client had a trusted header.
    pub common_height: Height,
    pub primary: Shown,
    pub witness: Shown,
    /// Whether the witness's header, too, is signed by validators that the common header vouches
    /// for: then validators attack. Where not, one of the two nodes is faulty or lies.
    pub both_verify: bool,
}

/// What one endpoint showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    pub endpoint: String,
    pub signed_header: SignedHeader,
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
