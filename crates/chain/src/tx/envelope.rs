//! The SDK's envelope around Ethereum transactions and their results
//! (cosmos-sdk `tx/v1beta1/tx.proto`, `base/abci/v1beta1/abci.proto`;
//! cosmos/evm `proto/cosmos/evm/vm/v1/{tx,evm}.proto`). Only the fields that are read.

use prost::Message;

use crate::proof::keys::Any;

const ETHEREUM_TX: &str = "/cosmos.evm.vm.v1.MsgEthereumTx";
const ETHEREUM_TX_RESPONSE: &str = "/cosmos.evm.vm.v1.MsgEthereumTxResponse";

#[derive(Clone, PartialEq, Message)]
struct TxRaw {
    #[prost(bytes = "vec", tag = "1")]
    body_bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct TxBody {
    #[prost(message, repeated, tag = "1")]
    messages: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct MsgEthereumTx {
    #[prost(bytes = "vec", tag = "6")]
    raw: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct TxMsgData {
    #[prost(message, repeated, tag = "2")]
    msg_responses: Vec<Any>,
}

/// The result of one Ethereum transaction, as consensus commits to it.
#[derive(Clone, PartialEq, Message)]
pub struct EthereumTxResponse {
    /// Of the transaction, in hex.
    #[prost(string, tag = "1")]
    pub hash: String,
    #[prost(message, repeated, tag = "2")]
    pub logs: Vec<Log>,
    /// What the call returned, or the data it reverted with.
    #[prost(bytes = "vec", tag = "3")]
    pub ret: Vec<u8>,
    /// The virtual machine's words, empty where all went well.
    #[prost(string, tag = "4")]
    pub vm_error: String,
    #[prost(uint64, tag = "5")]
    pub gas_used: u64,
}

/// Address, topics and data; the node's derived fields are left aside.
#[derive(Clone, PartialEq, Message)]
pub struct Log {
    #[prost(string, tag = "1")]
    pub address: String,
    #[prost(string, repeated, tag = "2")]
    pub topics: Vec<String>,
    #[prost(bytes = "vec", tag = "3")]
    pub data: Vec<u8>,
}

/// The raw Ethereum transactions in an SDK transaction, by their place among its messages.
/// Whatever else it holds is not ours to read.
pub fn ethereum_txs(tx: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let Some(body) = TxRaw::decode(tx)
        .ok()
        .and_then(|raw| TxBody::decode(raw.body_bytes.as_slice()).ok())
    else {
        return Vec::new();
    };
    let ours = |(place, any): (usize, &Any)| {
        if any.type_url != ETHEREUM_TX {
            return None;
        }
        MsgEthereumTx::decode(any.value.as_slice())
            .ok()
            .map(|msg| (place, msg.raw))
    };
    body.messages.iter().enumerate().filter_map(ours).collect()
}

/// The response to the message at `place` in a transaction's result data; `None` where that is
/// none of an Ethereum transaction.
pub fn response(data: &[u8], place: usize) -> Option<EthereumTxResponse> {
    let data = TxMsgData::decode(data).ok()?;
    let any = data.msg_responses.get(place)?;
    if any.type_url != ETHEREUM_TX_RESPONSE {
        return None;
    }
    EthereumTxResponse::decode(any.value.as_slice()).ok()
}
