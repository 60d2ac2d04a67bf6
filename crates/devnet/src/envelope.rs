//! Transactions and results as cosmos/evm writes them: an Ethereum transaction travels as the
//! only message of a Cosmos SDK transaction, and its logs come back in the message's response.
//! Field numbers: cosmos-sdk `tx.proto`, `abci.proto`; cosmos/evm `tx.proto`, `evm.proto`.

use alloy::{
    consensus::Transaction,
    primitives::{Address, B256, Log},
};
use prost::Message;

use crate::{signed_tx::SignedTx, state::DENOM};

const ETHEREUM_TX: &str = "/cosmos.evm.vm.v1.MsgEthereumTx";
const ETHEREUM_TX_RESPONSE: &str = "/cosmos.evm.vm.v1.MsgEthereumTxResponse";
const ETHEREUM_TX_EXTENSION: &str = "/cosmos.evm.vm.v1.ExtensionOptionsEthereumTx";

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Any {
    #[prost(string, tag = "1")]
    pub(crate) type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct TxRaw {
    #[prost(bytes = "vec", tag = "1")]
    body_bytes: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    auth_info_bytes: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "3")]
    signatures: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct TxBody {
    #[prost(message, repeated, tag = "1")]
    messages: Vec<Any>,
    #[prost(message, repeated, tag = "1023")]
    extension_options: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct AuthInfo {
    #[prost(message, optional, tag = "2")]
    fee: Option<Fee>,
}

#[derive(Clone, PartialEq, Message)]
struct Fee {
    #[prost(message, repeated, tag = "1")]
    amount: Vec<Coin>,
    #[prost(uint64, tag = "2")]
    gas_limit: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Coin {
    #[prost(string, tag = "1")]
    denom: String,
    #[prost(string, tag = "2")]
    amount: String,
}

#[derive(Clone, PartialEq, Message)]
struct MsgEthereumTx {
    #[prost(bytes = "vec", tag = "5")]
    from: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    raw: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct TxMsgData {
    #[prost(message, repeated, tag = "2")]
    msg_responses: Vec<Any>,
}

/// `cosmos.evm.vm.v1.MsgEthereumTxResponse`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct EthereumTxResponse {
    /// 0x-hex.
    #[prost(string, tag = "1")]
    pub(crate) hash: String,
    #[prost(message, repeated, tag = "2")]
    pub(crate) logs: Vec<EventLog>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) ret: Vec<u8>,
    /// Empty where execution succeeded.
    #[prost(string, tag = "4")]
    pub(crate) vm_error: String,
    #[prost(uint64, tag = "5")]
    pub(crate) gas_used: u64,
    /// Gas consumed before refunds.
    #[prost(uint64, tag = "6")]
    pub(crate) max_used_gas: u64,
    #[prost(bytes = "vec", tag = "7")]
    pub(crate) block_hash: Vec<u8>,
    #[prost(uint64, tag = "8")]
    pub(crate) block_timestamp: u64,
}

/// `cosmos.evm.vm.v1.Log`: hashes and addresses are 0x-hex.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct EventLog {
    #[prost(string, tag = "1")]
    pub(crate) address: String,
    #[prost(string, repeated, tag = "2")]
    pub(crate) topics: Vec<String>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) data: Vec<u8>,
    #[prost(uint64, tag = "4")]
    pub(crate) block_number: u64,
    #[prost(string, tag = "5")]
    pub(crate) tx_hash: String,
    #[prost(uint64, tag = "6")]
    pub(crate) tx_index: u64,
    #[prost(string, tag = "7")]
    pub(crate) block_hash: String,
    /// Counted over the block.
    #[prost(uint64, tag = "8")]
    pub(crate) index: u64,
    #[prost(bool, tag = "9")]
    pub(crate) removed: bool,
}

impl EventLog {
    pub(crate) fn new(log: &Log, block: u64, block_hash: B256, tx: B256, tx_index: u64) -> Self {
        Self {
            address: log.address.to_checksum(None),
            topics: log.topics().iter().map(ToString::to_string).collect(),
            data: log.data.data.to_vec(),
            block_number: block,
            tx_hash: tx.to_string(),
            tx_index,
            block_hash: block_hash.to_string(),
            index: 0,
            removed: false,
        }
    }
}

impl EthereumTxResponse {
    /// As `ExecTxResult.data` carries it.
    pub(crate) fn wrap(&self) -> Vec<u8> {
        let response = Any {
            type_url: ETHEREUM_TX_RESPONSE.to_owned(),
            value: self.encode_to_vec(),
        };
        TxMsgData {
            msg_responses: vec![response],
        }
        .encode_to_vec()
    }

    /// `None` where `data` is not the result of one Ethereum transaction.
    pub(crate) fn unwrap(data: &[u8]) -> Option<Self> {
        let mut responses = TxMsgData::decode(data).ok()?.msg_responses;
        let response = responses
            .pop()
            .filter(|any| any.type_url == ETHEREUM_TX_RESPONSE)?;
        responses
            .is_empty()
            .then(|| Self::decode(response.value.as_slice()).ok())?
    }
}

