// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Grants} from "../src/Grants.sol";
import {Intents} from "../src/Intents.sol";
import {Wording} from "../src/Wording.sol";
import {NetworkTest} from "./Network.sol";
import {signed, vm} from "./Vm.sol";

/// @notice What an approver's wallet shows is what stands in the grant, or the signature is none.
contract ApprovalTest is NetworkTest {
    /// What the wallet shows.
    struct Shown {
        address owner;
        address grantee;
        bytes32 record;
        string purpose;
        string template;
        string actions;
        bool onward;
        string mode;
        string until;
        bytes32 id;
        uint16 round;
    }

    uint256 private constant KEY = 0xe1e1;
    address private immutable approver = vm.addr(KEY);
    uint256 private constant DEADLINE = GENESIS + 1 hours;
    bytes32 private constant STUDY = keccak256("study");

    function test_an_approval_is_given_as_signed_and_once() public {
        bytes32 id = awaiting();
        bytes memory signature = sign(shown(id));
        consent.approveBySig(approver, id, 1, DEADLINE, signature);
        vm.assertEq(consent.approver(id, approver), 2);
        vm.expectRevert(Grants.AlreadyApproved.selector);
        consent.approveBySig(approver, id, 1, DEADLINE, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.approveBySig(address(0xe2), id, 1, DEADLINE, signature);
    }

    function testFuzz_nobody_approves_by_other_terms_than_the_grants(uint8 term, uint8 other)
        public
    {
        bytes32 id = awaiting();
        Shown memory s = shown(id);
        bytes32 before = keccak256(abi.encode(s));
        change(s, term % 11, other);
        vm.assume(keccak256(abi.encode(s)) != before);
        bytes memory signature = sign(s);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.approveBySig(approver, id, 1, DEADLINE, signature);
    }

    function test_an_approval_of_a_round_is_none_of_the_next() public {
        bytes32 id = awaiting();
        Shown memory s = shown(id);
        bytes memory signature = sign(s);
        vm.prank(patient);
        consent.renew(id, uint64(GENESIS + 60 days), "new");
        vm.expectRevert(abi.encodeWithSelector(Grants.RoundOver.selector, uint16(2)));
        consent.approveBySig(approver, id, 1, DEADLINE, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.approveBySig(approver, id, 2, DEADLINE, signature);
        (s.until, s.round) = ("2027-03-16T08:00:00Z", 2);
        signature = sign(s);
        consent.approveBySig(approver, id, 2, DEADLINE, signature);
        vm.assertEq(consent.approver(id, approver), 3);
    }

    function test_nobody_approves_what_there_is_not() public {
        bytes memory signature = sign(shown(awaiting()));
        vm.expectRevert(Grants.GrantUnknown.selector);
        consent.approveBySig(approver, keccak256("nothing"), 1, DEADLINE, signature);
    }

    function test_terms_are_worded_as_everywhere() public pure {
        string[12] memory purposes = [
            "TREAT",
            "ETREAT",
            "COC",
            "HPAYMT",
            "HOPERAT",
            "HRESCH",
            "CLINTRCH",
            "PATRQT",
            "FAMRQT",
            "PUBHLTH",
            "HMARKT",
            "MLTRAINING"
        ];
        for (uint8 i = 0; i < 12; ++i) {
            same(Wording.purpose(i), purposes[i]);
        }
        same(Wording.purpose(12), "12");
        same(Wording.mode(LIVE), "live");
        same(Wording.mode(SEALED), "sealed");
        same(Wording.mode(CUSTODY), "custody");
        same(Wording.mode(3), "3");
        same(Wording.actions(1), "view");
        same(Wording.actions(7), "view, export, annotate");
        same(Wording.actions(4), "annotate");
        same(Wording.actions(1 << 31 | 1 << 3 | 2), "export, 3, 31");
    }

    function test_the_end_is_worded_by_the_calendar() public pure {
        same(Wording.time(0), "1970-01-01T00:00:00Z");
        same(Wording.time(951_782_399), "2000-02-28T23:59:59Z");
        same(Wording.time(951_782_400), "2000-02-29T00:00:00Z");
        same(Wording.time(1_709_164_800), "2024-02-29T00:00:00Z");
        same(Wording.time(1_735_689_599), "2024-12-31T23:59:59Z");
        same(Wording.time(1_798_761_600), "2027-01-01T00:00:00Z");
        same(Wording.time(4_107_542_399), "2100-02-28T23:59:59Z");
        same(Wording.time(4_107_542_400), "2100-03-01T00:00:00Z");
        same(Wording.time(253_402_300_799), "9999-12-31T23:59:59Z");
    }

    /// Read back by counting years and months, with the rule of the leap years.
    function testFuzz_a_worded_end_is_the_second_it_was(uint64 second) public pure {
        second = second % 253_402_300_800;
        bytes memory text = bytes(Wording.time(second));
        vm.assertEq(text.length, uint256(20));
        (uint256 year, uint256 month) = (number(text, 0, 4), number(text, 5, 7));
        uint256 past = year - 1;
        uint256 count = past * 365 + past / 4 - past / 100 + past / 400 - 719_162;
        uint8[12] memory lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        if (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) lengths[1] = 29;
        for (uint256 m = 1; m < month; ++m) {
            count += lengths[m - 1];
        }
        uint256 day = number(text, 8, 10);
        vm.assertTrue(day >= 1 && day <= lengths[month - 1]);
        uint256 time =
            number(text, 11, 13) * 3600 + number(text, 14, 16) * 60 + number(text, 17, 19);
        vm.assertEq((count + day - 1) * 1 days + time, uint256(second));
    }

    /// A grant for research that the approver and another must approve.
    function awaiting() private returns (bytes32) {
        index(patient, STUDY, IMAGING);
        Grants.Terms memory t = treatment(patient, "salt", doctor, STUDY);
        (t.templateId, t.purpose, t.actions, t.threshold) = (RESEARCH, HRESCH, 3, 2);
        t.notAfter = uint64(GENESIS + 30 days);
        t.approvers = new address[](2);
        (t.approvers[0], t.approvers[1]) = (approver, address(0xe2));
        vm.prank(patient);
        return consent.grant(t);
    }

    function shown(bytes32 id) private pure returns (Shown memory s) {
        s.owner = patient;
        s.grantee = doctor;
        s.record = STUDY;
        s.purpose = "HRESCH";
        s.template = "research";
        s.actions = "view, export";
        s.mode = "live";
        s.until = "2027-02-14T08:00:00Z";
        s.id = id;
        s.round = 1;
    }

    function change(Shown memory s, uint8 term, uint8 to) private pure {
        if (term == 0) s.owner = neighbour;
        if (term == 1) s.grantee = colleague;
        if (term == 2) s.record = bytes32(uint256(to));
        if (term == 3) s.purpose = Wording.purpose(to);
        if (term == 4) s.template = "treatment";
        if (term == 5) s.actions = Wording.actions(to);
        if (term == 6) s.onward = true;
        if (term == 7) s.mode = Wording.mode(to);
        if (term == 8) s.until = Wording.time(to);
        if (term == 9) s.id = bytes32(uint256(to));
        if (term == 10) s.round = to;
    }

    function sign(Shown memory s) private view returns (bytes memory) {
        bytes32 kind = keccak256(
            "ApproveIntent(address approver,address owner,address grantee,bytes32[] recordIds,string purpose,string template,string actions,bool onward,string mode,string until,bytes32 id,uint16 round,uint256 deadline)"
        );
        bytes memory who =
            abi.encode(kind, approver, s.owner, s.grantee, keccak256(abi.encode(s.record)));
        bytes memory what = abi.encode(
            keccak256(bytes(s.purpose)),
            keccak256(bytes(s.template)),
            keccak256(bytes(s.actions)),
            s.onward,
            keccak256(bytes(s.mode)),
            keccak256(bytes(s.until))
        );
        bytes32 hash = keccak256(bytes.concat(who, what, abi.encode(s.id, s.round, DEADLINE)));
        return signed(KEY, typedData(address(consent), "DHC Consent", hash));
    }

    /// The decimal number of the digits from `from` up to before `to`.
    function number(bytes memory text, uint256 from, uint256 to) private pure returns (uint256 n) {
        for (uint256 i = from; i < to; ++i) {
            n = n * 10 + uint8(text[i]) - 48;
        }
    }

    function same(string memory left, string memory right) private pure {
        vm.assertEq(keccak256(bytes(left)), keccak256(bytes(right)));
    }
}
