//! `dhc_market` against the bytecode of `IncentivePool`: random funds, days, records and claims,
//! and both must say the same of each, to the base unit.

mod both;
mod ledger;

use std::cell::Cell;

use alloy::sol;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};

use super::*;
use both::Both;
use ledger::Chain;

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
/// `cargo xtask test --long` asks for so many cases, and wants so many days of them.
const LONG_CASES: u32 = 20_000;
const LONG_DAYS: u64 = 100_000;

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

/// The account of a person.
fn account(who: u8) -> Address {
    Address::repeat_byte(who + 1)
}

/// Plays a case in both, to the end of its last day and until everything is claimed.
fn both_agree(chain: Chain, case: &Case) -> Result<Both, TestCaseError> {
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
    both.nothing_is_made_and_nothing_lost(U256::from(case.fund))?;
    Ok(both)
}

#[test]
fn the_pool_pays_what_the_market_says_of_any_days() {
    let chain = Chain::new();
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let long = config.cases >= LONG_CASES;
    let days = Cell::new(0);
    let agree = |case| {
        let both = both_agree(chain.clone(), &case)?;
        days.set(days.get() + both.today);
        Ok(())
    };
    if let Err(difference) = TestRunner::new(config).run(&cases(), agree) {
        panic!("{difference}");
    }
    println!("{} days", days.get());
    assert!(!long || days.get() >= LONG_DAYS, "{} days", days.get());
}

/// Twice a year somebody contributes, now much and now little, or nobody does.
#[test]
fn ten_years_of_the_contract_release_what_the_schedule_says() {
    const FUND: u128 = 2_000_000_000_000_000_000_000_000_000;
    const TEN_YEARS: u64 = 3_653;
    let contribution = |who: u8, sixteenths| Contribution {
        who,
        quality: 0x0002_0204,
        sixteenths,
    };
    let day = |number: u8, quiet| Busy {
        quiet,
        contributions: (0..number % 4)
            .map(|who| contribution(who, 5 * (number % 3)))
            .collect(),
        // A claim settles the days before it, so many as one transaction may.
        claims: Some(0),
    };
    let mut days: Vec<_> = (0..20).map(|number| day(number, 181)).collect();
    days.push(day(21, TEN_YEARS - 20 * 182 - 1));
    let w_min = u128::from(MIN_WEIGHT);
    let case = Case {
        fund: FUND,
        w_min,
        days,
    };
    let mut both = both_agree(Chain::new(), &case).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(both.today, TEN_YEARS);
    let ledger = both
        .chain
        .call(Address::ZERO, both.pool, &ledgerCall {})
        .unwrap();
    assert_eq!(ledger.settledDays, TEN_YEARS);
    // The same sum as in `crates/market/tests/emission.rs`.
    let released = U256::from(FUND) - U256::from(ledger.remaining);
    assert_eq!(released.to_string(), "1646530468226529739768799797");
}
