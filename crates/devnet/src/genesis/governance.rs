//! By what rules holders of the coin decide. Times are in settlement days, so that a network whose
//! days last seconds votes within seconds, and one whose days are days within days.

use alloy::{dyn_abi::DynSolValue, primitives::U256};

use super::dhl;

/// From a proposal to its snapshot: so long everybody may lock coins for it.
const VOTING_DELAY_DAYS: u64 = 1;
/// As long as the chain's own governance votes (`network/genesis/rules.go`).
const VOTING_DAYS: u64 = 5;
/// From a decision to its execution: so long everybody may leave what they do not want.
pub(super) const DELAY_DAYS: u64 = 2;

/// What a proposer has locked: the deposit of a proposal of the chain's own governance.
const THRESHOLD_DHL: u64 = 10_000;
const QUORUM_PERCENT: u64 = 10;
/// One coin of a hundred: a decision for all is not made by the first few who lock.
const QUORUM_FLOOR_DHL: u64 = 100_000_000;

/// The voting period is 32 bits of seconds.
pub(super) const LONGEST_DAY_S: u64 = (u32::MAX as u64) / VOTING_DAYS;

/// `DHCGovernor.Rules`.
pub(super) fn rules(day_s: u64) -> DynSolValue {
    let number = |value: U256, bits| DynSolValue::Uint(value, bits);
    DynSolValue::Tuple(vec![
        number(U256::from(VOTING_DELAY_DAYS * day_s), 48),
        number(U256::from(VOTING_DAYS * day_s), 32),
        number(dhl(THRESHOLD_DHL), 256),
        number(U256::from(QUORUM_PERCENT), 256),
        number(dhl(QUORUM_FLOOR_DHL), 256),
    ])
}
