//! One pool twice: in the contract's bytecode, and by the market's mathematics.

use std::collections::BTreeMap;

use alloy::{
    primitives::{B256, keccak256},
    sol_types::{SolCall, SolEvent, SolStruct},
};
use dhc_market::{Day, Emission, weight};
use proptest::{prelude::*, test_runner::TestCaseError};

use super::{
    super::*,
    Case, Contributed, Contribution, DAY_S, Seal, Similarity, account, addCall, claimCall,
    contributeCall, dayOfCall,
    ledger::{Chain, signed},
    ledgerCall,
};

/// A pool in the contract, and the same pool by the market's mathematics.
pub(super) struct Both {
    pub(super) chain: Chain,
    pub(super) pool: Address,
    pub(super) emission: Emission,
    pub(super) w_min: U256,
    /// What the contributions of each day weigh, by person.
    pub(super) weights: BTreeMap<u64, BTreeMap<u8, U256>>,
    /// Closed days, from the first on, with what was left of the fund after each.
    pub(super) closed: Vec<(Day, U256)>,
    pub(super) today: u64,
    pub(super) records: u64,
    pub(super) paid: BTreeMap<u64, U256>,
}

pub(super) type Checked = Result<(), TestCaseError>;

impl Both {
    pub(super) fn new(mut chain: Chain, case: &Case) -> Self {
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
    pub(super) fn pass_to(&mut self, day: u64) {
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
    pub(super) fn contribute(&mut self, contribution: &Contribution) -> Checked {
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
    pub(super) fn claim(&mut self, who: u8, days: &[u64]) -> Checked {
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
    pub(super) fn shares(&self, who: u8) -> Vec<u64> {
        let has_share =
            |shares: &BTreeMap<u8, U256>| shares.get(&who).is_some_and(|w| !w.is_zero());
        self.weights
            .iter()
            .filter(|(day, shares)| **day < self.today && has_share(shares))
            .map(|(day, _)| *day)
            .collect()
    }

    /// What stands in the contract is what the mathematics say, of every day that it has settled.
    pub(super) fn compare(&mut self) -> Checked {
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

    /// What must hold of every day when all has been claimed, whatever the weights were.
    pub(super) fn nothing_is_made_and_nothing_lost(&self, fund: U256) -> Checked {
        let (mut carry, mut unreleased) = (U256::ZERO, fund);
        for (number, (day, remaining)) in (0..).zip(&self.closed) {
            // R + R': what the day released and all that the day before left, its dust with it.
            prop_assert_eq!(day.pool, unreleased - remaining + carry);
            // What is given is rounded down: the odd base unit stays in what is carried.
            prop_assert!((day.pool - day.carry) * day.divisor <= day.pool * day.weight_sum);
            let paid = self.paid.get(&number).copied().unwrap_or_default();
            prop_assert!(paid + day.carry <= day.pool);
            let people = self.weights.get(&number).map_or(0, BTreeMap::len);
            prop_assert!(day.pool - day.carry - paid <= U256::from(people));
            (carry, unreleased) = (day.carry, *remaining);
        }
        let paid: U256 = self.paid.values().sum();
        prop_assert_eq!(self.chain.balance(self.pool) + paid, fund);
        Ok(())
    }
}
