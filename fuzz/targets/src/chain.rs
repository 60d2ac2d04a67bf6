//! What stands in proven blocks and in stores: proofs, transactions, logs, headers, evidence.

use std::sync::LazyLock;

use alloy::{
    consensus::{TxEnvelope, transaction::SignerRecoverable},
    eips::Decodable2718,
    primitives::{Address, B256, Bytes, Log},
};
use dhc_chain::{
    Conflict, Revert,
    contracts::{Contract, intents},
    history::{
        Accessed, Contributed, Entry, GrantGiven, GrantReceived, RecordAdded, RequestMade,
        RequestReceived,
    },
    light::LightBlock,
    proof::{self, ProofOp, keys},
    tx::envelope,
};
use dhc_domain::{Height, ProofSpec};
use serde::{Deserialize, Serialize};

/// A statement about a store, without its proof.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claim {
    pub spec: ProofSpec,
    pub app_hash: Bytes,
    pub store: String,
    pub key: Bytes,
    /// `None` where the key is absent.
    pub value: Option<Bytes>,
}

static CLAIMS: LazyLock<Vec<Claim>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../recordings/claims.json"))
        .expect("the committed claims are whole")
});

/// The number of a claim, the length of the first step (2, big-endian), both steps.
pub fn ics23_proof(bytes: &[u8]) {
    let Some((&[which, high, low], steps)) = bytes.split_first_chunk::<3>() else {
        return;
    };
    let claim = &CLAIMS[usize::from(which) % CLAIMS.len()];
    let cut = usize::from(u16::from_be_bytes([high, low])).min(steps.len());
    let (in_store, of_store) = steps.split_at(cut);
    let kind = match claim.spec {
        ProofSpec::Devnet => "ics23:jmt",
        ProofSpec::Iavl | ProofSpec::Mpt => "ics23:iavl",
    };
    let step = |kind: &str, key: &[u8], data: &[u8]| ProofOp {
        kind: kind.into(),
        key: key.to_vec(),
        data: data.to_vec(),
    };
    let steps = [
        step(kind, &claim.key, in_store),
        step("ics23:simple", claim.store.as_bytes(), of_store),
    ];
    let verify = |value: Option<&[u8]>| {
        let Claim {
            spec,
            app_hash,
            store,
            key,
            ..
        } = claim;
        proof::verify(*spec, app_hash, store, key, value, &steps)
    };
    // The truth itself may be proven by other bytes that mean the same.
    let value = claim.value.as_ref().map(|value| &value[..]);
    let _ = verify(value);
    let other = [value.unwrap_or_default(), &[1]].concat();
    assert!(verify(Some(&other)).is_err(), "another value is proven");
    if value.is_some() {
        assert!(verify(None).is_err(), "what is there is proven absent");
    }
}

/// A transaction of a block, as the SDK wraps it.
pub fn tx_envelope(bytes: &[u8]) {
    for (_, raw) in envelope::ethereum_txs(bytes) {
        assert!(raw.len() <= bytes.len());
        if let Ok(tx) = TxEnvelope::decode_2718_exact(&raw) {
            let _ = tx.recover_signer();
        }
    }
}

/// The data of a transaction's result; its first byte says which message's.
pub fn tx_result(bytes: &[u8]) {
    let Some((place, data)) = bytes.split_first() else {
        return;
    };
    if let Some(response) = envelope::response(data, usize::from(*place)) {
        assert!(response.ret.len() + response.vm_error.len() <= data.len());
    }
}

/// What a contract, or a node in its name, says why it refused.
pub fn revert(bytes: &[u8]) {
    let said = Revert::decode(bytes).to_string();
    assert!(
        !said.contains(char::is_control),
        "{said:?} reaches a terminal"
    );
    assert!(said.len() <= 4096 + 4 * bytes.len());
}

/// Values of proven keys.
pub fn state_value(bytes: &[u8]) {
    let value = Some(bytes);
    let _ = keys::read_nonce(value);
    if let Ok(balance) = keys::read_balance(value) {
        let digits = std::str::from_utf8(bytes).expect("a balance is digits");
        assert_eq!(
            balance.to_string(),
            match digits.trim_start_matches('0') {
                "" => "0",
                digits => digits,
            }
        );
    }
    if let Ok(word) = keys::read_word(value) {
        assert_eq!(&word[..], bytes);
    }
    if let Ok(Some(hash)) = keys::read_code_hash(value) {
        assert_eq!(&hash[..], bytes);
    }
}

/// A log: how many topics, these, the data. Read as every kind of entry there is.
pub fn log_entry(bytes: &[u8]) {
    let Some((count, mut rest)) = bytes.split_first() else {
        return;
    };
    let mut topics = Vec::new();
    for _ in 0..count % 5 {
        let Some((topic, after)) = rest.split_first_chunk::<32>() else {
            return;
        };
        topics.push(B256::from(*topic));
        rest = after;
    }
    if let Some(log) = Log::new(Address::ZERO, topics, Bytes::copy_from_slice(rest)) {
        entry::<RecordAdded>(&log);
        entry::<GrantGiven>(&log);
        entry::<GrantReceived>(&log);
        entry::<Accessed>(&log);
        entry::<Contributed>(&log);
        entry::<RequestMade>(&log);
        entry::<RequestReceived>(&log);
    }
}

fn entry<E: Entry>(log: &Log) {
    if let Some(entry) = E::claimed(log, Height(1)) {
        let kept = serde_json::to_vec(&entry).expect("an entry is kept");
        let read: E = serde_json::from_slice(&kept).expect("what is kept is read");
        // A time that no calendar has is kept as the last that one has: compared as kept.
        let again = serde_json::to_vec(&read).expect("an entry is kept");
        assert_eq!((read.seq(), again), (entry.seq(), kept));
        let _ = entry.hash();
    }
}

/// The number of a contract, and calldata that a sponsor is to carry in.
pub fn intent_call(bytes: &[u8]) {
    let Some((which, data)) = bytes.split_first() else {
        return;
    };
    let contract = Contract::ALL[usize::from(*which) % Contract::ALL.len()];
    if let Some(intent) = intents::parse(contract, data) {
        assert_eq!(intent.carried()[..], *data, "it is carried in otherwise");
        let _ = (intent.author(), intent.deadline(), intent.event());
        let _ = (intent.signature().len(), intent.alone());
    }
}

/// A header of the store, with its validators.
pub fn stored_header(bytes: &[u8]) {
    if let Ok(block) = LightBlock::decode(bytes) {
        assert_eq!(LightBlock::decode(&block.encode()).as_ref(), Ok(&block));
    }
}

/// A file with the evidence of a fork.
pub fn evidence(bytes: &[u8]) {
    if let Ok(conflict) = serde_json::from_slice::<Conflict>(bytes) {
        let written = serde_json::to_vec(&conflict).expect("evidence is written");
        let read: Conflict = serde_json::from_slice(&written).expect("what is written is read");
        assert_eq!(read, conflict);
    }
}
