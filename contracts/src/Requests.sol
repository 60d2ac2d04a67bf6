// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {Grants} from "./Grants.sol";
import {HashChain} from "./HashChain.sol";
import {IProxies} from "./IProxies.sol";
import {Identity} from "./Identity.sol";
import {Intents} from "./Intents.sol";
import {TemplateRules} from "./TemplateRules.sol";
import {Templates} from "./Templates.sol";

/// @notice `Consent.grants`, whose flat answer is the encoding of this struct.
interface IGrants {
    function grants(bytes32 id) external view returns (Grants.Grant memory);
}

/// @title What doctors ask patients for, and what became of it
/// @notice A request gives nobody anything. Its owner, or a proxy with that power, answers it with a
/// grant or declines it; who asked may withdraw it; each of these once and for ever.
contract Requests is Intents {
    using HashChain for HashChain.Chain;

    enum State {
        None,
        Open,
        Answered,
        Declined,
        Withdrawn
    }

    struct Request {
        /// Who is asked.
        address owner;
        uint64 askedAt;
        /// Bit number of the purpose, as in Templates.
        uint8 purpose;
        State state;
        /// Who asks.
        address asker;
        /// For how long access is asked, seconds.
        uint64 window;
        /// What the asker wants to do: bits, as in Templates.
        uint32 actions;
        bytes32 templateId;
        /// keccak256 of the note in the event.
        bytes32 noteHash;
        /// The grant that answers it; zero for none.
        bytes32 grantId;
    }

    /// @notice What is asked for, and by whom.
    struct Wish {
        address asker;
        address owner;
        /// Chosen anew for each request; the id is keccak256(abi.encode(asker, salt)).
        bytes32 salt;
        bytes32 templateId;
        uint8 purpose;
        /// Seconds from a grant to its end, which the template admits, as purpose and actions.
        uint64 window;
        uint32 actions;
        /// At most 2 KiB for the owner alone, encrypted: which records, and why.
        bytes note;
    }

    uint256 public constant MAX_NOTE = 2048;
    /// @notice How many requests of one asker to one owner may be open at a time.
    uint8 public constant MAX_OPEN = 3;

    uint32 private constant MAY_ANSWER = 1 << 3;

    bytes32 private constant ASK_TYPEHASH = keccak256(
        "AskIntent(address asker,address owner,bytes32 salt,bytes32 templateId,uint8 purpose,uint64 window,uint32 actions,bytes note,uint256 deadline)"
    );
    bytes32 private constant WITHDRAW_TYPEHASH =
        keccak256("WithdrawIntent(address asker,bytes32 id,uint256 deadline)");
    bytes32 private constant ANSWER_TYPEHASH =
        keccak256("AnswerIntent(address owner,bytes32 id,bytes32 grantId,uint256 deadline)");
    bytes32 private constant DECLINE_TYPEHASH =
        keccak256("DeclineIntent(address owner,bytes32 id,uint256 deadline)");

    Identity public immutable identity;
    Templates public immutable templates;
    IProxies public immutable proxies;
    IGrants public immutable consent;

    mapping(bytes32 id => Request) public requests;
    /// @notice How many requests of an asker to an owner are open.
    mapping(address owner => mapping(address asker => uint8)) public open;
    /// @notice The requests that an owner was sent.
    mapping(address owner => HashChain.Chain) public received;
    /// @notice The requests that an asker made.
    mapping(address asker => HashChain.Chain) public asked;

    event Asked(
        address indexed owner,
        address indexed asker,
        bytes32 indexed id,
        uint64 receivedSeq,
        uint64 askedSeq,
        uint64 time,
        bytes note
    );
    event Answered(
        bytes32 indexed id, address indexed owner, address indexed by, bytes32 grantId, uint64 time
    );
    event Declined(bytes32 indexed id, address indexed owner, address indexed by, uint64 time);
    event Withdrawn(bytes32 indexed id, address indexed asker, uint64 time);

    error RequestExists();
    error RequestUnknown();
    error RequestClosed(State state);
    error NotRequestOwner();
    error NotAsker();
    error OwnerInvalid();
    error WindowEmpty();
    error KeysUnpublished();
    error TooManyOpen(uint8 most);
    error NoteTooLong(uint256 length);
    error AnswerUnfit();

    constructor(Identity identity_, Templates templates_, IProxies proxies_, IGrants consent_)
        EIP712("DHC Requests", "1")
    {
        identity = identity_;
        templates = templates_;
        proxies = proxies_;
        consent = consent_;
    }

    /// @notice Asks `owner` for access. The caller has published keys, to which a grant can be sealed.
    /// The arguments are as in `Wish`.
    function ask(
        address owner,
        bytes32 salt,
        bytes32 templateId,
        uint8 purpose,
        uint64 window,
        uint32 actions,
        bytes calldata note
    ) external returns (bytes32 id) {
        return _ask(
            Wish({
                asker: msg.sender,
                owner: owner,
                salt: salt,
                templateId: templateId,
                purpose: purpose,
                window: window,
                actions: actions,
                note: note
            })
        );
    }

    /// @notice As `ask`, for the asker, who signed `AskIntent`.
    function askBySig(Wish calldata wish, uint256 deadline, bytes calldata signature)
        external
        returns (bytes32 id)
    {
        bytes32 hash = keccak256(
            abi.encode(
                ASK_TYPEHASH,
                wish.asker,
                wish.owner,
                wish.salt,
                wish.templateId,
                wish.purpose,
                wish.window,
                wish.actions,
                keccak256(wish.note),
                deadline
            )
        );
        _checkIntent(wish.asker, hash, deadline, signature);
        return _ask(wish);
    }

    /// @notice Links a request to the grant that answers it: the owner's own to the asker, for the
    /// purpose asked. Its other terms are the owner's to choose.
    function answer(bytes32 id, bytes32 grantId) external {
        _answer(msg.sender, id, grantId);
    }

    /// @notice As `answer`, for `owner`, who signed `AnswerIntent`.
    function answerBySig(
        address owner,
        bytes32 id,
        bytes32 grantId,
        uint256 deadline,
        bytes calldata signature
    ) external {
        bytes32 hash = keccak256(abi.encode(ANSWER_TYPEHASH, owner, id, grantId, deadline));
        _checkIntent(owner, hash, deadline, signature);
        _answer(owner, id, grantId);
    }

    /// @notice Says no. A request that was declined stays so.
    function decline(bytes32 id) external {
        _decline(msg.sender, id);
    }

    /// @notice As `decline`, for `owner`, who signed `DeclineIntent`.
    function declineBySig(address owner, bytes32 id, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 hash = keccak256(abi.encode(DECLINE_TYPEHASH, owner, id, deadline));
        _checkIntent(owner, hash, deadline, signature);
        _decline(owner, id);
    }

    /// @notice Takes back a request of the caller's.
    function withdraw(bytes32 id) external {
        _withdraw(msg.sender, id);
    }

    /// @notice As `withdraw`, for `asker`, who signed `WithdrawIntent`.
    function withdrawBySig(address asker, bytes32 id, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 hash = keccak256(abi.encode(WITHDRAW_TYPEHASH, asker, id, deadline));
        _checkIntent(asker, hash, deadline, signature);
        _withdraw(asker, id);
    }

    function _ask(Wish memory w) private returns (bytes32 id) {
        id = keccak256(abi.encode(w.asker, w.salt));
        require(requests[id].state == State.None, RequestExists());
        require(w.owner != address(0) && w.owner != w.asker, OwnerInvalid());
        require(w.note.length <= MAX_NOTE, NoteTooLong(w.note.length));
        require(w.window != 0, WindowEmpty());
        (, uint64 version,) = identity.keys(w.asker);
        require(version != 0, KeysUnpublished());
        Templates.Template memory t = templates.find(w.templateId);
        TemplateRules.admitGrant(
            t,
            TemplateRules.Wish({
                purpose: w.purpose,
                mode: t.custodyOnly ? TemplateRules.CUSTODY : TemplateRules.LIVE,
                // Approvers are for the owner to name.
                threshold: type(uint8).max,
                onward: false,
                actions: w.actions,
                window: w.window
            })
        );
        uint8 count = open[w.owner][w.asker];
        require(count < MAX_OPEN, TooManyOpen(MAX_OPEN));
        open[w.owner][w.asker] = count + 1;
        bytes32 noteHash = keccak256(w.note);
        requests[id] = Request({
            owner: w.owner,
            askedAt: uint64(block.timestamp),
            purpose: w.purpose,
            state: State.Open,
            asker: w.asker,
            window: w.window,
            actions: w.actions,
            templateId: w.templateId,
            noteHash: noteHash,
            grantId: 0
        });
        uint64 receivedSeq = received[w.owner].length;
        uint64 askedSeq = asked[w.asker].length;
        received[w.owner].append(keccak256(abi.encode(id, receivedSeq, noteHash)));
        asked[w.asker].append(keccak256(abi.encode(id, askedSeq, noteHash)));
        emit Asked(w.owner, w.asker, id, receivedSeq, askedSeq, uint64(block.timestamp), w.note);
    }

    function _withdraw(address by, bytes32 id) private {
        Request storage r = requests[id];
        require(r.state != State.None, RequestUnknown());
        require(by == r.asker, NotAsker());
        _close(r, State.Withdrawn);
        emit Withdrawn(id, by, uint64(block.timestamp));
    }

    function _answer(address by, bytes32 id, bytes32 grantId) private {
        Request storage r = _forOwner(by, id);
        Grants.Grant memory g = consent.grants(grantId);
        require(
            g.owner == r.owner && g.grantee == r.asker && g.purpose == r.purpose && g.parent == 0,
            AnswerUnfit()
        );
        _close(r, State.Answered);
        r.grantId = grantId;
        emit Answered(id, r.owner, by, grantId, uint64(block.timestamp));
    }

    function _decline(address by, bytes32 id) private {
        Request storage r = _forOwner(by, id);
        _close(r, State.Declined);
        emit Declined(id, r.owner, by, uint64(block.timestamp));
    }

    function _forOwner(address by, bytes32 id) private view returns (Request storage r) {
        r = requests[id];
        require(r.state != State.None, RequestUnknown());
        require(by == r.owner || proxies.may(r.owner, by, MAY_ANSWER), NotRequestOwner());
    }

    function _close(Request storage r, State state) private {
        require(r.state == State.Open, RequestClosed(r.state));
        r.state = state;
        --open[r.owner][r.asker];
    }
}
