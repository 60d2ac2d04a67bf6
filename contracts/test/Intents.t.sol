// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {Consent} from "../src/Consent.sol";
import {Grants} from "../src/Grants.sol";
import {Identity} from "../src/Identity.sol";
import {IncentivePool} from "../src/IncentivePool.sol";
import {Intents} from "../src/Intents.sol";
import {RecordIndex} from "../src/RecordIndex.sol";
import {TemplateRules} from "../src/TemplateRules.sol";
import {NetworkTest} from "./Network.sol";
import {signed, vm} from "./Vm.sol";

/// @notice A person who signs and pays for nothing; every call here comes from a carrier.
contract IntentsTest is NetworkTest {
    uint256 private constant KEY = 0xa11ce;
    address private immutable person = vm.addr(KEY);
    uint256 private constant DEADLINE = GENESIS + 1 hours;

    bytes32 private constant STUDY = keccak256("study");
    bytes32 private constant SALT = keccak256("salt");

    string private constant GRANT_TYPE =
        "GrantIntent(address owner,bytes32 salt,address grantee,bytes32[] recordIds,bytes32 templateId,uint8 purpose,uint8 mode,uint32 actions,bool onward,uint64 notAfter,uint8 threshold,address[] approvers,bytes32 consentHash,bytes note,uint256 deadline)";

    function test_keys_are_published_as_signed_and_only_as_the_next_version() public {
        bytes memory keys = new bytes(1216);
        bytes memory first = signPublish(keys, 1);
        identity.publishBySig(person, keys, DEADLINE, first);
        (bytes32 keysHash, uint64 version,) = identity.keys(person);
        vm.assertEq(keysHash, keccak256(keys));
        vm.assertEq(version, 1);

        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        identity.publishBySig(person, keys, DEADLINE, first);

        keys[3] = 0x03;
        bytes memory second = signPublish(keys, 2);
        identity.publishBySig(person, keys, DEADLINE, second);
        (, version,) = identity.keys(person);
        vm.assertEq(version, 2);
    }

    function test_a_record_is_added_as_signed_and_once() public {
        bytes memory sealed_ = seal(HOSPITAL_KEY, person, "c", IMAGING);
        bytes memory signature = signAdd(KEY, IMAGING);
        records.addBySig(person, STUDY, "c", "r", hospital, IMAGING, sealed_, DEADLINE, signature);
        vm.assertEq(records.ownerOf(STUDY), person);
        vm.expectRevert(RecordIndex.RecordExists.selector);
        records.addBySig(person, STUDY, "c", "r", hospital, IMAGING, sealed_, DEADLINE, signature);
    }

    function test_a_record_is_added_for_nobody_else_and_not_otherwise() public {
        bytes memory sealed_ = seal(HOSPITAL_KEY, person, "c", IMAGING);
        bytes memory signature = signAdd(KEY, IMAGING);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        records.addBySig(
            neighbour, STUDY, "c", "r", hospital, IMAGING, sealed_, DEADLINE, signature
        );
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        records.addBySig(person, STUDY, "c", "q", hospital, IMAGING, sealed_, DEADLINE, signature);
        // The owner signs the quality too, but only the issuer can vouch for it.
        uint32 better = IMAGING | 0x1f;
        signature = signAdd(KEY, better);
        vm.expectRevert(RecordIndex.SealInvalid.selector);
        records.addBySig(person, STUDY, "c", "r", hospital, better, sealed_, DEADLINE, signature);
    }

    function test_a_grant_is_made_as_signed_and_once() public {
        own();
        Grants.Terms memory intent = grantIntent();
        bytes memory signature = signGrant(KEY, intent);
        bytes32 id = consent.grantBySig(intent, DEADLINE, signature);
        vm.assertEq(id, keccak256(abi.encode(person, SALT)));
        vm.assertEq(consent.approver(id, address(0xe2)), 1);
        vm.prank(doctor);
        vm.expectRevert(Grants.GrantUnapproved.selector);
        consent.recordAccess(id, STUDY, VIEW);
        vm.expectRevert(Grants.GrantExists.selector);
        consent.grantBySig(intent, DEADLINE, signature);
    }

    function testFuzz_no_term_of_a_signed_grant_can_be_changed(uint8 term, uint8 other) public {
        own();
        Grants.Terms memory intent = grantIntent();
        bytes memory signature = signGrant(KEY, intent);
        bytes32 before = keccak256(abi.encode(intent));
        change(intent, term % 14, other);
        vm.assume(keccak256(abi.encode(intent)) != before);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.grantBySig(intent, DEADLINE, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.grantBySig(grantIntent(), DEADLINE + 1, signature);
    }

    function test_a_signed_grant_fits_its_template_too() public {
        own();
        Grants.Terms memory intent = grantIntent();
        intent.notAfter = uint64(GENESIS + 366 days);
        bytes memory signature = signGrant(KEY, intent);
        vm.expectRevert(
            abi.encodeWithSelector(TemplateRules.WindowTooLong.selector, uint64(365 days))
        );
        consent.grantBySig(intent, DEADLINE, signature);
    }

    function test_a_revocation_waits_for_no_other_intent() public {
        own();
        bytes32 id = grantNow();
        // Signed before, never carried in.
        signGrant(KEY, grantIntent());
        bytes memory signature = signRevoke(KEY, id);
        consent.revokeBySig(person, id, DEADLINE, signature);
        vm.expectRevert(Grants.AlreadyRevoked.selector);
        consent.revokeBySig(person, id, DEADLINE, signature);
    }

    function testFuzz_nobody_else_signs_a_revocation(uint256 key) public {
        key = key % 1e18 + 1;
        vm.assume(key != KEY);
        own();
        bytes32 id = grantNow();
        bytes memory signature = signRevoke(key, id);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.revokeBySig(person, id, DEADLINE, signature);
        address other = vm.addr(key);
        signature = signRevokeAs(key, other, id);
        vm.expectRevert(Grants.NotGrantOwner.selector);
        consent.revokeBySig(other, id, DEADLINE, signature);
    }

    function test_a_record_is_contributed_as_signed_and_once() public {
        own();
        bytes[] memory list = attestations(pool, person, STUDY, 4);
        bytes memory signature = signContribute(4);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        pool.contributeBySig(person, STUDY, TREATMENT, 4, list, DEADLINE, signature);
        pool.contributeBySig(person, STUDY, RESEARCH_CONTRIBUTION, 4, list, DEADLINE, signature);
        (uint96 weight,) = pool.shares(0, person);
        vm.assertEq(weight, 0.375 ether);
        vm.expectRevert(IncentivePool.AlreadyContributed.selector);
        pool.contributeBySig(person, STUDY, RESEARCH_CONTRIBUTION, 4, list, DEADLINE, signature);
    }

    function test_an_intent_counts_to_its_deadline_and_no_longer() public {
        own();
        bytes32 id = grantNow();
        bytes memory signature = signRevoke(KEY, id);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(Intents.IntentExpired.selector);
        consent.revokeBySig(person, id, DEADLINE, signature);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.revokeBySig(person, id, DEADLINE + 1, signature);
        vm.warp(DEADLINE);
        consent.revokeBySig(person, id, DEADLINE, signature);
    }

    function test_an_intent_for_another_contract_or_chain_does_not_count() public {
        own();
        bytes32 id = grantNow();
        bytes memory signature = signRevoke(KEY, id);
        Consent other = new Consent(records, templates, proxies);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        other.revokeBySig(person, id, DEADLINE, signature);
        vm.chainId(1);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.revokeBySig(person, id, DEADLINE, signature);
    }

    function test_a_contract_account_answers_for_its_own_signature() public {
        ContractAccount account = new ContractAccount(person);
        indexUnsealed(address(account), STUDY);
        bytes32 id = grantTreatment(address(account), SALT, doctor, STUDY);
        bytes memory signature = signRevokeAs(STRANGER_KEY, address(account), id);
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        consent.revokeBySig(address(account), id, DEADLINE, signature);
        signature = signRevokeAs(KEY, address(account), id);
        consent.revokeBySig(address(account), id, DEADLINE, signature);
    }

    function test_nobody_acts_for_the_zero_address() public {
        vm.expectRevert(Intents.IntentSignatureInvalid.selector);
        identity.publishBySig(address(0), new bytes(1216), DEADLINE, new bytes(65));
    }

    /// The person owns STUDY, sealed.
    function own() private {
        index(person, STUDY, IMAGING);
    }

    function grantNow() private returns (bytes32) {
        return grantTreatment(person, "now", doctor, STUDY);
    }

    function grantIntent() private view returns (Grants.Terms memory i) {
        i.owner = person;
        i.salt = SALT;
        i.grantee = doctor;
        i.recordIds = one(STUDY);
        i.templateId = RESEARCH;
        i.purpose = HRESCH;
        i.mode = LIVE;
        i.actions = 3;
        i.notAfter = uint64(GENESIS + 30 days);
        i.threshold = 2;
        i.approvers = new address[](2);
        (i.approvers[0], i.approvers[1]) = (address(0xe1), address(0xe2));
        i.consentHash = keccak256("document");
        i.note = "note";
    }

    function change(Grants.Terms memory i, uint8 term, uint8 to) private view {
        if (term == 0) i.owner = neighbour;
        if (term == 1) i.salt = bytes32(uint256(to));
        if (term == 2) i.grantee = colleague;
        if (term == 3) i.recordIds[0] = bytes32(uint256(to));
        if (term == 4) i.templateId = TREATMENT;
        if (term == 5) i.purpose = to;
        if (term == 6) i.mode = to;
        if (term == 7) i.notAfter = uint64(block.timestamp + to);
        if (term == 8) i.threshold = to;
        if (term == 9) i.approvers[to % 2] = address(0xbad);
        if (term == 10) i.consentHash = bytes32(uint256(to));
        if (term == 11) i.note = abi.encode(to);
        if (term == 12) i.actions = to;
        if (term == 13) i.onward = true;
    }

    function signPublish(bytes memory keys, uint64 version) private view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "PublishIntent(address account,bytes publicKeys,uint64 version,uint256 deadline)"
                ),
                person,
                keccak256(keys),
                version,
                DEADLINE
            )
        );
        return signed(KEY, typedData(address(identity), "DHC Identity", hash));
    }

    function signAdd(uint256 key, uint32 quality) private view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "AddIntent(address owner,bytes32 id,bytes32 commitment,bytes32 root,address issuer,uint32 quality,uint256 deadline)"
                ),
                person,
                STUDY,
                bytes32("c"),
                bytes32("r"),
                hospital,
                quality,
                DEADLINE
            )
        );
        return signed(key, typedData(address(records), "DHC RecordIndex", hash));
    }

    function signGrant(uint256 key, Grants.Terms memory i) private view returns (bytes memory) {
        bytes memory fixed_ = abi.encode(
            keccak256(bytes(GRANT_TYPE)),
            i.owner,
            i.salt,
            i.grantee,
            keccak256(abi.encode(i.recordIds[0])),
            i.templateId,
            i.purpose,
            i.mode,
            i.actions,
            i.onward,
            i.notAfter,
            i.threshold
        );
        bytes32 approvers =
            keccak256(abi.encodePacked(abi.encode(i.approvers[0]), abi.encode(i.approvers[1])));
        bytes32 hash = keccak256(
            bytes.concat(fixed_, abi.encode(approvers, i.consentHash, keccak256(i.note), DEADLINE))
        );
        return signed(key, typedData(address(consent), "DHC Consent", hash));
    }

    function signRevoke(uint256 key, bytes32 id) private view returns (bytes memory) {
        return signRevokeAs(key, person, id);
    }

    function signRevokeAs(uint256 key, address owner, bytes32 id)
        private
        view
        returns (bytes memory)
    {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("RevokeIntent(address owner,bytes32 id,uint256 deadline)"),
                owner,
                id,
                DEADLINE
            )
        );
        return signed(key, typedData(address(consent), "DHC Consent", hash));
    }

    function signContribute(uint8 sixteenths) private view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "ContributeIntent(address contributor,bytes32 recordId,bytes32 templateId,uint8 sixteenths,uint256 deadline)"
                ),
                person,
                STUDY,
                RESEARCH_CONTRIBUTION,
                sixteenths,
                DEADLINE
            )
        );
        return signed(KEY, typedData(address(pool), "DHC IncentivePool", hash));
    }
}

/// @notice An account that is a contract and takes the signatures of one key as its own.
contract ContractAccount is IERC1271 {
    address private immutable keyHolder;

    constructor(address keyHolder_) {
        keyHolder = keyHolder_;
    }

    function isValidSignature(bytes32 digest, bytes memory signature)
        external
        view
        returns (bytes4)
    {
        bool own = ECDSA.recover(digest, signature) == keyHolder;
        return own ? this.isValidSignature.selector : bytes4(0);
    }
}
