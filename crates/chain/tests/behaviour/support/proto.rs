//! The SDK's messages as a node writes them.

use alloy::primitives::Log as EthLog;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct Any {
    #[prost(string, tag = "1")]
    pub type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    pub value: Vec<u8>,
}

pub fn any(type_url: &str, message: &impl Message) -> Any {
    Any {
        type_url: type_url.into(),
        value: message.encode_to_vec(),
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct TxRaw {
    #[prost(bytes = "vec", tag = "1")]
    pub body_bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TxBody {
    #[prost(message, repeated, tag = "1")]
    pub messages: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub struct MsgEthereumTx {
    #[prost(bytes = "vec", tag = "5")]
    pub from: Vec<u8>,
    #[prost(bytes = "vec", tag = "6")]
    pub raw: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TxMsgData {
    #[prost(message, repeated, tag = "2")]
    pub msg_responses: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Response {
    #[prost(string, tag = "1")]
    pub hash: String,
    #[prost(message, repeated, tag = "2")]
    pub logs: Vec<Log>,
    #[prost(bytes = "vec", tag = "3")]
    pub ret: Vec<u8>,
    #[prost(string, tag = "4")]
    pub vm_error: String,
    #[prost(uint64, tag = "5")]
    pub gas_used: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Log {
    #[prost(string, tag = "1")]
    pub address: String,
    #[prost(string, repeated, tag = "2")]
    pub topics: Vec<String>,
    #[prost(bytes = "vec", tag = "3")]
    pub data: Vec<u8>,
    #[prost(uint64, tag = "4")]
    pub block_number: u64,
}

pub fn log(log: &EthLog) -> Log {
    Log {
        address: log.address.to_string(),
        topics: log.topics().iter().map(ToString::to_string).collect(),
        data: log.data.data.to_vec(),
        block_number: 9,
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct BaseAccount {
    #[prost(string, tag = "1")]
    pub address: String,
    #[prost(uint64, tag = "3")]
    pub account_number: u64,
    #[prost(uint64, tag = "4")]
    pub sequence: u64,
}
