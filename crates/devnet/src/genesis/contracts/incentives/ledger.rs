//! The contracts of genesis in a state of their own, in which a test lets time pass.

use alloy::{
    primitives::B256,
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{Eip712Domain, SolCall, eip712_domain},
};
use revm::state::AccountInfo;
use tendermint::Time;

use super::{super::*, DAY_S, certifyCall};
use crate::keys::{Keys, Role};

/// The contracts of genesis, and blocks of any time.
#[derive(Clone)]
pub(super) struct Chain {
    pub(super) cache: CacheDB<EmptyDBTyped<StoreError>>,
    pub(super) genesis: Genesis,
    pub(super) time_s: u64,
    pub(super) institution: PrivateKeySigner,
    pub(super) member: PrivateKeySigner,
}

impl Chain {
    pub(super) fn new() -> Self {
        let keys = Keys::from_seed([9; 32]);
        let time = Time::from_unix_timestamp(1_800_000_000, 0).unwrap();
        let genesis = Genesis::compose(&keys, time, DAY_S, &[]).unwrap();
        let mut cache = CacheDB::new(EmptyDBTyped::new());
        let fund = AccountInfo::default().with_balance(ecosystem_fund());
        cache.insert_account_info(genesis.deployer, fund);
        deploy(&genesis, &mut cache, &mut Changes::default()).unwrap();
        let mut chain = Self {
            cache,
            time_s: genesis.time_s(),
            institution: keys.account(Role::Allocation(0)),
            member: keys.account(Role::Committee(0)),
            genesis,
        };
        let certified = certifyCall {
            issuer: chain.institution.address(),
            grade: 2,
            nameHash: B256::ZERO,
        };
        let issuers = chain.genesis.contracts["Issuers"];
        let certifier = chain.genesis.certifier;
        chain.call(certifier, issuers, &certified).unwrap();
        chain
    }

    pub(super) fn run(
        &mut self,
        caller: Address,
        kind: TxKind,
        value: U256,
        data: Bytes,
    ) -> ExecutionResult {
        let block = BlockContext {
            evm_chain_id: self.genesis.evm_chain_id,
            height: 1,
            time_s: self.time_s,
            base_fee: 0,
            gas_limit: u64::MAX,
        };
        let mut cfg = block.cfg();
        cfg.disable_nonce_check = true;
        let tx = TxEnv {
            caller,
            gas_limit: 1 << 40,
            gas_price: 0,
            kind,
            value,
            data,
            chain_id: Some(self.genesis.evm_chain_id),
            ..TxEnv::default()
        };
        let done = transact(&mut self.cache, &block, cfg, tx).unwrap();
        self.cache.commit(done.state);
        done.result
    }

    /// What a call returned; `None` where it was refused.
    pub(super) fn call<C: SolCall>(
        &mut self,
        caller: Address,
        to: Address,
        call: &C,
    ) -> Option<C::Return> {
        let input = call.abi_encode().into();
        match self.run(caller, TxKind::Call(to), U256::ZERO, input) {
            ExecutionResult::Success { output, .. } => {
                Some(C::abi_decode_returns(output.data()).unwrap())
            }
            ExecutionResult::Revert { .. } => None,
            halted => panic!("{halted:?}"),
        }
    }

    /// A pool of its own, whose first day begins now.
    pub(super) fn deploy_pool(&mut self, fund: u128, w_min: u128) -> Address {
        let contract = |name: &str| DynSolValue::Address(self.genesis.contracts[name]);
        let number = |value: u128, bits| DynSolValue::Uint(U256::from(value), bits);
        let arguments = [
            DynSolValue::Address(self.genesis.deployer),
            contract("RecordIndex"),
            contract("Templates"),
            number(self.time_s.into(), 64),
            number(DAY_S.into(), 64),
            number(w_min, 96),
            DynSolValue::Array(vec![DynSolValue::Address(self.member.address())]),
            number(1, 8),
        ];
        let artifact = &ARTIFACTS["IncentivePool"];
        let constructor = artifact.abi.constructor.as_ref().unwrap();
        let arguments = constructor.abi_encode_input(&arguments).unwrap();
        let code = [artifact.bytecode.to_vec(), arguments].concat().into();
        let rich = Address::repeat_byte(0xee);
        let info = AccountInfo::default().with_balance(U256::from(fund));
        self.cache.insert_account_info(rich, info);
        match self.run(rich, TxKind::Create, U256::from(fund), code) {
            ExecutionResult::Success { output, .. } => *output.address().unwrap(),
            failed => panic!("{failed:?}"),
        }
    }

    pub(super) fn domain(&self, name: &'static str, contract: Address) -> Eip712Domain {
        eip712_domain! {
            name: name,
            version: "1",
            chain_id: self.genesis.evm_chain_id,
            verifying_contract: contract,
        }
    }

    pub(super) fn balance(&self, address: Address) -> U256 {
        self.cache
            .cache
            .accounts
            .get(&address)
            .map_or(U256::ZERO, |account| account.info.balance)
    }
}

/// 65 bytes.
pub(super) fn signed(signer: &PrivateKeySigner, hash: &B256) -> Bytes {
    signer.sign_hash_sync(hash).unwrap().as_bytes().into()
}
