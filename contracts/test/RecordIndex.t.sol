// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {RecordIndex} from "../src/RecordIndex.sol";
import {NetworkTest} from "./Network.sol";
import {vm} from "./Vm.sol";

contract RecordIndexTest is NetworkTest {
    bytes32 private constant ID = keccak256("id");
    bytes32 private constant COMMITMENT = keccak256("c");
    bytes32 private constant ROOT = keccak256("r");

    function test_a_record_stands_as_its_owner_added_it() public {
        vm.warp(GENESIS + 3);
        index(patient, ID, IMAGING);
        (
            address owner,
            uint64 addedAt,
            uint32 quality,
            address issuer,
            bytes32 commitment,
            bytes32 root
        ) = records.records(ID);
        vm.assertEq(owner, patient);
        vm.assertEq(addedAt, GENESIS + 3);
        vm.assertEq(quality, IMAGING);
        vm.assertEq(issuer, hospital);
        vm.assertEq(commitment, keccak256(abi.encode("commitment", ID)));
        vm.assertEq(root, keccak256("root"));
        vm.assertEq(records.ownerOf(ID), patient);
    }

    function test_the_events_of_an_owner_give_the_proven_head() public {
        vm.recordLogs();
        index(patient, "one", IMAGING);
        index(neighbour, "other", IMAGING);
        indexUnsealed(patient, "two");
        (bytes32 expected, uint64 count) = replay(RecordIndex.RecordAdded.selector, patient);
        (bytes32 head, uint64 length) = records.byOwner(patient);
        vm.assertEq(head, expected);
        vm.assertEq(length, count);
        vm.assertEq(length, 2);
    }

    function test_an_id_is_taken_once() public {
        index(patient, ID, IMAGING);
        vm.prank(neighbour);
        vm.expectRevert(RecordIndex.RecordExists.selector);
        records.add(ID, COMMITMENT, ROOT, address(0), 0, "");
    }

    function test_a_commitment_stands_for_one_record_of_its_owner() public {
        vm.startPrank(patient);
        records.add("1", COMMITMENT, ROOT, address(0), 0, "");
        vm.expectRevert(RecordIndex.CommitmentUsed.selector);
        records.add("2", COMMITMENT, ROOT, address(0), 0, "");
        vm.stopPrank();
    }

    function test_a_stranger_cannot_spend_a_commitment_that_it_saw_pending() public {
        bytes memory signature = seal(HOSPITAL_KEY, patient, COMMITMENT, IMAGING);
        vm.startPrank(neighbour);
        vm.expectRevert(RecordIndex.SealInvalid.selector);
        records.add("1", COMMITMENT, ROOT, hospital, IMAGING, signature);
        records.add("1", COMMITMENT, ROOT, address(0), 0, "");
        vm.stopPrank();
        vm.prank(patient);
        records.add(ID, COMMITMENT, ROOT, hospital, IMAGING, signature);
        vm.assertEq(records.ownerOf(ID), patient);
    }

    function test_id_commitment_and_root_are_all_needed() public {
        vm.expectRevert(RecordIndex.RecordIncomplete.selector);
        records.add(0, COMMITMENT, ROOT, address(0), 0, "");
        vm.expectRevert(RecordIndex.RecordIncomplete.selector);
        records.add(ID, 0, ROOT, address(0), 0, "");
        vm.expectRevert(RecordIndex.RecordIncomplete.selector);
        records.add(ID, COMMITMENT, 0, address(0), 0, "");
    }

    function test_without_an_issuer_there_is_no_quality_and_no_signature() public {
        vm.expectRevert(RecordIndex.QualityUnsealed.selector);
        records.add(ID, COMMITMENT, ROOT, address(0), IMAGING, "");
        vm.expectRevert(RecordIndex.QualityUnsealed.selector);
        records.add(ID, COMMITMENT, ROOT, address(0), 0, hex"00");
    }

    function test_a_seal_counts_only_from_a_certified_issuer() public {
        address stranger = vm.addr(STRANGER_KEY);
        bytes memory signature = seal(STRANGER_KEY, patient, COMMITMENT, IMAGING);
        vm.prank(patient);
        vm.expectRevert(RecordIndex.IssuerNotCertified.selector);
        records.add(ID, COMMITMENT, ROOT, stranger, IMAGING, signature);

        signature = seal(HOSPITAL_KEY, patient, COMMITMENT, IMAGING);
        vm.prank(governance);
        issuers.withdraw(hospital);
        vm.prank(patient);
        vm.expectRevert(RecordIndex.IssuerNotCertified.selector);
        records.add(ID, COMMITMENT, ROOT, hospital, IMAGING, signature);
    }

    function test_a_seal_cannot_raise_the_grade_above_the_issuers() public {
        vm.prank(governance);
        issuers.certify(hospital, 1, 0);
        bytes memory signature = seal(HOSPITAL_KEY, patient, COMMITMENT, IMAGING);
        vm.prank(patient);
        vm.expectRevert(abi.encodeWithSelector(RecordIndex.GradeAboveIssuer.selector, uint8(1)));
        records.add(ID, COMMITMENT, ROOT, hospital, IMAGING, signature);
    }

    function testFuzz_a_quality_of_unused_bits_no_kind_or_no_grade_is_refused(uint32 quality)
        public
    {
        bool known = quality & ~uint32(0x0003_031f) == 0 && quality & 0x1f != 0
            && (quality >> 8) & 3 != 3;
        vm.assume(!known);
        bytes memory signature = seal(HOSPITAL_KEY, patient, COMMITMENT, quality);
        vm.prank(patient);
        vm.expectRevert(RecordIndex.QualityInvalid.selector);
        records.add(ID, COMMITMENT, ROOT, hospital, quality, signature);
    }

    function testFuzz_a_seal_binds_owner_commitment_and_quality(
        address owner,
        bytes32 commitment,
        uint8 kinds
    ) public {
        uint32 quality = 0x0002_0200 | uint32(kinds & 0x1f);
        vm.assume(quality & 0x1f != 0 && commitment != 0);
        vm.assume(owner != patient || commitment != COMMITMENT || quality != IMAGING);
        bytes memory signature = seal(HOSPITAL_KEY, patient, COMMITMENT, IMAGING);
        vm.prank(owner);
        vm.expectRevert(RecordIndex.SealInvalid.selector);
        records.add(ID, commitment, ROOT, hospital, quality, signature);
    }

    function test_a_seal_for_another_contract_or_chain_does_not_count() public {
        bytes memory signature = seal(HOSPITAL_KEY, patient, COMMITMENT, IMAGING);
        RecordIndex other = new RecordIndex(issuers);
        vm.prank(patient);
        vm.expectRevert(RecordIndex.SealInvalid.selector);
        other.add(ID, COMMITMENT, ROOT, hospital, IMAGING, signature);

        vm.chainId(1);
        vm.prank(patient);
        vm.expectRevert(RecordIndex.SealInvalid.selector);
        records.add(ID, COMMITMENT, ROOT, hospital, IMAGING, signature);
    }
}
