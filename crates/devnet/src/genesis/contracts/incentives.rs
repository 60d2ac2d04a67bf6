//! `dhc_market` against the bytecode of `IncentivePool`: random funds, days, records and claims,
//! and both must say the same of each, to the base unit.

use std::collections::BTreeMap;

use alloy::{
    primitives::{B256, keccak256},
    signers::{SignerSync, local::PrivateKeySigner},
    sol,
    sol_types::{Eip712Domain, SolCall, SolEvent, SolStruct, eip712_domain},
};
use dhc_market::{Day, Emission, weight};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use revm::state::AccountInfo;
use tendermint::Time;

use super::*;
use crate::keys::{Keys, Role};

sol! {
    function certify(address issuer, uint8 grade, bytes32 nameHash) external;
    function add(bytes32 id, bytes32 commitment, bytes32 root, address issuer, uint32 quality, bytes issuerSignature) external;
    function contribute(bytes32 recordId, bytes32 templateId, uint8 sixteenths, bytes[] attestations) external;
    function settle(uint64 day) external returns (uint64 next);
    function claim(uint64[] dayList) external returns (uint256 reward);
    function dayOf(uint64 day) external view returns (uint96 weightSum, uint96 pool, bool settled, uint96 carry, uint96 paid);
    function ledger() external view returns (uint64 settledDays, uint96 carry, uint96 remaining);

    event Contributed(address indexed contributor, uint64 indexed seq, bytes32 indexed recordId, uint64 day, bytes32 templateId, uint256 weight, uint64 time);

    struct Seal {
        address owner;
        bytes32 commitment;
        uint32 quality;
    }

    struct Similarity {
        address contributor;
        bytes32 recordId;
        uint8 sixteenths;
    }
}

const DAY_S: u64 = 60;
const PEOPLE: u8 = 4;

/// A record that somebody contributes, or tries to.
#[derive(Clone, Debug)]
struct Contribution {
    who: u8,
    quality: u32,
    sixteenths: u8,
}

/// A day on which something happens.
#[derive(Clone, Debug)]
struct Busy {
    /// Days before it on which nothing does.
    quiet: u64,
    contributions: Vec<Contribution>,
    /// Who claims an earlier day before it ends, if anything is to be claimed.
    claims: Option<u8>,
}

/// What the pool begins with, and what becomes of it.
#[derive(Clone, Debug)]
struct Case {
    fund: u128,
    w_min: u128,
    days: Vec<Busy>,
}

fn cases() -> impl Strategy<Value = Case> {
    let used = any::<u32>().prop_map(|bits| bits & 0x0003_031f);
    let quality = prop_oneof![8 => used, 1 => any::<u32>()];
    let contribution =
        (0..PEOPLE, quality, 0u8..=17).prop_map(|(who, quality, sixteenths)| Contribution {
            who,
            quality,
            sixteenths,
        });
    let claims = proptest::option::of(0..PEOPLE);
    let day =
        (0u64..4, vec(contribution, 0..6), claims).prop_map(|(quiet, contributions, claims)| {
            Busy {
                quiet,
                contributions,
                claims,
            }
        });
    // Of every magnitude that the contract's 96 bits hold.
    let fund = (0u32..=94, any::<u128>()).prop_map(|(bits, n)| n & ((1 << bits) - 1));
    let w_min = (0u32..=70, any::<u128>()).prop_map(|(bits, n)| (n & ((1 << bits) - 1)) + 1);
    (fund, w_min, vec(day, 1..6)).prop_map(|(fund, w_min, days)| Case { fund, w_min, days })
}

/// The contracts of genesis, and blocks of any time.
#[derive(Clone)]
struct Chain {
    cache: CacheDB<EmptyDBTyped<StoreError>>,
    genesis: Genesis,
    time_s: u64,
    institution: PrivateKeySigner,
    member: PrivateKeySigner,
}

