// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {HashChain} from "./HashChain.sol";
import {IProxies} from "./IProxies.sol";
import {RecordIndex} from "./RecordIndex.sol";
import {TemplateRules} from "./TemplateRules.sol";
import {Templates} from "./Templates.sol";

/// @title How grants come to be, are renewed, shared onward, approved and ended
/// @notice Each function takes who acts; `Consent` says how it knows them.
abstract contract Grants {
    using HashChain for HashChain.Chain;

    struct Grant {
        address owner;
        uint64 notBefore;
        /// Bit number of the purpose, as in Templates.
        uint8 purpose;
        /// 0 live: the owner's app releases the key, opening by opening. 1 sealed: the note holds it.
        /// 2 custody: any m of the holders that the note names release it, opening by opening.
        uint8 mode;
        bool revoked;
        /// Approvals needed in each round before the grant is active.
        uint8 threshold;
        address grantee;
        /// The last second in which the grant is active.
        uint64 notAfter;
        /// Approvals in this round.
        uint8 approvals;
        /// Whether the grantee may share it.
        bool onward;
        /// From 1; each renewal of a grant that wants approvals begins the next.
        uint16 round;
        /// Who made it and signed its note: the owner, a proxy, or the parent's grantee.
        address by;
        uint64 openings;
        /// What the grantee may do: bits, as in Templates.
        uint32 actions;
        /// When the glass was last broken; zero if never.
        uint64 brokenAt;
        /// The template's: zero for an ordinary grant.
        uint64 glassWindow;
        bytes32 templateId;
        /// Salted hash of the FHIR Consent document, which stays off chain.
        bytes32 consentHash;
        /// keccak256 of the note in the event.
        bytes32 noteHash;
        /// The grant that this one was shared from, which must be active too; zero for none.
        bytes32 parent;
    }

    /// @notice What an owner decides when granting.
    struct Terms {
        address owner;
        /// Chosen anew for each grant; the id is keccak256(abi.encode(owner, salt)).
        bytes32 salt;
        address grantee;
        /// 1 to 16 records of the owner, each once.
        bytes32[] recordIds;
        bytes32 templateId;
        uint8 purpose;
        uint8 mode;
        uint32 actions;
        bool onward;
        uint64 notAfter;
        /// How many of `approvers` must approve before the grant is active. None of them can be the
        /// owner, the grantee, or who makes the grant.
        uint8 threshold;
        address[] approvers;
        bytes32 consentHash;
        /// At most 8 KiB for the grantee alone, encrypted.
        bytes note;
    }

    uint256 public constant MAX_NOTE = 8192;
    uint256 public constant MAX_APPROVERS = 16;
    uint256 public constant MAX_OBJECTS = 16;

    uint32 internal constant MAY_GRANT = 1 << 0;
    uint32 internal constant MAY_REVOKE = 1 << 1;
    uint32 internal constant MAY_RENEW = 1 << 2;

    uint32 private constant ASKED = 1;

    RecordIndex public immutable records;
    Templates public immutable templates;
    /// @notice Zero on a network where nobody acts for others.
    IProxies public immutable proxies;

    mapping(bytes32 id => Grant) public grants;
    /// @notice The records that a grant is for.
    mapping(bytes32 id => bytes32[]) public objects;
    /// @notice 0 not an approver, 1 asked, else 1 + the last round approved.
    mapping(bytes32 id => mapping(address account => uint32)) public approver;
    mapping(address owner => HashChain.Chain) public given;
    mapping(address grantee => HashChain.Chain) public received;

    event Granted(
        address indexed owner,
        address indexed grantee,
        bytes32 indexed id,
        address by,
        uint64 givenSeq,
        uint64 receivedSeq,
        bytes32[] recordIds,
        bytes32 parent,
        uint64 time,
        bytes note
    );
    event Renewed(
        bytes32 indexed id,
        address indexed owner,
        address indexed by,
        uint64 notAfter,
        uint16 round,
        bytes32 consentHash,
        uint64 time
    );
    event Approved(bytes32 indexed id, address indexed approver, uint16 round, uint64 time);
    event Revoked(bytes32 indexed id, address indexed owner, address indexed by, uint64 time);

    error GrantExists();
    error GrantUnknown();
    error GrantRevoked();
    error GrantExpired();
    error GrantUnapproved();
    error GrantDormant();
    error NotRecordOwner();
    error NotGrantOwner();
    error NotGrantee();
    error NotApprover();
    error AlreadyApproved();
    error RoundOver(uint16 round);
    error AlreadyRevoked();
    error GranteeInvalid();
    error ModeUnknown(uint8 mode);
    error ExpiryPast();
    error RenewalNotLater();
    error OutlastsParent();
    error OnwardRefused();
    error ActionRefused(uint256 action);
    error NotGranted(bytes32 recordId);
    error ObjectsInvalid();
    error NoteTooLong(uint256 length);
    error TooManyApprovers(uint256 count);
    error ApproverInvalid(address account);
    error ThresholdUnreachable();

    constructor(RecordIndex records_, Templates templates_, IProxies proxies_) {
        records = records_;
        templates = templates_;
        proxies = proxies_;
    }

    /// @notice The records that grant `id` is for.
    function objectsOf(bytes32 id) external view returns (bytes32[] memory) {
        return objects[id];
    }

    function _grant(address by, Terms calldata t) internal returns (bytes32 id) {
        id = keccak256(abi.encode(t.owner, t.salt));
        require(grants[id].owner == address(0), GrantExists());
        require(_acts(t.owner, by, MAY_GRANT), NotRecordOwner());
        _keepOwned(id, t.owner, t.recordIds);
        Grant memory g;
        g.owner = t.owner;
        g.notBefore = uint64(block.timestamp);
        g.purpose = t.purpose;
        g.mode = t.mode;
        g.threshold = t.threshold;
        g.grantee = t.grantee;
        g.notAfter = t.notAfter;
        g.onward = t.onward;
        g.round = 1;
        g.by = by;
        g.actions = t.actions;
        g.templateId = t.templateId;
        g.consentHash = t.consentHash;
        require(t.grantee != address(0), GranteeInvalid());
        require(t.mode <= TemplateRules.CUSTODY, ModeUnknown(t.mode));
        require(t.notAfter > block.timestamp, ExpiryPast());
        g.glassWindow = _admit(g, t.threshold);
        _list(g, id, t.approvers);
        _put(g, id, t.recordIds, t.note);
    }

    /// @notice Passes an active grant on, in part or whole. What is passed on is never more.
    function _share(
        bytes32 parentId,
        bytes32 salt,
        address grantee,
        bytes32[] calldata recordIds,
        uint64 notAfter,
        uint32 actions,
        bytes calldata note
    ) internal returns (bytes32 id) {
        Grant storage parent = _existing(parentId);
        require(msg.sender == parent.grantee, NotGrantee());
        _requireActive(parent);
        require(parent.onward && parent.mode != TemplateRules.CUSTODY, OnwardRefused());
        // Three words: no id of an owner's own, which is of two.
        id = keccak256(abi.encode(parentId, msg.sender, salt));
        require(grants[id].owner == address(0), GrantExists());
        require(
            grantee != address(0) && grantee != parent.owner && grantee != msg.sender,
            GranteeInvalid()
        );
        require(notAfter > block.timestamp, ExpiryPast());
        require(notAfter <= parent.notAfter, OutlastsParent());
        require(actions & ~parent.actions == 0, ActionRefused(actions));
        _keepShared(id, parentId, recordIds);
        Grant memory g;
        g.owner = parent.owner;
        g.notBefore = uint64(block.timestamp);
        g.purpose = parent.purpose;
        g.mode = parent.mode;
        g.grantee = grantee;
        g.notAfter = notAfter;
        g.round = 1;
        g.by = msg.sender;
        g.actions = actions;
        g.templateId = parent.templateId;
        g.consentHash = parent.consentHash;
        g.parent = parentId;
        // The parent's approvals stand for what is shared of it.
        _admit(g, parent.threshold);
        _put(g, id, recordIds, note);
    }

    function _renew(address by, bytes32 id, uint64 notAfter, bytes32 consentHash) internal {
        Grant storage g = _existing(id);
        require(_acts(g.owner, by, MAY_RENEW), NotGrantOwner());
        require(!g.revoked, GrantRevoked());
        require(block.timestamp <= g.notAfter, GrantExpired());
        require(notAfter > g.notAfter, RenewalNotLater());
        uint8 threshold = g.threshold;
        if (g.parent != 0) {
            Grant storage parent = grants[g.parent];
            require(notAfter <= parent.notAfter, OutlastsParent());
            threshold = parent.threshold;
        }
        g.notAfter = notAfter;
        g.consentHash = consentHash;
        _admit(g, threshold);
        if (g.threshold > 0) {
            ++g.round;
            g.approvals = 0;
        }
        emit Renewed(id, g.owner, by, notAfter, g.round, consentHash, uint64(block.timestamp));
    }

    function _approve(address account, bytes32 id, uint16 round) internal {
        Grant storage g = _existing(id);
        uint32 standing = approver[id][account];
        uint32 approved = ASKED + g.round;
        require(standing != 0, NotApprover());
        require(standing != approved, AlreadyApproved());
        require(round == g.round, RoundOver(g.round));
        require(!g.revoked, GrantRevoked());
        require(block.timestamp <= g.notAfter, GrantExpired());
        approver[id][account] = approved;
        ++g.approvals;
        emit Approved(id, account, round, uint64(block.timestamp));
    }

    function _revoke(address by, bytes32 id) internal {
        Grant storage g = _existing(id);
        require(_acts(g.owner, by, MAY_REVOKE), NotGrantOwner());
        require(!g.revoked, AlreadyRevoked());
        g.revoked = true;
        emit Revoked(id, g.owner, by, uint64(block.timestamp));
    }

    function _existing(bytes32 id) internal view returns (Grant storage g) {
        g = grants[id];
        require(g.owner != address(0), GrantUnknown());
    }

    /// @dev Reverts unless the grant stands: not revoked, not over, approved.
    function _requireStanding(Grant storage g) internal view {
        require(!g.revoked, GrantRevoked());
        require(block.timestamp <= g.notAfter, GrantExpired());
        require(g.approvals >= g.threshold, GrantUnapproved());
    }

    /// @dev Reverts unless the grant stands, is not dormant, and neither is its parent.
    function _requireActive(Grant storage g) internal view {
        _requireStanding(g);
        require(g.glassWindow == 0 || _glassOpen(g), GrantDormant());
        if (g.parent != 0) _requireActive(grants[g.parent]);
    }

    function _glassOpen(Grant storage g) internal view returns (bool) {
        return g.brokenAt != 0 && block.timestamp <= uint256(g.brokenAt) + g.glassWindow;
    }

    function _acts(address owner, address by, uint32 power) private view returns (bool) {
        if (by == owner) return true;
        return address(proxies) != address(0) && proxies.may(owner, by, power);
    }

    /// @dev Reverts unless the template admits the grant as it is now; answers the glass window.
    function _admit(Grant memory g, uint8 threshold) private view returns (uint64) {
        Templates.Template memory t = templates.find(g.templateId);
        TemplateRules.admitGrant(
            t,
            TemplateRules.Wish({
                purpose: g.purpose,
                mode: g.mode,
                threshold: threshold,
                onward: g.onward,
                actions: g.actions,
                window: g.notAfter - uint64(block.timestamp)
            })
        );
        return t.glassWindow;
    }

    function _keepOwned(bytes32 id, address owner, bytes32[] calldata recordIds) private {
        _requireDistinct(recordIds);
        for (uint256 i = 0; i < recordIds.length; ++i) {
            require(records.ownerOf(recordIds[i]) == owner, NotRecordOwner());
        }
        objects[id] = recordIds;
    }

    function _keepShared(bytes32 id, bytes32 parentId, bytes32[] calldata recordIds) private {
        _requireDistinct(recordIds);
        for (uint256 i = 0; i < recordIds.length; ++i) {
            _requireObject(parentId, recordIds[i]);
        }
        objects[id] = recordIds;
    }

    function _requireDistinct(bytes32[] calldata recordIds) private pure {
        require(recordIds.length > 0 && recordIds.length <= MAX_OBJECTS, ObjectsInvalid());
        for (uint256 i = 1; i < recordIds.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                require(recordIds[i] != recordIds[j], ObjectsInvalid());
            }
        }
    }

    /// @dev Reverts unless `recordId` is one of the grant's objects.
    function _requireObject(bytes32 id, bytes32 recordId) internal view {
        bytes32[] storage list = objects[id];
        uint256 length = list.length;
        for (uint256 i = 0; i < length; ++i) {
            if (list[i] == recordId) return;
        }
        revert NotGranted(recordId);
    }

    function _list(Grant memory g, bytes32 id, address[] calldata approvers) private {
        require(approvers.length <= MAX_APPROVERS, TooManyApprovers(approvers.length));
        require(g.threshold <= approvers.length, ThresholdUnreachable());
        for (uint256 i = 0; i < approvers.length; ++i) {
            address a = approvers[i];
            bool other = a != address(0) && a != g.owner && a != g.grantee && a != g.by;
            require(other && approver[id][a] == 0, ApproverInvalid(a));
            approver[id][a] = ASKED;
        }
    }

    function _put(Grant memory g, bytes32 id, bytes32[] calldata recordIds, bytes calldata note)
        private
    {
        require(note.length <= MAX_NOTE, NoteTooLong(note.length));
        g.noteHash = keccak256(note);
        grants[id] = g;
        uint64 givenSeq = given[g.owner].length;
        uint64 receivedSeq = received[g.grantee].length;
        given[g.owner].append(keccak256(abi.encode(id, givenSeq, g.noteHash)));
        received[g.grantee].append(keccak256(abi.encode(id, receivedSeq, g.noteHash)));
        emit Granted(
            g.owner,
            g.grantee,
            id,
            g.by,
            givenSeq,
            receivedSeq,
            recordIds,
            g.parent,
            g.notBefore,
            note
        );
    }
}
