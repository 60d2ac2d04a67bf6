// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {
    GovernorCountingSimple
} from "@openzeppelin/contracts/governance/extensions/GovernorCountingSimple.sol";
import {GovernorSettings} from "@openzeppelin/contracts/governance/extensions/GovernorSettings.sol";
import {GovernorStorage} from "@openzeppelin/contracts/governance/extensions/GovernorStorage.sol";
import {
    GovernorTimelockControl
} from "@openzeppelin/contracts/governance/extensions/GovernorTimelockControl.sol";
import {GovernorVotes} from "@openzeppelin/contracts/governance/extensions/GovernorVotes.sol";
import {
    GovernorVotesQuorumFraction
} from "@openzeppelin/contracts/governance/extensions/GovernorVotesQuorumFraction.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {VotingEscrow} from "./VotingEscrow.sol";

/// @title How holders of DHL decide
/// @notice White paper 4.2.1: compliance templates are added and retired by those who hold the coin. A
/// proposal waits, is voted on with what was locked at the end of that wait, and what was decided waits
/// again in the timelock, which alone owns what is governed. Every proposal is kept in storage with what
/// it would do, so that queueing and executing need its number only.
contract DHCGovernor is
    Governor,
    GovernorSettings,
    GovernorCountingSimple,
    GovernorStorage,
    GovernorVotes,
    GovernorVotesQuorumFraction,
    GovernorTimelockControl
{
    /// @param votingDelay Seconds from the proposal to its snapshot.
    /// @param votingPeriod Seconds from the snapshot to the last vote.
    /// @param threshold Votes that a proposer needs, adhl.
    /// @param quorumPercent Of all that is locked, how much takes part at least.
    /// @param quorumFloor And never less than this, adhl.
    struct Rules {
        uint48 votingDelay;
        uint32 votingPeriod;
        uint256 threshold;
        uint256 quorumPercent;
        uint256 quorumFloor;
    }

    /// @notice The least quorum, adhl. A part of what is locked is no protection while little is
    /// locked: the first holder to lock would be the whole electorate. In storage, so that a light
    /// client proves it.
    uint256 public quorumFloor;

    event QuorumFloorSet(uint256 before, uint256 floor);

    constructor(VotingEscrow escrow, TimelockController timelock_, Rules memory rules)
        Governor("DHC Governor")
        GovernorSettings(rules.votingDelay, rules.votingPeriod, rules.threshold)
        GovernorVotes(escrow)
        GovernorVotesQuorumFraction(rules.quorumPercent)
        GovernorTimelockControl(timelock_)
    {
        _setQuorumFloor(rules.quorumFloor);
    }

    /// @notice Changes the least quorum, by a decision only.
    function setQuorumFloor(uint256 floor) external onlyGovernance {
        _setQuorumFloor(floor);
    }

    /// @notice Votes for or abstaining that make a proposal's result count, adhl.
    function quorum(uint256 timepoint)
        public
        view
        override(Governor, GovernorVotesQuorumFraction)
        returns (uint256)
    {
        return Math.max(super.quorum(timepoint), quorumFloor);
    }

    function state(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (ProposalState)
    {
        return super.state(proposalId);
    }

    function proposalNeedsQueuing(uint256 proposalId)
        public
        view
        override(Governor, GovernorTimelockControl)
        returns (bool)
    {
        return super.proposalNeedsQueuing(proposalId);
    }

    function proposalThreshold()
        public
        view
        override(Governor, GovernorSettings)
        returns (uint256)
    {
        return super.proposalThreshold();
    }

    function _setQuorumFloor(uint256 floor) private {
        emit QuorumFloorSet(quorumFloor, floor);
        quorumFloor = floor;
    }

    function _propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer
    ) internal override(Governor, GovernorStorage) returns (uint256) {
        return super._propose(targets, values, calldatas, description, proposer);
    }

    function _queueOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint48) {
        return super._queueOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _executeOperations(
        uint256 proposalId,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) {
        super._executeOperations(proposalId, targets, values, calldatas, descriptionHash);
    }

    function _cancel(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        bytes32 descriptionHash
    ) internal override(Governor, GovernorTimelockControl) returns (uint256) {
        return super._cancel(targets, values, calldatas, descriptionHash);
    }

    function _executor()
        internal
        view
        override(Governor, GovernorTimelockControl)
        returns (address)
    {
        return super._executor();
    }
}
