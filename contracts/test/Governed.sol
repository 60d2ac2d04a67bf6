// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {DHCGovernor} from "../src/DHCGovernor.sol";
import {Registry} from "../src/Registry.sol";
import {Templates} from "../src/Templates.sol";
import {Timelock} from "../src/Timelock.sol";
import {VotingEscrow} from "../src/VotingEscrow.sol";
import {Network} from "./Network.sol";
import {vm} from "./Vm.sol";

/// @notice The network with its templates owned by those who hold the coin, as at genesis.
abstract contract Governed is Network {
    uint48 internal constant VOTING_DELAY = uint48(DAY);
    uint32 internal constant VOTING_PERIOD = uint32(5 * DAY);
    uint256 internal constant TIMELOCK_DELAY = 2 * DAY;
    uint256 internal constant THRESHOLD = 10_000 ether;
    uint256 internal constant QUORUM_FLOOR = 100_000_000 ether;

    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;

    address internal constant holder = address(0xb1);
    address internal constant other = address(0xb2);

    VotingEscrow internal escrow;
    Timelock internal timelock;
    DHCGovernor internal governor;
    Registry internal registry;

    function setUp() public virtual {
        deploy();
        // A contract may name another that comes after it: addresses are known before.
        address deployer = address(this);
        uint64 nonce = vm.getNonce(deployer);
        address governorAt = vm.computeCreateAddress(deployer, nonce + 2);
        escrow = new VotingEscrow();
        timelock = new Timelock(TIMELOCK_DELAY, governorAt);
        governor = new DHCGovernor(
            escrow,
            timelock,
            DHCGovernor.Rules(VOTING_DELAY, VOTING_PERIOD, THRESHOLD, 10, QUORUM_FLOOR)
        );
        vm.assertEq(address(governor), governorAt);
        string[] memory names = new string[](1);
        address[] memory contracts = new address[](1);
        (names[0], contracts[0]) = ("Consent", address(consent));
        registry = new Registry(address(timelock), names, contracts);
        vm.startPrank(governance);
        templates.transferOwnership(address(timelock));
        vm.stopPrank();
        vm.prank(address(timelock));
        templates.acceptOwnership();
    }

    function lock(address who, uint256 amount) internal {
        vm.deal(who, amount);
        vm.prank(who);
        escrow.lock{value: amount}();
    }

    /// What one call of one contract is as a proposal.
    function act(address target, bytes memory data)
        internal
        pure
        returns (address[] memory targets, uint256[] memory values, bytes[] memory calls)
    {
        targets = new address[](1);
        values = new uint256[](1);
        calls = new bytes[](1);
        (targets[0], calls[0]) = (target, data);
    }

    function propose(address who, address target, bytes memory data) internal returns (uint256 id) {
        (address[] memory targets, uint256[] memory values, bytes[] memory calls) =
            act(target, data);
        vm.prank(who);
        id = governor.propose(targets, values, calls, "");
    }

    function vote(address who, uint256 id, uint8 support) internal {
        vm.prank(who);
        governor.castVote(id, support);
    }

    function pass(uint256 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
    }

    function expectState(uint256 id, IGovernor.ProposalState expected) internal view {
        vm.assertEq(uint256(governor.state(id)), uint256(expected));
    }

    /// Takes a proposal of `holder` through to its execution.
    function decide(address target, bytes memory data) internal {
        if (escrow.locked(holder) < QUORUM_FLOOR) lock(holder, QUORUM_FLOOR);
        pass(1);
        uint256 id = propose(holder, target, data);
        pass(VOTING_DELAY + 1);
        vote(holder, id, FOR);
        pass(VOTING_PERIOD);
        governor.queue(id);
        pass(TIMELOCK_DELAY);
        governor.execute(id);
    }
}
