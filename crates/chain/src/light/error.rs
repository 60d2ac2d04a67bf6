use dhc_domain::{Height, UnprovenReason};

use super::Conflict;
use crate::{
    node::{Blame, NodeError, Severity},
    ports::StoreError,
};

/// Why the light client could not reach a trusted head.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SyncError {
    #[error("no node of the network can be reached: {0}")]
    Unreachable(String),
    /// The nodes answer, and have not the header: pruned, or not there yet.
    #[error("no node has the header: {0}")]
    Unavailable(String),
    /// A header did not verify, or the checkpoint is not this chain's.
    #[error("the node's header does not verify: {0}")]
    Untrusted(String),
    #[error("the last trusted header is older than the trusting period")]
    TrustExpired,
    #[error("the chain's time is ahead of this device's clock")]
    ClockSkew,
    /// Two nodes show different headers of one height. The evidence is worth keeping.
    #[error("nodes disagree about height {}", .0.height)]
    WitnessConflict(Box<Conflict>),
    /// Endpoints of an Ethereum network show different blocks of one height.
    #[error("the endpoints disagree about block {0}")]
    Disagreement(Height),
    #[error("the network has not reached the height in time")]
    TimedOut,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SyncError {
    /// Whether waiting may help.
    pub(crate) fn passes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Unavailable(_) | Self::TimedOut
        )
    }

    /// The wire's reason for a value that this failure leaves unproven.
    pub fn reason(&self) -> UnprovenReason {
        match self {
            Self::Unreachable(_) | Self::TimedOut => UnprovenReason::NetworkUnreachable,
            Self::Untrusted(_) => UnprovenReason::NodeUntrusted,
            Self::TrustExpired => UnprovenReason::TrustExpired,
            Self::ClockSkew => UnprovenReason::ClockSkew,
            Self::WitnessConflict(_) | Self::Disagreement(_) => UnprovenReason::WitnessConflict,
            Self::Unavailable(_) | Self::Store(_) => UnprovenReason::ProofUnavailable,
        }
    }
}

impl From<NodeError> for SyncError {
    fn from(e: NodeError) -> Self {
        match e.blame() {
            Blame::Unreachable => Self::Unreachable(e.to_string()),
            Blame::Refused => Self::Unavailable(e.to_string()),
            Blame::Untrusted => Self::Untrusted(e.to_string()),
        }
    }
}

impl Severity for SyncError {
    fn severity(&self) -> u8 {
        match self {
            Self::Unreachable(_) => 0,
            Self::TimedOut => 1,
            Self::Unavailable(_) => 2,
            Self::ClockSkew => 3,
            Self::Untrusted(_) => 4,
            Self::TrustExpired | Self::Store(_) => 5,
            Self::WitnessConflict(_) | Self::Disagreement(_) => 6,
        }
    }

    fn is_the_nodes(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_)
                | Self::Unavailable(_)
                | Self::Untrusted(_)
                | Self::ClockSkew
                | Self::TimedOut
        )
    }

    fn of_the_node(&self) -> Option<UnprovenReason> {
        Some(self.reason())
    }
}