/// The transaction as blocks carry it.
pub(crate) fn seal(tx: &SignedTx) -> Vec<u8> {
    let any = |type_url: &str, value| Any {
        type_url: type_url.to_owned(),
        value,
    };
    let message = MsgEthereumTx {
        from: tx.sender.to_vec(),
        raw: tx.raw.to_vec(),
    };
    let body = TxBody {
        messages: vec![any(ETHEREUM_TX, message.encode_to_vec())],
        extension_options: vec![any(ETHEREUM_TX_EXTENSION, Vec::new())],
    };
    let gas_limit = tx.envelope.gas_limit();
    let fee = tx.max_fee_per_gas().saturating_mul(gas_limit.into());
    let fee = Fee {
        amount: vec![Coin {
            denom: DENOM.to_owned(),
            amount: fee.to_string(),
        }],
        gas_limit,
    };
    TxRaw {
        body_bytes: body.encode_to_vec(),
        auth_info_bytes: AuthInfo { fee: Some(fee) }.encode_to_vec(),
        signatures: Vec::new(),
    }
    .encode_to_vec()
}

/// What an envelope says it carries: the sender and the raw transaction, unchecked.
pub(crate) struct Opened {
    pub(crate) from: Address,
    pub(crate) raw: Vec<u8>,
}

/// `None` where `bytes` are not the envelope of one Ethereum transaction.
pub(crate) fn open(bytes: &[u8]) -> Option<Opened> {
    let tx = TxRaw::decode(bytes).ok()?;
    let mut messages = TxBody::decode(tx.body_bytes.as_slice()).ok()?.messages;
    let message = messages.pop().filter(|any| any.type_url == ETHEREUM_TX)?;
    let message = MsgEthereumTx::decode(message.value.as_slice()).ok()?;
    let from = Address::try_from(message.from.as_slice()).ok()?;
    (messages.is_empty() && tx.signatures.is_empty()).then_some(Opened {
        from,
        raw: message.raw,
    })
}

#[cfg(test)]
mod tests {
    use alloy::primitives::hex;

    use super::*;
    use crate::genesis::EVM_CHAIN_ID;

    /// 1 adhl to 0xaa…aa by the key 0x11…11, EIP-1559, gas 21000.
    const RAW: &str = "02f86c821e5180843b9aca00847735940082520894aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0180c001a05a8c811796c4f268b1d35040e20d690e4eba41cea5605a4bebdcef5723b41621a053749f370929bffc0d17f29969d7d17d0c41be99cd2333fe9199011307747979";
    const SEALED: &str = "0adf010aab010a1f2f636f736d6f732e65766d2e766d2e76312e4d7367457468657265756d54781287012a1419e7e376e7c213b7e7e7e46cc70a5dd086daff2a326f02f86c821e5180843b9aca00847735940082520894aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0180c001a05a8c811796c4f268b1d35040e20d690e4eba41cea5605a4bebdcef5723b41621a053749f370929bffc0d17f29969d7d17d0c41be99cd2333fe9199011307747979fa3f2e0a2c2f636f736d6f732e65766d2e766d2e76312e457874656e73696f6e4f7074696f6e73457468657265756d5478121e121c0a160a046164686c120e34323030303030303030303030301088a401";

    #[test]
    fn a_transaction_travels_in_an_envelope_and_comes_out_of_it() {
        let raw = hex::decode(RAW).unwrap();
        let tx = SignedTx::decode(&raw, EVM_CHAIN_ID).unwrap();
        let sealed = seal(&tx);
        assert_eq!(hex::encode(&sealed), SEALED);
        let opened = open(&sealed).unwrap();
        assert_eq!((opened.from, opened.raw), (tx.sender, raw));
        assert!(open(&sealed[1..]).is_none());
        assert!(open(&[]).is_none());
    }

    #[test]
    fn a_result_is_written_with_the_field_numbers_of_cosmos_evm() {
        let response = EthereumTxResponse {
            hash: "0x01".to_owned(),
            logs: vec![EventLog {
                address: "0x02".to_owned(),
                topics: vec!["0x03".to_owned()],
                data: vec![4],
                block_number: 5,
                tx_hash: "0x06".to_owned(),
                tx_index: 7,
                block_hash: "0x08".to_owned(),
                index: 9,
                removed: false,
            }],
            ret: vec![10],
            vm_error: "out of gas".to_owned(),
            gas_used: 11,
            max_used_gas: 12,
            block_hash: vec![13],
            block_timestamp: 14,
        };
        let inner = "0a04307830311221 0a04307830321204307830331a0104 2005 2a0430783036 3007 \
                     3a0430783038 4009 1a010a 220a6f7574206f6620676173 280b 300c 3a010d 400e"
            .replace([' ', '\n'], "");
        let bytes = hex::encode(response.encode_to_vec());
        assert_eq!(bytes, inner);
        let wrapped = response.wrap();
        assert_eq!(wrapped[0], 2 << 3 | 2);
        assert_eq!(EthereumTxResponse::unwrap(&wrapped), Some(response));
        assert_eq!(EthereumTxResponse::unwrap(&wrapped[1..]), None);
    }
}
