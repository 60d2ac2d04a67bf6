// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

import {Quality} from "./Quality.sol";

/// @title The institutions whose seal on a record counts
/// @notice Governance certifies an institution with its grade and may withdraw it; a name stays off
/// chain, its hash is here.
contract Issuers is Ownable2Step {
    struct Issuer {
        bool certified;
        /// Hospital grade: 0 secondary, 1 tertiary, 2 top tertiary.
        uint8 grade;
        /// Time of the last change.
        uint64 since;
        bytes32 nameHash;
    }

    mapping(address account => Issuer) public issuers;

    event IssuerCertified(address indexed issuer, uint8 grade, bytes32 nameHash, uint64 time);
    event IssuerWithdrawn(address indexed issuer, uint64 time);

    error IssuerInvalid();
    error IssuerNotCertified();

    constructor(address governance) Ownable(governance) {}

    /// @notice Certifies `issuer`, or changes the grade or name of a certified one.
    function certify(address issuer, uint8 grade, bytes32 nameHash) external onlyOwner {
        require(issuer != address(0) && grade <= Quality.TOP_GRADE, IssuerInvalid());
        issuers[issuer] = Issuer(true, grade, uint64(block.timestamp), nameHash);
        emit IssuerCertified(issuer, grade, nameHash, uint64(block.timestamp));
    }

    /// @notice Seals of `issuer` count no more. Records that it sealed stay indexed.
    function withdraw(address issuer) external onlyOwner {
        require(issuers[issuer].certified, IssuerNotCertified());
        issuers[issuer].certified = false;
        issuers[issuer].since = uint64(block.timestamp);
        emit IssuerWithdrawn(issuer, uint64(block.timestamp));
    }

    function isCertified(address issuer) external view returns (bool) {
        return issuers[issuer].certified;
    }

    /// @notice The grade of a certified issuer; reverts for any other.
    function gradeOf(address issuer) external view returns (uint8) {
        Issuer storage i = issuers[issuer];
        require(i.certified, IssuerNotCertified());
        return i.grade;
    }
}
