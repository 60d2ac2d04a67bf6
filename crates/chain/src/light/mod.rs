//! The light client: from a checkpoint to the head, trusting validators only
//! (Tendermint light-client specification, LCV-*).

mod anchor;
mod backwards;
mod block;
mod client;
mod divergence;
mod error;
mod signatures;
mod verify;
mod witness;

pub use anchor::{Anchor, Candidate, Checkpoint, Origin, TrustError};
pub(crate) use block::seconds;
pub use block::{BadStoredBlock, LightBlock};
pub use client::{Head, LightClient};
pub use error::SyncError;
pub use verify::{Rules, Verdict, verify};
pub use witness::{Conflict, Finding, WitnessStanding, WitnessStatus};
