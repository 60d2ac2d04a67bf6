// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessLog} from "../src/AccessLog.sol";
import {Consent} from "../src/Consent.sol";
import {Grants} from "../src/Grants.sol";
import {TemplateRules} from "../src/TemplateRules.sol";
import {NetworkTest} from "./Network.sol";
import {Vm, bound, vm} from "./Vm.sol";

contract ConsentTest is NetworkTest {
    bytes32 private constant STUDY = keccak256("study");
    bytes32 private constant SALT = keccak256("salt");
    bytes32 private constant FILM = keccak256("film");

    function setUp() public override {
        super.setUp();
        indexUnsealed(patient, STUDY);
        indexUnsealed(patient, FILM);
    }

    function test_a_grant_stands_as_its_owner_made_it() public {
        bytes32 id = make(terms());
        vm.assertEq(id, keccak256(abi.encode(patient, SALT)));
        Grants.Grant memory g = readGrant(id);
        vm.assertEq(g.owner, patient);
        vm.assertEq(g.grantee, doctor);
        vm.assertEq(g.notBefore, block.timestamp);
        vm.assertEq(g.notAfter, block.timestamp + 7 days);
        vm.assertEq(g.purpose, TREAT);
        vm.assertEq(g.mode, LIVE);
        vm.assertEq(g.actions, 1);
        vm.assertEq(g.by, patient);
        vm.assertEq(g.round, 1);
        vm.assertEq(g.parent, bytes32(0));
        vm.assertEq(consent.objectsOf(id).length, 1);
        vm.assertEq(consent.objects(id, 0), STUDY);
        vm.assertEq(g.templateId, TREATMENT);
        vm.assertEq(g.consentHash, keccak256("document"));
        vm.assertEq(g.noteHash, keccak256("note"));
        vm.assertFalse(g.revoked);
        vm.assertEq(g.openings, 0);
    }

    function test_both_sides_find_a_grant_in_their_chain() public {
        vm.recordLogs();
        bytes32 first = grantTreatment(patient, "1", doctor, STUDY);
        bytes32 second = grantTreatment(patient, "2", colleague, STUDY);
        bytes32 third = grantTreatment(patient, "3", doctor, STUDY);
        bytes32 noteHash = keccak256("note");

        bytes32 head = keccak256(abi.encode(bytes32(0), keccak256(abi.encode(first, 0, noteHash))));
        head = keccak256(abi.encode(head, keccak256(abi.encode(second, 1, noteHash))));
        head = keccak256(abi.encode(head, keccak256(abi.encode(third, 2, noteHash))));
        expectChain(consent.given, patient, head, 3);

        head = keccak256(abi.encode(bytes32(0), keccak256(abi.encode(first, 0, noteHash))));
        head = keccak256(abi.encode(head, keccak256(abi.encode(third, 1, noteHash))));
        expectChain(consent.received, doctor, head, 2);

        Vm.Log[] memory logs = vm.getRecordedLogs();
        (
            address by,
            uint64 givenSeq,
            uint64 receivedSeq,
            bytes32[] memory recordIds,
            bytes32 parent,
            uint64 time,
            bytes memory note
        ) = abi.decode(logs[2].data, (address, uint64, uint64, bytes32[], bytes32, uint64, bytes));
        vm.assertEq(by, patient);
        vm.assertEq(parent, bytes32(0));
        vm.assertEq(givenSeq, 2);
        vm.assertEq(receivedSeq, 1);
        vm.assertEq(recordIds.length, 1);
        vm.assertEq(recordIds[0], STUDY);
        vm.assertEq(time, block.timestamp);
        vm.assertEq(keccak256(note), noteHash);
        vm.assertEq(logs[2].topics[3], third);
    }

    function test_only_the_owner_of_the_record_grants_it() public {
        Grants.Terms memory t = terms();
        t.owner = neighbour;
        expectRefusal(t, abi.encodeWithSelector(Grants.NotRecordOwner.selector));
        t.owner = patient;
        t.recordIds[0] = keccak256("nothing");
        expectRefusal(t, abi.encodeWithSelector(Grants.NotRecordOwner.selector));
    }

    function test_a_salt_serves_once() public {
        make(terms());
        expectRefusal(terms(), abi.encodeWithSelector(Grants.GrantExists.selector));
    }

    function test_a_grant_needs_a_grantee_a_mode_a_future_and_a_short_note() public {
        Grants.Terms memory t = terms();
        t.grantee = address(0);
        expectRefusal(t, abi.encodeWithSelector(Grants.GranteeInvalid.selector));
        t = terms();
        t.mode = CUSTODY + 1;
        expectRefusal(t, abi.encodeWithSelector(Grants.ModeUnknown.selector, t.mode));
        t = terms();
        t.notAfter = uint64(block.timestamp);
        expectRefusal(t, abi.encodeWithSelector(Grants.ExpiryPast.selector));
        t = terms();
        t.note = new bytes(8193);
        expectRefusal(t, abi.encodeWithSelector(Grants.NoteTooLong.selector, uint256(8193)));
        t.note = new bytes(8192);
        make(t);
    }

    function testFuzz_a_grant_outlasts_no_template(uint64 window) public {
        Grants.Terms memory t = terms();
        t.notAfter = uint64(block.timestamp + bound(window, 1, 300 days));
        if (t.notAfter <= block.timestamp + 90 days) {
            make(t);
        } else {
            expectRefusal(
                t, abi.encodeWithSelector(TemplateRules.WindowTooLong.selector, uint64(90 days))
            );
        }
    }

    function testFuzz_a_grant_serves_no_purpose_outside_its_template(uint8 purpose) public {
        Grants.Terms memory t = terms();
        t.purpose = purpose;
        if (purpose <= 2) {
            make(t);
        } else {
            expectRefusal(
                t, abi.encodeWithSelector(TemplateRules.PurposeNotAdmitted.selector, purpose)
            );
        }
    }

    function test_a_template_bounds_approvals_and_sealed_envelopes() public {
        Grants.Terms memory t = terms();
        (t.templateId, t.purpose, t.mode) = (PAYMENT, HPAYMT, SEALED);
        expectRefusal(t, abi.encodeWithSelector(TemplateRules.SealedNotAdmitted.selector));
        t = terms();
        (t.templateId, t.purpose) = (RESEARCH, HRESCH);
        (t.approvers, t.threshold) = (approvers(), 1);
        expectRefusal(t, abi.encodeWithSelector(TemplateRules.TooFewApprovals.selector, uint8(2)));
        t = terms();
        t.mode = SEALED;
        make(t);
    }

    function test_a_sensitive_template_admits_custody_alone() public {
        Grants.Terms memory t = terms();
        t.templateId = keccak256("sensitive");
        for (uint8 mode = LIVE; mode <= SEALED; ++mode) {
            t.mode = mode;
            if (mode == LIVE) {
                expectRefusal(t, abi.encodeWithSelector(TemplateRules.CustodyRequired.selector));
            } else {
                expectRefusal(t, abi.encodeWithSelector(TemplateRules.SealedNotAdmitted.selector));
            }
        }
        t.mode = CUSTODY;
        make(t);
    }

    function test_a_template_without_sealed_envelopes_admits_custody() public {
        Grants.Terms memory t = terms();
        (t.templateId, t.purpose, t.mode) = (PAYMENT, HPAYMT, CUSTODY);
        make(t);
    }

    function test_unknown_retired_and_contribution_templates_take_no_grant() public {
        Grants.Terms memory t = terms();
        t.templateId = keccak256("anything goes");
        expectRefusal(t, abi.encodeWithSelector(TemplateRules.TemplateUnknown.selector));
        (t.templateId, t.purpose) = (RESEARCH_CONTRIBUTION, HRESCH);
        expectRefusal(t, abi.encodeWithSelector(TemplateRules.TemplateNotForGrants.selector));
        vm.prank(governance);
        templates.retire(TREATMENT);
        expectRefusal(terms(), abi.encodeWithSelector(TemplateRules.TemplateIsRetired.selector));
    }

    function test_a_grant_outlives_the_retirement_of_its_template() public {
        bytes32 id = make(terms());
        vm.prank(governance);
        templates.retire(TREATMENT);
        open(doctor, id);
        vm.assertEq(readGrant(id).openings, 1);
    }

    function test_approvers_are_others_and_each_counts_once() public {
        Grants.Terms memory t = terms();
        t.approvers = approvers();
        t.threshold = 3;
        expectRefusal(t, abi.encodeWithSelector(Grants.ThresholdUnreachable.selector));
        t.threshold = 2;
        for (uint256 i = 0; i < 4; ++i) {
            address bad = [patient, doctor, address(0), address(0xe1)][i];
            t.approvers[1] = bad;
            expectRefusal(t, abi.encodeWithSelector(Grants.ApproverInvalid.selector, bad));
        }
        t.approvers = new address[](17);
        expectRefusal(t, abi.encodeWithSelector(Grants.TooManyApprovers.selector, uint256(17)));
    }

    function test_a_grant_opens_only_after_enough_approvals() public {
        bytes32 id = makeSensitive();
        expectClosed(doctor, id, Grants.GrantUnapproved.selector);
        vm.prank(address(0xe1));
        consent.approve(id, 1);
        expectClosed(doctor, id, Grants.GrantUnapproved.selector);
        vm.prank(address(0xe2));
        consent.approve(id, 1);
        vm.assertEq(readGrant(id).approvals, 2);
        vm.assertEq(consent.approver(id, address(0xe2)), 2);
        open(doctor, id);
    }

    function test_an_approval_is_the_approvers_own_and_given_once() public {
        bytes32 id = makeSensitive();
        vm.prank(address(0xe1));
        consent.approve(id, 1);
        vm.prank(address(0xe1));
        vm.expectRevert(Grants.AlreadyApproved.selector);
        consent.approve(id, 1);
        address[4] memory others = [patient, doctor, colleague, governance];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(Grants.NotApprover.selector);
            consent.approve(id, 1);
        }
        vm.expectRevert(Grants.GrantUnknown.selector);
        consent.approve(keccak256("nothing"), 1);
    }

    function test_nobody_approves_what_is_revoked_or_expired() public {
        bytes32 id = makeSensitive();
        uint256 notAfter = readGrant(id).notAfter;
        vm.warp(notAfter + 1);
        vm.prank(address(0xe1));
        vm.expectRevert(Grants.GrantExpired.selector);
        consent.approve(id, 1);
        vm.warp(notAfter);
        vm.prank(patient);
        consent.revoke(id);
        vm.prank(address(0xe1));
        vm.expectRevert(Grants.GrantRevoked.selector);
        consent.approve(id, 1);
    }

    function test_the_log_of_openings_gives_the_proven_head() public {
        bytes32 id = make(terms());
        bytes32 other = grantTreatment(patient, "other", colleague, STUDY);
        vm.recordLogs();
        open(doctor, id);
        open(colleague, other);
        vm.warp(block.timestamp + 1 hours);
        open(doctor, id);
        (bytes32 expected, uint64 count) = replay(AccessLog.Accessed.selector, patient);
        expectChain(consent.accesses, patient, expected, count);
        vm.assertEq(count, 3);
        vm.assertEq(readGrant(id).openings, 2);
    }

    function test_an_opening_says_who_for_what_and_when() public {
        bytes32 id = make(terms());
        vm.recordLogs();
        open(doctor, id);
        Vm.Log memory log = vm.getRecordedLogs()[0];
        vm.assertEq(log.topics[3], id);
        (address by, uint8 purpose, bytes32 object, uint8 mode, uint8 action, uint64 time) =
            abi.decode(log.data, (address, uint8, bytes32, uint8, uint8, uint64));
        vm.assertEq(by, doctor);
        vm.assertEq(purpose, TREAT);
        vm.assertEq(object, STUDY);
        vm.assertEq(action, VIEW);
        vm.assertEq(mode, LIVE);
        vm.assertEq(time, block.timestamp);
    }

    function test_a_grant_opens_to_its_last_second_and_no_longer() public {
        bytes32 id = make(terms());
        vm.warp(GENESIS + 7 days);
        open(doctor, id);
        vm.warp(GENESIS + 7 days + 1);
        expectClosed(doctor, id, Grants.GrantExpired.selector);
    }

    function testFuzz_only_the_grantee_opens(address who) public {
        vm.assume(who != doctor);
        bytes32 id = make(terms());
        expectClosed(who, id, Grants.NotGrantee.selector);
        expectClosed(who, keccak256("nothing"), Grants.GrantUnknown.selector);
    }

    function test_a_revoked_grant_opens_no_more_and_is_revoked_once() public {
        bytes32 id = make(terms());
        open(doctor, id);
        vm.prank(patient);
        consent.revoke(id);
        vm.assertTrue(readGrant(id).revoked);
        expectClosed(doctor, id, Grants.GrantRevoked.selector);
        vm.prank(patient);
        vm.expectRevert(Grants.AlreadyRevoked.selector);
        consent.revoke(id);
        vm.assertTrue(readGrant(id).revoked);
    }

    function test_an_expired_grant_can_still_be_revoked() public {
        bytes32 id = make(terms());
        vm.warp(GENESIS + 8 days);
        vm.prank(patient);
        consent.revoke(id);
        expectClosed(doctor, id, Grants.GrantRevoked.selector);
    }

    function testFuzz_only_the_owner_revokes(address who) public {
        vm.assume(who != patient);
        bytes32 id = make(terms());
        vm.prank(who);
        vm.expectRevert(Grants.NotGrantOwner.selector);
        consent.revoke(id);
        vm.prank(who);
        vm.expectRevert(Grants.GrantUnknown.selector);
        consent.revoke(keccak256("nothing"));
    }

    function terms() private view returns (Grants.Terms memory) {
        return treatment(patient, SALT, doctor, STUDY);
    }

    function approvers() private pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (address(0xe1), address(0xe2));
    }

    function make(Grants.Terms memory t) private returns (bytes32) {
        vm.prank(t.owner);
        return consent.grant(t);
    }

    /// A grant for research that two others must approve.
    function makeSensitive() private returns (bytes32) {
        Grants.Terms memory t = terms();
        (t.templateId, t.purpose) = (RESEARCH, HRESCH);
        (t.approvers, t.threshold) = (approvers(), 2);
        return make(t);
    }

    function expectRefusal(Grants.Terms memory t, bytes memory refusal) private {
        vm.prank(t.owner);
        vm.expectRevert(refusal);
        consent.grant(t);
    }

    function open(address who, bytes32 id) private {
        vm.prank(who);
        consent.recordAccess(id, STUDY, VIEW);
    }

    /// `who` cannot open `id`, and the attempt leaves no trace in the log.
    function expectClosed(address who, bytes32 id, bytes4 refusal) private {
        (bytes32 head, uint64 length) = consent.accesses(patient);
        vm.prank(who);
        vm.expectRevert(refusal);
        consent.recordAccess(id, STUDY, VIEW);
        expectChain(consent.accesses, patient, head, length);
    }

    function expectChain(
        function(address) external view returns (bytes32, uint64) chain,
        address account,
        bytes32 head,
        uint64 length
    ) private view {
        (bytes32 actual, uint64 count) = chain(account);
        vm.assertEq(actual, head);
        vm.assertEq(count, length);
    }
}
