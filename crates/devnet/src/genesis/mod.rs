//! How a devnet begins: who holds what, which contracts stand, who validates. The document is
//! written once; from it alone every node computes the same first state.

mod contracts;
mod governance;

use std::collections::BTreeMap;

use alloy::primitives::{Address, U256};
use dhc_domain::Amount;
use revm::{database::CacheDB, database_interface::EmptyDBTyped, state::AccountInfo};
use serde::{Deserialize, Serialize};
use tendermint::Time;

use crate::{
    consensus::{VALIDATORS, Validators},
    execution::MIN_BASE_FEE,
    keys::{Keys, Role},
    state::{BASE_FEE_KEY, Changes, supply_key},
    store::StoreError,
    trees::{StoreName, Writes},
};

pub(crate) use contracts::interface;

pub(crate) const CHAIN_ID: &str = "dhc-devnet-1";
pub(crate) const EVM_CHAIN_ID: u64 = 7761;

/// White paper, section 9: the coins and who receives them, percent.
pub(crate) const SUPPLY_DHL: u64 = 10_000_000_000;
const SALE: u64 = 50;
const ECOSYSTEM: u64 = 20;
const MANAGEMENT: u64 = 20;
const CONTRIBUTORS: u64 = 10;

/// What the certifier has for its fees, of the managing foundation's share.
const CERTIFIER_DHL: u64 = 10_000;

const COMMITTEE: u8 = 3;
const COMMITTEE_THRESHOLD: u8 = 2;
/// The least sum of weights of a day: one contribution of full quality (10^18).
const MIN_WEIGHT: u64 = 1_000_000_000_000_000_000;

#[derive(Debug, thiserror::Error)]
pub enum GenesisError {
    #[error("the accounts to fund are given more than the {0} % of all coins that a devnet gives")]
    Overdrawn(u64),
    #[error("a settlement day has at least one second and at most {} of 24 hours", governance::LONGEST_DAY_S / 86_400)]
    Day,
    #[error("the managing foundation's share does not cover {0} validators")]
    Validators(usize),
    #[error("the contract {name} could not be deployed: {reason}")]
    Deployment { name: &'static str, reason: String },
    #[error("the genesis document is not understood: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The genesis document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Genesis {
    pub(crate) chain_id: String,
    pub(crate) evm_chain_id: u64,
    pub(crate) time: Time,
    /// Length of a settlement day, seconds.
    pub(crate) day_s: u64,
    /// Ed25519 public keys, hex, in no particular order; all have the same power.
    pub(crate) validators: Vec<String>,
    /// Coins at the beginning, besides those of the incentive pool.
    pub(crate) balances: BTreeMap<Address, Amount>,
    pub(crate) deployer: Address,
    pub(crate) certifier: Address,
    pub(crate) faucet: Address,
    pub(crate) committee: Vec<Address>,
    /// Holders of DHLToken: sale, ecosystem, management, contributors.
    pub(crate) allocation: [Address; 4],
    pub(crate) contracts: BTreeMap<String, Address>,
}

pub(crate) fn dhl(coins: u64) -> U256 {
    U256::from(coins) * U256::from(10).pow(U256::from(18))
}

fn share(percent: u64) -> U256 {
    dhl(SUPPLY_DHL / 100 * percent)
}

/// The coins of the ecosystem fund: what `IncentivePool` begins with.
pub(crate) fn ecosystem_fund() -> U256 {
    share(ECOSYSTEM)
}

impl Genesis {
    /// Composes a document: `fund` is taken from the share that the faucet gives away.
    pub(crate) fn compose(
        keys: &Keys,
        time: Time,
        day_s: u64,
        fund: &[(Address, Amount)],
    ) -> Result<Self, GenesisError> {
        if !(1..=governance::LONGEST_DAY_S).contains(&day_s) {
            return Err(GenesisError::Day);
        }
        let address = |role| keys.account(role).address();
        let faucet = address(Role::Faucet);
        let mut balances = BTreeMap::<Address, Amount>::new();
        let mut left = share(SALE);
        let mut give = |to, amount: U256| {
            let balance = balances.entry(to).or_default();
            balance.0 = balance.0.saturating_add(amount);
        };
        for (to, amount) in fund {
            left = left
                .checked_sub(amount.0)
                .ok_or(GenesisError::Overdrawn(SALE))?;
            give(*to, amount.0);
        }
        give(faucet, left);
        let certifier = address(Role::Certifier);
        let fees = dhl(CERTIFIER_DHL);
        give(certifier, fees);
        give(address(Role::Allocation(2)), share(MANAGEMENT) - fees);
        give(address(Role::Allocation(3)), share(CONTRIBUTORS));
        let deployer = address(Role::Deployer);
        Ok(Self {
            chain_id: CHAIN_ID.to_owned(),
            evm_chain_id: EVM_CHAIN_ID,
            time,
            day_s,
            validators: (0..VALIDATORS)
                .map(|i| hex::encode(keys.validator(i).verifying_key().as_bytes()))
                .collect(),
            balances,
            deployer,
            certifier,
            faucet,
            committee: (0..COMMITTEE)
                .map(|i| address(Role::Committee(i)))
                .collect(),
            allocation: [
                faucet,
                address(Role::Allocation(1)),
                address(Role::Allocation(2)),
                address(Role::Allocation(3)),
            ],
            contracts: contracts::addresses(deployer),
        })
    }

