// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessLog} from "../src/AccessLog.sol";
import {Consent} from "../src/Consent.sol";
import {Registry} from "../src/Registry.sol";
import {TemplateRules} from "../src/TemplateRules.sol";
import {Templates} from "../src/Templates.sol";
import {Governed} from "./Governed.sol";
import {vm} from "./Vm.sol";

/// @notice A new version of a contract stands beside the old one, by a decision (docs/adr/0013): what was
/// made in the old one stays readable there, and ends there.
contract MigrationTest is Governed {
    bytes32 private constant STUDY = "study";
    bytes32 private constant NAME = keccak256("Consent");

    Consent private old;
    Consent private next;
    bytes32 private id;
    bytes32 private headBefore;
    uint64 private lengthBefore;

    function setUp() public override {
        super.setUp();
        index(patient, STUDY, IMAGING);
        old = consent;
        vm.recordLogs();
        id = grantTreatment(patient, "old", doctor, STUDY);
        openOnce();
        (headBefore, lengthBefore) = replay(accessed(), patient);
        // Its own code could differ: what matters is that it is another contract.
        next = successor();
        decide(address(registry), abi.encodeCall(Registry.add, (NAME, address(next))));
    }

    function test_an_old_log_is_whole_by_its_head_after_the_change() public view {
        vm.assertEq(registry.current(NAME), address(next));
        (address first,) = registry.versions(NAME, 0);
        vm.assertEq(first, address(old));
        (bytes32 head, uint64 length) = old.accesses(patient);
        vm.assertEq(head, headBefore);
        vm.assertEq(length, lengthBefore);
        vm.assertEq(length, 1);
        (, uint64 given) = old.given(patient);
        vm.assertEq(given, 1);
    }

    function test_a_grant_of_the_old_contract_is_none_of_the_new_one() public {
        (bool ok, bytes memory grant) = address(next).staticcall(abi.encodeCall(old.grants, (id)));
        vm.assertTrue(ok);
        for (uint256 i = 0; i < grant.length; ++i) {
            vm.assertEq(uint256(uint8(grant[i])), 0);
        }
        consent = next;
        vm.expectRevert();
        this.openOnce();
    }

    function test_a_revocation_still_ends_an_old_grant() public {
        vm.prank(patient);
        old.revoke(id);
        vm.expectRevert();
        this.openOnce();
        (, uint64 length) = old.accesses(patient);
        vm.assertEq(length, lengthBefore);
    }

    function test_new_grants_go_to_the_new_contract_and_both_logs_grow_apart() public {
        consent = next;
        id = grantTreatment(patient, "new", doctor, STUDY);
        openOnce();
        (, uint64 length) = next.accesses(patient);
        vm.assertEq(length, 1);
        (bytes32 head,) = old.accesses(patient);
        vm.assertEq(head, headBefore);
    }

    /// The whole of what governance can do to an old version.
    function test_a_closed_version_takes_no_grant_and_still_revokes() public {
        decide(address(templates), abi.encodeCall(Templates.retire, (TREATMENT)));
        vm.expectRevert(TemplateRules.TemplateIsRetired.selector);
        this.grantAgain();
        vm.prank(patient);
        old.revoke(id);
        vm.expectRevert();
        this.openOnce();
    }

    /// Calls of their own, so that their reverts can be expected.
    function openOnce() public {
        vm.prank(doctor);
        consent.recordAccess(id, STUDY, VIEW);
    }

    function grantAgain() external {
        grantTreatment(patient, "again", doctor, STUDY);
    }

    function successor() private returns (Consent) {
        return new Consent(records, templates, proxies);
    }

    function accessed() private pure returns (bytes32) {
        return AccessLog.Accessed.selector;
    }
}
