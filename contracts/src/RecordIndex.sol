// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {HashChain} from "./HashChain.sol";
import {Intents} from "./Intents.sol";
import {Issuers} from "./Issuers.sol";
import {Quality} from "./Quality.sol";

/// @title The index of health records: for each, its owner, a salted commitment and where it lies
/// @notice Says nothing about a record's content: the commitment is salted, the root is of ciphertext.
contract RecordIndex is Intents {
    using HashChain for HashChain.Chain;

    struct Record {
        address owner;
        uint64 addedAt;
        /// Packed as in Quality; zero where no issuer sealed the record.
        uint32 quality;
        address issuer;
        /// keccak256(salt ‖ digest of the content).
        bytes32 commitment;
        /// SHA2-256 digest of the CIDv1 (dag-pb) of the ciphertext.
        bytes32 root;
    }

    /// @notice An issuer's seal: this content, of this patient, has this quality.
    bytes32 public constant SEAL_TYPEHASH =
        keccak256("Seal(address owner,bytes32 commitment,uint32 quality)");

    bytes32 private constant ADD_TYPEHASH = keccak256(
        "AddIntent(address owner,bytes32 id,bytes32 commitment,bytes32 root,address issuer,uint32 quality,uint256 deadline)"
    );

    Issuers public immutable issuers;

    mapping(bytes32 id => Record) public records;
    mapping(address owner => HashChain.Chain) public byOwner;

    /// @notice A commitment stands for one record of its owner. It is not unique across owners: a
    /// stranger who saw it in a pending transaction must not be able to spend it.
    mapping(address owner => mapping(bytes32 commitment => bool)) public used;

    event RecordAdded(
        address indexed owner,
        uint64 indexed seq,
        bytes32 indexed id,
        bytes32 commitment,
        bytes32 root,
        address issuer,
        uint32 quality,
        uint64 time
    );

    error RecordExists();
    error RecordIncomplete();
    error CommitmentUsed();
    error QualityUnsealed();
    error QualityInvalid();
    error IssuerNotCertified();
    error GradeAboveIssuer(uint8 grade);
    error SealInvalid();

    constructor(Issuers issuers_) EIP712("DHC RecordIndex", "1") {
        issuers = issuers_;
    }

    /// @notice Indexes a record of the caller. Without an issuer, quality is zero and the signature
    /// empty; with one, it is certified and signed `Seal` over a quality no better than its own grade.
    /// @param id 32 random bytes chosen by the caller.
    function add(
        bytes32 id,
        bytes32 commitment,
        bytes32 root,
        address issuer,
        uint32 quality,
        bytes calldata issuerSignature
    ) external {
        _add(
            Record(msg.sender, uint64(block.timestamp), quality, issuer, commitment, root),
            id,
            issuerSignature
        );
    }

    /// @notice As `add`, for `owner`, who signed `AddIntent`.
    function addBySig(
        address owner,
        bytes32 id,
        bytes32 commitment,
        bytes32 root,
        address issuer,
        uint32 quality,
        bytes calldata issuerSignature,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 hash = keccak256(
            abi.encode(ADD_TYPEHASH, owner, id, commitment, root, issuer, quality, deadline)
        );
        _checkIntent(owner, hash, deadline, signature);
        _add(
            Record(owner, uint64(block.timestamp), quality, issuer, commitment, root),
            id,
            issuerSignature
        );
    }

    /// @notice The owner of record `id`, zero where there is none.
    function ownerOf(bytes32 id) external view returns (address) {
        return records[id].owner;
    }

    function _add(Record memory r, bytes32 id, bytes calldata issuerSignature) private {
        address owner = r.owner;
        require(id != 0 && r.commitment != 0 && r.root != 0, RecordIncomplete());
        require(records[id].owner == address(0), RecordExists());
        require(!used[owner][r.commitment], CommitmentUsed());
        _checkSeal(r, issuerSignature);

        used[owner][r.commitment] = true;
        records[id] = r;
        uint64 seq = byOwner[owner].length;
        byOwner[owner].append(
            keccak256(
                abi.encode(owner, seq, id, r.commitment, r.root, r.issuer, r.quality, r.addedAt)
            )
        );
        emit RecordAdded(owner, seq, id, r.commitment, r.root, r.issuer, r.quality, r.addedAt);
    }

    function _checkSeal(Record memory r, bytes calldata signature) private view {
        if (r.issuer == address(0)) {
            require(r.quality == 0 && signature.length == 0, QualityUnsealed());
            return;
        }
        require(Quality.isValid(r.quality), QualityInvalid());
        (bool certified, uint8 grade,,) = issuers.issuers(r.issuer);
        require(certified, IssuerNotCertified());
        require(Quality.grade(r.quality) <= grade, GradeAboveIssuer(grade));
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(SEAL_TYPEHASH, r.owner, r.commitment, r.quality))
        );
        require(SignatureChecker.isValidSignatureNow(r.issuer, digest, signature), SealInvalid());
    }
}
