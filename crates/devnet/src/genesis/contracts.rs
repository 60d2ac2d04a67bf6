use std::{collections::BTreeMap, sync::LazyLock};

use alloy::{
    dyn_abi::{DynSolValue, JsonAbiExt},
    json_abi::JsonAbi,
    primitives::{Address, Bytes, U256},
};
use revm::{
    DatabaseCommit, context::TxEnv, context::result::ExecutionResult, database::CacheDB,
    database_interface::EmptyDBTyped, primitives::TxKind,
};
use serde::Deserialize;

use super::{COMMITTEE_THRESHOLD, Genesis, GenesisError, MIN_WEIGHT, ecosystem_fund, governance};
use crate::{
    execution::{BlockContext, transact},
    state::Changes,
    store::StoreError,
};

/// A compiled contract, as `contracts/artifacts` has it.
#[derive(Deserialize)]
struct Artifact {
    abi: JsonAbi,
    bytecode: Bytes,
}

macro_rules! artifacts {
    ($($name:literal),*) => {
        &[$(($name, include_str!(concat!("../../../../contracts/artifacts/", $name, ".json")))),*]
    };
}

/// In the order of their deployment. Addresses are known before, so that a constructor may name a
/// contract that comes after it.
const SOURCES: &[(&str, &str)] = artifacts!(
    "Identity",
    "Issuers",
    "RecordIndex",
    "Templates",
    "Proxies",
    "Consent",
    "Requests",
    "IncentivePool",
    "DHLToken",
    "VotingEscrow",
    "Timelock",
    "DHCGovernor",
    "Registry"
);

static ARTIFACTS: LazyLock<BTreeMap<&str, Artifact>> = LazyLock::new(|| {
    SOURCES
        .iter()
        .map(|(name, json)| {
            (
                *name,
                serde_json::from_str(json).expect("artifacts are written by the compiler"),
            )
        })
        .collect()
});

/// The interface of a contract of genesis.
pub(crate) fn interface(name: &str) -> Option<&'static JsonAbi> {
    ARTIFACTS.get(name).map(|artifact| &artifact.abi)
}

/// Where the contracts of `deployer` stand: its first contracts, nonce by nonce.
pub(super) fn addresses(deployer: Address) -> BTreeMap<String, Address> {
    (0..)
        .zip(SOURCES)
        .map(|(nonce, (name, _))| ((*name).to_owned(), deployer.create(nonce)))
        .collect()
}

fn constructor_arguments(name: &str, genesis: &Genesis) -> Vec<DynSolValue> {
    let contract = |name: &str| DynSolValue::Address(genesis.contracts[name]);
    let number = |value: u64, bits| DynSolValue::Uint(U256::from(value), bits);
    match name {
        "Issuers" => vec![DynSolValue::Address(genesis.certifier)],
        "RecordIndex" => vec![contract("Issuers")],
        "Templates" => vec![contract("Timelock")],
        "Consent" => vec![
            contract("RecordIndex"),
            contract("Templates"),
            contract("Proxies"),
        ],
        "Requests" => vec![
            contract("Identity"),
            contract("Templates"),
            contract("Proxies"),
            contract("Consent"),
        ],
        "IncentivePool" => vec![
            DynSolValue::Address(genesis.deployer),
            contract("RecordIndex"),
            contract("Templates"),
            number(genesis.time_s(), 64),
            number(genesis.day_s, 64),
            number(MIN_WEIGHT, 96),
            DynSolValue::Array(
                genesis
                    .committee
                    .iter()
                    .copied()
                    .map(DynSolValue::Address)
                    .collect(),
            ),
            number(COMMITTEE_THRESHOLD.into(), 8),
        ],
        "Timelock" => vec![
            number(governance::DELAY_DAYS * genesis.day_s, 256),
            contract("DHCGovernor"),
        ],
        "DHCGovernor" => vec![
            contract("VotingEscrow"),
            contract("Timelock"),
            governance::rules(genesis.day_s),
        ],
        "Registry" => {
            let (names, addresses) = genesis
                .contracts
                .iter()
                .map(|(name, address)| {
                    (
                        DynSolValue::String(name.clone()),
                        DynSolValue::Address(*address),
                    )
                })
                .unzip();
            vec![
                contract("Timelock"),
                DynSolValue::Array(names),
                DynSolValue::Array(addresses),
            ]
        }
        "DHLToken" => genesis.allocation.map(DynSolValue::Address).to_vec(),
        _ => Vec::new(),
    }
}

/// Deploys the contracts in the state of genesis. `IncentivePool` receives the ecosystem fund,
/// which is all the deployer has.
pub(super) fn deploy(
    genesis: &Genesis,
    cache: &mut CacheDB<EmptyDBTyped<StoreError>>,
    changes: &mut Changes,
) -> Result<(), GenesisError> {
    let block = BlockContext {
        evm_chain_id: genesis.evm_chain_id,
        height: 0,
        time_s: genesis.time_s(),
        base_fee: 0,
        gas_limit: u64::MAX,
    };
    for (nonce, (name, _)) in (0..).zip(SOURCES) {
        let failed = |reason: String| GenesisError::Deployment { name, reason };
        let artifact = &ARTIFACTS[name];
        let mut code = artifact.bytecode.to_vec();
        if let Some(constructor) = &artifact.abi.constructor {
            let arguments = constructor
                .abi_encode_input(&constructor_arguments(name, genesis))
                .map_err(|error| failed(error.to_string()))?;
            code.extend(arguments);
        }
        let tx = TxEnv {
            caller: genesis.deployer,
            gas_limit: 1 << 40,
            gas_price: 0,
            kind: TxKind::Create,
            value: if *name == "IncentivePool" {
                ecosystem_fund()
            } else {
                U256::ZERO
            },
            data: code.into(),
            nonce,
            chain_id: Some(genesis.evm_chain_id),
            ..TxEnv::default()
        };
        let done = transact(&mut *cache, &block, block.cfg(), tx)
            .map_err(|error| failed(error.to_string()))?;
        match done.result {
            ExecutionResult::Success { output, .. }
                if output.address() == Some(&genesis.contracts[*name]) => {}
            other => return Err(failed(format!("{other:?}"))),
        }
        changes.absorb(&done.state);
        cache.commit(done.state);
    }
    Ok(())
}

#[cfg(test)]
mod incentives;
