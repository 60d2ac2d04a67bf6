use std::{fmt, str::FromStr};

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The base denomination: 10^18 adhl are one DHL.
pub const DENOM: &str = "adhl";
const DECIMALS: usize = 18;

/// An amount in base units (adhl). On the wire: a decimal string.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(pub U256);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("an amount is digits with at most one point, as 1.5")]
    Malformed,
    #[error("DHL has 18 decimals; the amount has {0}")]
    TooManyDecimals(usize),
    #[error("the amount is too large")]
    Overflow,
}

impl Amount {
    pub const ZERO: Self = Self(U256::ZERO);

    /// Parses an amount in DHL as people write it: `12`, `0.5`, at most 18 decimals.
    pub fn from_dhl(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        let pointed = text.contains('.');
        if whole.is_empty()
            || !digits(whole)
            || !digits(fraction)
            || (pointed && fraction.is_empty())
        {
            return Err(AmountError::Malformed);
        }
        if fraction.len() > DECIMALS {
            return Err(AmountError::TooManyDecimals(fraction.len()));
        }
        let base = format!("{whole}{fraction:0<DECIMALS$}");
        U256::from_str_radix(&base, 10)
            .map(Self)
            .map_err(|_| AmountError::Overflow)
    }

    /// The amount in DHL without trailing zeros: `1.5`.
    pub fn to_dhl(self) -> String {
        let digits = format!("{:0>19}", self.0.to_string());
        let (whole, fraction) = digits.split_at(digits.len() - DECIMALS);
        match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        }
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} adhl", self.0)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Parses base units.
    fn from_str(s: &str) -> Result<Self, AmountError> {
        if s.is_empty() || !s.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AmountError::Malformed);
        }
        U256::from_str_radix(s, 10)
            .map(Self)
            .map_err(|_| AmountError::Overflow)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_write_and_refuses_the_rest() {
        assert_eq!(
            Amount::from_dhl("1.5").unwrap().to_string(),
            "1500000000000000000"
        );
        assert_eq!(
            Amount::from_dhl("0.0000000000000000001"),
            Err(AmountError::TooManyDecimals(19))
        );
        for bad in ["", ".", "1.", ".5", "-1", "1e3", "1,5", "1.2.3", " 1"] {
            assert_eq!(
                Amount::from_dhl(bad),
                Err(AmountError::Malformed),
                "{bad:?}"
            );
        }
        assert_eq!(
            Amount::from_dhl(&"9".repeat(80)),
            Err(AmountError::Overflow)
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(v in any::<u128>()) {
            let a = Amount(U256::from(v));
            prop_assert_eq!(Amount::from_dhl(&a.to_dhl()).unwrap(), a);
        }
    }
}
