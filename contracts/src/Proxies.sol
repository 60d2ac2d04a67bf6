// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {HashChain} from "./HashChain.sol";
import {IProxies} from "./IProxies.sol";
import {Intents} from "./Intents.sol";

/// @title Whom a person lets act for them: guardians and proxies
/// @notice A proxy has the powers that its owner named, until the owner's date or dismissal, and none
/// besides: it appoints nobody, and reads nothing that it is not granted.
contract Proxies is Intents, IProxies {
    using HashChain for HashChain.Chain;

    struct Appointment {
        /// Bits, as in IProxies; zero after a dismissal.
        uint32 powers;
        /// The last second in which the powers count.
        uint64 until;
        /// Counts the appointments and dismissals of this proxy by this owner, from one.
        uint64 version;
    }

    /// @notice All powers that there are: grant, revoke, renew, answer.
    uint32 public constant POWERS = 15;

    bytes32 private constant APPOINT_TYPEHASH = keccak256(
        "AppointIntent(address owner,address proxy,uint32 powers,uint64 until,uint64 version,uint256 deadline)"
    );
    bytes32 private constant DISMISS_TYPEHASH =
        keccak256("DismissIntent(address owner,address proxy,uint64 version,uint256 deadline)");

    mapping(address owner => mapping(address proxy => Appointment)) public appointments;
    /// @notice What an owner changed about their proxies.
    mapping(address owner => HashChain.Chain) public proxiesOf;
    /// @notice What was changed about those for whom a proxy acts.
    mapping(address proxy => HashChain.Chain) public wardsOf;

    /// @notice Powers are zero where the proxy was dismissed.
    event ProxySet(
        address indexed owner,
        address indexed proxy,
        uint32 powers,
        uint64 until,
        uint64 version,
        uint64 proxySeq,
        uint64 wardSeq,
        uint64 time
    );

    error ProxyInvalid(address proxy);
    error PowersUnknown(uint32 powers);
    error TermPast();
    error NotAppointed();

    constructor() EIP712("DHC Proxies", "1") {}

    /// @inheritdoc IProxies
    function may(address owner, address actor, uint32 power) external view returns (bool) {
        if (actor == owner) return true;
        Appointment storage a = appointments[owner][actor];
        return power != 0 && a.powers & power == power && block.timestamp <= a.until;
    }

    /// @notice Lets `proxy` do for the caller what `powers` names, through the second `until`, in place
    /// of what it could do before.
    function appoint(address proxy, uint32 powers, uint64 until) external {
        _appoint(msg.sender, proxy, powers, until);
    }

    /// @notice As `appoint`, for `owner`, who signed `AppointIntent` over this and the version that it is
    /// to be: the one after the version now in force.
    function appointBySig(
        address owner,
        address proxy,
        uint32 powers,
        uint64 until,
        uint256 deadline,
        bytes calldata signature
    ) external {
        uint64 version = appointments[owner][proxy].version + 1;
        bytes32 hash =
            keccak256(abi.encode(APPOINT_TYPEHASH, owner, proxy, powers, until, version, deadline));
        _checkIntent(owner, hash, deadline, signature);
        _appoint(owner, proxy, powers, until);
    }

    /// @notice Takes all powers from `proxy` at once.
    function dismiss(address proxy) external {
        _dismiss(msg.sender, proxy);
    }

    /// @notice As `dismiss`, for `owner`, who signed `DismissIntent` over the next version.
    function dismissBySig(address owner, address proxy, uint256 deadline, bytes calldata signature)
        external
    {
        uint64 version = appointments[owner][proxy].version + 1;
        bytes32 hash = keccak256(abi.encode(DISMISS_TYPEHASH, owner, proxy, version, deadline));
        _checkIntent(owner, hash, deadline, signature);
        _dismiss(owner, proxy);
    }

    function _appoint(address owner, address proxy, uint32 powers, uint64 until) private {
        require(proxy != address(0) && proxy != owner, ProxyInvalid(proxy));
        require(powers != 0 && powers & ~POWERS == 0, PowersUnknown(powers));
        require(until > block.timestamp, TermPast());
        _set(owner, proxy, powers, until);
    }

    function _dismiss(address owner, address proxy) private {
        require(appointments[owner][proxy].powers != 0, NotAppointed());
        _set(owner, proxy, 0, 0);
    }

    function _set(address owner, address proxy, uint32 powers, uint64 until) private {
        uint64 version = appointments[owner][proxy].version + 1;
        appointments[owner][proxy] = Appointment(powers, until, version);
        uint64 proxySeq = proxiesOf[owner].length;
        uint64 wardSeq = wardsOf[proxy].length;
        uint64 time = uint64(block.timestamp);
        proxiesOf[owner].append(
            keccak256(abi.encode(owner, proxySeq, proxy, powers, until, version, time))
        );
        wardsOf[proxy].append(
            keccak256(abi.encode(proxy, wardSeq, owner, powers, until, version, time))
        );
        emit ProxySet(owner, proxy, powers, until, version, proxySeq, wardSeq, time);
    }
}
