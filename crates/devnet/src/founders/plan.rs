use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use alloy::primitives::{Address, B256, U256};
use dhc_domain::Amount;
use serde::Serialize;
use tendermint::Time;

use super::FoundingError;
use crate::{
    genesis::{Genesis, GenesisError, SUPPLY_DHL, dhl},
    keys::{Keys, Role, write_whole},
};

const CHAIN_ID: &str = "dhc-local-1";
const EVM_CHAIN_ID: u64 = 7762;
/// What a validator deposits, and what it has for its fees.
const STAKE_DHL: u64 = 1_000_000;
const FEES_DHL: u64 = 100;

/// Holds one adhl that nobody can move. An entry without a value follows the last balance in the
/// bank's tree, and ICS-23 proves no absence beside such an entry: so no address may come after the
/// last one with a balance.
const LAST: Address = Address::repeat_byte(0xff);

pub(super) const GENESIS_FILE: &str = "founding.json";
const PLAN_FILE: &str = "plan.json";

/// What a network of real nodes is founded with.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// Keeps the founders' keys and what is computed from them.
    pub data_dir: &'a Path,
    pub validators: u8,
    /// Length of a settlement day, seconds.
    pub day_s: u64,
    /// Accounts that hold coins from the beginning.
    pub fund: &'a [(Address, Amount)],
}

/// The first state and the validators, as `dhc-node genesis` reads them.
#[derive(Serialize)]
struct Plan {
    chain_id: String,
    evm_chain_id: u64,
    time: String,
    /// All coins, in adhl.
    supply: String,
    accounts: Vec<Account>,
    validators: Vec<Validator>,
}

#[derive(Serialize)]
struct Account {
    address: Address,
    balance: String,
    nonce: u64,
    /// Hex without 0x.
    code: String,
    storage: BTreeMap<B256, B256>,
}

#[derive(Serialize)]
struct Validator {
    name: String,
    operator: Address,
    stake: String,
}

/// Computes how the network begins, from keys that are made on the way, and writes it down.
/// Answers where the plan stands.
pub fn found(with: &Found<'_>) -> Result<PathBuf, FoundingError> {
    let io = |what| move |error| FoundingError::Io { what, error };
    std::fs::create_dir_all(with.data_dir).map_err(io("the data directory"))?;
    let keys = Keys::load_or_create(with.data_dir).map_err(io("the keys"))?;
    let mut genesis = Genesis::compose(&keys, Time::now(), with.day_s, with.fund)?;
    let plan = plan(&keys, &mut genesis, with.validators)?;
    let write = |name: &str, content: &[u8]| {
        let path = with.data_dir.join(name);
        write_whole(&path, content, 0o644).map_err(io("the plan"))?;
        Ok::<_, FoundingError>(path)
    };
    write(GENESIS_FILE, &genesis.encode())?;
    let plan = serde_json::to_vec_pretty(&plan).map_err(GenesisError::from)?;
    write(PLAN_FILE, &plan)
}

fn plan(keys: &Keys, genesis: &mut Genesis, validators: u8) -> Result<Plan, GenesisError> {
    genesis.chain_id = CHAIN_ID.to_owned();
    genesis.evm_chain_id = EVM_CHAIN_ID;
    // The nodes make their own.
    genesis.validators.clear();
    genesis
        .take_from_management(U256::ONE, Some(LAST))
        .ok_or(GenesisError::Validators(validators.into()))?;
    let mut operators = Vec::new();
    for index in 0..validators {
        let operator = keys.account(Role::Validator(index)).address();
        genesis
            .take_from_management(dhl(FEES_DHL), Some(operator))
            .and_then(|()| genesis.take_from_management(dhl(STAKE_DHL), None))
            .ok_or(GenesisError::Validators(validators.into()))?;
        operators.push(Validator {
            name: format!("validator {index}"),
            operator,
            stake: dhl(STAKE_DHL).to_string(),
        });
    }
    let accounts = genesis
        .accounts()?
        .into_accounts()
        .into_iter()
        // Touched by the deployment, such as who would have had its fees, and still nothing there.
        .filter(|(_, info, ..)| !info.is_empty())
        .map(|(address, info, code, slots)| Account {
            address,
            balance: info.balance.to_string(),
            nonce: info.nonce,
            code: hex::encode(code),
            storage: slots.into_iter().map(slot).collect(),
        })
        .collect();
    Ok(Plan {
        chain_id: genesis.chain_id.clone(),
        evm_chain_id: genesis.evm_chain_id,
        time: genesis.time.to_rfc3339(),
        supply: dhl(SUPPLY_DHL).to_string(),
        accounts,
        validators: operators,
    })
}

fn slot((key, value): (U256, U256)) -> (B256, B256) {
    (key.into(), value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_gives_every_coin_to_somebody_and_every_contract_its_code() {
        let keys = Keys::from_seed([7; 32]);
        let mut genesis = Genesis::compose(&keys, Time::unix_epoch(), 60, &[]).unwrap();
        let plan = plan(&keys, &mut genesis, 4).unwrap();
        let number = |text: &String| text.parse::<U256>().unwrap();
        let held: U256 = plan.accounts.iter().map(|a| number(&a.balance)).sum();
        let staked: U256 = plan.validators.iter().map(|v| number(&v.stake)).sum();
        assert_eq!(held + staked, number(&plan.supply));
        assert_eq!(staked, dhl(4 * STAKE_DHL));
        assert_eq!(plan.accounts.last().map(|a| a.address), Some(LAST));
        for contract in genesis.contracts.values() {
            let account = plan
                .accounts
                .iter()
                .find(|a| a.address == *contract)
                .unwrap();
            assert!(!account.code.is_empty() && account.nonce == 1);
        }
    }

    #[test]
    fn more_validators_than_the_foundation_can_stake_are_refused() {
        let keys = Keys::from_seed([7; 32]);
        let mut genesis = Genesis::compose(&keys, Time::unix_epoch(), 60, &[]).unwrap();
        genesis.take_from_management(dhl(1_999_000_000), None);
        assert!(matches!(
            plan(&keys, &mut genesis, 4),
            Err(GenesisError::Validators(4))
        ));
    }
}
