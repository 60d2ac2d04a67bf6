use serde::{Deserialize, Serialize};

use crate::Height;

/// How well a value read from a chain is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Standing {
    /// True at `height`: the proof verified under a trusted header.
    Proven { height: Height },
    /// Written at `height`; the header that will prove it is not there yet.
    Pending { height: Height },
    /// Not known to be true.
    Unproven { reason: UnprovenReason },
}

/// Why a value could not be proven. The names are the error codes of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnprovenReason {
    NetworkUnreachable,
    NodeUntrusted,
    WitnessConflict,
    ProofUnavailable,
    TrustExpired,
    ClockSkew,
}

impl Standing {
    pub const fn is_proven(&self) -> bool {
        matches!(self, Self::Proven { .. })
    }
}

/// A value with its standing: the only form in which chain state leaves the light client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested<T> {
    pub value: T,
    pub standing: Standing,
}

impl<T> Attested<T> {
    pub fn proven(value: T, height: Height) -> Self {
        Self {
            value,
            standing: Standing::Proven { height },
        }
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Attested<U> {
        Attested {
            value: f(self.value),
            standing: self.standing,
        }
    }
}
