// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Templates} from "./Templates.sol";

/// @title What a template admits
library TemplateRules {
    uint8 internal constant LIVE = 0;
    uint8 internal constant SEALED = 1;
    uint8 internal constant CUSTODY = 2;

    /// @notice What a grant asks of its template.
    struct Wish {
        uint8 purpose;
        uint8 mode;
        /// Approvals that must come before it is active.
        uint8 threshold;
        bool onward;
        uint32 actions;
        /// Seconds from now to its end.
        uint64 window;
    }

    error TemplateUnknown();
    error TemplateIsRetired();
    error TemplateNotForGrants();
    error TemplateNotForContributions();
    error PurposeNotAdmitted(uint8 purpose);
    error WindowTooLong(uint64 maxWindow);
    error TooFewApprovals(uint8 minApprovals);
    error SealedNotAdmitted();
    error CustodyRequired();
    error ActionsNotAdmitted(uint32 actions);
    error OnwardNotAdmitted();

    /// @notice Reverts unless `wish` fits `t`.
    function admitGrant(Templates.Template memory t, Wish memory wish) internal pure {
        require(t.exists, TemplateUnknown());
        require(!t.retired, TemplateIsRetired());
        require(!t.contribution, TemplateNotForGrants());
        require(t.purposes >> wish.purpose & 1 == 1, PurposeNotAdmitted(wish.purpose));
        require(wish.window <= t.maxWindow, WindowTooLong(t.maxWindow));
        require(wish.threshold >= t.minApprovals, TooFewApprovals(t.minApprovals));
        require(wish.mode != SEALED || t.sealedAllowed, SealedNotAdmitted());
        require(wish.mode == CUSTODY || !t.custodyOnly, CustodyRequired());
        require(
            wish.actions != 0 && wish.actions & ~t.actions == 0, ActionsNotAdmitted(wish.actions)
        );
        require(!wish.onward || t.onward, OnwardNotAdmitted());
    }

    /// @notice Reverts unless contributions may name `t`.
    function admitContribution(Templates.Template memory t) internal pure {
        require(t.exists, TemplateUnknown());
        require(!t.retired, TemplateIsRetired());
        require(t.contribution, TemplateNotForContributions());
    }
}
