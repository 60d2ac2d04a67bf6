// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Grants} from "../src/Grants.sol";
import {Proxies} from "../src/Proxies.sol";
import {IGrants, Requests} from "../src/Requests.sol";
import {Templates} from "../src/Templates.sol";
import {Governed} from "./Governed.sol";
import {vm} from "./Vm.sol";

/// @notice What the acts of people cost, each as a transaction of its own. scripts/gas.mjs runs this with
/// forge's isolation and compares with gas.json.
contract GasTest is Governed {
    bytes32 private constant STUDY = "study";
    uint32 private constant VIEW_ONLY = 1;
    /// As long as a sealed reason, and about as a request's text.
    uint256 private constant REASON = 2048;

    function test_the_cost_of_a_record_and_its_grant() public {
        index(patient, STUDY, IMAGING);
        measured("RecordIndex.add, sealed");
        bytes32 id = grantTreatment(patient, "salt", doctor, STUDY);
        measured("Consent.grant, one record, the first of all");
        grantTreatment(patient, "another", doctor, STUDY);
        measured("Consent.grant, one record");
        openOnce(id);
        measured("Consent.recordAccess, the first of all");
        openOnce(id);
        measured("Consent.recordAccess");
        vm.prank(patient);
        consent.revoke(id);
        measured("Consent.revoke");
    }

    function test_the_cost_of_a_grants_life() public {
        index(patient, STUDY, IMAGING);
        Grants.Terms memory t = treatment(patient, "research", doctor, STUDY);
        (t.templateId, t.purpose, t.actions, t.threshold) = (RESEARCH, HRESCH, 3, 2);
        t.approvers = new address[](2);
        (t.approvers[0], t.approvers[1]) = (colleague, neighbour);
        vm.prank(patient);
        bytes32 id = consent.grant(t);
        measured("Consent.grant, one record, two approvers");
        vm.prank(colleague);
        consent.approve(id, 1);
        measured("Consent.approve");
        vm.prank(patient);
        consent.renew(id, uint64(GENESIS + 100 days), "new");
        measured("Consent.renew, to be approved anew");

        t = treatment(patient, "opinion", doctor, STUDY);
        (t.templateId, t.onward) = (SECOND_OPINION, true);
        vm.startPrank(patient);
        id = consent.grant(t);
        consent.renew(id, uint64(GENESIS + 10 days), "new");
        measured("Consent.renew");
        vm.stopPrank();
        vm.prank(doctor);
        consent.share(id, "s", colleague, one(STUDY), t.notAfter, VIEW_ONLY, "note");
        measured("Consent.share, one record");

        t = treatment(patient, "emergency", doctor, STUDY);
        (t.templateId, t.purpose, t.actions) = (EMERGENCY, ETREAT, 3);
        vm.prank(patient);
        id = consent.grant(t);
        vm.prank(doctor);
        consent.breakGlass(id, new bytes(REASON));
        measured("Consent.breakGlass, the first entry of all");
        pass(24 hours + 1);
        vm.prank(doctor);
        consent.breakGlass(id, new bytes(REASON));
        measured("Consent.breakGlass");
    }

    function test_the_cost_of_a_proxy() public {
        Proxies appointed = new Proxies();
        uint64 until = uint64(block.timestamp + 30 days);
        vm.startPrank(patient);
        appointed.appoint(colleague, 15, until);
        measured("Proxies.appoint, the first of all");
        appointed.appoint(neighbour, 15, until);
        measured("Proxies.appoint");
        appointed.dismiss(neighbour);
        measured("Proxies.dismiss");
        vm.stopPrank();
    }

    function test_the_cost_of_a_request() public {
        Requests requests = new Requests(identity, templates, proxies, IGrants(address(consent)));
        vm.prank(doctor);
        identity.publish(new bytes(1216));
        measured("Identity.publish");
        index(patient, STUDY, IMAGING);
        bytes32 grant = grantTreatment(patient, "salt", doctor, STUDY);
        bytes32[3] memory ids;
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(doctor);
            ids[i] = requests.ask(
                patient, bytes32(i), TREATMENT, TREAT, 7 days, VIEW_ONLY, new bytes(REASON)
            );
            measured(i == 0 ? "Requests.ask, the first of all" : "Requests.ask");
        }
        vm.prank(patient);
        requests.answer(ids[0], grant);
        measured("Requests.answer");
        vm.prank(patient);
        requests.decline(ids[1]);
        measured("Requests.decline");
        vm.prank(doctor);
        requests.withdraw(ids[2]);
        measured("Requests.withdraw, the last that was open");
    }

    function test_the_cost_of_a_contribution() public {
        contribute(pool, patient, STUDY, IMAGING, 0);
        measured("IncentivePool.contribute, the first of all");
        contribute(pool, patient, "second", IMAGING, 0);
        measured("IncentivePool.contribute");
        pass(2 * DAY);
        uint64[] memory days_ = new uint64[](1);
        vm.prank(patient);
        pool.claim(days_);
        measured("IncentivePool.claim, one day, settled on the way");
    }

    function test_the_cost_of_a_decision() public {
        lock(holder, QUORUM_FLOOR);
        measured("VotingEscrow.lock, the first of all");
        lock(holder, QUORUM_FLOOR);
        measured("VotingEscrow.lock");
        pass(1);
        uint256 id =
            propose(holder, address(templates), abi.encodeCall(Templates.retire, (PAYMENT)));
        measured("DHCGovernor.propose, to retire a template");
        pass(VOTING_DELAY + 1);
        vote(holder, id, FOR);
        measured("DHCGovernor.castVote");
        pass(VOTING_PERIOD);
        governor.queue(id);
        measured("DHCGovernor.queue");
        pass(TIMELOCK_DELAY);
        governor.execute(id);
        measured("DHCGovernor.execute");
        vm.prank(holder);
        escrow.unlock(QUORUM_FLOOR);
        measured("VotingEscrow.unlock");
    }

    function openOnce(bytes32 id) private {
        vm.prank(doctor);
        consent.recordAccess(id, STUDY, VIEW);
    }

    function measured(string memory act) private {
        vm.snapshotGasLastCall("acts", act);
    }
}
