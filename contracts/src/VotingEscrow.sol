// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title DHL locked for votes, one vote a base unit
/// @notice The native coin keeps no history of its balances, so that a vote by balance could be cast
/// twice by moving the coins. Here what is locked is kept with its history, and a vote counts what was
/// locked at the proposal's snapshot. Weight does not fade with time, and coins come out at any moment:
/// what was voted stays voted. A holder who locks votes for itself, unless it has named another.
contract VotingEscrow is Votes {
    using SafeCast for uint256;

    /// @notice What an account has locked, adhl.
    mapping(address account => uint256) public locked;

    event Locked(address indexed account, uint256 amount);
    event Unlocked(address indexed account, uint256 amount);

    error NothingLocked();
    error LockedLess(uint256 locked);

    constructor() EIP712("DHC VotingEscrow", "1") {}

    /// @notice Locks the coins sent along.
    function lock() external payable {
        require(msg.value != 0, NothingLocked());
        if (delegates(msg.sender) == address(0)) _delegate(msg.sender, msg.sender);
        locked[msg.sender] += msg.value;
        _transferVotingUnits(address(0), msg.sender, msg.value);
        emit Locked(msg.sender, msg.value);
    }

    /// @notice Gives `amount` back to the caller.
    function unlock(uint256 amount) external {
        uint256 has = locked[msg.sender];
        require(amount != 0, NothingLocked());
        require(amount <= has, LockedLess(has));
        locked[msg.sender] = has - amount;
        _transferVotingUnits(msg.sender, address(0), amount);
        emit Unlocked(msg.sender, amount);
        Address.sendValue(payable(msg.sender), amount);
    }

    /// @notice Seconds since 1970, so that a period means the same on every network (ERC-6372).
    function clock() public view override returns (uint48) {
        return block.timestamp.toUint48();
    }

    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function _getVotingUnits(address account) internal view override returns (uint256) {
        return locked[account];
    }
}
