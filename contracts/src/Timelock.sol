// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title The owner of what is governed: it does what was decided, after a delay
/// @notice Only the governor proposes and cancels. Anybody executes what is due, so that nobody can
/// keep a decision back. No account administers it: its roles and its delay change by a decision only.
contract Timelock is TimelockController {
    /// @param delay Seconds between a decision and its execution.
    /// @param governor Known by its address before it stands, so that no founder holds a role meanwhile.
    constructor(uint256 delay, address governor)
        TimelockController(delay, one(governor), one(address(0)), address(0))
    {}

    function one(address account) private pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }
}
