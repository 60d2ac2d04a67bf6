// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title DHL (Deep Health Life) as an ERC-20, until the switch to the native coin
/// @notice White paper 9.1: ten thousand million DHL, minted once: 50 % early sale, 20 % ecosystem
/// fund, 20 % management fund, 10 % early contributors. Nobody can mint afterwards.
contract DHLToken is ERC20, ERC20Permit {
    uint256 public constant TOTAL = 10_000_000_000 ether;

    constructor(address sale, address ecosystem, address management, address contributors)
        ERC20("Deep Health Life", "DHL")
        ERC20Permit("Deep Health Life")
    {
        _mint(sale, TOTAL / 100 * 50);
        _mint(ecosystem, TOTAL / 100 * 20);
        _mint(management, TOTAL / 100 * 20);
        _mint(contributors, TOTAL / 100 * 10);
    }
}
