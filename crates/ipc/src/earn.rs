use serde::{Deserialize, Serialize};

use crate::Standing;

/// What a record would weigh if contributed now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Weigh {
    pub id: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WeighView {
    /// Whether it can be contributed; if not, why.
    pub refused: Option<crate::Code>,
    /// Parts per million of the full weight.
    pub weight_ppm: u64,
    pub kinds: Vec<String>,
    pub grade: Option<String>,
    pub disease: Option<String>,
    /// The day's pool now, and what this weight would earn if nothing else came, adhl.
    pub pool: String,
    pub estimate: String,
    pub standing: Standing,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Contribute {
    pub id: String,
    pub template: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContributionView {
    pub contribution: String,
    pub day: u64,
    pub weight: String,
    pub tx: String,
    pub height: u64,
    /// Who carried this act in and paid for it, if it was not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Earnings {}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Claim {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayState {
    Open,
    Settled,
    Claimed,
}

/// A day on which I contributed, or today. Amounts in adhl.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayView {
    pub day: u64,
    /// When the day began.
    pub begins: String,
    pub pool: String,
    pub weight: String,
    pub total_weight: String,
    pub reward: String,
    pub state: DayState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EarningsView {
    pub days: Vec<DayView>,
    pub claimable: String,
    pub today: u64,
    pub today_pool: String,
    /// When the open day closes.
    pub closes: String,
    /// The claim's transaction, where this answers one.
    pub tx: Option<String>,
    pub height: Option<u64>,
    /// Who carried the claim in and paid for it, if it was not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sponsored_by: Option<String>,
    pub standing: Standing,
}
