// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @title A history that one storage proof makes complete
/// @notice `head` commits to every entry in order: `head' = keccak256(abi.encode(head, entry))`,
/// starting from zero. An entry is the hash of the fields of the event that carries it, so any node
/// may hand over the events and a proof of the head shows that none is missing, moved or altered.
library HashChain {
    struct Chain {
        bytes32 head;
        uint64 length;
    }

    /// @notice Appends `entry`; its place in the chain, counted from zero, was `chain.length`.
    function append(Chain storage chain, bytes32 entry) internal {
        chain.head = Hashes.efficientKeccak256(chain.head, entry);
        ++chain.length;
    }
}
