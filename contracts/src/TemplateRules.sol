// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Templates} from "./Templates.sol";

/// @title What a template admits
library TemplateRules {
    uint8 internal constant SEALED = 1;

    error TemplateUnknown();
    error TemplateIsRetired();
    error TemplateNotForGrants();
    error TemplateNotForContributions();
    error PurposeNotAdmitted(uint8 purpose);
    error WindowTooLong(uint64 maxWindow);
    error TooFewApprovals(uint8 minApprovals);
    error SealedNotAdmitted();

    /// @notice Reverts unless a grant for `purpose`, lasting `window` seconds from now, with that many
    /// approvals asked for, in that mode, fits `t`.
    function admitGrant(
        Templates.Template memory t,
        uint8 purpose,
        uint64 window,
        uint8 threshold,
        uint8 mode
    ) internal pure {
        require(t.exists, TemplateUnknown());
        require(!t.retired, TemplateIsRetired());
        require(!t.contribution, TemplateNotForGrants());
        require(t.purposes >> purpose & 1 == 1, PurposeNotAdmitted(purpose));
        require(window <= t.maxWindow, WindowTooLong(t.maxWindow));
        require(threshold >= t.minApprovals, TooFewApprovals(t.minApprovals));
        require(mode != SEALED || t.sealedAllowed, SealedNotAdmitted());
    }

    /// @notice Reverts unless contributions may name `t`.
    function admitContribution(Templates.Template memory t) internal pure {
        require(t.exists, TemplateUnknown());
        require(!t.retired, TemplateIsRetired());
        require(t.contribution, TemplateNotForContributions());
    }
}
