//! The keys under which cosmos/evm keeps accounts, balances, code and storage, and the values
//! there.

mod account;
mod changes;

use std::str::FromStr;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use revm::{
    DatabaseRef,
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, Bytecode},
};

pub(crate) use account::BaseAccount;
pub(crate) use changes::Changes;

use crate::{
    store::StoreError,
    trees::{State, StoreName},
};

pub(crate) const DENOM: &str = "adhl";

/// `auth`: `0x01 ‖ address` → `Any(BaseAccount)`.
pub(crate) fn account_key(address: Address) -> Vec<u8> {
    [&[1], address.as_slice()].concat()
}

/// `auth`: the number that the next account receives, eight bytes, big endian.
pub(crate) const NEXT_ACCOUNT_NUMBER_KEY: &[u8] = &[2];

/// `bank`: `0x02 ‖ length ‖ address ‖ denomination` → decimal digits.
pub(crate) fn balance_key(address: Address) -> Vec<u8> {
    [&[2, 20], address.as_slice(), DENOM.as_bytes()].concat()
}

/// `bank`: `0x00 ‖ denomination` → decimal digits.
pub(crate) fn supply_key() -> Vec<u8> {
    [&[0], DENOM.as_bytes()].concat()
}

/// `evm`: `0x01 ‖ keccak256(code)` → code.
pub(crate) fn code_key(hash: B256) -> Vec<u8> {
    [&[1], hash.as_slice()].concat()
}

/// `evm`: `0x02 ‖ address ‖ slot` → 32 bytes.
pub(crate) fn slot_key(address: Address, slot: U256) -> Vec<u8> {
    [&[2], address.as_slice(), &slot.to_be_bytes::<32>()].concat()
}

/// `evm`: `0x04 ‖ address` → keccak256 of its code.
pub(crate) fn code_hash_key(address: Address) -> Vec<u8> {
    [&[4], address.as_slice()].concat()
}

/// `feemarket`: base fee of the next block, adhl per gas, decimal digits.
pub(crate) const BASE_FEE_KEY: &[u8] = b"base_fee";

fn decimal<T: FromStr>(bytes: &[u8]) -> Result<T, StoreError> {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or(StoreError::Damaged("a number of the state"))
}

impl State<'_> {
    pub(crate) fn account(&self, address: Address) -> Result<Option<BaseAccount>, StoreError> {
        let bytes = self.get(StoreName::Acc, &account_key(address))?;
        bytes.map(|bytes| BaseAccount::from_any(&bytes)).transpose()
    }

    pub(crate) fn nonce(&self, address: Address) -> Result<u64, StoreError> {
        Ok(self.account(address)?.map_or(0, |account| account.sequence))
    }

    pub(crate) fn balance(&self, address: Address) -> Result<U256, StoreError> {
        let bytes = self.get(StoreName::Bank, &balance_key(address))?;
        bytes.map_or(Ok(U256::ZERO), |bytes| decimal(&bytes))
    }

    pub(crate) fn code_hash(&self, address: Address) -> Result<Option<B256>, StoreError> {
        self.get(StoreName::Evm, &code_hash_key(address))?
            .map(|bytes| {
                B256::try_from(bytes.as_slice()).map_err(|_| StoreError::Damaged("a code hash"))
            })
            .transpose()
    }

    pub(crate) fn code(&self, address: Address) -> Result<Bytes, StoreError> {
        match self.code_hash(address)? {
            Some(hash) => self.code_of(hash),
            None => Ok(Bytes::new()),
        }
    }

    fn code_of(&self, hash: B256) -> Result<Bytes, StoreError> {
        if hash == KECCAK_EMPTY {
            return Ok(Bytes::new());
        }
        let code = self
            .get(StoreName::Evm, &code_key(hash))?
            .ok_or(StoreError::Damaged("code"))?;
        debug_assert_eq!(keccak256(&code), hash);
        Ok(code.into())
    }

    pub(crate) fn slot(&self, address: Address, slot: U256) -> Result<U256, StoreError> {
        let bytes = self.get(StoreName::Evm, &slot_key(address, slot))?;
        Ok(bytes.map_or(U256::ZERO, |bytes| U256::from_be_slice(&bytes)))
    }

    /// The base fee of the next block, adhl per gas.
    pub(crate) fn next_base_fee(&self) -> Result<u64, StoreError> {
        let bytes = self.get(StoreName::Feemarket, BASE_FEE_KEY)?;
        decimal(&bytes.ok_or(StoreError::Damaged("no base fee"))?)
    }
}

impl DatabaseRef for State<'_> {
    type Error = StoreError;

    fn basic_ref(&self, address: Address) -> Result<Option<AccountInfo>, StoreError> {
        let account = self.account(address)?;
        let balance = self.balance(address)?;
        if account.is_none() && balance.is_zero() {
            return Ok(None);
        }
        let mut info = AccountInfo::default().with_balance(balance);
        info.nonce = account.map_or(0, |account| account.sequence);
        info.code_hash = self.code_hash(address)?.unwrap_or(KECCAK_EMPTY);
        info.code = None;
        Ok(Some(info))
    }

    fn code_by_hash_ref(&self, code_hash: B256) -> Result<Bytecode, StoreError> {
        Bytecode::new_raw_checked(self.code_of(code_hash)?).map_err(|_| StoreError::Damaged("code"))
    }

    fn storage_ref(&self, address: Address, index: U256) -> Result<U256, StoreError> {
        self.slot(address, index)
    }

    fn block_hash_ref(&self, number: u64) -> Result<B256, StoreError> {
        let block = self.snapshot().block(number)?;
        Ok(block.map_or(B256::ZERO, |block| B256::from_slice(block.hash())))
    }
}
