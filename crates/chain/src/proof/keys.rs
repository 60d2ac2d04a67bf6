//! Where the chain keeps what: store names, keys, and the encodings of their values
//! (cosmos/evm `x/vm/types/key.go`, cosmos-sdk `x/bank/types/keys.go`, `x/auth/types/keys.go`).

use alloy::primitives::{Address, B256, U256};
use dhc_domain::Amount;
use prost::Message;

/// A key of a named store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateKey {
    pub store: &'static str,
    pub key: Vec<u8>,
}

/// The value of a key is not what the chain writes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the proven value is not of the kind the chain keeps there")]
pub struct BadValue;

fn join(store: &'static str, parts: &[&[u8]]) -> StateKey {
    StateKey {
        store,
        key: parts.concat(),
    }
}

/// One storage slot of a contract. Absent and zero mean the same.
pub fn storage(contract: Address, slot: B256) -> StateKey {
    join("evm", &[&[0x02], contract.as_slice(), slot.as_slice()])
}

/// The keccak-256 of an account's code; absent where it has none.
pub fn code_hash(account: Address) -> StateKey {
    join("evm", &[&[0x04], account.as_slice()])
}

/// An account's total balance of a denomination, ASCII decimal; absent where zero.
pub fn balance(account: Address, denom: &str) -> StateKey {
    join(
        "bank",
        &[&[0x02, 0x14], account.as_slice(), denom.as_bytes()],
    )
}

/// The account itself: `Any(BaseAccount)`.
pub fn account(account: Address) -> StateKey {
    join("acc", &[&[0x01], account.as_slice()])
}

pub fn read_word(value: Option<&[u8]>) -> Result<B256, BadValue> {
    value.map_or(Ok(B256::ZERO), |v| B256::try_from(v).map_err(|_| BadValue))
}

pub fn read_balance(value: Option<&[u8]>) -> Result<Amount, BadValue> {
    let Some(value) = value else {
        return Ok(Amount::ZERO);
    };
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(BadValue)
}

/// The nonce of an account: `sequence` of its `cosmos.auth.v1beta1.BaseAccount`.
pub fn read_nonce(value: Option<&[u8]>) -> Result<u64, BadValue> {
    let Some(value) = value else { return Ok(0) };
    let any = Any::decode(value).map_err(|_| BadValue)?;
    if any.type_url != "/cosmos.auth.v1beta1.BaseAccount" {
        return Err(BadValue);
    }
    BaseAccount::decode(any.value.as_slice())
        .map(|a| a.sequence)
        .map_err(|_| BadValue)
}

pub fn read_code_hash(value: Option<&[u8]>) -> Result<Option<B256>, BadValue> {
    value
        .map(|v| B256::try_from(v).map_err(|_| BadValue))
        .transpose()
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct BaseAccount {
    #[prost(uint64, tag = "4")]
    sequence: u64,
}

/// A storage slot's number as a key.
pub fn slot(n: U256) -> B256 {
    B256::from(n)
}
