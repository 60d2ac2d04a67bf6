// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Acts that an account signs and anybody may carry in and pay for
/// @notice An intent is EIP-712 typed data with a deadline, the last second in which it counts. There
/// is no nonce in common: an act can happen only once by its own nature (a record's id, a grant's salt,
/// an approval, a revocation, a record's contribution) or names the version that it makes (keys). So
/// intents reach the chain in any order and a revocation never waits for another intent.
abstract contract Intents is EIP712 {
    error IntentExpired();
    error IntentSignatureInvalid();

    /// @dev Reverts unless `account`, by key or as a contract (ERC-1271), signed `structHash`.
    function _checkIntent(
        address account,
        bytes32 structHash,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        require(block.timestamp <= deadline, IntentExpired());
        require(
            SignatureChecker.isValidSignatureNow(account, _hashTypedDataV4(structHash), signature),
            IntentSignatureInvalid()
        );
    }
}
