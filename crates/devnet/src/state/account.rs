use alloy::primitives::Address;
use bech32::Hrp;
use prost::Message;

use crate::{envelope::Any, store::StoreError};

const TYPE_URL: &str = "/cosmos.auth.v1beta1.BaseAccount";
const HUMAN_READABLE_PART: Hrp = Hrp::parse_unchecked("dhl");

/// `cosmos.auth.v1beta1.BaseAccount`, without the public key, which cosmos/evm leaves empty for
/// accounts that sign as Ethereum does.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct BaseAccount {
    #[prost(string, tag = "1")]
    pub(crate) address: String,
    #[prost(uint64, tag = "3")]
    pub(crate) account_number: u64,
    /// The nonce of the next transaction.
    #[prost(uint64, tag = "4")]
    pub(crate) sequence: u64,
}

impl BaseAccount {
    pub(crate) fn new(address: Address, account_number: u64) -> Self {
        let address = bech32::encode::<bech32::Bech32>(HUMAN_READABLE_PART, address.as_slice())
            .expect("twenty bytes are within the limits of Bech32");
        Self {
            address,
            account_number,
            sequence: 0,
        }
    }

    pub(super) fn from_any(bytes: &[u8]) -> Result<Self, StoreError> {
        Any::decode(bytes)
            .ok()
            .filter(|any| any.type_url == TYPE_URL)
            .and_then(|any| Self::decode(any.value.as_slice()).ok())
            .ok_or(StoreError::Damaged("an account"))
    }

    pub(super) fn to_any(&self) -> Vec<u8> {
        Any {
            type_url: TYPE_URL.to_owned(),
            value: self.encode_to_vec(),
        }
        .encode_to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value that a cosmos/evm node proved for an account with number 0 and nonce 5.
    const FROM_A_NODE: &str = "0a202f636f736d6f732e617574682e763162657461312e426173654163636f75\
        6e74122e0a2a64686c31357739347a35776a336b76747838636b7335666e7a78706c636a72683871337a307476\
        6866302005";

    #[test]
    fn an_account_is_written_as_a_node_writes_it() {
        let address = "0xa38b5151d28d98b31f16851331183fc487738222"
            .parse()
            .unwrap();
        let mut account = BaseAccount::new(address, 0);
        account.sequence = 5;
        assert_eq!(hex::encode(account.to_any()), FROM_A_NODE);
        assert_eq!(
            BaseAccount::from_any(&hex::decode(FROM_A_NODE).unwrap()).unwrap(),
            account
        );
    }
}
