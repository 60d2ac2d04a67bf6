// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @title Who may act for whom
interface IProxies {
    /// @notice Whether `actor` may at this moment do for `owner` all that `power` names. Powers are
    /// bits: 0 grant, 1 revoke, 2 renew, 3 answer requests.
    function may(address owner, address actor, uint32 power) external view returns (bool);
}
