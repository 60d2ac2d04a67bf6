// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {AccessLog} from "./AccessLog.sol";
import {Grants} from "./Grants.sol";
import {IProxies} from "./IProxies.sol";
import {Intents} from "./Intents.sol";
import {RecordIndex} from "./RecordIndex.sol";
import {Templates} from "./Templates.sol";
import {Wording} from "./Wording.sol";

/// @title Grants: who may do what with which records, for what purpose, until when, and who has
/// @notice A grant fits a template when it is made and when it is renewed. Only the records' owner, or
/// a proxy with that power, makes, renews and revokes it; approvers named in it may approve, its
/// grantee may open, and share onward if the owner allows it. Nothing else changes it.
contract Consent is Intents, AccessLog {
    bytes32 private constant GRANT_TYPEHASH = keccak256(
        "GrantIntent(address owner,bytes32 salt,address grantee,bytes32[] recordIds,bytes32 templateId,uint8 purpose,uint8 mode,uint32 actions,bool onward,uint64 notAfter,uint8 threshold,address[] approvers,bytes32 consentHash,bytes note,uint256 deadline)"
    );
    bytes32 private constant RENEW_TYPEHASH = keccak256(
        "RenewIntent(address owner,bytes32 id,uint64 notAfter,bytes32 consentHash,uint256 deadline)"
    );
    bytes32 private constant APPROVE_TYPEHASH = keccak256(
        "ApproveIntent(address approver,address owner,address grantee,bytes32[] recordIds,string purpose,string template,string actions,bool onward,string mode,string until,bytes32 id,uint16 round,uint256 deadline)"
    );
    bytes32 private constant REVOKE_TYPEHASH =
        keccak256("RevokeIntent(address owner,bytes32 id,uint256 deadline)");

    constructor(RecordIndex records_, Templates templates_, IProxies proxies_)
        EIP712("DHC Consent", "1")
        Grants(records_, templates_, proxies_)
    {}

    /// @notice Grants records of `terms.owner`, from now until `terms.notAfter`. The caller is the
    /// owner, or their proxy.
    function grant(Terms calldata terms) external returns (bytes32 id) {
        return _grant(msg.sender, terms);
    }

    /// @notice As `grant`, for the owner, who signed `GrantIntent`.
    function grantBySig(Terms calldata terms, uint256 deadline, bytes calldata signature)
        external
        returns (bytes32 id)
    {
        bytes32 hash = keccak256(
            abi.encode(
                GRANT_TYPEHASH,
                terms.owner,
                terms.salt,
                terms.grantee,
                keccak256(abi.encodePacked(terms.recordIds)),
                terms.templateId,
                terms.purpose,
                terms.mode,
                terms.actions,
                terms.onward,
                terms.notAfter,
                terms.threshold,
                keccak256(abi.encodePacked(terms.approvers)),
                terms.consentHash,
                keccak256(terms.note),
                deadline
            )
        );
        _checkIntent(terms.owner, hash, deadline, signature);
        return _grant(terms.owner, terms);
    }

    /// @notice Passes a grant to the caller on to `grantee`: the same purpose and mode, of its records
    /// `recordIds`, of its actions `actions`, until `notAfter` at the latest as itself. The new grant is
    /// active only while this one is, and goes no further. Its owner is this one's.
    /// @param salt Chosen by the caller; the id is keccak256(abi.encode(parentId, caller, salt)).
    function share(
        bytes32 parentId,
        bytes32 salt,
        address grantee,
        bytes32[] calldata recordIds,
        uint64 notAfter,
        uint32 actions,
        bytes calldata note
    ) external returns (bytes32 id) {
        return _share(parentId, salt, grantee, recordIds, notAfter, actions, note);
    }

    /// @notice Moves the end of a grant to `notAfter`, which fits its template counted from now. One
    /// that wants approvals wants them again.
    /// @param consentHash Salted hash of the Consent document as it is from now on.
    function renew(bytes32 id, uint64 notAfter, bytes32 consentHash) external {
        _renew(msg.sender, id, notAfter, consentHash);
    }

    /// @notice As `renew`, for `owner`, who signed `RenewIntent`.
    function renewBySig(
        address owner,
        bytes32 id,
        uint64 notAfter,
        bytes32 consentHash,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 hash = keccak256(
            abi.encode(RENEW_TYPEHASH, owner, id, notAfter, consentHash, deadline)
        );
        _checkIntent(owner, hash, deadline, signature);
        _renew(owner, id, notAfter, consentHash);
    }

    /// @notice Approves a grant that names the caller as an approver. `round` is the grant's: what was
    /// approved is what stood when the approver looked, and not a renewal that came in between.
    function approve(bytes32 id, uint16 round) external {
        _approve(msg.sender, id, round);
    }

    /// @notice As `approve`, for `account`, which signed `ApproveIntent`: the grant's terms in words. They
    /// are taken from the grant that stands here, so a signature over other terms is none.
    function approveBySig(
        address account,
        bytes32 id,
        uint16 round,
        uint256 deadline,
        bytes calldata signature
    ) external {
        Grant storage g = _existing(id);
        // Before the signature: over a round's terms it is not one over the next round's.
        require(round == g.round, RoundOver(g.round));
        bytes32 hash = keccak256(
            abi.encode(
                APPROVE_TYPEHASH,
                account,
                g.owner,
                g.grantee,
                keccak256(abi.encodePacked(objects[id])),
                keccak256(bytes(Wording.purpose(g.purpose))),
                // The hash of the template's name, as of every text.
                g.templateId,
                keccak256(bytes(Wording.actions(g.actions))),
                g.onward,
                keccak256(bytes(Wording.mode(g.mode))),
                keccak256(bytes(Wording.time(g.notAfter))),
                id,
                round,
                deadline
            )
        );
        _checkIntent(account, hash, deadline, signature);
        _approve(account, id, round);
    }

    /// @notice Ends a grant at once and for ever.
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
}
