// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Emission} from "./Emission.sol";
import {HashChain} from "./HashChain.sol";
import {Intents} from "./Intents.sol";
import {Issuers} from "./Issuers.sol";
import {Quality} from "./Quality.sol";
import {RecordIndex} from "./RecordIndex.sol";
import {TemplateRules} from "./TemplateRules.sol";
import {Templates} from "./Templates.sol";

/// @title The incentive pool: Proof of Quality, paid in the native coin
/// @notice White paper 5.2.1 and 5.2.3, D = (Σ VᵢRᵢ / Σ VⱼRⱼ) · ((1−S)/R) · (R+R′). A contribution's
/// weight is w = q·(1−S), see Quality. R+R′, the pool of a day, is what the day releases of the fund
/// and what the day before left. The other R, "the unit weight of the day's contributed data", is the
/// sum of the day's weights, but at least `wMin`, so that a thin day leaves coins to carry over.
///
///   pool(d)   = emission(d) + carry(d−1)
///   given(d)  = floor(pool(d) · sum(d) / max(sum(d), wMin))
///   carry(d)  = pool(d) − given(d)
///   reward    = floor(pool(d) · weight / max(sum(d), wMin))
///
/// Rewards of a day are each rounded down, so together at most given(d), hence at most pool(d). What
/// rounding leaves (less than one base unit per contributor and day) stays here. Contributing and
/// claiming cost the same however many contribute.
contract IncentivePool is Intents, Ownable2Step, ReentrancyGuardTransient {
    using HashChain for HashChain.Chain;
    using SafeCast for uint256;

    /// @notice In storage, not in code, so that a light client can prove what it computes with.
    struct Schedule {
        /// Start of day 0, seconds since 1970.
        uint64 genesisTime;
        uint64 daySeconds;
        uint96 wMin;
    }

    struct Ledger {
        /// Days settled: every day below this one.
        uint64 settledDays;
        /// What the last settled day left.
        uint96 carry;
        /// What of the fund no day has released yet.
        uint96 remaining;
    }

    /// @notice A day on which nobody contributed is not stored: it passes its pool on through `ledger`.
    struct Day {
        uint96 weightSum;
        uint96 pool;
        bool settled;
        uint96 carry;
        uint96 paid;
    }

    struct Share {
        uint96 weight;
        bool claimed;
    }

    struct Contribution {
        address contributor;
        uint64 day;
        uint8 sixteenths;
    }

    /// @notice The committee's word on how similar a record is to what exists, in sixteenths.
    bytes32 public constant SIMILARITY_TYPEHASH =
        keccak256("Similarity(address contributor,bytes32 recordId,uint8 sixteenths)");

    bytes32 private constant CONTRIBUTE_TYPEHASH = keccak256(
        "ContributeIntent(address contributor,bytes32 recordId,bytes32 templateId,uint8 sixteenths,uint256 deadline)"
    );

    /// @notice So many days one call settles at most; the rest waits for the next call.
    uint64 public constant MAX_DAYS_PER_CALL = 1000;

    RecordIndex public immutable records;
    Issuers public immutable issuers;
    Templates public immutable templates;

    Schedule public schedule;
    Ledger public ledger;
    mapping(uint64 day => Day) public dayOf;
    mapping(uint64 day => mapping(address contributor => Share)) public shares;
    mapping(bytes32 recordId => Contribution) public contributed;
    mapping(address contributor => HashChain.Chain) public contributions;

    address[] private _committee;
    /// @notice Place on the committee, counted from one.
    mapping(address member => uint8) public seat;
    uint8 public threshold;

    event Contributed(
        address indexed contributor,
        uint64 indexed seq,
        bytes32 indexed recordId,
        uint64 day,
        bytes32 templateId,
        uint256 weight,
        uint64 time
    );
    event Settled(uint64 indexed day, uint256 weightSum, uint256 pool, uint256 carry);
    event Claimed(address indexed contributor, uint64 indexed day, uint256 reward);
    event CommitteeSet(address[] members, uint8 threshold);

    error ScheduleInvalid();
    error CommitteeInvalid();
    error NotStarted();
    error NotRecordOwner();
    error RecordUnsealed();
    error IssuerNotCertified();
    error AlreadyContributed();
    error SimilarityInvalid(uint8 sixteenths);
    error TooFewAttestations(uint256 given, uint8 threshold);
    error AttesterUnknown(address attester);
    error AttesterRepeated(address attester);
    error DayOpen(uint64 day);
    error DayUnsettled(uint64 day);
    error AlreadySettled(uint64 day);
    error NothingToClaim(uint64 day);
    error AlreadyClaimed(uint64 day);

    /// @notice The value sent along is the fund.
    constructor(
        address governance,
        RecordIndex records_,
        Templates templates_,
        uint64 genesisTime,
        uint64 daySeconds,
        uint96 wMin,
        address[] memory committee_,
        uint8 threshold_
    ) payable EIP712("DHC IncentivePool", "1") Ownable(governance) {
        require(daySeconds != 0 && wMin != 0, ScheduleInvalid());
        records = records_;
        issuers = records_.issuers();
        templates = templates_;
        schedule = Schedule(genesisTime, daySeconds, wMin);
        ledger = Ledger(0, 0, msg.value.toUint96());
        _setCommittee(committee_, threshold_);
    }

    /// @notice Puts another committee in place; `threshold_` of its members attest a similarity.
    function setCommittee(address[] calldata members, uint8 threshold_) external onlyOwner {
        _setCommittee(members, threshold_);
    }

    function committee() external view returns (address[] memory) {
        return _committee;
    }

    /// @notice The day that now is.
    function today() public view returns (uint64) {
        require(block.timestamp >= schedule.genesisTime, NotStarted());
        return uint64((block.timestamp - schedule.genesisTime) / schedule.daySeconds);
    }

    /// @notice Contributes a sealed record of the caller, once, under a template for contributions.
    /// @param sixteenths Similarity to what exists: 0 new, 16 a copy, which earns nothing.
    /// @param attestations EIP-712 signatures of at least `threshold` committee members, each once.
    function contribute(
        bytes32 recordId,
        bytes32 templateId,
        uint8 sixteenths,
        bytes[] calldata attestations
    ) external {
        _contribute(msg.sender, recordId, templateId, sixteenths, attestations);
    }

    /// @notice As `contribute`, for `contributor`, who signed `ContributeIntent`.
    function contributeBySig(
        address contributor,
        bytes32 recordId,
        bytes32 templateId,
        uint8 sixteenths,
        bytes[] calldata attestations,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 hash = keccak256(
            abi.encode(CONTRIBUTE_TYPEHASH, contributor, recordId, templateId, sixteenths, deadline)
        );
        _checkIntent(contributor, hash, deadline, signature);
        _contribute(contributor, recordId, templateId, sixteenths, attestations);
    }

    /// @notice Settles, in order, the closed days up to and including `day`, at most
    /// MAX_DAYS_PER_CALL of them. Anybody may.
    /// @return next The first day not settled now.
    function settle(uint64 day) external returns (uint64 next) {
        require(day < today(), DayOpen(day));
        require(day >= ledger.settledDays, AlreadySettled(day));
        return _settle(day);
    }

    /// @notice Pays the caller its rewards of `dayList`, after settling what is outstanding of them.
    function claim(uint64[] calldata dayList) external returns (uint256 reward) {
        return _claim(msg.sender, dayList);
    }

    /// @notice As `claim`, for a contributor who cannot pay the fee: the reward goes to the contributor.
    function claimFor(address contributor, uint64[] calldata dayList)
        external
        returns (uint256 reward)
    {
        return _claim(contributor, dayList);
    }

    function _contribute(
        address contributor,
        bytes32 recordId,
        bytes32 templateId,
        uint8 sixteenths,
        bytes[] calldata attestations
    ) private {
        require(contributed[recordId].contributor == address(0), AlreadyContributed());
        uint96 weight =
            Quality.weight(_sealedQuality(contributor, recordId), _similarity(sixteenths));
        TemplateRules.admitContribution(templates.find(templateId));
        _checkAttestations(contributor, recordId, sixteenths, attestations);

        uint64 day = today();
        contributed[recordId] = Contribution(contributor, day, sixteenths);
        dayOf[day].weightSum += weight;
        shares[day][contributor].weight += weight;
        uint64 seq = contributions[contributor].length;
        uint64 time = uint64(block.timestamp);
        contributions[contributor].append(
            keccak256(
                abi.encode(contributor, seq, recordId, day, templateId, uint256(weight), time)
            )
        );
        emit Contributed(contributor, seq, recordId, day, templateId, weight, time);
    }

    /// The quality of a record that `contributor` owns and an issuer, still certified, sealed.
    function _sealedQuality(address contributor, bytes32 recordId) private view returns (uint32) {
        (address owner,, uint32 quality, address issuer,,) = records.records(recordId);
        require(owner == contributor, NotRecordOwner());
        require(issuer != address(0), RecordUnsealed());
        require(issuers.isCertified(issuer), IssuerNotCertified());
        return quality;
    }

    function _similarity(uint8 sixteenths) private pure returns (uint8) {
        require(sixteenths <= Quality.COPY, SimilarityInvalid(sixteenths));
        return sixteenths;
    }

    function _checkAttestations(
        address contributor,
        bytes32 recordId,
        uint8 sixteenths,
        bytes[] calldata attestations
    ) private view {
        require(
            attestations.length >= threshold, TooFewAttestations(attestations.length, threshold)
        );
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(SIMILARITY_TYPEHASH, contributor, recordId, sixteenths))
        );
        uint256 seen;
        for (uint256 i = 0; i < attestations.length; ++i) {
            address attester = ECDSA.recover(digest, attestations[i]);
            uint8 place = seat[attester];
            require(place != 0, AttesterUnknown(attester));
            require(seen >> place & 1 == 0, AttesterRepeated(attester));
            seen |= 1 << place;
        }
    }

    /// Settles from the first unsettled day through `day`, which must be closed.
    function _settle(uint64 day) private returns (uint64 next) {
        Ledger memory l = ledger;
        uint256 wMin = schedule.wMin;
        uint64 end = l.settledDays + MAX_DAYS_PER_CALL;
        if (day < end) end = day + 1;
        for (next = l.settledDays; next < end; ++next) {
            uint256 emission = Emission.ofDay(l.remaining);
            uint256 pool = emission + l.carry;
            l.remaining = uint96(l.remaining - emission);
            l.carry = uint96(pool);
            Day storage d = dayOf[next];
            uint256 sum = d.weightSum;
            if (sum == 0) continue;
            l.carry = uint96(pool - Math.mulDiv(pool, sum, Math.max(sum, wMin)));
            d.pool = uint96(pool);
            d.settled = true;
            if (l.carry != 0) d.carry = l.carry;
            emit Settled(next, sum, pool, l.carry);
        }
        l.settledDays = end;
        ledger = l;
    }

    function _claim(address contributor, uint64[] calldata dayList)
        private
        nonReentrant
        returns (uint256 reward)
    {
        for (uint256 i = 0; i < dayList.length; ++i) {
            reward += _take(contributor, dayList[i]);
        }
        Address.sendValue(payable(contributor), reward);
    }

    function _take(address contributor, uint64 day) private returns (uint256 reward) {
        require(day < today(), DayOpen(day));
        if (day >= ledger.settledDays) require(_settle(day) > day, DayUnsettled(day));
        Share storage s = shares[day][contributor];
        require(s.weight != 0, NothingToClaim(day));
        require(!s.claimed, AlreadyClaimed(day));
        s.claimed = true;
        Day storage d = dayOf[day];
        reward = Math.mulDiv(d.pool, s.weight, Math.max(d.weightSum, schedule.wMin));
        d.paid += uint96(reward);
        emit Claimed(contributor, day, reward);
    }

    function _setCommittee(address[] memory members, uint8 threshold_) private {
        require(
            threshold_ != 0 && threshold_ <= members.length && members.length < 256,
            CommitteeInvalid()
        );
        for (uint256 i = 0; i < _committee.length; ++i) {
            delete seat[_committee[i]];
        }
        for (uint256 i = 0; i < members.length; ++i) {
            require(members[i] != address(0) && seat[members[i]] == 0, CommitteeInvalid());
            seat[members[i]] = uint8(i + 1);
        }
        _committee = members;
        threshold = threshold_;
        emit CommitteeSet(members, threshold_);
    }
}
