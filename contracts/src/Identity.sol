// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title The public keys by which an account's records can be sealed to it
contract Identity {
    struct Keys {
        bytes32 keysHash;
        uint64 version;
        uint64 updatedAt;
    }

    /// @notice Length of an X-Wing public key: ML-KEM-768 encapsulation key (1184) then X25519 (32).
    uint256 public constant KEYS_LENGTH = 1216;

    /// @notice Hash of the keys now in force; the keys are in the event of that version.
    mapping(address account => Keys) public keys;

    event KeysPublished(address indexed account, uint64 version, bytes publicKeys);

    error KeysMalformed(uint256 length);

    /// @notice Puts the caller's keys in force in place of earlier ones. Versions count from one.
    function publish(bytes calldata publicKeys) external {
        _publish(msg.sender, publicKeys);
    }

    function _publish(address account, bytes calldata publicKeys) private {
        require(publicKeys.length == KEYS_LENGTH, KeysMalformed(publicKeys.length));
        uint64 version = keys[account].version + 1;
        keys[account] = Keys(keccak256(publicKeys), version, uint64(block.timestamp));
        emit KeysPublished(account, version, publicKeys);
    }
}
