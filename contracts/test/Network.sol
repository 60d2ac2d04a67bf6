// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Consent} from "../src/Consent.sol";
import {Grants} from "../src/Grants.sol";
import {IProxies} from "../src/IProxies.sol";
import {Identity} from "../src/Identity.sol";
import {IncentivePool} from "../src/IncentivePool.sol";
import {Issuers} from "../src/Issuers.sol";
import {RecordIndex} from "../src/RecordIndex.sol";
import {Templates} from "../src/Templates.sol";
import {Vm, signed, vm} from "./Vm.sol";

/// @notice Every contract deployed as at genesis, with a hospital, two patients, two doctors and a
/// committee of three, two of which attest.
abstract contract Network {
    uint256 internal constant HOSPITAL_KEY = 0x4057;
    uint256 internal constant STRANGER_KEY = 0x57a4;
    uint256[3] internal memberKeys = [uint256(0xc1), 0xc2, 0xc3];

    address internal immutable hospital = vm.addr(HOSPITAL_KEY);
    address internal constant governance = address(0x60);
    address internal constant patient = address(0xa1);
    address internal constant neighbour = address(0xa2);
    address internal constant doctor = address(0xd1);
    address internal constant colleague = address(0xd2);

    uint64 internal constant GENESIS = 1_800_000_000;
    uint64 internal constant DAY = 86_400;
    uint96 internal constant W_MIN = 10 ether;
    uint256 internal constant FUND = 2_000_000_000 ether;

    bytes32 internal constant TREATMENT = keccak256("treatment");
    bytes32 internal constant RESEARCH = keccak256("research");
    bytes32 internal constant RESEARCH_CONTRIBUTION = keccak256("research-contribution");
    bytes32 internal constant PAYMENT = keccak256("payment");
    bytes32 internal constant SECOND_OPINION = keccak256("second-opinion");
    bytes32 internal constant EMERGENCY = keccak256("emergency");

    uint8 internal constant TREAT = 0;
    uint8 internal constant ETREAT = 1;
    uint8 internal constant HPAYMT = 3;
    uint8 internal constant HRESCH = 5;
    uint8 internal constant LIVE = 0;
    uint8 internal constant SEALED = 1;
    uint8 internal constant CUSTODY = 2;

    uint8 internal constant VIEW = 0;
    uint8 internal constant EXPORT = 1;
    uint8 internal constant ANNOTATE = 2;

    /// Imaging, top tertiary, rare: q is one half.
    uint32 internal constant IMAGING = 0x0002_0204;

    Identity internal identity;
    Issuers internal issuers;
    RecordIndex internal records;
    Templates internal templates;
    Consent internal consent;
    OneProxy internal proxies;
    IncentivePool internal pool;

    function deploy() internal {
        vm.warp(GENESIS);
        identity = new Identity();
        issuers = new Issuers(governance);
        records = new RecordIndex(issuers);
        templates = new Templates(governance);
        proxies = new OneProxy();
        consent = new Consent(records, templates, proxies);
        pool = deployPool(FUND, W_MIN);
        vm.prank(governance);
        issuers.certify(hospital, 2, keccak256("a hospital"));
    }

    function deployPool(uint256 fund, uint96 wMin) internal returns (IncentivePool) {
        address[] memory members = new address[](3);
        for (uint256 i = 0; i < 3; ++i) {
            members[i] = vm.addr(memberKeys[i]);
        }
        vm.deal(address(this), fund);
        return new IncentivePool{value: fund}(
            governance, records, templates, GENESIS, DAY, wMin, members, 2
        );
    }

    /// Indexes a record that the hospital sealed.
    function index(address owner, bytes32 id, uint32 quality) internal {
        bytes32 commitment = keccak256(abi.encode("commitment", id));
        bytes memory signature = seal(HOSPITAL_KEY, owner, commitment, quality);
        vm.prank(owner);
        records.add(id, commitment, keccak256("root"), hospital, quality, signature);
    }

    /// Indexes a record that nobody sealed.
    function indexUnsealed(address owner, bytes32 id) internal {
        vm.prank(owner);
        records.add(
            id, keccak256(abi.encode("commitment", id)), keccak256("root"), address(0), 0, ""
        );
    }

    function seal(uint256 key, address owner, bytes32 commitment, uint32 quality)
        internal
        view
        returns (bytes memory)
    {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("Seal(address owner,bytes32 commitment,uint32 quality)"),
                owner,
                commitment,
                quality
            )
        );
        return signed(key, typedData(address(records), "DHC RecordIndex", hash));
    }

    function attest(
        IncentivePool to,
        uint256 key,
        address contributor,
        bytes32 id,
        uint8 sixteenths
    ) internal view returns (bytes memory) {
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("Similarity(address contributor,bytes32 recordId,uint8 sixteenths)"),
                contributor,
                id,
                sixteenths
            )
        );
        return signed(key, typedData(address(to), "DHC IncentivePool", hash));
    }

    /// The attestations of members one and two.
    function attestations(IncentivePool to, address contributor, bytes32 id, uint8 sixteenths)
        internal
        view
        returns (bytes[] memory list)
    {
        list = new bytes[](2);
        list[0] = attest(to, memberKeys[0], contributor, id, sixteenths);
        list[1] = attest(to, memberKeys[1], contributor, id, sixteenths);
    }

    /// Indexes a record and contributes it.
    function contribute(
        IncentivePool to,
        address contributor,
        bytes32 id,
        uint32 quality,
        uint8 sixteenths
    ) internal {
        index(contributor, id, quality);
        bytes[] memory list = attestations(to, contributor, id, sixteenths);
        vm.prank(contributor);
        to.contribute(id, RESEARCH_CONTRIBUTION, sixteenths, list);
    }

    /// Access to one record by the treatment template, to view it, for a week, with nobody to approve.
    function treatment(address owner, bytes32 salt, address grantee, bytes32 id)
        internal
        view
        returns (Grants.Terms memory t)
    {
        t.owner = owner;
        t.salt = salt;
        t.grantee = grantee;
        t.recordIds = one(id);
        t.templateId = TREATMENT;
        t.purpose = TREAT;
        t.mode = LIVE;
        t.actions = uint32(1) << VIEW;
        t.notAfter = uint64(block.timestamp + 7 days);
        t.consentHash = keccak256("document");
        t.note = "note";
    }

    function grantTreatment(address owner, bytes32 salt, address grantee, bytes32 id)
        internal
        returns (bytes32)
    {
        Grants.Terms memory t = treatment(owner, salt, grantee, id);
        vm.prank(owner);
        return consent.grant(t);
    }

    function one(bytes32 id) internal pure returns (bytes32[] memory list) {
        list = new bytes32[](1);
        list[0] = id;
    }

    function readGrant(bytes32 id) public view returns (Grants.Grant memory) {
        (bool ok, bytes memory data) =
            address(consent).staticcall(abi.encodeCall(consent.grants, (id)));
        vm.assertTrue(ok);
        return abi.decode(data, (Grants.Grant));
    }

    /// An EIP-712 digest, computed from the standard rather than by the contract.
    function typedData(address verifier, string memory name, bytes32 structHash)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256(bytes(name)),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
        return keccak256(abi.encodePacked("\x19\x01", domain, structHash));
    }

    /// The head and length of the chain that the recorded events `selector` of `account` give. Such an
    /// event names the account, its place and an id as topics, so that topics and data one after the
    /// other are the entry.
    function replay(bytes32 selector, address account)
        internal
        returns (bytes32 head, uint64 length)
    {
        return replayFrom(selector, account, 0, 0);
    }

    /// As `replay`, where the chain had this head and length before.
    function replayFrom(bytes32 selector, address account, bytes32 head, uint64 length)
        internal
        returns (bytes32, uint64)
    {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32 topic = bytes32(uint256(uint160(account)));
        for (uint256 i = 0; i < logs.length; ++i) {
            Vm.Log memory log = logs[i];
            if (log.topics[0] != selector || log.topics[1] != topic) continue;
            vm.assertEq(uint256(log.topics[2]), length);
            bytes32 entry =
                keccak256(bytes.concat(log.topics[1], log.topics[2], log.topics[3], log.data));
            head = keccak256(abi.encode(head, entry));
            ++length;
        }
        return (head, length);
    }
}

/// @notice A test that starts from genesis.
abstract contract NetworkTest is Network {
    function setUp() public virtual {
        deploy();
    }
}

/// @notice One person who may act for one other, with the powers of the day.
contract OneProxy is IProxies {
    address private owner;
    address private actor;
    uint32 private powers;

    function set(address owner_, address actor_, uint32 powers_) external {
        (owner, actor, powers) = (owner_, actor_, powers_);
    }

    function may(address owner_, address actor_, uint32 power) external view returns (bool) {
        return owner_ == owner && actor_ == actor && powers & power == power;
    }
}
