// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title Which contracts the network goes by, version after version
/// @notice No contract of the network is ever changed in place. A new version is a new contract beside
/// the old one, and governance names it here; the list only grows. The old one goes on for what was made
/// in it: a grant is opened and revoked in the contract that made it.
contract Registry is Ownable {
    struct Version {
        address deployed;
        /// When it was named, seconds since 1970.
        uint64 since;
    }

    /// @notice Oldest first, by keccak256 of the contract's name. Length and elements are storage, so
    /// that a light client proves that no version is kept from it.
    mapping(bytes32 name => Version[]) public versions;

    event VersionAdded(bytes32 indexed name, uint256 indexed version, address deployed);

    error NotAContract();
    error NameUnknown();

    constructor(address governance, string[] memory names, address[] memory contracts)
        Ownable(governance)
    {
        for (uint256 i = 0; i < names.length; ++i) {
            _add(keccak256(bytes(names[i])), contracts[i]);
        }
    }

    /// @notice Names the next version of `name`. What is written stays.
    function add(bytes32 name, address deployed) external onlyOwner {
        require(deployed.code.length != 0, NotAContract());
        _add(name, deployed);
    }

    function count(bytes32 name) external view returns (uint256) {
        return versions[name].length;
    }

    /// @notice The version to use for what is new.
    function current(bytes32 name) external view returns (address) {
        uint256 length = versions[name].length;
        require(length != 0, NameUnknown());
        return versions[name][length - 1].deployed;
    }

    function _add(bytes32 name, address deployed) private {
        emit VersionAdded(name, versions[name].length, deployed);
        versions[name].push(Version(deployed, uint64(block.timestamp)));
    }
}
