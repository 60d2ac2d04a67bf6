// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Intents} from "../src/Intents.sol";
import {Proxies} from "../src/Proxies.sol";
import {NetworkTest} from "./Network.sol";
import {Vm, signed, vm} from "./Vm.sol";

contract ProxiesTest is NetworkTest {
    uint256 private constant KEY = 0xa11ce;
    address private immutable person = vm.addr(KEY);
    address private constant daughter = address(0xda);
    uint64 private constant UNTIL = GENESIS + 30 days;
    uint256 private constant DEADLINE = GENESIS + 1 hours;

    uint32 private constant GRANT = 1;
    uint32 private constant REVOKE = 2;
    uint32 private constant ALL = 15;

    Proxies private appointed;

    function setUp() public override {
        super.setUp();
        appointed = new Proxies();
    }

    function testFuzz_a_proxy_may_what_was_named_and_nothing_else(uint32 powers, uint32 power)
        public
    {
        powers = powers % ALL + 1;
        vm.prank(patient);
        appointed.appoint(daughter, powers, UNTIL);
        bool named = power != 0 && power & ~powers == 0;
        vm.assertTrue(appointed.may(patient, daughter, power) == named);
        vm.assertFalse(appointed.may(patient, doctor, power));
        vm.assertFalse(appointed.may(neighbour, daughter, power));
        vm.assertFalse(appointed.may(daughter, patient, power));
        vm.assertTrue(appointed.may(patient, patient, power));
    }

    function test_powers_end_with_their_date() public {
        vm.prank(patient);
        appointed.appoint(daughter, ALL, UNTIL);
        vm.warp(UNTIL);
        vm.assertTrue(appointed.may(patient, daughter, REVOKE));
        vm.warp(UNTIL + 1);
        vm.assertFalse(appointed.may(patient, daughter, REVOKE));
    }

    function test_powers_end_with_the_dismissal() public {
        vm.startPrank(patient);
        appointed.appoint(daughter, ALL, UNTIL);
        appointed.dismiss(daughter);
        vm.assertFalse(appointed.may(patient, daughter, REVOKE));
        vm.expectRevert(Proxies.NotAppointed.selector);
        appointed.dismiss(daughter);
    }

    function test_a_later_appointment_takes_the_place_of_the_earlier() public {
        vm.startPrank(patient);
        appointed.appoint(daughter, ALL, UNTIL);
        appointed.appoint(daughter, REVOKE, UNTIL - 1);
        vm.assertTrue(appointed.may(patient, daughter, REVOKE));
        vm.assertFalse(appointed.may(patient, daughter, GRANT));
        (uint32 powers, uint64 until, uint64 version) = appointed.appointments(patient, daughter);
        vm.assertEq(powers, REVOKE);
        vm.assertEq(until, UNTIL - 1);
        vm.assertEq(version, 2);
    }

    /// Whoever is appointed by a proxy is that proxy's own, and gains nothing over the patient.
    function test_a_proxy_appoints_nobody_for_its_owner() public {
        vm.prank(patient);
        appointed.appoint(daughter, ALL, UNTIL);
        vm.prank(daughter);
        appointed.appoint(doctor, ALL, UNTIL);
        vm.assertFalse(appointed.may(patient, doctor, REVOKE));
        vm.prank(daughter);
        vm.expectRevert(Proxies.NotAppointed.selector);
        appointed.dismiss(patient);
    }

    function test_what_makes_no_sense_is_refused() public {
        vm.startPrank(patient);
        vm.expectRevert(abi.encodeWithSelector(Proxies.ProxyInvalid.selector, patient));
        appointed.appoint(patient, ALL, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(Proxies.ProxyInvalid.selector, address(0)));
        appointed.appoint(address(0), ALL, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(Proxies.PowersUnknown.selector, uint32(0)));
        appointed.appoint(daughter, 0, UNTIL);
        vm.expectRevert(abi.encodeWithSelector(Proxies.PowersUnknown.selector, uint32(16)));
        appointed.appoint(daughter, 16, UNTIL);
        vm.expectRevert(Proxies.TermPast.selector);
        appointed.appoint(daughter, ALL, GENESIS);
    }

    function test_an_appointment_is_made_as_signed_and_once() public {
        bytes memory signature = signAppoint(KEY, ALL, UNTIL, 1);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.appointBySig(person, doctor, ALL, UNTIL, DEADLINE, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.appointBySig(person, daughter, REVOKE, UNTIL, DEADLINE, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.appointBySig(person, daughter, ALL, UNTIL + 1, DEADLINE, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.appointBySig(neighbour, daughter, ALL, UNTIL, DEADLINE, signature);
        appointed.appointBySig(person, daughter, ALL, UNTIL, DEADLINE, signature);
        vm.assertTrue(appointed.may(person, daughter, ALL));
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.appointBySig(person, daughter, ALL, UNTIL, DEADLINE, signature);
    }

    function test_no_earlier_intent_undoes_a_later_one() public {
        bytes memory appointment = signAppoint(KEY, ALL, UNTIL, 1);
        appointed.appointBySig(person, daughter, ALL, UNTIL, DEADLINE, appointment);
        bytes memory dismissal = signDismiss(KEY, 2);
        appointed.dismissBySig(person, daughter, DEADLINE, dismissal);
        vm.assertFalse(appointed.may(person, daughter, REVOKE));

        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.appointBySig(person, daughter, ALL, UNTIL, DEADLINE, appointment);

        appointed.appointBySig(
            person, daughter, REVOKE, UNTIL, DEADLINE, signAppoint(KEY, REVOKE, UNTIL, 3)
        );
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.dismissBySig(person, daughter, DEADLINE, dismissal);
        vm.assertTrue(appointed.may(person, daughter, REVOKE));
    }

    /// What was signed and never carried in is void once the person changed the same thing themself.
    function test_an_act_of_ones_own_voids_an_intent_that_waits() public {
        bytes memory waiting = signAppoint(KEY, ALL, UNTIL, 1);
        vm.startPrank(person);
        appointed.appoint(daughter, REVOKE, UNTIL);
        appointed.dismiss(daughter);
        vm.stopPrank();
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.appointBySig(person, daughter, ALL, UNTIL, DEADLINE, waiting);
    }

    function test_an_intent_counts_to_its_deadline_here_and_by_its_signer() public {
        bytes memory signature = signAppoint(STRANGER_KEY, ALL, UNTIL, 1);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        appointed.appointBySig(person, daughter, ALL, UNTIL, DEADLINE, signature);
        signature = signAppoint(KEY, ALL, UNTIL, 1);
        Proxies other = new Proxies();
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        other.appointBySig(person, daughter, ALL, UNTIL, DEADLINE, signature);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(Intents.IntentExpired.selector);
        appointed.appointBySig(person, daughter, ALL, UNTIL, DEADLINE, signature);
    }

    /// Both sides' events, one after the other, give the heads that are kept.
    function test_both_sides_have_every_change_in_their_history() public {
        vm.recordLogs();
        vm.startPrank(patient);
        appointed.appoint(daughter, ALL, UNTIL);
        appointed.appoint(doctor, REVOKE, UNTIL);
        appointed.dismiss(daughter);
        vm.stopPrank();
        vm.prank(neighbour);
        appointed.appoint(daughter, GRANT, UNTIL);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (bytes32 head, uint64 length) = appointed.proxiesOf(patient);
        vm.assertEq(head, replayed(logs, patient, true));
        vm.assertEq(length, 3);
        (head, length) = appointed.wardsOf(daughter);
        vm.assertEq(head, replayed(logs, daughter, false));
        vm.assertEq(length, 3);
    }

    function replayed(Vm.Log[] memory logs, address party, bool owner)
        private
        pure
        returns (bytes32 head)
    {
        for (uint256 i = 0; i < logs.length; ++i) {
            address of_ = address(uint160(uint256(logs[i].topics[1])));
            address by = address(uint160(uint256(logs[i].topics[2])));
            (
                uint32 powers,
                uint64 until,
                uint64 version,
                uint64 proxySeq,
                uint64 wardSeq,
                uint64 time
            ) = abi.decode(logs[i].data, (uint32, uint64, uint64, uint64, uint64, uint64));
            if (party != (owner ? of_ : by)) continue;
            bytes32 entry = keccak256(
                abi.encode(
                    party,
                    owner ? proxySeq : wardSeq,
                    owner ? by : of_,
                    powers,
                    until,
                    version,
                    time
                )
            );
            head = keccak256(abi.encode(head, entry));
        }
    }

    function signAppoint(uint256 key, uint32 powers, uint64 until, uint64 version)
        private
        view
        returns (bytes memory)
    {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "AppointIntent(address owner,address proxy,uint32 powers,uint64 until,uint64 version,uint256 deadline)"
                ),
                person,
                daughter,
                powers,
                until,
                version,
                DEADLINE
            )
        );
        return signed(key, typedData(address(appointed), "DHC Proxies", hash));
    }

    function signDismiss(uint256 key, uint64 version) private view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "DismissIntent(address owner,address proxy,uint64 version,uint256 deadline)"
                ),
                person,
                daughter,
                version,
                DEADLINE
            )
        );
        return signed(key, typedData(address(appointed), "DHC Proxies", hash));
    }
}
