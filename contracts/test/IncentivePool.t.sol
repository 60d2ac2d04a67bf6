// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {Emission} from "../src/Emission.sol";
import {IncentivePool} from "../src/IncentivePool.sol";
import {TemplateRules} from "../src/TemplateRules.sol";
import {NetworkTest} from "./Network.sol";
import {bound, vm} from "./Vm.sol";

contract IncentivePoolTest is NetworkTest {
    bytes32 private constant STUDY = keccak256("study");

    /// What day 0 releases of the whole fund.
    uint256 private constant FIRST_DAY = 948_641_725_499_170_384_064_884;

    function test_a_contribution_weighs_its_quality_and_novelty() public {
        vm.warp(GENESIS + DAY + 7);
        contribute(pool, patient, STUDY, IMAGING, 4);
        (uint96 weight, bool claimed) = pool.shares(1, patient);
        vm.assertEq(weight, 0.375 ether);
        vm.assertFalse(claimed);
        (uint96 sum,,,,) = pool.dayOf(1);
        vm.assertEq(sum, 0.375 ether);
        (address contributor, uint64 day, uint8 sixteenths) = pool.contributed(STUDY);
        vm.assertEq(contributor, patient);
        vm.assertEq(day, 1);
        vm.assertEq(sixteenths, 4);
    }

    function test_the_events_of_a_contributor_give_the_proven_head() public {
        vm.recordLogs();
        contribute(pool, patient, "1", IMAGING, 0);
        contribute(pool, neighbour, "2", IMAGING, 0);
        vm.warp(GENESIS + 3 * DAY);
        contribute(pool, patient, "3", IMAGING, 16);
        (bytes32 expected, uint64 count) = replay(IncentivePool.Contributed.selector, patient);
        (bytes32 head, uint64 length) = pool.contributions(patient);
        vm.assertEq(head, expected);
        vm.assertEq(length, count);
        vm.assertEq(length, 2);
    }

    function test_a_record_is_contributed_once() public {
        contribute(pool, patient, STUDY, IMAGING, 0);
        vm.warp(GENESIS + DAY);
        expectRefused(STUDY, 0, abi.encodeWithSelector(IncentivePool.AlreadyContributed.selector));
    }

    function test_only_a_sealed_record_of_the_callers_own_is_contributed() public {
        index(neighbour, "theirs", IMAGING);
        expectRefused("theirs", 0, abi.encodeWithSelector(IncentivePool.NotRecordOwner.selector));
        expectRefused("nothing", 0, abi.encodeWithSelector(IncentivePool.NotRecordOwner.selector));
        indexUnsealed(patient, "unsealed");
        expectRefused("unsealed", 0, abi.encodeWithSelector(IncentivePool.RecordUnsealed.selector));
        index(patient, STUDY, IMAGING);
        vm.prank(governance);
        issuers.withdraw(hospital);
        expectRefused(STUDY, 0, abi.encodeWithSelector(IncentivePool.IssuerNotCertified.selector));
    }

    function test_a_contribution_names_a_template_for_contributions() public {
        index(patient, STUDY, IMAGING);
        bytes[] memory list = attestations(pool, patient, STUDY, 0);
        vm.startPrank(patient);
        vm.expectRevert(TemplateRules.TemplateNotForContributions.selector);
        pool.contribute(STUDY, TREATMENT, 0, list);
        vm.expectRevert(TemplateRules.TemplateUnknown.selector);
        pool.contribute(STUDY, keccak256("anything"), 0, list);
        vm.stopPrank();
        vm.prank(governance);
        templates.retire(RESEARCH_CONTRIBUTION);
        vm.prank(patient);
        vm.expectRevert(TemplateRules.TemplateIsRetired.selector);
        pool.contribute(STUDY, RESEARCH_CONTRIBUTION, 0, list);
    }

    function test_similarity_ends_at_sixteen_sixteenths() public {
        index(patient, STUDY, IMAGING);
        bytes memory refusal =
            abi.encodeWithSelector(IncentivePool.SimilarityInvalid.selector, uint8(17));
        expectRefused(STUDY, 17, refusal);
    }

    function test_nothing_is_contributed_before_day_zero() public {
        vm.warp(GENESIS - 1);
        index(patient, STUDY, IMAGING);
        expectRefused(STUDY, 0, abi.encodeWithSelector(IncentivePool.NotStarted.selector));
    }

    function testFuzz_an_attestation_binds_contributor_record_and_similarity(
        address contributor,
        bytes32 id,
        uint8 sixteenths
    ) public {
        sixteenths = uint8(bound(sixteenths, 0, 16));
        vm.assume(contributor != patient || id != STUDY || sixteenths != 0);
        index(patient, STUDY, IMAGING);
        bytes[] memory list = attestations(pool, contributor, id, sixteenths);
        vm.prank(patient);
        try pool.contribute(STUDY, RESEARCH_CONTRIBUTION, 0, list) {
            revert("a signature over something else was taken");
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IncentivePool.AttesterUnknown.selector));
        }
    }

    function test_enough_members_of_the_committee_attest_each_once() public {
        index(patient, STUDY, IMAGING);
        bytes[] memory one = new bytes[](1);
        one[0] = attest(pool, memberKeys[2], patient, STUDY, 0);
        expectRefusedWith(
            one,
            abi.encodeWithSelector(IncentivePool.TooFewAttestations.selector, uint256(1), uint8(2))
        );

        bytes[] memory list = new bytes[](2);
        (list[0], list[1]) = (one[0], one[0]);
        expectRefusedWith(
            list,
            abi.encodeWithSelector(IncentivePool.AttesterRepeated.selector, vm.addr(memberKeys[2]))
        );

        list[1] = attest(pool, STRANGER_KEY, patient, STUDY, 0);
        expectRefusedWith(
            list,
            abi.encodeWithSelector(IncentivePool.AttesterUnknown.selector, vm.addr(STRANGER_KEY))
        );

        list[1] = hex"00";
        expectRefusedWith(
            list, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, uint256(1))
        );

        list[1] = attest(pool, memberKeys[0], patient, STUDY, 0);
        vm.prank(patient);
        pool.contribute(STUDY, RESEARCH_CONTRIBUTION, 0, list);
    }

    function test_an_attestation_for_another_pool_does_not_count() public {
        IncentivePool other = deployPool(1, 1);
        index(patient, STUDY, IMAGING);
        bytes[] memory list = attestations(other, patient, STUDY, 0);
        vm.prank(patient);
        try pool.contribute(STUDY, RESEARCH_CONTRIBUTION, 0, list) {
            revert("a signature for another pool was taken");
        } catch (bytes memory reason) {
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IncentivePool.AttesterUnknown.selector));
        }
    }

    function test_a_new_committee_takes_over_at_once() public {
        address[] memory members = new address[](1);
        members[0] = vm.addr(STRANGER_KEY);
        vm.prank(governance);
        pool.setCommittee(members, 1);
        vm.assertEq(pool.committee().length, 1);
        index(patient, STUDY, IMAGING);
        bytes[] memory list = new bytes[](1);
        list[0] = attest(pool, memberKeys[0], patient, STUDY, 0);
        expectRefusedWith(
            list,
            abi.encodeWithSelector(IncentivePool.AttesterUnknown.selector, vm.addr(memberKeys[0]))
        );
        list[0] = attest(pool, STRANGER_KEY, patient, STUDY, 0);
        vm.prank(patient);
        pool.contribute(STUDY, RESEARCH_CONTRIBUTION, 0, list);
    }

    function test_a_committee_has_distinct_members_and_a_reachable_threshold() public {
        address[] memory members = new address[](2);
        (members[0], members[1]) = (doctor, doctor);
        vm.startPrank(governance);
        vm.expectRevert(IncentivePool.CommitteeInvalid.selector);
        pool.setCommittee(members, 1);
        members[1] = address(0);
        vm.expectRevert(IncentivePool.CommitteeInvalid.selector);
        pool.setCommittee(members, 1);
        members[1] = colleague;
        vm.expectRevert(IncentivePool.CommitteeInvalid.selector);
        pool.setCommittee(members, 3);
        vm.expectRevert(IncentivePool.CommitteeInvalid.selector);
        pool.setCommittee(members, 0);
        vm.stopPrank();
    }

    function test_a_schedule_has_days_and_a_minimum() public {
        address[] memory members = new address[](1);
        members[0] = doctor;
        vm.expectRevert(IncentivePool.ScheduleInvalid.selector);
        new IncentivePool(governance, records, templates, GENESIS, 0, 1, members, 1);
        vm.expectRevert(IncentivePool.ScheduleInvalid.selector);
        new IncentivePool(governance, records, templates, GENESIS, 1, 0, members, 1);
    }

    function test_a_thin_day_pays_its_part_and_leaves_the_rest() public {
        contribute(pool, patient, STUDY, IMAGING, 0);
        vm.warp(GENESIS + DAY);
        pool.settle(0);
        (, uint96 dayPool, bool settled, uint96 carry,) = pool.dayOf(0);
        vm.assertEq(dayPool, FIRST_DAY);
        vm.assertTrue(settled);
        // Half a unit of weight over a minimum of ten.
        vm.assertEq(carry, FIRST_DAY - FIRST_DAY / 20);
        vm.assertEq(claim(pool, patient, 0), FIRST_DAY / 20);
        vm.assertEq(patient.balance, FIRST_DAY / 20);
    }

    function test_what_a_day_leaves_is_in_the_next_days_pool() public {
        contribute(pool, patient, "0", IMAGING, 0);
        vm.warp(GENESIS + DAY);
        contribute(pool, patient, "1", IMAGING, 0);
        vm.warp(GENESIS + 2 * DAY);
        pool.settle(1);
        (,,, uint96 carry,) = pool.dayOf(0);
        (, uint96 second,,,) = pool.dayOf(1);
        vm.assertEq(second, Emission.ofDay(FUND - FIRST_DAY) + carry);
    }

    function test_a_day_without_contributions_leaves_its_whole_pool() public {
        vm.warp(GENESIS + 3 * DAY);
        contribute(pool, patient, STUDY, IMAGING, 0);
        vm.warp(GENESIS + 4 * DAY);
        pool.settle(3);
        uint256 remaining = FUND;
        uint256 released;
        for (uint256 i = 0; i < 4; ++i) {
            uint256 e = Emission.ofDay(remaining);
            (remaining, released) = (remaining - e, released + e);
        }
        (, uint96 dayPool,,,) = pool.dayOf(3);
        vm.assertEq(dayPool, released);
    }

    function test_a_full_day_is_shared_out_by_weight() public {
        IncentivePool full = deployPool(FUND, 0.5 ether);
        contribute(full, patient, "1", IMAGING, 0);
        contribute(full, patient, "2", IMAGING, 0);
        contribute(full, neighbour, "3", IMAGING, 0);
        vm.warp(GENESIS + DAY);
        vm.assertEq(claim(full, patient, 0), FIRST_DAY * 2 / 3);
        vm.assertEq(claim(full, neighbour, 0), FIRST_DAY / 3);
        (,,, uint96 carry, uint96 paid) = full.dayOf(0);
        vm.assertEq(carry, 0);
        vm.assertEq(paid, FIRST_DAY * 2 / 3 + FIRST_DAY / 3);
    }

    function test_claiming_settles_the_days_before() public {
        contribute(pool, patient, "0", IMAGING, 0);
        vm.warp(GENESIS + 10 * DAY);
        contribute(pool, patient, "10", IMAGING, 0);
        vm.warp(GENESIS + 12 * DAY);
        uint64[] memory list = new uint64[](2);
        (list[0], list[1]) = (10, 0);
        vm.prank(patient);
        pool.claim(list);
        (uint64 settledDays,,) = pool.ledger();
        vm.assertEq(settledDays, 11);
    }

    function test_a_share_is_claimed_once() public {
        contribute(pool, patient, STUDY, IMAGING, 0);
        vm.warp(GENESIS + DAY);
        claim(pool, patient, 0);
        uint256 balance = patient.balance;
        expectClaimRefused(patient, 0, IncentivePool.AlreadyClaimed.selector);
        vm.assertEq(patient.balance, balance);
    }

    function test_a_day_named_twice_in_one_claim_is_not_paid_twice() public {
        contribute(pool, patient, STUDY, IMAGING, 0);
        vm.warp(GENESIS + DAY);
        vm.prank(patient);
        vm.expectRevert(abi.encodeWithSelector(IncentivePool.AlreadyClaimed.selector, uint64(0)));
        pool.claim(new uint64[](2));
    }

    function test_an_open_day_and_a_day_of_no_share_pay_nothing() public {
        contribute(pool, patient, STUDY, IMAGING, 0);
        expectClaimRefused(patient, 0, IncentivePool.DayOpen.selector);
        vm.warp(GENESIS + DAY - 1);
        expectClaimRefused(patient, 0, IncentivePool.DayOpen.selector);
        vm.warp(GENESIS + DAY);
        expectClaimRefused(neighbour, 0, IncentivePool.NothingToClaim.selector);
    }

    function test_a_copy_earns_nothing() public {
        contribute(pool, patient, STUDY, IMAGING, 16);
        vm.warp(GENESIS + DAY);
        expectClaimRefused(patient, 0, IncentivePool.NothingToClaim.selector);
    }

    function test_anybody_may_carry_a_claim_in_but_the_contributor_is_paid() public {
        contribute(pool, patient, STUDY, IMAGING, 0);
        vm.warp(GENESIS + DAY);
        vm.prank(doctor);
        pool.claimFor(patient, new uint64[](1));
        vm.assertEq(patient.balance, FIRST_DAY / 20);
        vm.assertEq(doctor.balance, 0);
    }

    function test_a_receiver_that_calls_back_is_not_paid_twice() public {
        Reentrant reentrant = new Reentrant(pool);
        contribute(pool, address(reentrant), STUDY, IMAGING, 0);
        vm.warp(GENESIS + DAY);
        (bool ok,) =
            address(pool).call(abi.encodeCall(pool.claimFor, (address(reentrant), new uint64[](1))));
        vm.assertFalse(ok);
        vm.assertEq(address(pool).balance, FUND);
    }

    function test_days_are_settled_once_in_order_and_after_they_close() public {
        vm.expectRevert(abi.encodeWithSelector(IncentivePool.DayOpen.selector, uint64(0)));
        pool.settle(0);
        vm.warp(GENESIS + 5 * DAY);
        vm.assertEq(pool.settle(2), 3);
        vm.expectRevert(abi.encodeWithSelector(IncentivePool.AlreadySettled.selector, uint64(2)));
        pool.settle(2);
        vm.assertEq(pool.settle(4), 5);
        vm.expectRevert(abi.encodeWithSelector(IncentivePool.DayOpen.selector, uint64(5)));
        pool.settle(5);
    }

    function test_a_long_silence_is_settled_in_several_calls() public {
        vm.warp(GENESIS + 2500 * DAY);
        contribute(pool, patient, STUDY, IMAGING, 0);
        vm.warp(GENESIS + 2501 * DAY);
        expectClaimRefused(patient, 2500, IncentivePool.DayUnsettled.selector);
        vm.assertEq(pool.settle(2500), 1000);
        vm.assertEq(pool.settle(2500), 2000);
        claim(pool, patient, 2500);
        (uint64 settledDays,,) = pool.ledger();
        vm.assertEq(settledDays, 2501);
    }

    function test_settling_a_thousand_silent_days_fits_a_block() public {
        vm.warp(GENESIS + 1000 * DAY);
        uint256 before = gasleft();
        pool.settle(999);
        vm.assertLe(before - gasleft(), 5_000_000);
    }

    function test_contributing_costs_the_same_on_a_crowded_day() public {
        contribute(pool, patient, "first", IMAGING, 0);
        contribute(pool, neighbour, "first of another", IMAGING, 0);
        uint256 early = gasOfContribution("early");
        for (uint256 i = 0; i < 50; ++i) {
            address other = address(uint160(0x9000 + i));
            contribute(pool, other, keccak256(abi.encode(i)), IMAGING, 0);
        }
        uint256 late = gasOfContribution("late");
        vm.assertLe(late, early + early / 20);
    }

    function gasOfContribution(bytes32 id) private returns (uint256) {
        index(patient, id, IMAGING);
        bytes[] memory list = attestations(pool, patient, id, 0);
        vm.prank(patient);
        uint256 before = gasleft();
        pool.contribute(id, RESEARCH_CONTRIBUTION, 0, list);
        return before - gasleft();
    }

    function claim(IncentivePool from, address who, uint64 day) private returns (uint256) {
        uint64[] memory list = new uint64[](1);
        list[0] = day;
        vm.prank(who);
        return from.claim(list);
    }

    function expectClaimRefused(address who, uint64 day, bytes4 refusal) private {
        uint64[] memory list = new uint64[](1);
        list[0] = day;
        vm.prank(who);
        vm.expectRevert(abi.encodeWithSelector(refusal, day));
        pool.claim(list);
    }

    function expectRefused(bytes32 id, uint8 sixteenths, bytes memory refusal) private {
        bytes[] memory list = attestations(pool, patient, id, sixteenths);
        vm.prank(patient);
        vm.expectRevert(refusal);
        pool.contribute(id, RESEARCH_CONTRIBUTION, sixteenths, list);
    }

    function expectRefusedWith(bytes[] memory list, bytes memory refusal) private {
        vm.prank(patient);
        vm.expectRevert(refusal);
        pool.contribute(STUDY, RESEARCH_CONTRIBUTION, 0, list);
    }
}

/// @notice A contributor whose account is a contract that claims again on being paid.
contract Reentrant {
    IncentivePool private immutable pool;

    constructor(IncentivePool pool_) {
        pool = pool_;
    }

    receive() external payable {
        pool.claim(new uint64[](1));
    }
}
