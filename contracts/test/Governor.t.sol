// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {Registry} from "../src/Registry.sol";
import {TemplateRules} from "../src/TemplateRules.sol";
import {Templates} from "../src/Templates.sol";
import {VotingEscrow} from "../src/VotingEscrow.sol";
import {Governed} from "./Governed.sol";
import {bound, vm} from "./Vm.sol";

contract GovernorTest is Governed {
    bytes private retire = abi.encodeCall(Templates.retire, (TREATMENT));

    function test_holders_retire_a_template_and_nobody_is_granted_under_it() public {
        index(patient, "study", IMAGING);
        lock(holder, QUORUM_FLOOR);
        pass(1);
        uint256 id = propose(holder, address(templates), retire);
        expectState(id, IGovernor.ProposalState.Pending);
        pass(VOTING_DELAY + 1);
        expectState(id, IGovernor.ProposalState.Active);
        vote(holder, id, FOR);
        pass(VOTING_PERIOD);
        expectState(id, IGovernor.ProposalState.Succeeded);
        grantTreatment(patient, "before", doctor, "study");
        governor.queue(id);
        expectState(id, IGovernor.ProposalState.Queued);
        pass(TIMELOCK_DELAY);
        governor.execute(id);
        expectState(id, IGovernor.ProposalState.Executed);
        vm.assertTrue(templates.find(TREATMENT).retired);
        vm.expectRevert(TemplateRules.TemplateIsRetired.selector);
        this.grantAgain();
    }

    /// A call of its own, so that its revert can be expected.
    function grantAgain() external {
        grantTreatment(patient, "after", doctor, "study");
    }

    function test_locking_once_is_enough_to_vote_and_unlocking_gives_all_back() public {
        lock(holder, 3 ether);
        vm.assertEq(escrow.getVotes(holder), 3 ether);
        lock(holder, 2 ether);
        vm.assertEq(escrow.getVotes(holder), 5 ether);
        vm.prank(holder);
        escrow.unlock(4 ether);
        vm.assertEq(holder.balance, 4 ether);
        vm.assertEq(escrow.getVotes(holder), 1 ether);
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(VotingEscrow.LockedLess.selector, 1 ether));
        escrow.unlock(1 ether + 1);
        vm.prank(holder);
        vm.expectRevert(VotingEscrow.NothingLocked.selector);
        escrow.lock();
    }

    function test_votes_passed_on_stay_passed_on_when_more_is_locked() public {
        lock(holder, 1 ether);
        vm.prank(holder);
        escrow.delegate(other);
        lock(holder, 1 ether);
        vm.assertEq(escrow.getVotes(holder), 0);
        vm.assertEq(escrow.getVotes(other), 2 ether);
    }

    /// Time is seconds: a period is as long on every network, whatever its blocks take.
    function test_the_clock_is_the_chains_time() public view {
        vm.assertEq(uint256(escrow.clock()), block.timestamp);
        vm.assertEq(uint256(governor.clock()), block.timestamp);
        vm.assertEq(keccak256(bytes(governor.CLOCK_MODE())), keccak256(bytes("mode=timestamp")));
    }

    function test_coins_locked_after_the_snapshot_do_not_vote() public {
        lock(holder, THRESHOLD);
        pass(1);
        uint256 id = propose(holder, address(templates), retire);
        pass(VOTING_DELAY + 1);
        lock(other, 10 * QUORUM_FLOOR);
        vote(other, id, FOR);
        (uint256 against, uint256 inFavour, uint256 abstaining) = governor.proposalVotes(id);
        vm.assertEq(against + inFavour + abstaining, 0);
        pass(VOTING_PERIOD);
        expectState(id, IGovernor.ProposalState.Defeated);
    }

    function test_coins_lent_for_an_instant_do_not_vote() public {
        lock(holder, THRESHOLD);
        pass(1);
        uint256 id = propose(holder, address(templates), retire);
        // Locked and unlocked within the very second of the snapshot.
        pass(VOTING_DELAY);
        lock(other, QUORUM_FLOOR);
        vm.prank(other);
        escrow.unlock(QUORUM_FLOOR);
        pass(1);
        vm.assertEq(governor.getVotes(other, governor.proposalSnapshot(id)), 0);
    }

    function test_moved_coins_do_not_vote_twice() public {
        lock(holder, QUORUM_FLOOR);
        pass(1);
        uint256 id = propose(holder, address(templates), retire);
        pass(VOTING_DELAY + 1);
        vote(holder, id, FOR);
        vm.prank(holder);
        escrow.unlock(QUORUM_FLOOR);
        vm.prank(holder);
        payable(other).transfer(QUORUM_FLOOR);
        vm.prank(other);
        escrow.lock{value: QUORUM_FLOOR}();
        pass(1);
        vote(other, id, FOR);
        // Nor by passing the votes on, nor by voting again.
        vm.prank(other);
        escrow.delegate(patient);
        pass(1);
        vote(patient, id, FOR);
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, holder));
        governor.castVote(id, AGAINST);
        (, uint256 inFavour,) = governor.proposalVotes(id);
        vm.assertEq(inFavour, QUORUM_FLOOR);
    }

    function test_nobody_executes_early() public {
        uint256 id = succeeded();
        vm.expectRevert();
        governor.execute(id);
        governor.queue(id);
        pass(TIMELOCK_DELAY - 1);
        bytes32 operation = timelock.hashOperationBatch(
            targets(), new uint256[](1), calls(), 0, bytes20(address(governor)) ^ keccak256("")
        );
        bytes memory refusal = abi.encodeWithSelector(
            TimelockController.TimelockUnexpectedOperationState.selector,
            operation,
            bytes32(1 << uint8(TimelockController.OperationState.Ready))
        );
        vm.expectRevert(refusal);
        governor.execute(id);
        pass(1);
        governor.execute(id);
        vm.expectRevert();
        governor.execute(id);
    }

    function test_a_defeated_proposal_is_neither_queued_nor_executed() public {
        lock(holder, QUORUM_FLOOR);
        lock(other, QUORUM_FLOOR);
        pass(1);
        uint256 id = propose(holder, address(templates), retire);
        pass(VOTING_DELAY + 1);
        vote(holder, id, FOR);
        vote(other, id, AGAINST);
        pass(VOTING_PERIOD);
        expectState(id, IGovernor.ProposalState.Defeated);
        vm.expectRevert();
        governor.queue(id);
        vm.expectRevert();
        governor.execute(id);
    }

    function test_who_has_locked_too_little_does_not_propose() public {
        lock(holder, THRESHOLD - 1);
        pass(1);
        // What is locked in this very second does not count yet.
        lock(other, THRESHOLD);
        for (uint256 i = 0; i < 2; ++i) {
            address who = i == 0 ? holder : other;
            vm.prank(who);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IGovernor.GovernorInsufficientProposerVotes.selector,
                    who,
                    i == 0 ? THRESHOLD - 1 : 0,
                    THRESHOLD
                )
            );
            governor.propose(targets(), new uint256[](1), calls(), "");
        }
        pass(1);
        propose(other, address(templates), retire);
    }

    function test_few_coins_are_no_quorum_however_few_are_locked() public {
        lock(holder, QUORUM_FLOOR - 1);
        pass(1);
        uint256 id = propose(holder, address(templates), retire);
        pass(VOTING_DELAY + 1);
        vote(holder, id, FOR);
        pass(VOTING_PERIOD);
        expectState(id, IGovernor.ProposalState.Defeated);
    }

    function testFuzz_the_quorum_is_a_tenth_of_what_is_locked_but_never_under_the_floor(uint256 amount)
        public
    {
        amount = bound(amount, 1, 10_000_000_000 ether);
        lock(holder, amount);
        pass(1);
        uint256 quorum = governor.quorum(block.timestamp - 1);
        vm.assertGe(quorum, QUORUM_FLOOR);
        vm.assertEq(quorum, amount / 10 > QUORUM_FLOOR ? amount / 10 : QUORUM_FLOOR);
    }

    function testFuzz_only_the_timelock_governs(address who) public {
        vm.assume(who != address(timelock) && who != address(governor));
        bytes memory refusal =
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, who);
        vm.startPrank(who);
        vm.expectRevert(refusal);
        templates.retire(TREATMENT);
        vm.expectRevert(refusal);
        registry.add(keccak256("Consent"), address(pool));
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector,
                who,
                timelock.PROPOSER_ROLE()
            )
        );
        timelock.scheduleBatch(targets(), new uint256[](1), calls(), 0, 0, TIMELOCK_DELAY);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, who));
        governor.setQuorumFloor(0);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorOnlyExecutor.selector, who));
        governor.setVotingDelay(0);
        vm.stopPrank();
    }

    function test_nobody_administers_the_timelock_but_itself() public view {
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        vm.assertTrue(timelock.hasRole(admin, address(timelock)));
        vm.assertFalse(timelock.hasRole(admin, address(this)));
        vm.assertFalse(timelock.hasRole(admin, governance));
        vm.assertFalse(timelock.hasRole(timelock.PROPOSER_ROLE(), address(this)));
    }

    function test_the_rules_themselves_change_by_a_decision_only() public {
        decide(address(governor), abi.encodeCall(governor.setQuorumFloor, (2 * QUORUM_FLOOR)));
        vm.assertEq(governor.quorumFloor(), 2 * QUORUM_FLOOR);
    }

    function test_a_version_is_added_by_a_decision_and_the_old_one_stays() public {
        bytes32 name = keccak256("Consent");
        decide(address(registry), abi.encodeCall(Registry.add, (name, address(pool))));
        vm.assertEq(registry.count(name), 2);
        vm.assertEq(registry.current(name), address(pool));
        (address first,) = registry.versions(name, 0);
        vm.assertEq(first, address(consent));
        vm.prank(address(timelock));
        vm.expectRevert(Registry.NotAContract.selector);
        registry.add(name, holder);
        vm.expectRevert(Registry.NameUnknown.selector);
        registry.current("Other");
    }

    function succeeded() private returns (uint256 id) {
        lock(holder, QUORUM_FLOOR);
        pass(1);
        id = propose(holder, address(templates), retire);
        pass(VOTING_DELAY + 1);
        vote(holder, id, FOR);
        pass(VOTING_PERIOD);
    }

    function targets() private view returns (address[] memory list) {
        (list,,) = act(address(templates), retire);
    }

    function calls() private view returns (bytes[] memory list) {
        (,, list) = act(address(templates), retire);
    }
}
