// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Intents} from "../src/Intents.sol";
import {IGrants, Requests} from "../src/Requests.sol";
import {TemplateRules} from "../src/TemplateRules.sol";
import {NetworkTest} from "./Network.sol";
import {Vm, signed, vm} from "./Vm.sol";

contract RequestsTest is NetworkTest {
    uint256 private constant KEY = 0xa11ce;
    address private immutable person = vm.addr(KEY);
    address private constant daughter = address(0xda);
    uint256 private constant DEADLINE = GENESIS + 1 hours;

    uint32 private constant MAY_ANSWER = 8;
    bytes32 private constant STUDY = keccak256("study");

    Requests private requests;

    function setUp() public override {
        super.setUp();
        requests = new Requests(identity, templates, proxies, IGrants(address(consent)));
        vm.prank(doctor);
        identity.publish(new bytes(1216));
        index(patient, STUDY, IMAGING);
        index(person, keccak256("own"), IMAGING);
    }

    function test_a_request_keeps_what_was_asked() public {
        bytes32 id = ask(patient, "salt");
        vm.assertEq(id, keccak256(abi.encode(doctor, bytes32("salt"))));
        Requests.Request memory r = read(id);
        vm.assertEq(r.owner, patient);
        vm.assertEq(r.asker, doctor);
        vm.assertEq(r.askedAt, GENESIS);
        vm.assertEq(r.purpose, TREAT);
        vm.assertEq(r.window, 7 days);
        vm.assertEq(r.actions, 1);
        vm.assertEq(r.templateId, TREATMENT);
        vm.assertEq(r.noteHash, keccak256("why"));
        assertState(id, Requests.State.Open);
    }

    function test_a_salt_is_used_once() public {
        ask(patient, "salt");
        vm.expectRevert(Requests.RequestExists.selector);
        ask(neighbour, "salt");
    }

    function test_only_an_account_with_keys_asks() public {
        vm.prank(colleague);
        vm.expectRevert(Requests.KeysUnpublished.selector);
        requests.ask(patient, "salt", TREATMENT, TREAT, 7 days, 1, "why");
    }

    function test_nobody_asks_nobody_or_themself_or_for_nothing() public {
        vm.startPrank(doctor);
        vm.expectRevert(Requests.OwnerInvalid.selector);
        requests.ask(address(0), "salt", TREATMENT, TREAT, 7 days, 1, "why");
        vm.expectRevert(Requests.OwnerInvalid.selector);
        requests.ask(doctor, "salt", TREATMENT, TREAT, 7 days, 1, "why");
        vm.expectRevert(Requests.WindowEmpty.selector);
        requests.ask(patient, "salt", TREATMENT, TREAT, 0, 1, "why");
        vm.expectRevert(
            abi.encodeWithSelector(TemplateRules.ActionsNotAdmitted.selector, uint32(0))
        );
        requests.ask(patient, "salt", TREATMENT, TREAT, 7 days, 0, "why");
        vm.expectRevert(abi.encodeWithSelector(Requests.NoteTooLong.selector, 2049));
        requests.ask(patient, "salt", TREATMENT, TREAT, 7 days, 1, new bytes(2049));
        requests.ask(patient, "salt", TREATMENT, TREAT, 7 days, 1, new bytes(2048));
    }

    function test_a_request_fits_a_template_in_force() public {
        vm.startPrank(doctor);
        vm.expectRevert(TemplateRules.TemplateUnknown.selector);
        requests.ask(patient, "salt", "none", TREAT, 7 days, 1, "why");
        vm.expectRevert(abi.encodeWithSelector(TemplateRules.PurposeNotAdmitted.selector, HRESCH));
        requests.ask(patient, "salt", TREATMENT, HRESCH, 7 days, 1, "why");
        vm.expectRevert(
            abi.encodeWithSelector(TemplateRules.WindowTooLong.selector, uint64(90 days))
        );
        requests.ask(patient, "salt", TREATMENT, TREAT, 90 days + 1, 1, "why");
        vm.expectRevert(
            abi.encodeWithSelector(TemplateRules.ActionsNotAdmitted.selector, uint32(8))
        );
        requests.ask(patient, "salt", TREATMENT, TREAT, 7 days, 8, "why");
        vm.expectRevert(TemplateRules.TemplateNotForGrants.selector);
        requests.ask(patient, "salt", RESEARCH_CONTRIBUTION, HRESCH, 7 days, 1, "why");
        // Whose approval research wants is the patient's to say, later.
        requests.ask(patient, "salt", RESEARCH, HRESCH, 7 days, 1, "why");
        vm.stopPrank();
        vm.prank(governance);
        templates.retire(TREATMENT);
        vm.prank(doctor);
        vm.expectRevert(TemplateRules.TemplateIsRetired.selector);
        requests.ask(patient, "other", TREATMENT, TREAT, 7 days, 1, "why");
    }

    function test_one_asker_has_three_open_requests_to_one_owner_at_most() public {
        bytes32 first = ask(patient, "1");
        bytes32 second = ask(patient, "2");
        bytes32 third = ask(patient, "3");
        vm.expectRevert(abi.encodeWithSelector(Requests.TooManyOpen.selector, uint8(3)));
        ask(patient, "4");
        ask(neighbour, "4");

        // Each way of closing one makes room for one.
        vm.prank(doctor);
        requests.withdraw(first);
        ask(patient, "5");
        vm.prank(patient);
        requests.decline(second);
        ask(patient, "6");
        bytes32 granted = grantTreatment(patient, "g", doctor, STUDY);
        vm.prank(patient);
        requests.answer(third, granted);
        ask(patient, "7");
        vm.expectRevert(abi.encodeWithSelector(Requests.TooManyOpen.selector, uint8(3)));
        ask(patient, "8");
    }

    function test_an_answer_links_the_owners_grant_to_the_asker() public {
        bytes32 id = ask(patient, "salt");
        bytes32 granted = grantTreatment(patient, "g", doctor, STUDY);
        vm.prank(patient);
        requests.answer(id, granted);
        assertState(id, Requests.State.Answered);
        vm.assertEq(read(id).grantId, granted);
    }

    function test_no_other_grant_is_an_answer() public {
        bytes32 id = ask(patient, "salt");
        bytes32 toColleague = grantTreatment(patient, "g", colleague, STUDY);
        index(neighbour, "other", IMAGING);
        bytes32 ofNeighbour = grantTreatment(neighbour, "g", doctor, "other");
        bytes32[3] memory unfit = [toColleague, ofNeighbour, keccak256("none")];
        for (uint256 i = 0; i < unfit.length; ++i) {
            vm.prank(patient);
            vm.expectRevert(Requests.AnswerUnfit.selector);
            requests.answer(id, unfit[i]);
        }
        vm.prank(doctor);
        bytes32 research = requests.ask(patient, "r", RESEARCH, HRESCH, 7 days, 1, "why");
        bytes32 forTreatment = grantTreatment(patient, "t", doctor, STUDY);
        vm.prank(patient);
        vm.expectRevert(Requests.AnswerUnfit.selector);
        requests.answer(research, forTreatment);
    }

    function test_what_is_closed_stays_closed() public {
        bytes32[3] memory ids = [ask(patient, "1"), ask(patient, "2"), ask(patient, "3")];
        bytes32 granted = grantTreatment(patient, "g", doctor, STUDY);
        vm.startPrank(patient);
        requests.answer(ids[0], granted);
        requests.decline(ids[1]);
        vm.stopPrank();
        vm.prank(doctor);
        requests.withdraw(ids[2]);
        for (uint256 i = 0; i < 3; ++i) {
            Requests.State state = read(ids[i]).state;
            bytes memory closed = abi.encodeWithSelector(Requests.RequestClosed.selector, state);
            vm.startPrank(patient);
            vm.expectRevert(closed);
            requests.answer(ids[i], granted);
            vm.expectRevert(closed);
            requests.decline(ids[i]);
            vm.stopPrank();
            vm.prank(doctor);
            vm.expectRevert(closed);
            requests.withdraw(ids[i]);
        }
    }

    function testFuzz_only_its_owner_answers_and_only_its_asker_withdraws(address anybody) public {
        vm.assume(anybody != patient && anybody != doctor);
        bytes32 id = ask(patient, "salt");
        vm.startPrank(anybody);
        vm.expectRevert(Requests.NotRequestOwner.selector);
        requests.decline(id);
        vm.expectRevert(Requests.NotRequestOwner.selector);
        requests.answer(id, 0);
        vm.expectRevert(Requests.NotAsker.selector);
        requests.withdraw(id);
        vm.expectRevert(Requests.RequestUnknown.selector);
        requests.decline("none");
        vm.expectRevert(Requests.RequestUnknown.selector);
        requests.withdraw("none");
        vm.stopPrank();
        vm.prank(doctor);
        vm.expectRevert(Requests.NotRequestOwner.selector);
        requests.decline(id);
        vm.prank(patient);
        vm.expectRevert(Requests.NotAsker.selector);
        requests.withdraw(id);
    }

    function testFuzz_a_proxy_answers_with_that_power_only(uint32 powers) public {
        bytes32 id = ask(patient, "salt");
        proxies.set(patient, daughter, powers);
        vm.prank(daughter);
        if (powers & MAY_ANSWER == 0) vm.expectRevert(Requests.NotRequestOwner.selector);
        requests.decline(id);
    }

    function test_a_proxy_links_the_owners_grant() public {
        bytes32 id = ask(patient, "salt");
        bytes32 granted = grantTreatment(patient, "g", doctor, STUDY);
        proxies.set(patient, daughter, MAY_ANSWER);
        vm.prank(daughter);
        requests.answer(id, granted);
        assertState(id, Requests.State.Answered);
    }

    function test_a_request_is_declined_as_signed() public {
        bytes32 id = ask(person, "salt");
        bytes32 other = ask(person, "other");
        bytes memory signature = signDecline(KEY, id);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        requests.declineBySig(person, other, DEADLINE, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        requests.declineBySig(person, id, DEADLINE, signDecline(STRANGER_KEY, id));
        requests.declineBySig(person, id, DEADLINE, signature);
        assertState(id, Requests.State.Declined);
        vm.expectRevert(
            abi.encodeWithSelector(Requests.RequestClosed.selector, Requests.State.Declined)
        );
        requests.declineBySig(person, id, DEADLINE, signature);
    }

    function test_a_request_is_answered_as_signed() public {
        bytes32 id = ask(person, "salt");
        bytes32 granted = grantTreatment(person, "g", doctor, keccak256("own"));
        bytes32 another = grantTreatment(person, "h", doctor, keccak256("own"));
        bytes memory signature = signAnswer(id, granted);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        requests.answerBySig(person, id, another, DEADLINE, signature);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(Intents.IntentExpired.selector);
        requests.answerBySig(person, id, granted, DEADLINE, signature);
        vm.warp(DEADLINE);
        requests.answerBySig(person, id, granted, DEADLINE, signature);
        vm.assertEq(read(id).grantId, granted);
    }

    function test_a_request_is_made_as_signed_and_once() public {
        vm.prank(person);
        identity.publish(new bytes(1216));
        Requests.Wish memory wish = wished();
        bytes memory signature = signAsk(KEY, wish);
        bytes32 id = requests.askBySig(wish, DEADLINE, signature);
        vm.assertEq(id, keccak256(abi.encode(person, bytes32("salt"))));
        Requests.Request memory r = read(id);
        vm.assertEq(r.asker, person);
        vm.assertEq(r.owner, patient);
        vm.assertEq(r.noteHash, keccak256("why"));
        vm.expectRevert(Requests.RequestExists.selector);
        requests.askBySig(wish, DEADLINE, signature);
        vm.warp(DEADLINE + 1);
        wish.salt = "later";
        signature = signAsk(KEY, wish);
        vm.expectRevert(Intents.IntentExpired.selector);
        requests.askBySig(wish, DEADLINE, signature);
    }

    function testFuzz_no_term_of_a_signed_request_can_be_changed(uint8 term) public {
        vm.prank(person);
        identity.publish(new bytes(1216));
        Requests.Wish memory wish = wished();
        bytes memory signature = signAsk(KEY, wish);
        term = term % 8;
        if (term == 0) wish.asker = doctor;
        else if (term == 1) wish.owner = neighbour;
        else if (term == 2) wish.salt = "other";
        else if (term == 3) wish.templateId = SECOND_OPINION;
        else if (term == 4) wish.purpose = ETREAT;
        else if (term == 5) wish.window += 1;
        else if (term == 6) wish.actions = 3;
        else wish.note = "why not";
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        requests.askBySig(wish, DEADLINE, signature);
    }

    function test_a_request_is_withdrawn_as_signed_by_its_asker() public {
        vm.prank(person);
        identity.publish(new bytes(1216));
        Requests.Wish memory wish = wished();
        bytes32 id = requests.askBySig(wish, DEADLINE, signAsk(KEY, wish));
        address stranger = vm.addr(STRANGER_KEY);
        bytes memory foreign = signWithdraw(STRANGER_KEY, stranger, id);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        requests.withdrawBySig(person, id, DEADLINE, foreign);
        vm.expectRevert(Requests.NotAsker.selector);
        requests.withdrawBySig(stranger, id, DEADLINE, foreign);
        bytes memory signature = signWithdraw(KEY, person, id);
        requests.withdrawBySig(person, id, DEADLINE, signature);
        assertState(id, Requests.State.Withdrawn);
        vm.expectRevert(
            abi.encodeWithSelector(Requests.RequestClosed.selector, Requests.State.Withdrawn)
        );
        requests.withdrawBySig(person, id, DEADLINE, signature);
    }

    function test_both_sides_have_every_request_in_their_history() public {
        vm.recordLogs();
        ask(patient, "1");
        ask(neighbour, "2");
        ask(patient, "3");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (bytes32 head, uint64 length) = requests.received(patient);
        vm.assertEq(head, replayed(logs, patient, true));
        vm.assertEq(length, 2);
        (head, length) = requests.asked(doctor);
        vm.assertEq(head, replayed(logs, doctor, false));
        vm.assertEq(length, 3);
    }

    function replayed(Vm.Log[] memory logs, address party, bool owner)
        private
        pure
        returns (bytes32 head)
    {
        bytes32 topic = bytes32(uint256(uint160(party)));
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[owner ? 1 : 2] != topic) continue;
            (uint64 receivedSeq, uint64 askedSeq,, bytes memory note) =
                abi.decode(logs[i].data, (uint64, uint64, uint64, bytes));
            bytes32 entry = keccak256(
                abi.encode(logs[i].topics[3], owner ? receivedSeq : askedSeq, keccak256(note))
            );
            head = keccak256(abi.encode(head, entry));
        }
    }

    function ask(address owner, bytes32 salt) private returns (bytes32) {
        vm.prank(doctor);
        return requests.ask(owner, salt, TREATMENT, TREAT, 7 days, 1, "why");
    }

    function read(bytes32 id) private view returns (Requests.Request memory) {
        (bool ok, bytes memory data) =
            address(requests).staticcall(abi.encodeCall(requests.requests, (id)));
        vm.assertTrue(ok);
        return abi.decode(data, (Requests.Request));
    }

    function assertState(bytes32 id, Requests.State state) private view {
        vm.assertEq(uint256(read(id).state), uint256(state));
    }

    function wished() private view returns (Requests.Wish memory) {
        return Requests.Wish(person, patient, "salt", TREATMENT, TREAT, 7 days, 1, "why");
    }

    function signAsk(uint256 key, Requests.Wish memory w) private view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "AskIntent(address asker,address owner,bytes32 salt,bytes32 templateId,uint8 purpose,uint64 window,uint32 actions,bytes note,uint256 deadline)"
                ),
                w.asker,
                w.owner,
                w.salt,
                w.templateId,
                w.purpose,
                w.window,
                w.actions,
                keccak256(w.note),
                DEADLINE
            )
        );
        return signed(key, typedData(address(requests), "DHC Requests", hash));
    }

    function signWithdraw(uint256 key, address asker, bytes32 id)
        private
        view
        returns (bytes memory)
    {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("WithdrawIntent(address asker,bytes32 id,uint256 deadline)"),
                asker,
                id,
                DEADLINE
            )
        );
        return signed(key, typedData(address(requests), "DHC Requests", hash));
    }

    function signDecline(uint256 key, bytes32 id) private view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("DeclineIntent(address owner,bytes32 id,uint256 deadline)"),
                person,
                id,
                DEADLINE
            )
        );
        return signed(key, typedData(address(requests), "DHC Requests", hash));
    }

    function signAnswer(bytes32 id, bytes32 grantId) private view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "AnswerIntent(address owner,bytes32 id,bytes32 grantId,uint256 deadline)"
                ),
                person,
                id,
                grantId,
                DEADLINE
            )
        );
        return signed(KEY, typedData(address(requests), "DHC Requests", hash));
    }
}
