// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {AccessLog} from "../src/AccessLog.sol";
import {Grants} from "../src/Grants.sol";
import {Templates} from "../src/Templates.sol";
import {Network} from "./Network.sol";
import {Vm, bound, vm} from "./Vm.sol";

/// @notice Strangers, owners, proxies, grantees and approvers do what they like with grants, right or
/// wrong. What each act should lead to is computed here from what was done before, not from the
/// contract's own flags.
contract ConsentHandler is Network {
    struct Shadow {
        bytes32 terms;
        uint64 notAfter;
        uint64 brokenAt;
        uint64 openings;
        uint16 round;
        uint8 approvals;
        bool revoked;
    }

    address[7] internal people =
        [patient, neighbour, doctor, colleague, address(0xe1), address(0xe2), address(0xa9)];
    bytes32[4] internal kinds = [TREATMENT, RESEARCH, EMERGENCY, SECOND_OPINION];
    bytes32[] public ids;
    mapping(bytes32 id => Shadow) public shadow;
    mapping(bytes32 id => mapping(address account => uint16)) private approvedIn;
    uint64 public breakings;
    /// Set where an act that must be refused went through, or one that must pass did not.
    string public fault;
    /// The heads and lengths that the events give.
    mapping(address owner => bytes32) public replayed;
    mapping(address owner => uint64) public replayedLength;
    uint64[7] public givenLength;
    uint64[7] public receivedLength;

    constructor() {
        deploy();
        for (uint256 i = 0; i < 2; ++i) {
            indexUnsealed(people[i], study(people[i], 0));
            indexUnsealed(people[i], study(people[i], 1));
        }
        // The first patient's proxy may do everything but grant.
        proxies.set(patient, address(0xa9), 6);
    }

    function grant(uint256 who, uint256 whose, uint256 whom, uint64 window, uint256 kind) external {
        (address actor, address owner) = (people[who % 7], people[whose % 2]);
        Grants.Terms memory t =
            treatment(owner, bytes32(ids.length), people[2 + whom % 2], study(owner, 0));
        t.templateId = kinds[kind % 4];
        t.notAfter = uint64(block.timestamp + bound(window, 1, 30 days));
        t.actions = uint32(bound(kind >> 8, 1, 7));
        t.onward = kind >> 16 & 1 == 1;
        if (kind >> 17 & 1 == 1) {
            t.recordIds = new bytes32[](2);
            (t.recordIds[0], t.recordIds[1]) = (study(owner, 1), study(owner, 0));
        }
        if (t.templateId == RESEARCH) {
            t.purpose = HRESCH;
            t.approvers = new address[](2);
            (t.approvers[0], t.approvers[1]) = (address(0xe1), address(0xe2));
            t.threshold = 2;
        } else if (t.templateId == EMERGENCY) {
            t.purpose = ETREAT;
        }
        bool may = actor == owner && fits(t.templateId, t.notAfter, t.actions, t.onward);
        vm.prank(actor);
        try consent.grant(t) returns (bytes32 id) {
            if (!may) fault = "granted another's record, or more than the template admits";
            add(id);
        } catch {
            if (may) fault = "an owner could not grant";
        }
    }

    function share(uint256 who, uint256 which, uint256 whom, uint64 window, uint8 actions)
        external
    {
        if (ids.length == 0) return;
        (address actor, bytes32 parentId) = (people[who % 7], ids[which % ids.length]);
        Grants.Grant memory p = readGrant(parentId);
        address to = people[whom % 7];
        uint64 notAfter = uint64(block.timestamp + bound(window, 1, 20 days));
        bool may = actor == p.grantee && isActive(parentId) && p.onward && actions & ~p.actions == 0
            && actions != 0 && notAfter <= p.notAfter && to != p.owner && to != actor;
        vm.prank(actor);
        try consent.share(
            parentId, bytes32(ids.length), to, one(study(p.owner, 0)), notAfter, actions, ""
        ) returns (
            bytes32 id
        ) {
            if (!may) fault = "shared without a right to";
            add(id);
        } catch {
            if (may) fault = "a grantee could not share";
        }
    }

    function renew(uint256 who, uint256 which, uint64 window) external {
        if (ids.length == 0) return;
        (address actor, bytes32 id) = (people[who % 7], ids[which % ids.length]);
        Grants.Grant memory g = readGrant(id);
        uint64 notAfter = uint64(block.timestamp + bound(window, 1, 120 days));
        Shadow storage s = shadow[id];
        bool may = acts(g.owner, actor) && !s.revoked && block.timestamp <= s.notAfter
            && notAfter > s.notAfter && fits(g.templateId, notAfter, g.actions, g.onward)
            && (g.parent == 0 || notAfter <= shadow[g.parent].notAfter);
        vm.prank(actor);
        try consent.renew(id, notAfter, bytes32(uint256(notAfter))) {
            if (!may) fault = "renewed by another, too late, too long, or beyond its parent";
            s.notAfter = notAfter;
            if (g.threshold > 0) (s.round, s.approvals) = (s.round + 1, 0);
            s.terms = termsOf(id);
        } catch {
            if (may) fault = "an owner could not renew";
        }
    }

    function revoke(uint256 who, uint256 which) external {
        if (ids.length == 0) return;
        (address actor, bytes32 id) = (people[who % 7], ids[which % ids.length]);
        bool may = acts(readGrant(id).owner, actor) && !shadow[id].revoked;
        vm.prank(actor);
        try consent.revoke(id) {
            if (may) shadow[id].revoked = true;
            else fault = "revoked by another, or twice";
        } catch {
            if (may) fault = "an owner could not revoke";
        }
    }

    function approve(uint256 who, uint256 which, uint16 round) external {
        if (ids.length == 0) return;
        (address actor, bytes32 id) = (people[who % 7], ids[which % ids.length]);
        round = uint16(bound(round, 0, 3));
        Shadow storage s = shadow[id];
        bool asked = readGrant(id).templateId == RESEARCH && (who % 7 == 4 || who % 7 == 5);
        bool may = asked && round == s.round && approvedIn[id][actor] != round && !s.revoked
            && block.timestamp <= s.notAfter;
        vm.prank(actor);
        try consent.approve(id, round) {
            if (!may) fault = "approved by one not asked, twice, for another round, or too late";
            (s.approvals, approvedIn[id][actor]) = (s.approvals + 1, round);
        } catch {
            if (may) fault = "an approver could not approve";
        }
    }

    function breakGlass(uint256 who, uint256 which, bytes32 reason) external {
        if (ids.length == 0) return;
        (address actor, bytes32 id) = (people[who % 7], ids[which % ids.length]);
        Grants.Grant memory g = readGrant(id);
        bool may = actor == g.grantee && stands(id) && g.templateId == EMERGENCY && !glassOpen(id);
        vm.recordLogs();
        vm.prank(actor);
        try consent.breakGlass(id, abi.encode(reason)) {
            if (!may) fault = "broke a glass without a right to, or an open one";
            shadow[id].brokenAt = uint64(block.timestamp);
            ++breakings;
            replayEntry(g.owner);
        } catch {
            if (may) fault = "a grantee could not break the glass";
        }
    }

    function open(uint256 who, uint256 which, uint256 what, uint8 action) external {
        if (ids.length == 0) return;
        (address actor, bytes32 id) = (people[who % 7], ids[which % ids.length]);
        Grants.Grant memory g = readGrant(id);
        bytes32 recordId = study(what % 3 == 0 ? neighbour : patient, what % 2);
        if (action > 3 && action < 255) action %= 4;
        bool may = actor == g.grantee && isActive(id) && action < 3 && g.actions >> action & 1 == 1
            && isObject(id, recordId);
        vm.recordLogs();
        vm.prank(actor);
        try consent.recordAccess(id, recordId, action) {
            if (!may) fault = "opened without a right to";
            ++shadow[id].openings;
            replayEntry(g.owner);
        } catch {
            if (may) fault = "a grantee could not open";
        }
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + time % 3 days);
    }

    /// Compares the chains with what they were when last looked at, and with the events.
    function compareChains() external {
        for (uint256 i = 0; i < 7; ++i) {
            (, uint64 given) = consent.given(people[i]);
            (, uint64 received) = consent.received(people[i]);
            (bytes32 head, uint64 length) = consent.accesses(people[i]);
            if (given < givenLength[i] || received < receivedLength[i]) fault = "a chain shrank";
            if (head != replayed[people[i]] || length != replayedLength[people[i]]) {
                fault = "the events do not give the log's head";
            }
            (givenLength[i], receivedLength[i]) = (given, received);
        }
    }

    function count() external view returns (uint256) {
        return ids.length;
    }

    /// What nobody may change after the grant but by renewing.
    function termsOf(bytes32 id) public view returns (bytes32) {
        Grants.Grant memory g = readGrant(id);
        (g.revoked, g.approvals, g.openings, g.brokenAt) = (false, 0, 0, 0);
        return keccak256(abi.encode(g, consent.objectsOf(id)));
    }

    function templateOf(bytes32 id) external view returns (Templates.Template memory) {
        return templates.find(readGrant(id).templateId);
    }

    function chainTotals() external view returns (uint256 given, uint256 received, uint256 opened) {
        for (uint256 i = 0; i < 7; ++i) {
            (, uint64 g) = consent.given(people[i]);
            (, uint64 r) = consent.received(people[i]);
            (, uint64 a) = consent.accesses(people[i]);
            (given, received, opened) = (given + g, received + r, opened + a);
        }
    }

    function add(bytes32 id) private {
        ids.push(id);
        Shadow storage s = shadow[id];
        (s.terms, s.notAfter, s.round) = (termsOf(id), readGrant(id).notAfter, 1);
    }

    function replayEntry(address owner) private {
        (replayed[owner], replayedLength[owner]) =
            replayFrom(AccessLog.Accessed.selector, owner, replayed[owner], replayedLength[owner]);
    }

    function acts(address owner, address actor) private view returns (bool) {
        return actor == owner || (owner == patient && actor == people[6]);
    }

    function fits(bytes32 template, uint64 notAfter, uint32 actions, bool onward)
        private
        view
        returns (bool)
    {
        uint256 window = notAfter - block.timestamp;
        if (template == TREATMENT) return window <= 90 days && !onward;
        if (template == SECOND_OPINION) return window <= 14 days;
        return window <= 365 days && actions < 4 && !onward;
    }

    function stands(bytes32 id) private view returns (bool) {
        Shadow storage s = shadow[id];
        return !s.revoked && block.timestamp <= s.notAfter
            && (readGrant(id).templateId != RESEARCH || s.approvals >= 2);
    }

    function glassOpen(bytes32 id) private view returns (bool) {
        uint64 brokenAt = shadow[id].brokenAt;
        return brokenAt != 0 && block.timestamp <= brokenAt + 24 hours;
    }

    function isActive(bytes32 id) private view returns (bool) {
        Grants.Grant memory g = readGrant(id);
        if (!stands(id) || (g.templateId == EMERGENCY && !glassOpen(id))) return false;
        return g.parent == 0 || isActive(g.parent);
    }

    function isObject(bytes32 id, bytes32 recordId) private view returns (bool) {
        bytes32[] memory list = consent.objectsOf(id);
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] == recordId) return true;
        }
        return false;
    }

    function study(address owner, uint256 number) private pure returns (bytes32) {
        return keccak256(abi.encode("study", owner, number));
    }
}

