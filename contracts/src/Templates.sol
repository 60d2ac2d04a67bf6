// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Compliance templates: the limits that every grant and every contribution must fit
/// @notice White paper 4.2.1. Governance adds templates and retires them; it never changes one, so
/// that what a patient agreed to keeps its meaning. Purposes are bits: bit i is the i-th HL7 v3
/// ActReason code of the list TREAT, ETREAT, COC, HPAYMT, HOPERAT, HRESCH, CLINTRCH, PATRQT, FAMRQT,
/// PUBHLTH, HMARKT, MLTRAINING. Actions are bits, too: 0 view, 1 export (original files leave the
/// app), 2 annotate (a result is written back); those above are reserved.
contract Templates is Ownable2Step {
    struct Template {
        /// Longest time from granting or renewing to expiry, seconds.
        uint64 maxWindow;
        uint32 purposes;
        uint8 minApprovals;
        bool sealedAllowed;
        /// Whether contributions, and not grants, name it.
        bool contribution;
        bool retired;
        bool exists;
        /// What a grant may allow; zero for contributions alone.
        uint32 actions;
        /// Whether a grantee may be allowed to share onward.
        bool onward;
        /// Zero: ordinary. Else a grant is dormant until its glass is broken, then open for so many
        /// seconds.
        uint64 glassWindow;
        /// Sensitive: a grant's keys are shared among holders, and neither released by the owner's app
        /// alone nor in the note.
        bool custodyOnly;
    }

    /// @notice What governance says of a template when it adds it, in the order of `Template`.
    struct Limits {
        uint64 maxWindow;
        uint32 purposes;
        uint8 minApprovals;
        bool sealedAllowed;
        bool contribution;
        uint32 actions;
        bool onward;
        uint64 glassWindow;
        bool custodyOnly;
    }

    /// @notice By keccak256 of the name.
    mapping(bytes32 id => Template) public templates;
    /// @notice Every name there ever was, in the order of adding: UTF-8, filled up with zeros. The
    /// length and the elements are storage, so one proof shows that no template is kept from anybody.
    bytes32[] public names;

    event TemplateAdded(bytes32 indexed id, string name, Limits limits);
    event TemplateRetired(bytes32 indexed id);

    error TemplateExists();
    error TemplateUnknown();
    error TemplateMalformed();

    uint256 private constant MAX_NAME = 32;

    uint32 private constant TREAT = 1 << 0;
    uint32 private constant ETREAT = 1 << 1;
    uint32 private constant COC = 1 << 2;
    uint32 private constant HPAYMT = 1 << 3;
    uint32 private constant HRESCH = 1 << 5;
    uint32 private constant CLINTRCH = 1 << 6;
    uint32 private constant PATRQT = 1 << 7;
    uint32 private constant FAMRQT = 1 << 8;
    uint32 private constant PUBHLTH = 1 << 9;
    uint32 private constant MLTRAINING = 1 << 11;
    uint32 private constant CARE = TREAT | ETREAT | COC;
    uint32 private constant RESEARCH = HRESCH | CLINTRCH | PUBHLTH | MLTRAINING;

    uint32 private constant VIEW = 1 << 0;
    uint32 private constant EXPORT = 1 << 1;
    uint32 private constant ANNOTATE = 1 << 2;
    uint32 private constant READ = VIEW | EXPORT;
    uint32 private constant WORK = READ | ANNOTATE;

    constructor(address governance) Ownable(governance) {
        _add("treatment", Limits(90 days, CARE, 0, true, false, WORK, false, 0, false));
        _add("second-opinion", Limits(14 days, TREAT | PATRQT, 0, true, false, WORK, true, 0, false));
        _add("family", Limits(365 days, FAMRQT | PATRQT, 0, true, false, READ, false, 0, false));
        _add("payment", Limits(30 days, HPAYMT, 0, false, false, VIEW, false, 0, false));
        _add("research", Limits(365 days, RESEARCH, 2, false, false, READ, false, 0, false));
        _add("research-contribution", Limits(3650 days, RESEARCH, 0, false, true, 0, false, 0, false));
        _add("emergency", Limits(365 days, ETREAT, 0, false, false, READ, false, 24 hours, false));
        _add("sensitive", Limits(90 days, CARE, 0, false, false, WORK, false, 0, true));
    }

    function find(bytes32 id) external view returns (Template memory) {
        return templates[id];
    }

    /// @notice How many templates were ever added.
    function count() external view returns (uint256) {
        return names.length;
    }

    function add(string calldata name, Limits calldata limits) external onlyOwner {
        _add(name, limits);
    }

    /// @notice No new grant or contribution may name `id`, and no grant under it is renewed or shared.
    /// What stands under it stands.
    function retire(bytes32 id) external onlyOwner {
        require(templates[id].exists, TemplateUnknown());
        templates[id].retired = true;
        emit TemplateRetired(id);
    }

    function _add(string memory name, Limits memory limits) private {
        uint256 length = bytes(name).length;
        require(length != 0 && length <= MAX_NAME, TemplateMalformed());
        require(limits.maxWindow != 0 && limits.purposes != 0, TemplateMalformed());
        // A grant allows something; contributions are read by no grantee.
        require(limits.contribution == (limits.actions == 0), TemplateMalformed());
        // A dormant grant is its grantee's own last resort: nobody passes it on.
        require(limits.glassWindow == 0 || !limits.onward, TemplateMalformed());
        // A sealed note holds the key from the start: a glass would not keep it.
        require(limits.glassWindow == 0 || !limits.sealedAllowed, TemplateMalformed());
        require(!limits.custodyOnly || !limits.sealedAllowed, TemplateMalformed());
        // A sharer has no secret to share anew.
        require(!limits.custodyOnly || !limits.onward, TemplateMalformed());
        bytes32 id = keccak256(bytes(name));
        require(!templates[id].exists, TemplateExists());
        templates[id] = Template({
            maxWindow: limits.maxWindow,
            purposes: limits.purposes,
            minApprovals: limits.minApprovals,
            sealedAllowed: limits.sealedAllowed,
            contribution: limits.contribution,
            retired: false,
            exists: true,
            actions: limits.actions,
            onward: limits.onward,
            glassWindow: limits.glassWindow,
            custodyOnly: limits.custodyOnly
        });
        // The cast keeps the name's bytes and fills up with zeros.
        names.push(bytes32(bytes(name)));
        emit TemplateAdded(id, name, limits);
    }
}
