// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {HashChain} from "./HashChain.sol";
import {Intents} from "./Intents.sol";
import {RecordIndex} from "./RecordIndex.sol";
import {TemplateRules} from "./TemplateRules.sol";
import {Templates} from "./Templates.sol";

/// @title Grants: who may open which record, for what purpose, until when, and who has opened it
/// @notice A grant fits a template when it is made. Only the record's owner makes it and only the owner
/// revokes it; approvers named in it may approve, its grantee may open. Nothing else changes it.
contract Consent is Intents {
    using HashChain for HashChain.Chain;

    struct Grant {
        address owner;
        uint64 notBefore;
        /// Bit number of the purpose, as in Templates.
        uint8 purpose;
        /// 0 live: the owner's app releases the key, opening by opening. 1 sealed: the note holds it.
        uint8 mode;
        bool revoked;
        /// Approvals needed before the grant is active.
        uint8 threshold;
        address grantee;
        /// The last second in which the grant is active.
        uint64 notAfter;
        uint8 approvals;
        bytes32 recordId;
        bytes32 templateId;
        /// Salted hash of the FHIR Consent document, which stays off chain.
        bytes32 consentHash;
        /// keccak256 of the note in the event.
        bytes32 noteHash;
        uint64 openings;
    }

    /// @notice The arguments of `grant` as its owner signs them.
    struct GrantIntent {
        address owner;
        bytes32 salt;
        address grantee;
        bytes32 recordId;
        bytes32 templateId;
        uint8 purpose;
        uint8 mode;
        uint64 notAfter;
        uint8 threshold;
        address[] approvers;
        bytes32 consentHash;
        bytes note;
        uint256 deadline;
    }

    uint256 public constant MAX_NOTE = 4096;
    uint256 public constant MAX_APPROVERS = 16;

    uint8 private constant SEALED = 1;
    uint8 private constant LISTED = 1;
    uint8 private constant APPROVED = 2;

    bytes32 private constant GRANT_TYPEHASH = keccak256(
        "GrantIntent(address owner,bytes32 salt,address grantee,bytes32 recordId,bytes32 templateId,uint8 purpose,uint8 mode,uint64 notAfter,uint8 threshold,address[] approvers,bytes32 consentHash,bytes note,uint256 deadline)"
    );
    bytes32 private constant APPROVE_TYPEHASH =
        keccak256("ApproveIntent(address approver,bytes32 id,uint256 deadline)");
    bytes32 private constant REVOKE_TYPEHASH =
        keccak256("RevokeIntent(address owner,bytes32 id,uint256 deadline)");

    RecordIndex public immutable records;
    Templates public immutable templates;

    mapping(bytes32 id => Grant) public grants;
    /// @notice 0 not an approver, 1 asked, 2 has approved.
    mapping(bytes32 id => mapping(address account => uint8)) public approver;
    mapping(address owner => HashChain.Chain) public given;
    mapping(address grantee => HashChain.Chain) public received;
    /// @notice The access log of an owner's records.
    mapping(address owner => HashChain.Chain) public accesses;

    event Granted(
        address indexed owner,
        address indexed grantee,
        bytes32 indexed id,
        uint64 givenSeq,
        uint64 receivedSeq,
        bytes32 recordId,
        uint64 time,
        bytes note
    );
    event Approved(bytes32 indexed id, address indexed approver, uint64 time);
    event Revoked(bytes32 indexed id, address indexed owner, uint64 time);
    event Accessed(
        address indexed owner,
        uint64 indexed seq,
        bytes32 indexed id,
        address by,
        uint8 purpose,
        bytes32 object,
        uint8 mode,
        uint64 time
    );

    error GrantExists();
    error GrantUnknown();
    error GrantRevoked();
    error GrantExpired();
    error GrantUnapproved();
    error NotRecordOwner();
    error NotGrantOwner();
    error NotGrantee();
    error NotApprover();
    error AlreadyApproved();
    error AlreadyRevoked();
    error GranteeInvalid();
    error ModeUnknown(uint8 mode);
    error ExpiryPast();
    error NoteTooLong(uint256 length);
    error TooManyApprovers(uint256 count);
    error ApproverInvalid(address account);
    error ThresholdUnreachable();

    constructor(RecordIndex records_, Templates templates_) EIP712("DHC Consent", "1") {
        records = records_;
        templates = templates_;
    }

    /// @notice Grants `grantee` a record of the caller, from now until `notAfter`.
    /// @param salt Chosen by the owner; the id is keccak256(abi.encode(owner, salt)).
    /// @param threshold How many of `approvers` must approve before the grant is active. Neither the
    /// owner nor the grantee can be one of them.
    /// @param note At most 4 KiB for the grantee alone, encrypted.
    function grant(
        bytes32 salt,
        address grantee,
        bytes32 recordId,
        bytes32 templateId,
        uint8 purpose,
        uint8 mode,
        uint64 notAfter,
        uint8 threshold,
        address[] calldata approvers,
        bytes32 consentHash,
        bytes calldata note
    ) external returns (bytes32 id) {
        Grant memory g;
        g.owner = msg.sender;
        g.notBefore = uint64(block.timestamp);
        g.purpose = purpose;
        g.mode = mode;
        g.threshold = threshold;
        g.grantee = grantee;
        g.notAfter = notAfter;
        g.recordId = recordId;
        g.templateId = templateId;
        g.consentHash = consentHash;
        return _grant(g, salt, approvers, note);
    }

    /// @notice As `grant`, for the owner who signed `intent`.
    function grantBySig(GrantIntent calldata intent, bytes calldata signature)
        external
        returns (bytes32 id)
    {
        bytes32 hash = keccak256(
            abi.encode(
                GRANT_TYPEHASH,
                intent.owner,
                intent.salt,
                intent.grantee,
                intent.recordId,
                intent.templateId,
                intent.purpose,
                intent.mode,
                intent.notAfter,
                intent.threshold,
                keccak256(abi.encodePacked(intent.approvers)),
                intent.consentHash,
                keccak256(intent.note),
                intent.deadline
            )
        );
        _checkIntent(intent.owner, hash, intent.deadline, signature);
        Grant memory g;
        g.owner = intent.owner;
        g.notBefore = uint64(block.timestamp);
        g.purpose = intent.purpose;
        g.mode = intent.mode;
        g.threshold = intent.threshold;
        g.grantee = intent.grantee;
        g.notAfter = intent.notAfter;
        g.recordId = intent.recordId;
        g.templateId = intent.templateId;
        g.consentHash = intent.consentHash;
        return _grant(g, intent.salt, intent.approvers, intent.note);
    }

    /// @notice Approves a grant that names the caller as an approver.
    function approve(bytes32 id) external {
        _approve(msg.sender, id);
    }

    /// @notice As `approve`, for `account`, which signed `ApproveIntent`.
    function approveBySig(address account, bytes32 id, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 hash = keccak256(abi.encode(APPROVE_TYPEHASH, account, id, deadline));
        _checkIntent(account, hash, deadline, signature);
        _approve(account, id);
    }

    /// @notice Ends a grant of the caller at once and for ever.
    function revoke(bytes32 id) external {
        _revoke(msg.sender, id);
    }

    /// @notice As `revoke`, for `owner`, who signed `RevokeIntent`.
    function revokeBySig(address owner, bytes32 id, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 hash = keccak256(abi.encode(REVOKE_TYPEHASH, owner, id, deadline));
        _checkIntent(owner, hash, deadline, signature);
        _revoke(owner, id);
    }

    /// @notice Enters into the owner's access log that the caller, a grantee, opens `object`. The
    /// owner's app releases a key only after it has proven this entry.
    function recordAccess(bytes32 id, bytes32 object) external {
        Grant storage g = _existing(id);
        require(msg.sender == g.grantee, NotGrantee());
        require(!g.revoked, GrantRevoked());
        require(block.timestamp <= g.notAfter, GrantExpired());
        require(g.approvals >= g.threshold, GrantUnapproved());

        ++g.openings;
        (address owner, uint8 purpose, uint8 mode) = (g.owner, g.purpose, g.mode);
        uint64 seq = accesses[owner].length;
        uint64 time = uint64(block.timestamp);
        accesses[owner].append(
            keccak256(abi.encode(owner, seq, id, msg.sender, purpose, object, mode, time))
        );
        emit Accessed(owner, seq, id, msg.sender, purpose, object, mode, time);
    }

    function _grant(Grant memory g, bytes32 salt, address[] calldata approvers, bytes calldata note)
        private
        returns (bytes32 id)
    {
        id = keccak256(abi.encode(g.owner, salt));
        require(grants[id].owner == address(0), GrantExists());
        require(records.ownerOf(g.recordId) == g.owner, NotRecordOwner());
        require(g.grantee != address(0), GranteeInvalid());
        require(g.mode <= SEALED, ModeUnknown(g.mode));
        require(g.notAfter > g.notBefore, ExpiryPast());
        require(note.length <= MAX_NOTE, NoteTooLong(note.length));
        TemplateRules.admitGrant(
            templates.find(g.templateId), g.purpose, g.notAfter - g.notBefore, g.threshold, g.mode
        );
        _list(g, id, approvers);
        g.noteHash = keccak256(note);
        grants[id] = g;
        _announce(g, id, note);
    }

    function _list(Grant memory g, bytes32 id, address[] calldata approvers) private {
        require(approvers.length <= MAX_APPROVERS, TooManyApprovers(approvers.length));
        require(g.threshold <= approvers.length, ThresholdUnreachable());
        for (uint256 i = 0; i < approvers.length; ++i) {
            address a = approvers[i];
            require(
                a != address(0) && a != g.owner && a != g.grantee && approver[id][a] == 0,
                ApproverInvalid(a)
            );
            approver[id][a] = LISTED;
        }
    }

    function _announce(Grant memory g, bytes32 id, bytes calldata note) private {
        uint64 givenSeq = given[g.owner].length;
        uint64 receivedSeq = received[g.grantee].length;
        given[g.owner].append(keccak256(abi.encode(id, givenSeq, g.noteHash)));
        received[g.grantee].append(keccak256(abi.encode(id, receivedSeq, g.noteHash)));
        emit Granted(g.owner, g.grantee, id, givenSeq, receivedSeq, g.recordId, g.notBefore, note);
    }

    function _approve(address account, bytes32 id) private {
        Grant storage g = _existing(id);
        uint8 standing = approver[id][account];
        require(standing != 0, NotApprover());
        require(standing != APPROVED, AlreadyApproved());
        require(!g.revoked, GrantRevoked());
        require(block.timestamp <= g.notAfter, GrantExpired());
        approver[id][account] = APPROVED;
        ++g.approvals;
        emit Approved(id, account, uint64(block.timestamp));
    }

    function _revoke(address account, bytes32 id) private {
        Grant storage g = _existing(id);
        require(account == g.owner, NotGrantOwner());
        require(!g.revoked, AlreadyRevoked());
        g.revoked = true;
        emit Revoked(id, account, uint64(block.timestamp));
    }

    function _existing(bytes32 id) private view returns (Grant storage g) {
        g = grants[id];
        require(g.owner != address(0), GrantUnknown());
    }
}
