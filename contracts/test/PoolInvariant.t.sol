// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Emission} from "../src/Emission.sol";
import {Network} from "./Network.sol";
import {bound, vm} from "./Vm.sol";

/// @notice Three people contribute, settle and claim in any order while days go by.
contract PoolHandler is Network {
    address[3] internal people = [patient, neighbour, doctor];
    uint256 internal constant SMALL_FUND = 1_000_003;
    uint256 internal made;
    uint64 internal settledBefore;
    uint64[3] internal lengthBefore;
    bytes32[3] internal headBefore;
    string public fault;

    constructor() {
        deploy();
        pool = deployPool(SMALL_FUND, 1 ether);
    }

    function contributeOne(uint256 who, uint32 quality, uint8 sixteenths) external {
        quality = uint32(bound(quality & 0x1f, 1, 31)) | uint32(quality % 3) << 8
            | uint32(quality % 4) << 16;
        bytes32 id = bytes32(++made);
        contribute(pool, people[who % 3], id, quality, uint8(bound(sixteenths, 0, 16)));
    }

    function pass(uint32 time) external {
        vm.warp(block.timestamp + time % (3 * DAY));
    }

    function settle(uint64 day) external {
        day = uint64(bound(day, 0, pool.today() + 1));
        (uint64 next,,) = pool.ledger();
        bool may = day >= next && day < pool.today();
        try pool.settle(day) {
            if (!may) fault = "settled an open day, or one already settled";
        } catch {
            if (may) fault = "a closed day could not be settled";
        }
    }

    function claim(uint256 who, uint64 day) external {
        address account = people[who % 3];
        uint64[] memory list = new uint64[](1);
        list[0] = uint64(bound(day, 0, pool.today()));
        (uint96 weight, bool claimed) = pool.shares(list[0], account);
        bool may = weight != 0 && !claimed && list[0] < pool.today();
        uint256 before = account.balance;
        vm.prank(account);
        try pool.claim(list) returns (uint256 reward) {
            if (!may) fault = "paid what was not to be claimed";
            if (account.balance != before + reward) fault = "paid another sum than it says";
        } catch {
            if (may) fault = "a share could not be claimed";
        }
    }

    /// Compares what may only grow with what it was when last looked at.
    function compare() external {
        (uint64 settledDays,,) = pool.ledger();
        if (settledDays < settledBefore) fault = "a settled day came open again";
        settledBefore = settledDays;
        for (uint256 i = 0; i < 3; ++i) {
            (bytes32 head, uint64 length) = pool.contributions(people[i]);
            if (length < lengthBefore[i]) fault = "a chain shrank";
            if ((length == lengthBefore[i]) != (head == headBefore[i])) {
                fault = "a head moved without its length, or a length without its head";
            }
            (lengthBefore[i], headBefore[i]) = (length, head);
        }
    }

    /// Recomputes every settled day from the weights alone, and adds up what is owed and paid.
    function audit() external view returns (uint256 owed, uint256 paid) {
        (uint64 settledDays, uint96 ledgerCarry, uint96 ledgerRemaining) = pool.ledger();
        (uint256 remaining, uint256 carry) = (SMALL_FUND, 0);
        for (uint64 day = 0; day < settledDays; ++day) {
            uint256 emission = Emission.ofDay(remaining);
            uint256 dayPool = emission + carry;
            remaining -= emission;
            (uint96 sum,,,, uint96 dayPaid) = pool.dayOf(day);
            uint256 over = Math.max(sum, 1 ether);
            carry = dayPool - dayPool * sum / over;

            (uint256 unclaimed, uint256 claimed, uint256 weights) = ofDay(day, dayPool, over);
            require(weights == sum, "the shares of a day are not its sum");
            require(claimed == dayPaid, "a day paid another sum than its shares");
            require(claimed + unclaimed + carry <= dayPool, "a day pays more than its pool");
            (owed, paid) = (owed + unclaimed, paid + claimed);
        }
        require(ledgerCarry == carry && ledgerRemaining == remaining, "the ledger is off");
        owed += carry + remaining;
    }

    function ofDay(uint64 day, uint256 dayPool, uint256 over)
        private
        view
        returns (uint256 unclaimed, uint256 claimed, uint256 weights)
    {
        for (uint256 i = 0; i < 3; ++i) {
            (uint96 weight, bool taken) = pool.shares(day, people[i]);
            uint256 reward = dayPool * weight / over;
            weights += weight;
            if (taken) claimed += reward;
            else unclaimed += reward;
        }
    }

    function spent() external view returns (uint256) {
        return SMALL_FUND - address(pool).balance;
    }

    function balance() external view returns (uint256) {
        return address(pool).balance;
    }
}

contract PoolInvariantTest {
    PoolHandler private handler;

    function setUp() public {
        handler = new PoolHandler();
    }

    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(handler);
    }

    function invariant_no_day_pays_more_than_its_pool_and_the_rest_is_there() public view {
        (uint256 owed, uint256 paid) = handler.audit();
        vm.assertEq(handler.spent(), paid);
        vm.assertGe(handler.balance(), owed);
    }

    function invariant_every_act_passes_or_is_refused_as_it_must() public view {
        vm.assertTrue(bytes(handler.fault()).length == 0, handler.fault());
    }

    function invariant_chains_and_settled_days_only_grow() public {
        handler.compare();
        vm.assertTrue(bytes(handler.fault()).length == 0, handler.fault());
    }
}
