// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {Issuers} from "../src/Issuers.sol";
import {Templates} from "../src/Templates.sol";
import {NetworkTest} from "./Network.sol";
import {vm} from "./Vm.sol";

contract GovernanceTest is NetworkTest {
    function test_a_certified_issuer_has_its_grade_until_it_is_withdrawn() public {
        vm.assertTrue(issuers.isCertified(hospital));
        vm.assertEq(issuers.gradeOf(hospital), 2);
        vm.warp(GENESIS + 9);
        vm.prank(governance);
        issuers.withdraw(hospital);
        vm.assertFalse(issuers.isCertified(hospital));
        (,, uint64 since, bytes32 nameHash) = issuers.issuers(hospital);
        vm.assertEq(since, GENESIS + 9);
        vm.assertEq(nameHash, keccak256("a hospital"));
        vm.expectRevert(Issuers.IssuerNotCertified.selector);
        issuers.gradeOf(hospital);
    }

    function test_only_a_certified_issuer_is_withdrawn() public {
        vm.prank(governance);
        vm.expectRevert(Issuers.IssuerNotCertified.selector);
        issuers.withdraw(doctor);
    }

    function test_an_issuer_needs_an_address_and_a_known_grade() public {
        vm.startPrank(governance);
        vm.expectRevert(Issuers.IssuerInvalid.selector);
        issuers.certify(address(0), 1, 0);
        vm.expectRevert(Issuers.IssuerInvalid.selector);
        issuers.certify(doctor, 3, 0);
        vm.stopPrank();
    }

    function testFuzz_only_governance_governs(address who) public {
        vm.assume(who != governance);
        bytes memory refusal =
            abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, who);
        vm.startPrank(who);
        vm.expectRevert(refusal);
        issuers.certify(who, 0, 0);
        vm.expectRevert(refusal);
        issuers.withdraw(hospital);
        vm.expectRevert(refusal);
        templates.add("mine", limits(1, 1));
        vm.expectRevert(refusal);
        templates.retire(TREATMENT);
        vm.expectRevert(refusal);
        pool.setCommittee(new address[](1), 1);
        vm.stopPrank();
    }

    function test_governance_passes_on_only_when_the_other_accepts() public {
        vm.prank(governance);
        issuers.transferOwnership(colleague);
        vm.assertEq(issuers.owner(), governance);
        vm.prank(colleague);
        issuers.acceptOwnership();
        vm.assertEq(issuers.owner(), colleague);
    }

    function test_the_genesis_templates_say_what_the_product_promises() public view {
        expectTemplate(
            "treatment", Templates.Template(90 days, 7, 0, true, false, false, true, 7, false, 0, false)
        );
        expectTemplate(
            "second-opinion",
            Templates.Template(14 days, 0x81, 0, true, false, false, true, 7, true, 0, false)
        );
        expectTemplate(
            "family", Templates.Template(365 days, 0x180, 0, true, false, false, true, 3, false, 0, false)
        );
        expectTemplate(
            "payment", Templates.Template(30 days, 8, 0, false, false, false, true, 1, false, 0, false)
        );
        expectTemplate(
            "research",
            Templates.Template(365 days, 0xa60, 2, false, false, false, true, 3, false, 0, false)
        );
        expectTemplate(
            "research-contribution",
            Templates.Template(3650 days, 0xa60, 0, false, true, false, true, 0, false, 0, false)
        );
        expectTemplate(
            "emergency",
            Templates.Template(365 days, 2, 0, false, false, false, true, 3, false, 24 hours, false)
        );
        expectTemplate(
            "sensitive",
            Templates.Template(90 days, 7, 0, false, false, false, true, 7, false, 0, true)
        );
        vm.assertEq(templates.count(), 8);
    }

    function test_every_name_is_kept_in_its_order() public {
        string memory longest = "a name of just as many bytes: 32";
        vm.prank(governance);
        templates.add(longest, limits(1, 1));
        vm.prank(governance);
        templates.retire(TREATMENT);
        vm.assertEq(templates.count(), 9);
        vm.assertEq(templates.names(0), bytes32("treatment"));
        vm.assertEq(templates.names(6), bytes32("emergency"));
        vm.assertEq(templates.names(7), bytes32("sensitive"));
        vm.assertEq(templates.names(8), bytes32(bytes(longest)));
        vm.assertEq(templates.find(keccak256(bytes(longest))).maxWindow, 1);
    }

    function test_a_template_is_never_changed_in_place() public {
        vm.startPrank(governance);
        vm.expectRevert(Templates.TemplateExists.selector);
        templates.add("treatment", limits(365 days, 7));
        templates.retire(TREATMENT);
        vm.expectRevert(Templates.TemplateExists.selector);
        templates.add("treatment", limits(365 days, 7));
        vm.stopPrank();
        vm.assertTrue(templates.find(TREATMENT).retired);
    }

    function test_a_template_needs_a_name_a_window_and_a_purpose() public {
        vm.startPrank(governance);
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("", limits(1, 1));
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("a", limits(0, 1));
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("a", limits(1, 0));
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("a name of one byte more than room", limits(1, 1));
        Templates.Limits memory idle = limits(1, 1);
        idle.actions = 0;
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("a", idle);
        Templates.Limits memory passedOn = limits(1, 1);
        (passedOn.onward, passedOn.glassWindow) = (true, 1);
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("a", passedOn);
        // What holders keep is neither in the note nor passed on by a grantee.
        Templates.Limits memory kept = limits(1, 1);
        kept.custodyOnly = true;
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("x", kept);
        (kept.sealedAllowed, kept.onward) = (false, true);
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("x", kept);
        Templates.Limits memory handedOver = limits(1, 1);
        handedOver.glassWindow = 1;
        vm.expectRevert(Templates.TemplateMalformed.selector);
        templates.add("a", handedOver);
        vm.expectRevert(Templates.TemplateUnknown.selector);
        templates.retire(keccak256("a"));
        vm.stopPrank();
    }

    function limits(uint64 maxWindow, uint32 purposes)
        private
        pure
        returns (Templates.Limits memory)
    {
        return Templates.Limits(maxWindow, purposes, 0, true, false, 1, false, 0, false);
    }

    function expectTemplate(string memory name, Templates.Template memory expected) private view {
        Templates.Template memory t = templates.find(keccak256(bytes(name)));
        vm.assertEq(keccak256(abi.encode(t)), keccak256(abi.encode(expected)));
    }
}
