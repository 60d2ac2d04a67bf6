//! The language of the product: ids, amounts, times, consent and contribution rules.
//! Pure: nothing here reads a clock, a file or a network.

mod amount;
mod consent;
mod contribution;
mod ids;
mod network;
mod people;
mod standing;
mod template;
mod time;

pub use alloy_primitives::{Address, B256, U256};
pub use amount::{Amount, AmountError, DENOM};
pub use consent::{Action, Actions, GLASS, GrantState, Life, Mode, Purpose};
pub use contribution::{DiseaseClass, HospitalGrade, Kind, Quality, Similarity};
pub use ids::{
    AddressError, Commitment, ContributionId, GrantId, Height, ObjectId, RecordId, RequestId,
    TxHash, parse_address,
};
pub use network::{NetworkError, NetworkFile, ProofSpec, Trust};
pub use people::{Power, Powers, RequestState, UnknownPower};
pub use standing::{Attested, Standing, UnprovenReason};
pub use template::{Asked, Template, TemplateRefusal};
pub use time::{TimeError, Timestamp, Until};
