// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Release of the ecosystem fund
/// @notice Each day releases the same share of what remains, so that half is released in 1461 days.
library Emission {
    /// floor(10^27 · (1 − 2^(−1/1461))).
    uint256 internal constant DAILY = 474_320_862_749_585_192_032_442;
    uint256 internal constant RAY = 1e27;

    /// @notice What a day releases of `remaining`, rounded down.
    function ofDay(uint256 remaining) internal pure returns (uint256) {
        return Math.mulDiv(remaining, DAILY, RAY);
    }
}
