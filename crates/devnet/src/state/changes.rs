use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Bytes, U256};
use revm::{
    primitives::KECCAK_EMPTY,
    state::{AccountInfo, EvmState},
};

use super::{
    BaseAccount, NEXT_ACCOUNT_NUMBER_KEY, account_key, balance_key, code_hash_key, code_key,
    slot_key,
};
use crate::{
    store::StoreError,
    trees::{State, StoreName, Writes},
};

/// What transactions changed, gathered over a block.
#[derive(Default)]
pub(crate) struct Changes {
    accounts: BTreeMap<Address, AccountInfo>,
    slots: BTreeMap<(Address, U256), U256>,
    codes: BTreeMap<B256, Bytes>,
}

impl Changes {
    /// Takes in what one transaction did.
    pub(crate) fn absorb(&mut self, state: &EvmState) {
        for (address, account) in state.iter().filter(|(_, account)| account.is_touched()) {
            if account.is_selfdestructed() {
                // Only what the same transaction created can destroy itself (EIP-6780), so
                // there is no storage of earlier transactions to clear.
                self.slots.retain(|(owner, _), _| owner != address);
                self.set_account(*address, AccountInfo::default());
                continue;
            }
            for (slot, value) in account.changed_storage_slots() {
                self.slots.insert((*address, *slot), value.present_value);
            }
            self.set_account(*address, account.info.clone());
        }
    }

    pub(crate) fn set_account(&mut self, address: Address, info: AccountInfo) {
        if let Some(code) = &info.code
            && !code.is_empty()
        {
            self.codes.insert(info.code_hash, code.original_bytes());
        }
        self.accounts.insert(address, info);
    }

    /// The accounts one by one, each with its code and those of its slots that changed.
    pub(crate) fn into_accounts(self) -> Vec<(Address, AccountInfo, Bytes, BTreeMap<U256, U256>)> {
        let Self {
            accounts,
            slots,
            codes,
        } = self;
        let mut storage = BTreeMap::<Address, BTreeMap<U256, U256>>::new();
        for ((address, slot), value) in slots {
            storage.entry(address).or_default().insert(slot, value);
        }
        accounts
            .into_iter()
            .map(|(address, info)| {
                let code = codes.get(&info.code_hash).cloned().unwrap_or_default();
                let slots = storage.remove(&address).unwrap_or_default();
                (address, info, code, slots)
            })
            .collect()
    }

    /// The changes as keys and values of the stores, without those that change nothing.
    /// `parent` is `None` for genesis.
    pub(crate) fn into_writes(self, parent: Option<&State<'_>>) -> Result<Writes, StoreError> {
        let mut writes = Writes::new();
        let before = |store, key: &[u8]| match parent {
            Some(parent) => parent.get(store, key),
            None => Ok(None),
        };
        let mut put = |store, key: Vec<u8>, value: Option<Vec<u8>>| {
            if before(store, &key)? != value {
                writes.insert((store, key), value);
            }
            Ok::<_, StoreError>(())
        };
        let first_number = match before(StoreName::Acc, NEXT_ACCOUNT_NUMBER_KEY)? {
            Some(bytes) => u64::from_be_bytes(
                bytes
                    .try_into()
                    .map_err(|_| StoreError::Damaged("the account number"))?,
            ),
            None => 0,
        };
        let mut next_number = first_number;
        for (address, info) in self.accounts {
            let known = match parent {
                Some(parent) => parent.account(address)?,
                None => None,
            };
            if known.is_none() && info.is_empty() {
                // Touched, and still nothing there (EIP-161); coins that were there are gone.
                put(StoreName::Bank, balance_key(address), None)?;
                continue;
            }
            let mut account = known.unwrap_or_else(|| {
                next_number += 1;
                BaseAccount::new(address, next_number - 1)
            });
            account.sequence = info.nonce;
            put(StoreName::Acc, account_key(address), Some(account.to_any()))?;
            let balance = (!info.balance.is_zero()).then(|| info.balance.to_string().into_bytes());
            put(StoreName::Bank, balance_key(address), balance)?;
            let has_code = info.code_hash != KECCAK_EMPTY && !info.code_hash.is_zero();
            let code_hash = has_code.then(|| info.code_hash.to_vec());
            put(StoreName::Evm, code_hash_key(address), code_hash)?;
        }
        for (hash, code) in self.codes {
            put(StoreName::Evm, code_key(hash), Some(code.to_vec()))?;
        }
        for ((address, slot), value) in self.slots {
            // Cleared slots stay as 32 zero bytes, as on cosmos/evm.
            put(
                StoreName::Evm,
                slot_key(address, slot),
                Some(value.to_be_bytes::<32>().to_vec()),
            )?;
        }
        if next_number != first_number {
            put(
                StoreName::Acc,
                NEXT_ACCOUNT_NUMBER_KEY.to_vec(),
                Some(next_number.to_be_bytes().to_vec()),
            )?;
        }
        Ok(writes)
    }
}
