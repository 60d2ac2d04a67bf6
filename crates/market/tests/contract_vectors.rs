//! Replays `contracts/test/vectors/pool.json`, which `IncentivePool`'s own tests replay too: both
//! compute the same weights, emissions, carry-overs and rewards, to the base unit.

use alloy_primitives::U256;
use dhc_market::{Day, Emission, quality_ppm, weight};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    emission: Vec<Released>,
    quality: Vec<Packed>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Released {
    day: u64,
    remaining: U256,
    released: U256,
}

#[derive(Deserialize)]
struct Packed {
    packed: u32,
    ppm: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    fund: U256,
    w_min: U256,
    days: Vec<PoolDay>,
}

#[derive(Deserialize)]
struct PoolDay {
    emission: U256,
    pool: U256,
    sum: U256,
    carry: U256,
    contributions: Vec<Contribution>,
    rewards: Vec<Reward>,
}

#[derive(Deserialize)]
struct Contribution {
    who: u32,
    quality: u32,
    sixteenths: u8,
    weight: U256,
}

#[derive(Deserialize)]
struct Reward {
    who: u32,
    weight: U256,
    reward: U256,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../contracts/test/vectors/pool.json"))
        .expect("the vectors are as this file reads them")
}

#[test]
fn the_fund_is_released_as_the_contract_releases_it() {
    let vectors = vectors();
    let mut emission = Emission::new(U256::from(2_000_000_000u128 * 1_000_000_000_000_000_000));
    let mut day = 0;
    for expected in vectors.emission {
        while day < expected.day {
            emission.next_day();
            day += 1;
        }
        assert_eq!(emission.remaining(), expected.remaining, "day {day}");
        assert_eq!(emission.next_day(), expected.released, "day {day}");
        day += 1;
    }
}

#[test]
fn quality_is_what_the_contract_reads_in_it() {
    for expected in vectors().quality {
        let ppm = quality_ppm(expected.packed).map(|ppm| ppm.to_string());
        assert_eq!(ppm, Some(expected.ppm), "{:#x}", expected.packed);
    }
}

#[test]
fn days_are_closed_and_paid_as_the_contract_does() {
    for case in vectors().cases {
        let mut emission = Emission::new(case.fund);
        let mut carry = U256::ZERO;
        for (number, expected) in case.days.iter().enumerate() {
            let at = format!("{}, day {number}", case.name);
            for c in &expected.contributions {
                assert_eq!(weight(c.quality, c.sixteenths), Some(c.weight), "{at}");
            }
            let released = emission.next_day();
            assert_eq!(released, expected.emission, "{at}");
            let sum = expected.contributions.iter().map(|c| c.weight).sum();
            assert_eq!(sum, expected.sum, "{at}");
            let day = Day::close(released, carry, sum, case.w_min);
            assert_eq!(
                (day.pool, day.carry),
                (expected.pool, expected.carry),
                "{at}"
            );
            for r in &expected.rewards {
                let own: U256 = expected
                    .contributions
                    .iter()
                    .filter(|c| c.who == r.who)
                    .map(|c| c.weight)
                    .sum();
                assert_eq!((own, day.reward(own)), (r.weight, r.reward), "{at}");
            }
            carry = day.carry;
        }
    }
}
