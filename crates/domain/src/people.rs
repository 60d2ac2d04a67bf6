//! Who acts for whom, and who asks whom for what.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a proxy may do for its owner. On chain: a bit's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// Give access.
    Grant,
    /// End access.
    Revoke,
    /// Move the end of an access.
    Renew,
    /// Answer requests for access.
    Answer,
}

impl Power {
    pub const ALL: &'static [Self] = &[Self::Grant, Self::Revoke, Self::Renew, Self::Answer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Renew => "renew",
            Self::Answer => "answer",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Power {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a power that the product knows: grant, revoke, renew, answer")]
pub struct UnknownPower;

impl FromStr for Power {
    type Err = UnknownPower;

    fn from_str(s: &str) -> Result<Self, UnknownPower> {
        Self::ALL
            .iter()
            .copied()
            .find(|p| p.name() == s)
            .ok_or(UnknownPower)
    }
}

/// A set of powers, as its bits on chain. Bits that the product does not know are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Powers(pub u32);

impl Powers {
    pub fn contains(self, power: Power) -> bool {
        self.0 & power.bit() != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Power> {
        Power::ALL
            .iter()
            .copied()
            .filter(move |p| self.contains(*p))
    }
}

impl FromIterator<Power> for Powers {
    fn from_iter<I: IntoIterator<Item = Power>>(powers: I) -> Self {
        Self(powers.into_iter().fold(0, |bits, p| bits | p.bit()))
    }
}

/// What became of a request for access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    Open,
    /// With a grant.
    Answered,
    Declined,
    /// By who asked.
    Withdrawn,
}

impl RequestState {
    /// By its number on chain, where 0 is no request.
    pub fn from_index(i: u8) -> Option<Self> {
        let states = [Self::Open, Self::Answered, Self::Declined, Self::Withdrawn];
        states.get(usize::from(i.checked_sub(1)?)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_the_contracts_bits() {
        let all: Powers = Power::ALL.iter().copied().collect();
        assert_eq!(all, Powers(15));
        let some = Powers(0b1010);
        assert_eq!(
            some.iter().collect::<Vec<_>>(),
            [Power::Revoke, Power::Answer]
        );
        assert!(!some.contains(Power::Grant));
        for power in Power::ALL {
            assert_eq!(power.to_string().parse(), Ok(*power));
        }
        assert_eq!("all".parse::<Power>(), Err(UnknownPower));
    }

    #[test]
    fn states_are_numbered_as_the_contract_does() {
        let states: Vec<_> = (0..6).map(RequestState::from_index).collect();
        assert_eq!(states[0], None);
        assert_eq!(states[1], Some(RequestState::Open));
        assert_eq!(states[4], Some(RequestState::Withdrawn));
        assert_eq!(states[5], None);
    }
}
