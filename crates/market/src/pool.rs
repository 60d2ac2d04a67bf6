//! The ecosystem fund: what a day emits, what its contributors earn, what is carried over.

use alloy_primitives::U256;

/// Scale of [`DAILY_RATE`].
const RAY: u128 = 1_000_000_000_000_000_000_000_000_000;
/// floor(10²⁷ · (1 − 2^(−1/1461))): a half-life of 1461 days.
const DAILY_RATE: u128 = 474_320_862_749_585_192_032_442;

/// The fund, a day at a time. Amounts in adhl, below 2^160.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emission {
    remaining: U256,
}

impl Emission {
    pub const fn new(fund: U256) -> Self {
        Self { remaining: fund }
    }

    /// What is not emitted yet.
    pub const fn remaining(&self) -> U256 {
        self.remaining
    }

    /// Emission of the next day, whether or not anybody contributes.
    pub fn next_day(&mut self) -> U256 {
        let emitted = self.remaining * U256::from(DAILY_RATE) / U256::from(RAY);
        self.remaining -= emitted;
        emitted
    }
}

/// A closed day: R + R′ and how it is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day's emission and what the day before carried over (R + R′).
    pub pool: U256,
    /// Sum of the contributions' weights.
    pub weight_sum: U256,
    /// What is divided: the sum, or the least weight that earns the whole pool if it is more.
    pub divisor: U256,
    /// What goes to the next day (R′ of it): the share that a thin day leaves.
    pub carry: U256,
}

impl Day {
    /// Closes a day. `least_weight` is greater than zero. Amounts in adhl below 2^160, weights
    /// below 2^96, so that no product overflows.
    pub fn close(emission: U256, carried_in: U256, weight_sum: U256, least_weight: U256) -> Self {
        let pool = emission + carried_in;
        let divisor = weight_sum.max(least_weight);
        let given = pool * weight_sum / divisor;
        Self {
            pool,
            weight_sum,
            divisor,
            carry: pool - given,
        }
    }

    /// Reward of a contributor whose contributions of the day weigh `weight` together.
    pub fn reward(&self, weight: U256) -> U256 {
        self.pool * weight / self.divisor
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const DHL: u128 = 1_000_000_000_000_000_000;

    fn fund() -> U256 {
        U256::from(2_000_000_000u128 * DHL)
    }

    #[test]
    fn the_first_day_emits_as_the_contract_does() {
        let mut emission = Emission::new(fund());
        assert_eq!(emission.next_day().to_string(), "948641725499170384064884");
    }

    #[test]
    fn half_of_the_fund_is_emitted_after_1461_days() {
        let mut emission = Emission::new(fund());
        let emitted: U256 = (0..1461).map(|_| emission.next_day()).sum();
        assert_eq!(emitted + emission.remaining(), fund());
        let half = U256::from(1_000_000_000u128 * DHL);
        assert!(emission.remaining().abs_diff(half) < U256::from(DHL / 1_000_000));
    }

    #[test]
    fn a_day_without_contributions_is_carried_over_whole() {
        let day = Day::close(U256::from(100), U256::from(20), U256::ZERO, U256::from(10));
        assert_eq!((day.pool, day.carry), (U256::from(120), U256::from(120)));
    }

    proptest! {
        #[test]
        fn nobody_is_paid_more_than_the_days_pool(
            days in vec(vec(0u64..=1_000_000_000_000_000_000, 0..12), 1..20),
            least in 1u64..,
        ) {
            let mut emission = Emission::new(fund());
            let (mut carry, mut paid) = (U256::ZERO, U256::ZERO);
            for weights in days {
                let weights: Vec<_> = weights.into_iter().map(U256::from).collect();
                let day = Day::close(
                    emission.next_day(), carry, weights.iter().sum(), U256::from(least));
                let rewards: U256 = weights.iter().map(|w| day.reward(*w)).sum();
                prop_assert!(rewards + day.carry <= day.pool);
                // What rounding leaves is less than one base unit for each contributor.
                let dust = day.pool - day.carry - rewards;
                prop_assert!(dust <= U256::from(weights.len()));
                carry = day.carry;
                paid += rewards;
            }
            prop_assert!(paid + carry + emission.remaining() <= fund());
        }

        #[test]
        fn rewards_are_in_proportion(a in 1u64.., b in 1u64.., pool in 1u128..1 << 100) {
            let (a, b) = (U256::from(a), U256::from(b));
            let day = Day::close(U256::from(pool), U256::ZERO, a + b, U256::from(1));
            prop_assert_eq!(a > b && day.reward(a) < day.reward(b), false);
            prop_assert!(day.reward(a) + day.reward(b) <= day.pool);
            prop_assert!(day.carry.is_zero());
        }
    }
}
