// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Emission} from "../src/Emission.sol";
import {IncentivePool} from "../src/IncentivePool.sol";
import {Quality} from "../src/Quality.sol";
import {NetworkTest} from "./Network.sol";
import {bound, vm} from "./Vm.sol";

/// @notice Replays vectors/pool.json, which scripts/vectors.mjs computes in unbounded integers and the
/// `market` crate replays too.
contract VectorsTest is NetworkTest {
    struct VectorContribution {
        uint256 quality;
        uint256 sixteenths;
        uint256 weight;
        uint256 who;
    }

    struct VectorReward {
        uint256 reward;
        uint256 weight;
        uint256 who;
    }

    struct VectorDay {
        uint256 carry;
        VectorContribution[] contributions;
        uint256 emission;
        uint256 pool;
        VectorReward[] rewards;
        uint256 sum;
    }

    struct VectorReleased {
        uint256 day;
        uint256 released;
        uint256 remaining;
    }

    struct VectorPacked {
        uint256 packed;
        uint256 ppm;
    }

    string private constant CONTRIBUTION =
        "VectorContribution(uint256 quality,uint256 sixteenths,uint256 weight,uint256 who)";
    string private constant REWARD = "VectorReward(uint256 reward,uint256 weight,uint256 who)";
    string private constant DAY_TYPE =
        "VectorDay(uint256 carry,VectorContribution[] contributions,uint256 emission,uint256 pool,VectorReward[] rewards,uint256 sum)";

    string private json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/vectors/pool.json");
    }

    function test_the_emission_is_that_of_the_vectors() public view {
        vm.assertEq(vm.parseJsonUint(json, ".daily"), Emission.DAILY);
        vm.assertEq(vm.parseJsonUint(json, ".ray"), Emission.RAY);
        VectorReleased[] memory list = abi.decode(
            vm.parseJsonTypeArray(
                json, ".emission", "VectorReleased(uint256 day,uint256 released,uint256 remaining)"
            ),
            (VectorReleased[])
        );
        uint256 remaining = FUND;
        uint256 next;
        for (uint256 day = 0; next < list.length; ++day) {
            uint256 released = Emission.ofDay(remaining);
            if (list[next].day == day) {
                vm.assertEq(remaining, list[next].remaining);
                vm.assertEq(released, list[next].released);
                ++next;
            }
            remaining -= released;
        }
    }

    function test_half_of_the_fund_is_released_in_1461_days() public pure {
        uint256 remaining = FUND;
        for (uint256 day = 0; day < 1461; ++day) {
            remaining -= Emission.ofDay(remaining);
        }
        vm.assertGe(remaining, FUND / 2);
        vm.assertLe(remaining, FUND / 2 + 1461);
    }

    function testFuzz_an_emission_never_exceeds_what_remains(uint96 remaining) public pure {
        vm.assertLe(Emission.ofDay(remaining), remaining);
    }

    function test_the_quality_is_that_of_the_vectors() public view {
        VectorPacked[] memory list = abi.decode(
            vm.parseJsonTypeArray(json, ".quality", "VectorPacked(uint256 packed,uint256 ppm)"),
            (VectorPacked[])
        );
        vm.assertEq(list.length, 84);
        for (uint256 i = 0; i < list.length; ++i) {
            vm.assertTrue(Quality.isValid(uint32(list[i].packed)));
            vm.assertEq(Quality.ppm(uint32(list[i].packed)), list[i].ppm);
        }
    }

    function testFuzz_a_weight_is_at_most_one_and_falls_with_similarity(
        uint32 kinds,
        uint32 grade,
        uint32 disease,
        uint8 sixteenths
    ) public pure {
        uint32 packed =
            uint32(bound(kinds, 1, 31)) | uint32(grade % 3) << 8 | (disease % 4) << 16;
        sixteenths = uint8(bound(sixteenths, 0, 15));
        uint256 weight = Quality.weight(packed, sixteenths);
        vm.assertLe(weight, 1 ether);
        vm.assertTrue(weight > Quality.weight(packed, sixteenths + 1));
        vm.assertEq(Quality.weight(packed, 16), 0);
    }

    function test_days_are_paid_as_in_the_vectors() public {
        string memory types = string.concat(DAY_TYPE, CONTRIBUTION, REWARD);
        for (uint256 i = 0; i < 5; ++i) {
            string memory key = string.concat(".cases[", vm.toString(i), "]");
            vm.warp(GENESIS);
            IncentivePool to = deployPool(
                vm.parseJsonUint(json, string.concat(key, ".fund")),
                uint96(vm.parseJsonUint(json, string.concat(key, ".wMin")))
            );
            play(
                to,
                abi.decode(
                    vm.parseJsonTypeArray(json, string.concat(key, ".days"), types), (VectorDay[])
                )
            );
        }
    }

    function play(IncentivePool to, VectorDay[] memory list) private {
        for (uint64 day = 0; day < list.length; ++day) {
            vm.warp(GENESIS + day * DAY);
            for (uint256 i = 0; i < list[day].contributions.length; ++i) {
                VectorContribution memory c = list[day].contributions[i];
                bytes32 id = keccak256(abi.encode(to, day, i));
                contribute(to, person(c.who), id, uint32(c.quality), uint8(c.sixteenths));
            }
        }
        vm.warp(GENESIS + list.length * DAY);
        for (uint64 day = 0; day < list.length; ++day) {
            expectDay(to, day, list[day]);
        }
    }

    function expectDay(IncentivePool to, uint64 day, VectorDay memory d) private {
        to.settle(day);
        (, uint96 ledgerCarry,) = to.ledger();
        vm.assertEq(ledgerCarry, d.carry, "carry");
        (uint96 sum, uint96 dayPool, bool settled, uint96 carry,) = to.dayOf(day);
        vm.assertEq(sum, d.sum, "sum");
        vm.assertTrue(settled == (d.sum != 0));
        if (settled) {
            vm.assertEq(dayPool, d.pool, "pool");
            vm.assertEq(carry, d.carry, "carry of the day");
        }
        uint256 paid;
        for (uint256 i = 0; i < d.rewards.length; ++i) {
            address who = person(d.rewards[i].who);
            (uint96 weight,) = to.shares(day, who);
            vm.assertEq(weight, d.rewards[i].weight, "weight");
            uint64[] memory list = new uint64[](1);
            list[0] = day;
            vm.prank(who);
            uint256 reward = to.claim(list);
            vm.assertEq(reward, d.rewards[i].reward, "reward");
            paid += reward;
        }
        vm.assertLe(paid, d.pool, "a day paid more than its pool");
    }

    function person(uint256 who) private pure returns (address) {
        return address(uint160(0xbeef00 + who));
    }
}
