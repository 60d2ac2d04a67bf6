//! The EIP-712 structs that the parties sign. Each names who signs first, so that a signature of
//! one side is never one of the other; those of an exchange for a share are never of one for a key.

use alloy::sol_types::{Eip712Domain, SolStruct, eip712_domain};
use dhc_domain::{Address, B256};

use super::{
    Presented, Scope,
    message::{Init, KeyId, Reply},
};

alloy::sol! {
    struct OakleyInit {
        address initiator;
        address responder;
        bytes32 initiatorCookie;
        bytes32 responderCookie;
        bytes32 initiatorNonce;
        uint32 group;
        uint32 transform;
        bytes32 initiatorX25519;
        bytes initiatorKem;
        bytes32 grant;
        uint64 accessSeq;
        bytes32 accessEntry;
        bytes root;
    }

    struct OakleyReply {
        address responder;
        address initiator;
        bytes32 initiatorCookie;
        bytes32 responderCookie;
        bytes32 responderNonce;
        bytes32 initiatorNonce;
        uint32 group;
        uint32 transform;
        bytes32 responderX25519;
        bytes32 initiatorX25519;
        bytes responderKem;
        bytes initiatorKem;
        bytes32 grant;
        uint64 accessSeq;
        bytes32 accessEntry;
        bytes root;
    }

    /// `init` names the holder as its responder; `letter` is the digest that the letter's author
    /// signs.
    struct OakleyShareInit {
        OakleyInit init;
        address owner;
        uint8 place;
        bytes32 letter;
        bytes letterSignature;
    }

    struct OakleyShareReply {
        OakleyReply reply;
        address owner;
        uint8 place;
        bytes32 letter;
    }

    struct OakleyConfirm {
        address initiator;
        address responder;
        bytes32 initiatorCookie;
        bytes32 responderCookie;
        bytes32 transcript;
    }

    struct OakleyRefusal {
        address responder;
        address initiator;
        bytes32 initiatorCookie;
        bytes32 responderCookie;
        bytes32 grant;
        uint8 code;
    }
}

fn domain(scope: &Scope) -> Eip712Domain {
    eip712_domain! {
        name: "DHC Oakley",
        version: "1",
        chain_id: scope.chain_id,
        verifying_contract: scope.consent,
    }
}

fn init_struct(init: &Init) -> OakleyInit {
    OakleyInit {
        initiator: init.initiator.into(),
        responder: init.responder.into(),
        initiatorCookie: init.id.initiator.into(),
        responderCookie: init.id.responder.into(),
        initiatorNonce: init.nonce.into(),
        group: init.group,
        transform: init.transform,
        initiatorX25519: init.x25519.into(),
        initiatorKem: init.kem.clone().into(),
        grant: init.grant.into(),
        accessSeq: init.access_seq,
        accessEntry: init.access_entry.into(),
        root: init.root.clone().into(),
    }
}

fn reply_struct(init: &Init, reply: &Reply) -> OakleyReply {
    OakleyReply {
        responder: init.responder.into(),
        initiator: init.initiator.into(),
        initiatorCookie: reply.id.initiator.into(),
        responderCookie: reply.id.responder.into(),
        responderNonce: reply.nonce.into(),
        initiatorNonce: init.nonce.into(),
        group: init.group,
        transform: init.transform,
        responderX25519: reply.x25519.into(),
        initiatorX25519: init.x25519.into(),
        responderKem: reply.kem.clone().into(),
        initiatorKem: init.kem.clone().into(),
        grant: init.grant.into(),
        accessSeq: init.access_seq,
        accessEntry: init.access_entry.into(),
        root: init.root.clone().into(),
    }
}

pub(crate) fn init_digest(scope: &Scope, init: &Init, presented: Option<&Presented>) -> B256 {
    let domain = domain(scope);
    let init = init_struct(init);
    match presented {
        None => init.eip712_signing_hash(&domain),
        Some(presented) => {
            let letter = presented.letter_digest(scope, init.initiator, init.grant);
            OakleyShareInit {
                init,
                owner: presented.owner,
                place: presented.place,
                letter,
                letterSignature: presented.letter.signature.clone().into(),
            }
            .eip712_signing_hash(&domain)
        }
    }
}

pub(crate) fn reply_digest(
    scope: &Scope,
    init: &Init,
    presented: Option<&Presented>,
    reply: &Reply,
) -> B256 {
    let domain = domain(scope);
    let reply = reply_struct(init, reply);
    match presented {
        None => reply.eip712_signing_hash(&domain),
        Some(presented) => OakleyShareReply {
            owner: presented.owner,
            place: presented.place,
            letter: presented.letter_digest(scope, reply.initiator, reply.grant),
            reply,
        }
        .eip712_signing_hash(&domain),
    }
}

pub(crate) fn confirm_digest(
    scope: &Scope,
    initiator: Address,
    responder: Address,
    id: &KeyId,
    transcript: &[u8; 32],
) -> B256 {
    OakleyConfirm {
        initiator,
        responder,
        initiatorCookie: id.initiator.into(),
        responderCookie: id.responder.into(),
        transcript: transcript.into(),
    }
    .eip712_signing_hash(&domain(scope))
}

pub(crate) fn refusal_digest(
    scope: &Scope,
    initiator: Address,
    responder: Address,
    id: &KeyId,
    grant: B256,
    code: u8,
) -> B256 {
    OakleyRefusal {
        responder,
        initiator,
        initiatorCookie: id.initiator.into(),
        responderCookie: id.responder.into(),
        grant,
        code,
    }
    .eip712_signing_hash(&domain(scope))
}
