// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessLog} from "../src/AccessLog.sol";
import {Grants} from "../src/Grants.sol";
import {Intents} from "../src/Intents.sol";
import {TemplateRules} from "../src/TemplateRules.sol";
import {NetworkTest} from "./Network.sol";
import {Vm, signed, vm} from "./Vm.sol";

/// @notice Several records, actions, renewal, breaking the glass, sharing onward, acting for others.
contract ConsentActsTest is NetworkTest {
    uint256 private constant KEY = 0xa11ce;
    address private immutable person = vm.addr(KEY);
    address private constant helper = address(0xa9);
    address private constant third = address(0xd3);
    bytes32 private constant SALT = keccak256("salt");
    bytes32[3] private studies = [keccak256("one"), keccak256("two"), keccak256("three")];

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 3; ++i) {
            indexUnsealed(person, studies[i]);
        }
        indexUnsealed(neighbour, keccak256("theirs"));
    }

    function test_a_grant_is_for_its_records_and_its_actions_alone() public {
        Grants.Terms memory t = terms();
        t.recordIds = two();
        t.actions = 5;
        bytes32 id = make(t);
        vm.assertEq(consent.objectsOf(id).length, 2);
        open(doctor, id, studies[0], VIEW);
        open(doctor, id, studies[1], ANNOTATE);
        refuse(abi.encodeWithSelector(Grants.ActionRefused.selector, uint256(EXPORT)));
        open(doctor, id, studies[0], EXPORT);
        refuse(abi.encodeWithSelector(Grants.ActionRefused.selector, uint256(255)));
        open(doctor, id, studies[0], 255);
        refuse(abi.encodeWithSelector(Grants.NotGranted.selector, studies[2]));
        open(doctor, id, studies[2], VIEW);
    }

    function test_the_records_of_a_grant_are_one_to_sixteen_of_the_owners_each_once() public {
        Grants.Terms memory t = terms();
        t.recordIds = new bytes32[](0);
        expectRefusal(t, abi.encodeWithSelector(Grants.ObjectsInvalid.selector));
        t.recordIds = two();
        t.recordIds[1] = t.recordIds[0];
        expectRefusal(t, abi.encodeWithSelector(Grants.ObjectsInvalid.selector));
        t.recordIds[1] = keccak256("theirs");
        expectRefusal(t, abi.encodeWithSelector(Grants.NotRecordOwner.selector));
        t.recordIds = new bytes32[](17);
        for (uint256 i = 0; i < 17; ++i) {
            t.recordIds[i] = keccak256(abi.encode("many", i));
            indexUnsealed(person, t.recordIds[i]);
        }
        expectRefusal(t, abi.encodeWithSelector(Grants.ObjectsInvalid.selector));
        bytes32[] memory list = t.recordIds;
        assembly ("memory-safe") {
            mstore(list, 16)
        }
        bytes32 id = make(t);
        open(doctor, id, list[15], VIEW);
    }

    function test_a_template_bounds_actions_and_sharing() public {
        Grants.Terms memory t = terms();
        t.actions = 0;
        expectRefusal(
            t, abi.encodeWithSelector(TemplateRules.ActionsNotAdmitted.selector, uint32(0))
        );
        t.actions = 8;
        expectRefusal(
            t, abi.encodeWithSelector(TemplateRules.ActionsNotAdmitted.selector, uint32(8))
        );
        t.actions = 1;
        t.templateId = TREATMENT;
        expectRefusal(t, abi.encodeWithSelector(TemplateRules.OnwardNotAdmitted.selector));
    }

    function test_a_renewal_moves_the_end_within_the_template() public {
        bytes32 id = make(terms());
        vm.warp(GENESIS + 7 days);
        vm.startPrank(person);
        vm.expectRevert(Grants.RenewalNotLater.selector);
        consent.renew(id, uint64(GENESIS + 7 days), "new");
        vm.expectRevert(
            abi.encodeWithSelector(TemplateRules.WindowTooLong.selector, uint64(14 days))
        );
        consent.renew(id, uint64(GENESIS + 21 days + 1), "new");
        vm.recordLogs();
        consent.renew(id, uint64(GENESIS + 21 days), "new");
        vm.stopPrank();
        Vm.Log memory log = vm.getRecordedLogs()[0];
        vm.assertEq(log.topics[0], Grants.Renewed.selector);
        vm.assertEq(log.topics[3], bytes32(uint256(uint160(person))));
        Grants.Grant memory g = readGrant(id);
        vm.assertEq(g.notAfter, GENESIS + 21 days);
        vm.assertEq(g.notBefore, GENESIS);
        vm.assertEq(g.consentHash, "new");
        vm.warp(GENESIS + 21 days);
        open(doctor, id, studies[0], VIEW);
    }

    function test_nothing_over_ended_or_retired_is_renewed() public {
        bytes32 id = make(terms());
        uint64 later = uint64(GENESIS + 10 days);
        vm.prank(doctor);
        vm.expectRevert(Grants.NotGrantOwner.selector);
        consent.renew(id, later, 0);
        vm.warp(GENESIS + 7 days + 1);
        vm.prank(person);
        vm.expectRevert(Grants.GrantExpired.selector);
        consent.renew(id, later, 0);
        vm.warp(GENESIS);
        vm.prank(governance);
        templates.retire(SECOND_OPINION);
        vm.prank(person);
        vm.expectRevert(TemplateRules.TemplateIsRetired.selector);
        consent.renew(id, later, 0);
        vm.prank(person);
        consent.revoke(id);
        vm.prank(person);
        vm.expectRevert(Grants.GrantRevoked.selector);
        consent.renew(id, later, 0);
    }

    function test_a_renewal_wants_its_approvals_anew() public {
        Grants.Terms memory t = terms();
        (t.templateId, t.purpose, t.onward) = (RESEARCH, HRESCH, false);
        t.approvers = new address[](2);
        (t.approvers[0], t.approvers[1]) = (address(0xe1), address(0xe2));
        t.threshold = 2;
        bytes32 id = make(t);
        approve(address(0xe1), id, 1);
        approve(address(0xe2), id, 1);
        open(doctor, id, studies[0], VIEW);
        vm.prank(person);
        consent.renew(id, uint64(GENESIS + 30 days), 0);
        vm.assertEq(readGrant(id).round, 2);
        refuse(abi.encodeWithSelector(Grants.GrantUnapproved.selector));
        open(doctor, id, studies[0], VIEW);
        // An approval that was meant for what stood before does not count for what stands now.
        vm.expectRevert(abi.encodeWithSelector(Grants.RoundOver.selector, uint16(2)));
        approve(address(0xe1), id, 1);
        approve(address(0xe1), id, 2);
        vm.expectRevert(Grants.AlreadyApproved.selector);
        approve(address(0xe1), id, 2);
        approve(address(0xe2), id, 2);
        open(doctor, id, studies[0], VIEW);
        vm.assertEq(consent.approver(id, address(0xe2)), 3);
    }

    function test_a_renewal_is_made_as_signed_and_once() public {
        bytes32 id = make(terms());
        uint64 later = uint64(GENESIS + 10 days);
        uint256 deadline = GENESIS + 1 hours;
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "RenewIntent(address owner,bytes32 id,uint64 notAfter,bytes32 consentHash,uint256 deadline)"
                ),
                person,
                id,
                later,
                bytes32("new"),
                deadline
            )
        );
        bytes memory signature = signed(KEY, typedData(address(consent), "DHC Consent", hash));
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.renewBySig(person, id, later + 1, "new", deadline, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.renewBySig(person, id, later, "other", deadline, signature);
        consent.renewBySig(person, id, later, "new", deadline, signature);
        vm.assertEq(readGrant(id).notAfter, later);
        vm.expectRevert(Grants.RenewalNotLater.selector);
        consent.renewBySig(person, id, later, "new", deadline, signature);
    }

    function test_a_dormant_grant_opens_by_breaking_its_glass_and_the_log_says_so() public {
        bytes32 id = make(emergency());
        refuse(abi.encodeWithSelector(Grants.GrantDormant.selector));
        open(doctor, id, studies[0], VIEW);
        vm.prank(colleague);
        vm.expectRevert(Grants.NotGrantee.selector);
        consent.breakGlass(id, "why");
        vm.recordLogs();
        vm.prank(doctor);
        consent.breakGlass(id, "why");
        open(doctor, id, studies[0], VIEW);
        vm.prank(doctor);
        vm.expectRevert(AccessLog.GlassOpen.selector);
        consent.breakGlass(id, "why");
        vm.warp(GENESIS + 24 hours);
        open(doctor, id, studies[0], EXPORT);
        vm.warp(GENESIS + 24 hours + 1);
        refuse(abi.encodeWithSelector(Grants.GrantDormant.selector));
        open(doctor, id, studies[0], VIEW);
        vm.prank(doctor);
        consent.breakGlass(id, "again");
        vm.assertEq(readGrant(id).brokenAt, GENESIS + 24 hours + 1);
        vm.assertEq(readGrant(id).openings, 2);

        Vm.Log[] memory logs = vm.getRecordedLogs();
        (address by,, bytes32 object,, uint8 action,) =
            abi.decode(logs[0].data, (address, uint8, bytes32, uint8, uint8, uint64));
        vm.assertEq(by, doctor);
        vm.assertEq(object, keccak256("why"));
        vm.assertEq(action, consent.GLASS());
        (bytes memory reason,) = abi.decode(logs[1].data, (bytes, uint64));
        vm.assertEq(logs[1].topics[0], AccessLog.GlassBroken.selector);
        vm.assertEq(keccak256(reason), object);
        (, uint64 length) = consent.accesses(person);
        vm.assertEq(length, 4);
    }

    function test_there_is_no_glass_but_in_an_emergency_grant_that_stands() public {
        bytes32 plain = make(terms());
        vm.prank(doctor);
        vm.expectRevert(AccessLog.NoGlass.selector);
        consent.breakGlass(plain, "why");
        Grants.Terms memory t = emergency();
        t.salt = "other";
        bytes32 id = make(t);
        vm.prank(doctor);
        vm.expectRevert(abi.encodeWithSelector(Grants.NoteTooLong.selector, uint256(8193)));
        consent.breakGlass(id, new bytes(8193));
        vm.warp(GENESIS + 7 days + 1);
        vm.prank(doctor);
        vm.expectRevert(Grants.GrantExpired.selector);
        consent.breakGlass(id, "why");
        vm.warp(GENESIS);
        vm.prank(person);
        consent.revoke(id);
        vm.prank(doctor);
        vm.expectRevert(Grants.GrantRevoked.selector);
        consent.breakGlass(id, "why");
    }

    function test_no_note_holds_the_key_behind_a_glass() public {
        Grants.Terms memory t = emergency();
        t.mode = 1;
        expectRefusal(t, abi.encodeWithSelector(TemplateRules.SealedNotAdmitted.selector));
    }

    function test_what_is_shared_is_the_patients_and_lives_with_its_parent() public {
        Grants.Terms memory t = terms();
        t.recordIds = two();
        t.actions = 3;
        bytes32 parent = make(t);
        bytes32 child = share(doctor, parent, third, one(studies[1]), GENESIS + 5 days, 1);
        vm.assertEq(child, keccak256(abi.encode(parent, doctor, bytes32("s"))));
        Grants.Grant memory g = readGrant(child);
        vm.assertEq(g.owner, person);
        vm.assertEq(g.by, doctor);
        vm.assertEq(g.parent, parent);
        vm.assertFalse(g.onward);
        (, uint64 given) = consent.given(person);
        vm.assertEq(given, 2);
        open(third, child, studies[1], VIEW);
        refuse(abi.encodeWithSelector(Grants.NotGranted.selector, studies[0]));
        open(third, child, studies[0], VIEW);
        (, uint64 entries) = consent.accesses(person);
        vm.assertEq(entries, 1);
        vm.prank(person);
        consent.revoke(parent);
        refuse(abi.encodeWithSelector(Grants.GrantRevoked.selector));
        open(third, child, studies[1], VIEW);
    }

    function test_the_owner_ends_what_is_shared_alone() public {
        bytes32 parent = make(terms());
        bytes32 child = share(doctor, parent, third, one(studies[0]), GENESIS + 5 days, 1);
        vm.prank(doctor);
        vm.expectRevert(Grants.NotGrantOwner.selector);
        consent.revoke(child);
        vm.prank(person);
        consent.revoke(child);
        refuse(abi.encodeWithSelector(Grants.GrantRevoked.selector));
        open(third, child, studies[0], VIEW);
        open(doctor, parent, studies[0], VIEW);
    }

    function test_nothing_is_shared_beyond_what_was_given() public {
        bytes32 parent = make(terms());
        vm.expectRevert(Grants.NotGrantee.selector);
        share(colleague, parent, third, one(studies[0]), GENESIS + 1 days, 1);
        vm.expectRevert(Grants.OutlastsParent.selector);
        share(doctor, parent, third, one(studies[0]), GENESIS + 7 days + 1, 1);
        vm.expectRevert(abi.encodeWithSelector(Grants.ActionRefused.selector, uint256(2)));
        share(doctor, parent, third, one(studies[0]), GENESIS + 1 days, 2);
        vm.expectRevert(abi.encodeWithSelector(Grants.NotGranted.selector, studies[1]));
        share(doctor, parent, third, one(studies[1]), GENESIS + 1 days, 1);
        vm.expectRevert(Grants.GranteeInvalid.selector);
        share(doctor, parent, person, one(studies[0]), GENESIS + 1 days, 1);
        bytes32 child = share(doctor, parent, third, one(studies[0]), GENESIS + 1 days, 1);
        vm.expectRevert(Grants.OnwardRefused.selector);
        share(third, child, colleague, one(studies[0]), GENESIS + 1 days, 1);
        vm.prank(person);
        vm.expectRevert(Grants.OutlastsParent.selector);
        consent.renew(child, uint64(GENESIS + 8 days), 0);
        vm.prank(person);
        consent.renew(child, uint64(GENESIS + 7 days), 0);
        vm.prank(person);
        consent.revoke(parent);
        vm.expectRevert(Grants.GrantRevoked.selector);
        share(doctor, parent, colleague, one(studies[0]), GENESIS + 1 days, 1);
    }

    function test_a_proxy_does_what_they_have_the_power_for_and_the_events_name_them() public {
        Grants.Terms memory t = terms();
        vm.prank(helper);
        vm.expectRevert(Grants.NotRecordOwner.selector);
        consent.grant(t);
        proxies.set(person, helper, 1);
        t.approvers = new address[](1);
        t.approvers[0] = helper;
        vm.prank(helper);
        vm.expectRevert(abi.encodeWithSelector(Grants.ApproverInvalid.selector, helper));
        consent.grant(t);
        t.approvers = new address[](0);
        vm.prank(helper);
        bytes32 id = consent.grant(t);
        vm.assertEq(readGrant(id).owner, person);
        vm.assertEq(readGrant(id).by, helper);
        vm.prank(helper);
        vm.expectRevert(Grants.NotGrantOwner.selector);
        consent.revoke(id);
        vm.prank(helper);
        vm.expectRevert(Grants.NotGrantOwner.selector);
        consent.renew(id, uint64(GENESIS + 10 days), 0);
        proxies.set(person, helper, 6);
        vm.prank(helper);
        consent.renew(id, uint64(GENESIS + 10 days), 0);
        vm.recordLogs();
        vm.prank(helper);
        consent.revoke(id);
        vm.assertEq(vm.getRecordedLogs()[0].topics[3], bytes32(uint256(uint160(helper))));
    }

    /// A second opinion on one study, to look at, that may be shared.
    function terms() private view returns (Grants.Terms memory t) {
        t = treatment(person, SALT, doctor, studies[0]);
        t.templateId = SECOND_OPINION;
        t.onward = true;
    }

    function emergency() private view returns (Grants.Terms memory t) {
        t = terms();
        (t.templateId, t.purpose, t.onward, t.actions) = (EMERGENCY, ETREAT, false, 3);
    }

    function two() private view returns (bytes32[] memory list) {
        list = new bytes32[](2);
        (list[0], list[1]) = (studies[0], studies[1]);
    }

    function make(Grants.Terms memory t) private returns (bytes32) {
        vm.prank(t.owner);
        return consent.grant(t);
    }

    function expectRefusal(Grants.Terms memory t, bytes memory refusal) private {
        vm.prank(t.owner);
        vm.expectRevert(refusal);
        consent.grant(t);
    }

    function refuse(bytes memory refusal) private {
        vm.expectRevert(refusal);
    }

    function open(address who, bytes32 id, bytes32 recordId, uint8 action) private {
        vm.prank(who);
        consent.recordAccess(id, recordId, action);
    }

    function approve(address who, bytes32 id, uint16 round) private {
        vm.prank(who);
        consent.approve(id, round);
    }

    function share(
        address who,
        bytes32 parent,
        address to,
        bytes32[] memory list,
        uint256 notAfter,
        uint32 actions
    ) private returns (bytes32) {
        vm.prank(who);
        return consent.share(parent, "s", to, list, uint64(notAfter), actions, "note");
    }
}
