// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Templates} from "../src/Templates.sol";
import {Governed} from "./Governed.sol";
import {vm} from "./Vm.sol";

/// @notice What the acts of people cost, each as a transaction of its own. scripts/gas.mjs runs this with
/// forge's isolation and compares with gas.json.
contract GasTest is Governed {
    bytes32 private constant STUDY = "study";

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
