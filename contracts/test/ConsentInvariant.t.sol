// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Consent} from "../src/Consent.sol";
import {Network} from "./Network.sol";
import {bound, vm} from "./Vm.sol";

/// @notice Strangers, owners, grantees and approvers do what they like with grants, right or wrong.
contract ConsentHandler is Network {
    struct Shadow {
        bytes32 terms;
        bool revoked;
        uint8 approvals;
        uint64 openings;
    }

    address[6] internal people =
        [patient, neighbour, doctor, colleague, address(0xe1), address(0xe2)];
    bytes32[] public ids;
    mapping(bytes32 id => Shadow) public shadow;
    /// Set where an act that must be refused went through, or one that must pass did not.
    string public fault;
    uint64[6] public givenLength;
    uint64[6] public receivedLength;
    uint64[6] public accessesLength;
    bytes32[6] public accessesHead;

    constructor() {
        deploy();
        for (uint256 i = 0; i < 2; ++i) {
            indexUnsealed(people[i], study(people[i]));
        }
    }

    function grant(uint256 who, uint256 whose, uint256 whom, uint64 window, uint256 sensitive)
        external
    {
        address owner = people[who % 6];
        address recordOwner = people[whose % 2];
        address grantee = people[2 + whom % 2];
        bool withApproval = sensitive % 2 == 1;
        address[] memory approvers = new address[](withApproval ? 2 : 0);
        if (withApproval) (approvers[0], approvers[1]) = (address(0xe1), address(0xe2));
        vm.prank(owner);
        try consent.grant(
            bytes32(ids.length),
            grantee,
            study(recordOwner),
            withApproval ? RESEARCH : TREATMENT,
            withApproval ? HRESCH : TREAT,
            LIVE,
            uint64(block.timestamp + bound(window, 1, 30 days)),
            withApproval ? 2 : 0,
            approvers,
            0,
            ""
        ) returns (
            bytes32 id
        ) {
            if (owner != recordOwner) fault = "granted another's record";
            ids.push(id);
            shadow[id].terms = termsOf(id);
        } catch {
            if (owner == recordOwner) fault = "an owner could not grant";
        }
    }

    function revoke(uint256 who, uint256 which) external {
        if (ids.length == 0) return;
        (address account, bytes32 id) = (people[who % 6], ids[which % ids.length]);
        bool may = account == read(id).owner && !shadow[id].revoked;
        vm.prank(account);
        try consent.revoke(id) {
            if (may) shadow[id].revoked = true;
            else fault = "revoked by another, or twice";
        } catch {
            if (may) fault = "an owner could not revoke";
        }
    }

    function approve(uint256 who, uint256 which) external {
        if (ids.length == 0) return;
        (address account, bytes32 id) = (people[who % 6], ids[which % ids.length]);
        bool may = consent.approver(id, account) == 1 && !shadow[id].revoked
            && block.timestamp <= read(id).notAfter;
        vm.prank(account);
        try consent.approve(id) {
            if (may) ++shadow[id].approvals;
            else fault = "approved by one not asked, twice, or too late";
        } catch {
            if (may) fault = "an approver could not approve";
        }
    }

    function open(uint256 who, uint256 which, bytes32 object) external {
        if (ids.length == 0) return;
        (address account, bytes32 id) = (people[who % 6], ids[which % ids.length]);
        Consent.Grant memory g = read(id);
        bool may = account == g.grantee && !shadow[id].revoked && block.timestamp <= g.notAfter
            && shadow[id].approvals >= g.threshold;
        vm.prank(account);
        try consent.recordAccess(id, object) {
            if (may) ++shadow[id].openings;
            else fault = "opened without a right to";
        } catch {
            if (may) fault = "a grantee could not open";
        }
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + time % 3 days);
    }

    /// Compares the chains with what they were when last looked at.
    function compareChains() external {
        for (uint256 i = 0; i < 6; ++i) {
            (, uint64 given) = consent.given(people[i]);
            (, uint64 received) = consent.received(people[i]);
            (bytes32 head, uint64 accesses) = consent.accesses(people[i]);
            if (given < givenLength[i] || received < receivedLength[i]) fault = "a chain shrank";
            if (accesses < accessesLength[i]) fault = "an access log shrank";
            if ((accesses == accessesLength[i]) != (head == accessesHead[i])) {
                fault = "a head moved without its length, or a length without its head";
            }
            (givenLength[i], receivedLength[i]) = (given, received);
            (accessesLength[i], accessesHead[i]) = (accesses, head);
        }
    }

    function count() external view returns (uint256) {
        return ids.length;
    }

    function read(bytes32 id) public view returns (Consent.Grant memory) {
        (, bytes memory data) = address(consent).staticcall(abi.encodeCall(consent.grants, (id)));
        return abi.decode(data, (Consent.Grant));
    }

    /// What nobody may change after the grant: everything but revocation, approvals, openings.
    function termsOf(bytes32 id) public view returns (bytes32) {
        Consent.Grant memory g = read(id);
        (g.revoked, g.approvals, g.openings) = (false, 0, 0);
        return keccak256(abi.encode(g));
    }

    function chainTotals() external view returns (uint256 given, uint256 received, uint256 opened) {
        for (uint256 i = 0; i < 6; ++i) {
            (, uint64 g) = consent.given(people[i]);
            (, uint64 r) = consent.received(people[i]);
            (, uint64 a) = consent.accesses(people[i]);
            (given, received, opened) = (given + g, received + r, opened + a);
        }
    }

    function study(address owner) private pure returns (bytes32) {
        return keccak256(abi.encode("study", owner));
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
            (bytes32 terms, bool revoked, uint8 approvals, uint64 openings) = handler.shadow(id);
            Consent.Grant memory g = handler.read(id);
            vm.assertEq(handler.termsOf(id), terms);
            vm.assertTrue(g.revoked == revoked);
            vm.assertEq(g.approvals, approvals);
            vm.assertEq(g.openings, openings);
        }
    }

    function invariant_every_act_passes_or_is_refused_as_it_must() public view {
        vm.assertTrue(bytes(handler.fault()).length == 0, handler.fault());
    }

    function invariant_chains_only_grow_and_hold_every_act() public {
        handler.compareChains();
        vm.assertTrue(bytes(handler.fault()).length == 0, handler.fault());
        (uint256 given, uint256 received, uint256 opened) = handler.chainTotals();
        vm.assertEq(given, handler.count());
        vm.assertEq(received, handler.count());
        uint256 openings;
        for (uint256 i = 0; i < handler.count(); ++i) {
            openings += handler.read(handler.ids(i)).openings;
        }
        vm.assertEq(opened, openings);
    }
}
