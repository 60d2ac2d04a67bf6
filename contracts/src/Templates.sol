// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Compliance templates: the limits that every grant and every contribution must fit
/// @notice White paper 4.2.1. Governance adds templates and retires them; it never changes one, so
/// that what a patient agreed to keeps its meaning. Purposes are bits: bit i is the i-th HL7 v3
/// ActReason code of the list TREAT, ETREAT, COC, HPAYMT, HOPERAT, HRESCH, CLINTRCH, PATRQT, FAMRQT,
/// PUBHLTH, HMARKT, MLTRAINING.
contract Templates is Ownable2Step {
    struct Template {
        /// Longest time from granting to expiry, seconds.
        uint64 maxWindow;
        uint32 purposes;
        uint8 minApprovals;
        bool sealedAllowed;
        /// Whether contributions, and not grants, name it.
        bool contribution;
        bool retired;
        bool exists;
    }

    /// @notice By keccak256 of the name.
    mapping(bytes32 id => Template) public templates;

    event TemplateAdded(
        bytes32 indexed id,
        string name,
        uint64 maxWindow,
        uint32 purposes,
        uint8 minApprovals,
        bool sealedAllowed,
        bool contribution
    );
    event TemplateRetired(bytes32 indexed id);

    error TemplateExists();
    error TemplateUnknown();
    error TemplateMalformed();

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
    uint32 private constant RESEARCH = HRESCH | CLINTRCH | PUBHLTH | MLTRAINING;

    constructor(address governance) Ownable(governance) {
        _add("treatment", Template(90 days, TREAT | ETREAT | COC, 0, true, false, false, true));
        _add("second-opinion", Template(14 days, TREAT | PATRQT, 0, true, false, false, true));
        _add("family", Template(365 days, FAMRQT | PATRQT, 0, true, false, false, true));
        _add("payment", Template(30 days, HPAYMT, 0, false, false, false, true));
        _add("research", Template(365 days, RESEARCH, 2, false, false, false, true));
        _add("research-contribution", Template(3650 days, RESEARCH, 0, false, true, false, true));
    }

    function find(bytes32 id) external view returns (Template memory) {
        return templates[id];
    }

    function add(
        string calldata name,
        uint64 maxWindow,
        uint32 purposes,
        uint8 minApprovals,
        bool sealedAllowed,
        bool contribution
    ) external onlyOwner {
        _add(
            name,
            Template(maxWindow, purposes, minApprovals, sealedAllowed, contribution, false, true)
        );
    }

    /// @notice No new grant or contribution may name `id`. What stands under it stands.
    function retire(bytes32 id) external onlyOwner {
        require(templates[id].exists, TemplateUnknown());
        templates[id].retired = true;
        emit TemplateRetired(id);
    }

    function _add(string memory name, Template memory t) private {
        require(bytes(name).length != 0 && t.maxWindow != 0 && t.purposes != 0, TemplateMalformed());
        bytes32 id = keccak256(bytes(name));
        require(!templates[id].exists, TemplateExists());
        templates[id] = t;
        emit TemplateAdded(
            id, name, t.maxWindow, t.purposes, t.minApprovals, t.sealedAllowed, t.contribution
        );
    }
}
