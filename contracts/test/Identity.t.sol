// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Identity} from "../src/Identity.sol";
import {NetworkTest} from "./Network.sol";
import {vm} from "./Vm.sol";

contract IdentityTest is NetworkTest {
    function test_published_keys_are_kept_as_a_hash_with_version_and_time() public {
        bytes memory keys = new bytes(1216);
        keys[7] = 0x42;
        vm.warp(GENESIS + 5);
        vm.prank(patient);
        identity.publish(keys);
        (bytes32 keysHash, uint64 version, uint64 updatedAt) = identity.keys(patient);
        vm.assertEq(keysHash, keccak256(keys));
        vm.assertEq(version, 1);
        vm.assertEq(updatedAt, GENESIS + 5);
    }

    function test_a_later_publication_replaces_the_earlier_one_and_counts_up() public {
        vm.startPrank(patient);
        identity.publish(new bytes(1216));
        bytes memory later = new bytes(1216);
        later[0] = 0x01;
        identity.publish(later);
        vm.stopPrank();
        (bytes32 keysHash, uint64 version,) = identity.keys(patient);
        vm.assertEq(keysHash, keccak256(later));
        vm.assertEq(version, 2);
    }

    function test_nobody_publishes_for_another() public {
        vm.prank(doctor);
        identity.publish(new bytes(1216));
        (bytes32 keysHash,,) = identity.keys(patient);
        vm.assertEq(keysHash, 0);
    }

    function testFuzz_keys_of_another_length_are_refused(uint16 length) public {
        vm.assume(length != 1216);
        vm.expectRevert(abi.encodeWithSelector(Identity.KeysMalformed.selector, uint256(length)));
        identity.publish(new bytes(length));
    }
}
