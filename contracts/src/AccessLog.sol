// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Grants} from "./Grants.sol";
import {HashChain} from "./HashChain.sol";

/// @title Who has opened what, and who has broken which glass
/// @notice Each owner's log is a hash chain: its head in storage shows that no entry is missing.
abstract contract AccessLog is Grants {
    using HashChain for HashChain.Chain;

    /// @notice The action code of an entry that says that a glass was broken.
    uint8 public constant GLASS = 255;

    /// @notice The access log of an owner's records.
    mapping(address owner => HashChain.Chain) public accesses;

    /// @notice `object` is the record opened; where `action` is GLASS, the hash of the reason.
    event Accessed(
        address indexed owner,
        uint64 indexed seq,
        bytes32 indexed id,
        address by,
        uint8 purpose,
        bytes32 object,
        uint8 mode,
        uint8 action,
        uint64 time
    );
    event GlassBroken(
        bytes32 indexed id, address indexed owner, address indexed by, bytes reason, uint64 time
    );

    error NoGlass();
    error GlassOpen();

    /// @notice Enters into the owner's access log that the caller, a grantee, opens `recordId` for
    /// `action`, a bit number. The owner's app releases a key only after it has proven this entry.
    function recordAccess(bytes32 id, bytes32 recordId, uint8 action) external {
        Grant storage g = _existing(id);
        require(msg.sender == g.grantee, NotGrantee());
        _requireActive(g);
        require(g.actions >> action & 1 == 1, ActionRefused(action));
        _requireObject(id, recordId);
        ++g.openings;
        _enter(g, id, recordId, action);
    }

    /// @notice Opens a dormant grant of the caller for the template's glass window, loudly.
    /// @param reason At most 8 KiB for the owner alone; its hash is the entry's object.
    function breakGlass(bytes32 id, bytes calldata reason) external {
        Grant storage g = _existing(id);
        require(msg.sender == g.grantee, NotGrantee());
        _requireStanding(g);
        require(g.glassWindow != 0, NoGlass());
        require(!_glassOpen(g), GlassOpen());
        require(reason.length <= MAX_NOTE, NoteTooLong(reason.length));
        g.brokenAt = uint64(block.timestamp);
        _enter(g, id, keccak256(reason), GLASS);
        emit GlassBroken(id, g.owner, msg.sender, reason, uint64(block.timestamp));
    }

    function _enter(Grant storage g, bytes32 id, bytes32 object, uint8 action) private {
        (address owner, uint8 purpose, uint8 mode) = (g.owner, g.purpose, g.mode);
        uint64 seq = accesses[owner].length;
        uint64 time = uint64(block.timestamp);
        accesses[owner].append(
            keccak256(abi.encode(owner, seq, id, msg.sender, purpose, object, mode, action, time))
        );
        emit Accessed(owner, seq, id, msg.sender, purpose, object, mode, action, time);
    }
}
