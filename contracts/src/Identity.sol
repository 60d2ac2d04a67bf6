// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Intents} from "./Intents.sol";

/// @title The public keys by which an account's records can be sealed to it
contract Identity is Intents {
    struct Keys {
        bytes32 keysHash;
        uint64 version;
        uint64 updatedAt;
    }

    /// @notice Length of an X-Wing public key: ML-KEM-768 encapsulation key (1184) then X25519 (32).
    uint256 public constant KEYS_LENGTH = 1216;

    bytes32 private constant PUBLISH_TYPEHASH = keccak256(
        "PublishIntent(address account,bytes publicKeys,uint64 version,uint256 deadline)"
    );

    /// @notice Hash of the keys now in force; the keys are in the event of that version.
    mapping(address account => Keys) public keys;

    event KeysPublished(address indexed account, uint64 version, bytes publicKeys);

    error KeysMalformed(uint256 length);

    constructor() EIP712("DHC Identity", "1") {}

    /// @notice Puts the caller's keys in force in place of earlier ones. Versions count from one.
    function publish(bytes calldata publicKeys) external {
        _publish(msg.sender, publicKeys);
    }

    /// @notice As `publish`, for `account`, which signed `PublishIntent` over these keys and the version
    /// that they are to be: the one after the version now in force.
    function publishBySig(
        address account,
        bytes calldata publicKeys,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 hash = keccak256(
            abi.encode(
                PUBLISH_TYPEHASH,
                account,
                keccak256(publicKeys),
                keys[account].version + 1,
                deadline
            )
        );
        _checkIntent(account, hash, deadline, signature);
        _publish(account, publicKeys);
    }

    function _publish(address account, bytes calldata publicKeys) private {
        require(publicKeys.length == KEYS_LENGTH, KeysMalformed(publicKeys.length));
        uint64 version = keys[account].version + 1;
        keys[account] = Keys(keccak256(publicKeys), version, uint64(block.timestamp));
        emit KeysPublished(account, version, publicKeys);
    }
}
