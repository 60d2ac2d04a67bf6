use std::{fmt, str::FromStr};

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

macro_rules! id32 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub B256);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = alloy_primitives::hex::FromHexError;

            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }

        impl From<B256> for $name {
            fn from(b: B256) -> Self {
                Self(b)
            }
        }
    };
}

id32!(
    /// A record (a study, later any resource set) in `RecordIndex`: 32 random bytes.
    RecordId
);
id32!(
    /// A grant in `Consent`: `keccak256(abi.encode(owner, salt))`.
    GrantId
);
id32!(
    /// A request for access in `Requests`: `keccak256(abi.encode(asker, salt))`.
    RequestId
);
id32!(
    /// A contribution in `IncentivePool`.
    ContributionId
);
id32!(
    /// Keccak-256 of a signed Ethereum transaction.
    TxHash
);
id32!(
    /// A salted commitment to a record's content: says nothing without its salt.
    Commitment
);

/// A sealed object, one per version of a record's content: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(pub alloy_primitives::FixedBytes<16>);

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({})", self.0)
    }
}

/// A block height. State at height H is proven by the header of H+1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Height(pub u64);

impl Height {
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("an address is 0x and 40 hex digits")]
    Malformed,
    #[error("the address's checksum does not match: a digit is mistyped")]
    Checksum,
}

/// Parses an address as a person gives it: mixed case must carry a right EIP-55 checksum,
/// all lower or all upper case carries none.
pub fn parse_address(s: &str) -> Result<Address, AddressError> {
    let digits = s.strip_prefix("0x").ok_or(AddressError::Malformed)?;
    let address = Address::from_str(s).map_err(|_| AddressError::Malformed)?;
    let mixed = digits.bytes().any(|b| b.is_ascii_lowercase())
        && digits.bytes().any(|b| b.is_ascii_uppercase());
    if mixed && address.to_checksum(None) != s {
        return Err(AddressError::Checksum);
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_digit_of_a_checksummed_address_is_noticed() {
        // EIP-55's own example.
        let good = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert!(parse_address(good).is_ok());
        assert!(parse_address(&good.to_lowercase()).is_ok());
        let bad = good.replace("5aAeb", "5aaeb");
        assert_eq!(parse_address(&bad), Err(AddressError::Checksum));
        assert_eq!(parse_address("5aAe"), Err(AddressError::Malformed));
    }
}
