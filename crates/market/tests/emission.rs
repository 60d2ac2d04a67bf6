//! Ten years of the ecosystem fund, day by day: what the days release, and what becomes of it.

use alloy_primitives::{U256, Uint};
use dhc_market::{Day, Emission};

/// 2014-01-01 to 2024-01-01 has as many: ten years, three of them leap years.
const TEN_YEARS: u32 = 3_653;
const HALF_LIFE: u32 = 1_461;
const DHL: u128 = 1_000_000_000_000_000_000;
const RAY: u128 = 1_000_000_000_000_000_000_000_000_000;
/// What each day leaves, in 10^27ths.
const KEPT: u128 = RAY - 474_320_862_749_585_192_032_442;

fn fund() -> U256 {
    U256::from(2_000_000_000u128 * DHL)
}

/// Room for a fund of 91 bits, a rate of 90 and 400 bits after the point.
type Wide = Uint<1024, 16>;
const POINT: usize = 400;

/// What of the fund is left after so many days by the formula, fund · KEPT^days: by squaring, without the
/// rounding of each day. Wrong by less than one base unit: each product is cut at 2^-400.
fn left_by_the_formula(days: u32) -> U256 {
    let mut power = Wide::ONE << POINT;
    let mut square = (Wide::from(KEPT) << POINT) / Wide::from(RAY);
    let mut left = days;
    while left > 0 {
        if left & 1 == 1 {
            power = (power * square) >> POINT;
        }
        square = (square * square) >> POINT;
        left >>= 1;
    }
    ((Wide::from(fund()) * power) >> POINT).to::<U256>()
}

/// Weights of a day, some of none, some thin, some full: the same on every machine.
fn weights(day: u64) -> Vec<U256> {
    let mut state = day.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let people = match draw() % 4 {
        0 => 0,
        1 => 1,
        _ => draw() % 40,
    };
    (0..people)
        .map(|_| U256::from(draw() % 1_000_000_000_000_000_001))
        .collect()
}

#[test]
fn ten_years_release_what_the_schedule_says() {
    let mut emission = Emission::new(fund());
    let mut released = U256::ZERO;
    let mut last = U256::MAX;
    for day in 1..=TEN_YEARS {
        let today = emission.next_day();
        assert!(today <= last, "day {day} releases more than the day before");
        last = today;
        released += today;
        assert_eq!(released + emission.remaining(), fund());
        // Each day rounds down what it releases, so that never more is released than the formula says,
        // and less by at most one base unit a day.
        let formula = left_by_the_formula(day);
        assert!(emission.remaining() >= formula, "day {day}");
        assert!(
            emission.remaining() - formula <= U256::from(day),
            "day {day}"
        );
    }
    assert_eq!(released.to_string(), RELEASED_IN_TEN_YEARS);
}

/// The sum of the schedule's 3,653 days, adhl: computed apart, in unbounded integers.
const RELEASED_IN_TEN_YEARS: &str = "1646530468226529739768799797";

#[test]
fn a_half_life_leaves_half_and_two_a_quarter() {
    let mut emission = Emission::new(fund());
    for halvings in 1..=2u32 {
        for _ in 0..HALF_LIFE {
            emission.next_day();
        }
        let expected = fund() >> halvings as usize;
        // The rate is cut after 27 digits: 10^-27 of the fund a day, and one base unit of rounding.
        let allowed = U256::from(4 * halvings * HALF_LIFE);
        assert!(emission.remaining().abs_diff(expected) <= allowed);
    }
}

#[test]
fn in_ten_years_of_any_days_nothing_is_lost_and_nothing_made() {
    let least = U256::from(DHL) * U256::from(5);
    let mut emission = Emission::new(fund());
    let (mut carry, mut paid, mut dust) = (U256::ZERO, U256::ZERO, U256::ZERO);
    let (mut empty, mut thin, mut full) = (0, 0, 0);
    for number in 0..u64::from(TEN_YEARS) {
        let weights = weights(number);
        let emitted = emission.next_day();
        let day = Day::close(emitted, carry, weights.iter().sum(), least);
        // R + R': what the day releases and all that the day before left.
        assert_eq!(day.pool, emitted + carry);
        match day.weight_sum {
            sum if sum.is_zero() => {
                empty += 1;
                assert_eq!(day.carry, day.pool);
            }
            sum if sum < least => {
                thin += 1;
                assert!(!day.carry.is_zero());
            }
            _ => {
                full += 1;
                assert!(day.carry.is_zero());
            }
        }
        let rewards: U256 = weights.iter().map(|weight| day.reward(*weight)).sum();
        assert!(rewards + day.carry <= day.pool);
        dust += day.pool - day.carry - rewards;
        carry = day.carry;
        paid += rewards;
        assert_eq!(paid + carry + dust + emission.remaining(), fund());
    }
    assert!(
        empty > 500 && thin > 500 && full > 500,
        "{empty} {thin} {full}"
    );
    // Less than one base unit for each of at most forty contributors of a day.
    assert!(dust < U256::from(40 * TEN_YEARS));
}
