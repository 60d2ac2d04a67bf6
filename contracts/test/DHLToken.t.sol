// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DHLToken} from "../src/DHLToken.sol";
import {vm} from "./Vm.sol";

contract DHLTokenTest {
    uint256 private constant HOLDER_KEY = 0x401d;
    address private immutable holder = vm.addr(HOLDER_KEY);

    DHLToken private token;

    function setUp() public {
        token = new DHLToken(holder, address(2), address(3), address(4));
    }

    function test_ten_thousand_million_are_allotted_fifty_twenty_twenty_ten() public view {
        vm.assertEq(token.totalSupply(), 10 ** 10 * 10 ** 18);
        vm.assertEq(token.balanceOf(holder), 5 * 10 ** 9 * 10 ** 18);
        vm.assertEq(token.balanceOf(address(2)), 2 * 10 ** 9 * 10 ** 18);
        vm.assertEq(token.balanceOf(address(3)), 2 * 10 ** 9 * 10 ** 18);
        vm.assertEq(token.balanceOf(address(4)), 10 ** 9 * 10 ** 18);
        vm.assertEq(token.decimals(), 18);
        vm.assertEq(keccak256(bytes(token.symbol())), keccak256("DHL"));
        vm.assertEq(keccak256(bytes(token.name())), keccak256("Deep Health Life"));
    }

    function test_a_permit_allows_what_the_holder_signed_once() public {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
                ),
                holder,
                address(9),
                uint256(7),
                uint256(0),
                block.timestamp
            )
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", token.DOMAIN_SEPARATOR(), hash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(HOLDER_KEY, digest);
        token.permit(holder, address(9), 7, block.timestamp, v, r, s);
        vm.assertEq(token.allowance(holder, address(9)), 7);
        (bool again,) = address(token)
            .call(abi.encodeCall(token.permit, (holder, address(9), 7, block.timestamp, v, r, s)));
        vm.assertFalse(again);
    }
}
