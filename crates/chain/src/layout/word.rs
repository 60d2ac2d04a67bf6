use alloy::primitives::{Address, B256, U256};

/// A Solidity value type that is read from storage.
pub trait Word: Sized {
    /// Decodes the value's bytes, given the compiler's id of its type; `None` where the type is
    /// another or the bytes are none of its values.
    fn decode(kind: &str, bytes: &[u8]) -> Option<Self>;
}

impl Word for Address {
    fn decode(kind: &str, bytes: &[u8]) -> Option<Self> {
        let address = kind.starts_with("t_address") || kind.starts_with("t_contract(");
        if address {
            Self::try_from(bytes).ok()
        } else {
            None
        }
    }
}

impl Word for B256 {
    fn decode(kind: &str, bytes: &[u8]) -> Option<Self> {
        if kind == "t_bytes32" {
            Self::try_from(bytes).ok()
        } else {
            None
        }
    }
}

impl Word for bool {
    fn decode(kind: &str, bytes: &[u8]) -> Option<Self> {
        match (kind, bytes) {
            ("t_bool", [0]) => Some(false),
            ("t_bool", [1]) => Some(true),
            _ => None,
        }
    }
}

impl Word for U256 {
    fn decode(kind: &str, bytes: &[u8]) -> Option<Self> {
        if kind.starts_with("t_uint") || kind.starts_with("t_enum(") {
            Self::try_from_be_slice(bytes)
        } else {
            None
        }
    }
}

macro_rules! unsigned {
    ($($t:ty)*) => {$(
        impl Word for $t {
            fn decode(kind: &str, bytes: &[u8]) -> Option<Self> {
                U256::decode(kind, bytes)?.try_into().ok()
            }
        }
    )*};
}

unsigned!(u8 u16 u32 u64 u128);
