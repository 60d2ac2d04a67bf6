use serde::{Deserialize, Serialize};

use crate::Code;

/// Who carries in and pays for what this profile cannot pay for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sponsors {}

/// `address`: where the sponsor's app listens, `/ip4/…/tcp/…/p2p/…`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AddSponsor {
    pub address: String,
}

/// By its peer id or its address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveSponsor {
    pub sponsor: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UseSponsors {
    /// Also for what this profile could pay for itself.
    pub always: bool,
    /// How long a sponsor has for an act that is handed over, as `15m`, by the chain's time;
    /// `None`: as before.
    #[serde(default)]
    pub counts_for: Option<String>,
}

/// In the order in which they are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsorsView {
    pub sponsors: Vec<SponsorView>,
    pub always: bool,
    /// How long an act that is handed over counts, seconds.
    #[serde(default)]
    pub counts_for_s: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SponsorView {
    pub peer: String,
    pub address: String,
    /// Whether it did what it was asked last.
    pub reliable: bool,
    /// What it failed with last, and at which height.
    pub failed: Option<Code>,
    pub height: Option<u64>,
}
