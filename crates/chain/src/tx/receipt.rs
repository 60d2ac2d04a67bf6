use alloy::{
    primitives::{Bytes, Log},
    sol_types::SolEvent,
};
use dhc_domain::{Address, Amount, Height, Timestamp, TxHash, U256};
use serde::{Deserialize, Serialize};

use super::Revert;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TxStatus {
    Ok,
    /// Executed and undone; the fee is paid.
    Reverted,
    /// In a block, but refused before it was executed.
    Refused,
}

/// A transaction with its result, both proven under trusted headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenReceipt {
    pub tx: TxHash,
    pub from: Address,
    /// `None`: created a contract.
    pub to: Option<Address>,
    pub value: U256,
    pub nonce: u64,
    pub input: Bytes,
    pub gas_limit: u64,
    pub max_fee_per_gas: u128,
    pub max_priority_fee_per_gas: u128,
    pub height: Height,
    pub time: Timestamp,
    pub status: TxStatus,
    pub gas_used: u64,
    /// The virtual machine's words, empty where all went well.
    pub vm_error: String,
    /// What the call returned, or the data it reverted with.
    pub ret: Bytes,
    pub logs: Vec<Log>,
}

impl ProvenReceipt {
    /// The most the fee can have been. The price paid is not in anything that consensus commits
    /// to; the balance's change is.
    pub fn max_fee(&self) -> Amount {
        Amount(U256::from(self.gas_used).saturating_mul(U256::from(self.max_fee_per_gas)))
    }

    /// Why the contract refused, where it did.
    pub fn revert(&self) -> Option<Revert> {
        (self.status == TxStatus::Reverted).then(|| Revert::decode(&self.ret))
    }

    /// The address of the contract it created.
    pub fn created(&self) -> Option<Address> {
        (self.to.is_none() && self.status == TxStatus::Ok).then(|| self.from.create(self.nonce))
    }

    /// The first event of a kind that `contract` emitted.
    pub fn event<E: SolEvent>(&self, contract: Address) -> Option<E> {
        let of_contract = self.logs.iter().filter(|log| log.address == contract);
        of_contract
            .filter_map(|log| E::decode_log(log).ok())
            .map(|log| log.data)
            .next()
    }
}