    /// Moves coins of the managing foundation: to `to`, or out of the accounts where that is `None`.
    pub(crate) fn take_from_management(&mut self, amount: U256, to: Option<Address>) -> Option<()> {
        let share = self.balances.get_mut(&self.allocation[2])?;
        share.0 = share.0.checked_sub(amount)?;
        if let Some(to) = to {
            let balance = self.balances.entry(to).or_default();
            balance.0 = balance.0.checked_add(amount)?;
        }
        Some(())
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, GenesisError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a document of strings and numbers")
    }

    pub(crate) fn validators(&self) -> Result<Validators, StoreError> {
        Validators::from_public_keys(&self.validators)
    }

    /// Seconds since 1970.
    pub(crate) fn time_s(&self) -> u64 {
        u64::try_from(self.time.unix_timestamp()).unwrap_or(0)
    }

    /// Every account with its code and storage before the first block.
    pub(crate) fn accounts(&self) -> Result<Changes, GenesisError> {
        let mut cache = CacheDB::new(EmptyDBTyped::<StoreError>::new());
        let mut changes = Changes::default();
        for (address, balance) in &self.balances {
            let info = AccountInfo::default().with_balance(balance.0);
            cache.insert_account_info(*address, info.clone());
            changes.set_account(*address, info);
        }
        let fund = AccountInfo::default().with_balance(ecosystem_fund());
        cache.insert_account_info(self.deployer, fund);
        contracts::deploy(self, &mut cache, &mut changes)?;
        Ok(changes)
    }

    /// The state before the first block.
    pub(crate) fn state(&self) -> Result<Writes, GenesisError> {
        let mut writes = self.accounts()?.into_writes(None)?;
        let supply = share(100).to_string().into_bytes();
        writes.insert((StoreName::Bank, supply_key()), Some(supply));
        let base_fee = MIN_BASE_FEE.to_string().into_bytes();
        writes.insert(
            (StoreName::Feemarket, BASE_FEE_KEY.to_vec()),
            Some(base_fee),
        );
        Ok(writes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{balance_key, code_hash_key};

    fn compose(fund: &[(Address, Amount)]) -> Result<Genesis, GenesisError> {
        Genesis::compose(&Keys::from_seed([7; 32]), Time::unix_epoch(), 60, fund)
    }

    #[test]
    fn all_coins_are_given_and_all_contracts_stand() {
        let someone = Address::repeat_byte(1);
        let genesis = compose(&[(someone, Amount::from_dhl("12.5").unwrap())]).unwrap();
        let state = genesis.state().unwrap();
        let total: U256 = state
            .iter()
            .filter(|((store, key), _)| *store == StoreName::Bank && key[0] == 2)
            .map(|(_, value)| {
                String::from_utf8(value.clone().unwrap())
                    .unwrap()
                    .parse::<U256>()
                    .unwrap()
            })
            .sum();
        assert_eq!(total.to_string(), "1".to_owned() + &"0".repeat(28));
        let pool = genesis.contracts["IncentivePool"];
        assert_eq!(
            state[&(StoreName::Bank, balance_key(pool))].as_deref(),
            Some(ecosystem_fund().to_string().as_bytes())
        );
        assert_eq!(genesis.contracts.len(), 13);
        for address in genesis.contracts.values() {
            assert!(state.contains_key(&(StoreName::Evm, code_hash_key(*address))));
        }
        assert_eq!(Genesis::parse(&genesis.encode()).unwrap(), genesis);
        assert_eq!(genesis.state().unwrap(), state);
    }

    #[test]
    fn more_than_there_is_cannot_be_given() {
        let too_much = Amount::from_dhl("5000000000.1").unwrap();
        assert!(matches!(
            compose(&[(Address::repeat_byte(1), too_much)]),
            Err(GenesisError::Overdrawn(50))
        ));
    }
}