contract ConsentInvariantTest {
    ConsentHandler private handler;

    function setUp() public {
        handler = new ConsentHandler();
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    function invariant_nobody_but_the_owner_changes_a_grant() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            bytes32 id = handler.ids(i);
            (
                bytes32 terms,
                uint64 notAfter,
                uint64 brokenAt,
                uint64 openings,
                uint16 round,
                uint8 approvals,
                bool revoked
            ) = handler.shadow(id);
            Grants.Grant memory g = handler.readGrant(id);
            vm.assertEq(handler.termsOf(id), terms);
            vm.assertTrue(g.revoked == revoked);
            vm.assertEq(g.notAfter, notAfter);
            vm.assertEq(g.brokenAt, brokenAt);
            vm.assertEq(g.openings, openings);
            vm.assertEq(g.round, round);
            vm.assertEq(g.approvals, approvals);
        }
    }

    function invariant_every_act_passes_or_is_refused_as_it_must() public view {
        vm.assertTrue(bytes(handler.fault()).length == 0, handler.fault());
    }

    function invariant_no_grant_is_wider_than_its_template_or_its_parent() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            Grants.Grant memory g = handler.readGrant(handler.ids(i));
            Templates.Template memory t = handler.templateOf(handler.ids(i));
            vm.assertTrue(g.actions != 0 && g.actions & ~t.actions == 0);
            vm.assertTrue(t.onward || !g.onward);
            vm.assertLe(g.notAfter, block.timestamp + t.maxWindow);
            vm.assertEq(g.glassWindow, t.glassWindow);
            if (g.parent == 0) {
                vm.assertGe(g.threshold, t.minApprovals);
                continue;
            }
            Grants.Grant memory p = handler.readGrant(g.parent);
            vm.assertTrue(p.parent == 0 && p.onward && !g.onward);
            vm.assertEq(g.owner, p.owner);
            vm.assertEq(g.actions & ~p.actions, 0);
            vm.assertLe(g.notAfter, p.notAfter);
        }
    }

    function invariant_chains_only_grow_and_hold_every_act() public {
        handler.compareChains();
        vm.assertTrue(bytes(handler.fault()).length == 0, handler.fault());
        (uint256 given, uint256 received, uint256 opened) = handler.chainTotals();
        vm.assertEq(given, handler.count());
        vm.assertEq(received, handler.count());
        uint256 openings = handler.breakings();
        for (uint256 i = 0; i < handler.count(); ++i) {
            openings += handler.readGrant(handler.ids(i)).openings;
        }
        vm.assertEq(opened, openings);
    }
}