impl Chain {
    fn new() -> Self {
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

    fn run(&mut self, caller: Address, kind: TxKind, value: U256, data: Bytes) -> ExecutionResult {
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
    fn call<C: SolCall>(&mut self, caller: Address, to: Address, call: &C) -> Option<C::Return> {
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
    fn deploy_pool(&mut self, fund: u128, w_min: u128) -> Address {
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

    fn domain(&self, name: &'static str, contract: Address) -> Eip712Domain {
        eip712_domain! {
            name: name,
            version: "1",
            chain_id: self.genesis.evm_chain_id,
            verifying_contract: contract,
        }
    }

    fn balance(&self, address: Address) -> U256 {
        self.cache
            .cache
            .accounts
            .get(&address)
            .map_or(U256::ZERO, |account| account.info.balance)
    }
}

/// The account of a person.
fn account(who: u8) -> Address {
    Address::repeat_byte(who + 1)
}

/// A pool in the contract, and the same pool by the market's mathematics.
struct Both {
    chain: Chain,
    pool: Address,
    emission: Emission,
    w_min: U256,
    /// What the contributions of each day weigh, by person.
    weights: BTreeMap<u64, BTreeMap<u8, U256>>,
    /// Closed days, from the first on, with what was left of the fund after each.
    closed: Vec<(Day, U256)>,
    today: u64,
    records: u64,
    paid: BTreeMap<u64, U256>,
}

type Checked = Result<(), TestCaseError>;

impl Both {
    fn new(mut chain: Chain, case: &Case) -> Self {
        let pool = chain.deploy_pool(case.fund, case.w_min);
        Self {
            chain,
            pool,
            emission: Emission::new(U256::from(case.fund)),
            w_min: U256::from(case.w_min),
            weights: BTreeMap::new(),
            closed: Vec::new(),
            today: 0,
            records: 0,
            paid: BTreeMap::new(),
        }
    }

    /// Lets the days until `day` pass.
    fn pass_to(&mut self, day: u64) {
        for passing in self.today..day {
            let carry = self.closed.last().map_or(U256::ZERO, |(day, _)| day.carry);
            let sum = self.weights.get(&passing).into_iter().flatten();
            let sum = sum.map(|(_, weight)| *weight).sum();
            let closed = Day::close(self.emission.next_day(), carry, sum, self.w_min);
            self.closed.push((closed, self.emission.remaining()));
        }
        self.chain.time_s += (day - self.today) * DAY_S;
        self.today = day;
    }

    /// A record is indexed, if its quality is one, and contributed, if its similarity is one.
    fn contribute(&mut self, contribution: &Contribution) -> Checked {
        let Contribution {
            who,
            quality,
            sixteenths,
        } = *contribution;
        let (chain, owner) = (&mut self.chain, account(who));
        self.records += 1;
        let id = B256::from(U256::from(self.records));
        let index = chain.genesis.contracts["RecordIndex"];
        let seal = Seal {
            owner,
            commitment: id,
            quality,
        };
        let seal = seal.eip712_signing_hash(&chain.domain("DHC RecordIndex", index));
        let add = addCall {
            id,
            commitment: id,
            root: id,
            issuer: chain.institution.address(),
            quality,
            issuerSignature: signed(&chain.institution, &seal),
        };
        let added = chain.call(owner, index, &add).is_some();
        prop_assert_eq!(added, dhc_market::quality_ppm(quality).is_some());

        let said = Similarity {
            contributor: owner,
            recordId: id,
            sixteenths,
        };
        let said = said.eip712_signing_hash(&chain.domain("DHC IncentivePool", self.pool));
        let contribute = contributeCall {
            recordId: id,
            templateId: keccak256("research-contribution"),
            sixteenths,
            attestations: vec![signed(&chain.member, &said)],
        };
        let to = TxKind::Call(self.pool);
        let done = chain.run(owner, to, U256::ZERO, contribute.abi_encode().into());
        let weighed = done
            .logs()
            .iter()
            .find_map(|log| Contributed::decode_log(log).ok())
            .map(|event| (event.day, event.weight));
        let expected = weight(quality, sixteenths).map(|weight| (self.today, weight));
        prop_assert_eq!(weighed, expected);
        if let Some((day, weight)) = expected {
            let shares = self.weights.entry(day).or_default();
            *shares.entry(who).or_default() += weight;
        }
        Ok(())
    }

    /// Claims the days of a person, all at once, and what the ledger says afterwards.
    fn claim(&mut self, who: u8, days: &[u64]) -> Checked {
        let before = self.chain.balance(account(who));
        let claim = claimCall {
            dayList: days.to_vec(),
        };
        let claimed = self.chain.call(account(who), self.pool, &claim);
        let mut expected = U256::ZERO;
        for day in days {
            let (closed, _) = self.closed[*day as usize];
            let weight = self.weights[day][&who];
            let reward = closed.reward(weight);
            // Rounded down, and by less than one base unit.
            prop_assert!(reward * closed.divisor <= closed.pool * weight);
            prop_assert!((reward + U256::ONE) * closed.divisor > closed.pool * weight);
            *self.paid.entry(*day).or_default() += reward;
            expected += reward;
        }
        prop_assert_eq!(claimed, Some(expected));
        prop_assert_eq!(self.chain.balance(account(who)), before + expected);
        Ok(())
    }

    /// The closed days on which a person has a share.
    fn shares(&self, who: u8) -> Vec<u64> {
        let has_share =
            |shares: &BTreeMap<u8, U256>| shares.get(&who).is_some_and(|w| !w.is_zero());
        self.weights
            .iter()
            .filter(|(day, shares)| **day < self.today && has_share(shares))
            .map(|(day, _)| *day)
            .collect()
    }

    /// What stands in the contract is what the mathematics say, of every day that it has settled.
    fn compare(&mut self) -> Checked {
        let anybody = Address::ZERO;
        let ledger = self.chain.call(anybody, self.pool, &ledgerCall {}).unwrap();
        let Some(last) = ledger.settledDays.checked_sub(1) else {
            return Ok(());
        };
        let (day, remaining) = self.closed[last as usize];
        let on_chain = (U256::from(ledger.carry), U256::from(ledger.remaining));
        prop_assert_eq!(on_chain, (day.carry, remaining));
        for number in 0..=last {
            let (day, _) = self.closed[number as usize];
            let on_chain = self
                .chain
                .call(anybody, self.pool, &dayOfCall { day: number });
            let on_chain = on_chain.unwrap();
            prop_assert_eq!(on_chain.settled, !day.weight_sum.is_zero());
            if on_chain.settled {
                let paid = self.paid.get(&number).copied().unwrap_or_default();
                prop_assert_eq!(U256::from(on_chain.weightSum), day.weight_sum);
                prop_assert_eq!(U256::from(on_chain.pool), day.pool);
                prop_assert_eq!(U256::from(on_chain.carry), day.carry);
                prop_assert_eq!(U256::from(on_chain.paid), paid);
                prop_assert!(paid + day.carry <= day.pool);
            }
        }
        Ok(())
    }
}

fn signed(signer: &PrivateKeySigner, hash: &B256) -> Bytes {
    signer.sign_hash_sync(hash).unwrap().as_bytes().into()
}

fn both_agree(chain: Chain, case: &Case) -> Checked {
    let mut both = Both::new(chain, case);
    let mut claimed = Vec::new();
    for busy in &case.days {
        both.pass_to(both.today + busy.quiet);
        for contribution in &busy.contributions {
            both.contribute(contribution)?;
        }
        if let Some(who) = busy.claims {
            let open = |day: &u64| !claimed.contains(&(who, *day));
            if let Some(day) = both.shares(who).into_iter().rev().find(open) {
                both.claim(who, &[day])?;
                both.compare()?;
                claimed.push((who, day));
            }
        }
        both.pass_to(both.today + 1);
    }
    for who in 0..PEOPLE {
        let mut days = both.shares(who);
        days.retain(|day| !claimed.contains(&(who, *day)));
        days.reverse();
        both.claim(who, &days)?;
    }
    let last = both.today - 1;
    let settle = settleCall { day: last };
    let settled = both.chain.call(Address::ZERO, both.pool, &settle);
    // Claiming the last day has settled it before.
    let was_claimed = both.paid.contains_key(&last);
    prop_assert_eq!(settled, (!was_claimed).then_some(both.today));
    both.compare()?;
    let paid: U256 = both.paid.values().sum();
    let left = both.chain.balance(both.pool);
    prop_assert_eq!(left + paid, U256::from(case.fund));
    Ok(())
}

#[test]
fn the_pool_pays_what_the_market_says_of_any_days() {
    let chain = Chain::new();
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let agree = |case| both_agree(chain.clone(), &case);
    if let Err(difference) = TestRunner::new(config).run(&cases(), agree) {
        panic!("{difference}");
    }
}
