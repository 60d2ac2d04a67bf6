use std::{fmt, str::FromStr};

use alloy_primitives::{B256, keccak256};
use serde::{Deserialize, Serialize};

use crate::Timestamp;

macro_rules! purposes {
    ($($code:ident $doc:literal,)*) => {
        /// Purpose of use, HL7 v3 ActReason. On chain: the code's index in this list.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[allow(clippy::upper_case_acronyms, reason = "the codes are HL7's")]
        pub enum Purpose { $(#[doc = $doc] $code,)* }

        impl Purpose {
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$code => stringify!($code),)* }
            }
        }
    };
}

purposes! {
    TREAT "Treatment",
    ETREAT "Emergency treatment",
    COC "Coordination of care",
    HPAYMT "Healthcare payment",
    HOPERAT "Healthcare operations",
    HRESCH "Healthcare research",
    CLINTRCH "Clinical trial research",
    PATRQT "Patient requested",
    FAMRQT "Family requested",
    PUBHLTH "Public health",
    HMARKT "Healthcare marketing",
    MLTRAINING "Training of machine-learning models",
}

impl Purpose {
    /// The code's number on chain.
    pub fn index(self) -> u8 {
        self as u8
    }

    pub fn from_index(i: u8) -> Option<Self> {
        Self::ALL.get(usize::from(i)).copied()
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a purpose of use that the product knows")]
pub struct UnknownPurpose;

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(s: &str) -> Result<Self, UnknownPurpose> {
        Self::ALL
            .iter()
            .copied()
            .find(|p| p.code().eq_ignore_ascii_case(s))
            .ok_or(UnknownPurpose)
    }
}

/// How the key is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Released by the owner's app, opening by opening, after it has proven the access entry.
    Live,
    /// In an envelope for the window of the grant; openings are logged by the reader's app.
    Sealed,
}

impl Mode {
    pub fn index(self) -> u8 {
        self as u8
    }

    pub fn from_index(i: u8) -> Option<Self> {
        [Self::Live, Self::Sealed].get(usize::from(i)).copied()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantState {
    Active,
    AwaitingApproval,
    Expired,
    Revoked,
}

impl GrantState {
    /// The state of a grant at `now`: revocation outweighs expiry, expiry outweighs a missing
    /// approval.
    pub fn at(
        now: Timestamp,
        not_after: Timestamp,
        revoked: bool,
        approvals: u8,
        threshold: u8,
    ) -> Self {
        if revoked {
            Self::Revoked
        } else if now > not_after {
            Self::Expired
        } else if approvals < threshold {
            Self::AwaitingApproval
        } else {
            Self::Active
        }
    }
}

/// A compliance template: the limits a grant must fit (white paper 4.2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    pub name: String,
    pub purposes: Vec<Purpose>,
    pub max_window_s: u64,
    pub min_approvals: u8,
    pub sealed_allowed: bool,
    /// Whether contributions, and not grants, may name it.
    pub contribution: bool,
    pub retired: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateRefusal {
    #[error("the template does not allow this purpose")]
    Purpose,
    #[error("the window is longer than the template's {0} s")]
    Window(u64),
    #[error("the template asks for at least {0} approvals")]
    Approvals(u8),
    #[error("the template does not allow sealed envelopes")]
    Sealed,
    #[error("the template is retired")]
    Retired,
    #[error("the template is for contributions, not for grants")]
    Contribution,
}

impl Template {
    /// The template's id on chain: keccak-256 of its name.
    pub fn id(&self) -> B256 {
        keccak256(self.name.as_bytes())
    }

    /// Whether a grant fits, as the contract decides it.
    pub fn admits(
        &self,
        purpose: Purpose,
        window_s: u64,
        threshold: u8,
        mode: Mode,
    ) -> Result<(), TemplateRefusal> {
        if self.retired {
            Err(TemplateRefusal::Retired)
        } else if self.contribution {
            Err(TemplateRefusal::Contribution)
        } else if !self.purposes.contains(&purpose) {
            Err(TemplateRefusal::Purpose)
        } else if window_s > self.max_window_s {
            Err(TemplateRefusal::Window(self.max_window_s))
        } else if threshold < self.min_approvals {
            Err(TemplateRefusal::Approvals(self.min_approvals))
        } else if mode == Mode::Sealed && !self.sealed_allowed {
            Err(TemplateRefusal::Sealed)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revocation_outweighs_everything() {
        let (now, later) = (Timestamp(10), Timestamp(20));
        assert_eq!(GrantState::at(now, later, true, 0, 0), GrantState::Revoked);
        assert_eq!(
            GrantState::at(later.plus(1), later, false, 1, 1),
            GrantState::Expired
        );
        assert_eq!(
            GrantState::at(now, later, false, 1, 2),
            GrantState::AwaitingApproval
        );
        assert_eq!(
            GrantState::at(later, later, false, 2, 2),
            GrantState::Active
        );
    }

    #[test]
    fn a_purpose_keeps_its_number() {
        assert_eq!(Purpose::TREAT.index(), 0);
        assert_eq!(Purpose::MLTRAINING.index(), 11);
        for p in Purpose::ALL {
            assert_eq!(Purpose::from_index(p.index()), Some(*p));
            assert_eq!(p.code().parse(), Ok(*p));
        }
    }
}
