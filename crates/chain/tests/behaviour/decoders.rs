//! Every decoder of foreign bytes, on what honest nodes sent with some of it changed: none
//! panics, none loops, and nothing comes out that was not put in.
//!
//! `PROPTEST_CASES` lengthens it; `cargo xtask test --long` does.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use dhc_chain::{
    At, Chain, Clock, Endpoints, HeaderStore, MemoryHeaderStore, Prefix, Revert, Transport,
    TransportError, history::RecordAdded, light::LightBlock, proof,
};
use dhc_domain::{Address, B256, Height, ProofSpec};
use proptest::prelude::*;

use crate::support::{Ledger, ManualClock, SimChain, SimNode, World};

/// One change of a text or of bytes.
#[derive(Clone, Debug)]
enum Change {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Drop(prop::sample::Index, u8),
    Repeat(prop::sample::Index, u8),
    Insert(prop::sample::Index, &'static str),
}

/// What JSON parsers and readers of numbers stumble over.
const WORDS: [&str; 12] = [
    "-1",
    "1e999",
    "18446744073709551616",
    "null",
    "[]",
    "{}",
    "\"\"",
    "\\u0000",
    "\\ud800",
    "[[[[[[[[",
    "0x",
    ",",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, bits)| Change::Flip(at, bits)),
        at().prop_map(Change::Cut),
        (at(), any::<u8>()).prop_map(|(at, n)| Change::Drop(at, n)),
        (at(), any::<u8>()).prop_map(|(at, n)| Change::Repeat(at, n)),
        (at(), prop::sample::select(&WORDS[..])).prop_map(|(at, w)| Change::Insert(at, w)),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 1..4)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            return bytes;
        }
        let end = |at: usize, n: u8| (at + usize::from(n)).min(bytes.len());
        match change {
            Change::Flip(at, bits) => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Change::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Change::Drop(at, n) => {
                let at = at.index(bytes.len());
                let end = end(at, *n);
                bytes.drain(at..end);
            }
            Change::Repeat(at, n) => {
                let at = at.index(bytes.len());
                let part = bytes[at..end(at, *n)].to_vec();
                bytes.splice(at..at, part);
            }
            Change::Insert(at, word) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, word.bytes());
            }
        }
    }
    bytes
}

/// A node whose answers to one method are changed on the wire.
struct Garbled {
    honest: Arc<SimNode>,
    method: &'static str,
    changes: Vec<Change>,
}

#[async_trait]
impl Transport for Garbled {
    fn endpoint(&self) -> &'static str {
        "http://garbled"
    }

    async fn post(&self, body: Vec<u8>, most: usize) -> Result<Vec<u8>, TransportError> {
        let asked: serde_json::Value = serde_json::from_slice(&body).expect("a question");
        let answer = self.honest.post(body, most).await?;
        // Several questions at once are of one method.
        let garbled = [&asked["method"], &asked[0]["method"]].contains(&&self.method.into());
        Ok(if garbled {
            changed(answer, &self.changes)
        } else {
            answer
        })
    }
}

const RICH: Address = Address::repeat_byte(0x31);

/// Signed once for all cases.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut ledger = Ledger::new();
    ledger.set(proof::keys::balance(RICH, "adhl"), *b"900");
    let mut sim = SimChain::with_ledger(|_| vec![1, 2, 3, 4], ledger);
    sim.grow_to(6);
    World::new(sim)
});

static PROVEN: LazyLock<Ledger> = LazyLock::new(|| {
    let mut ledger = Ledger::new();
    for n in 0..20 {
        ledger.set(
            proof::keys::balance(Address::repeat_byte(n), "adhl"),
            vec![b'1' + n % 9],
        );
    }
    ledger
});

fn chain(world: &World, method: &'static str, changes: Vec<Change>) -> Chain {
    let garbled: Arc<dyn Transport> = Arc::new(Garbled {
        honest: world.honest(),
        method,
        changes,
    });
    let endpoints = Endpoints {
        comet: vec![Arc::clone(&garbled)],
        evm: vec![garbled],
        witnesses: vec![],
    };
    let store = Arc::new(MemoryHeaderStore::default()) as Arc<dyn HeaderStore>;
    let clock: Arc<ManualClock> = Arc::clone(&world.clock);
    Chain::new(world.network(), endpoints, store, clock as Arc<dyn Clock>).expect("a network")
}

const METHODS: [&str; 5] = [
    "commit",
    "validators",
    "abci_query",
    "block",
    "block_results",
];

fn wait<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

proptest! {
    /// Whatever of an answer is changed: the truth comes out, or nothing.
    #[test]
    fn a_garbled_answer_is_the_truth_or_none(
        method in prop::sample::select(&METHODS[..]),
        changes in changes(),
    ) {
        let chain = chain(&WORLD, method, changes);
        if let Ok(balance) = wait(chain.balance(RICH, At::Latest)) {
            prop_assert_eq!(balance.value.to_string(), "900");
        }
        let slots = [B256::ZERO, B256::repeat_byte(1)];
        if let Ok(words) = wait(chain.read_slots(RICH, &slots, At::Latest)) {
            prop_assert_eq!(words.value, [B256::ZERO; 2]);
        }
        if let Ok(block) = wait(chain.block(Height(3))) {
            prop_assert_eq!(block.txs.len(), 0);
        }
    }

    /// Logs are only hints, and read as such.
    #[test]
    fn garbled_logs_are_read_or_refused(changes in changes()) {
        let chain = chain(&WORLD, "eth_getLogs", changes);
        let page = wait(chain.history::<RecordAdded>(RICH, &Prefix::default(), At::Latest));
        if let Ok(page) = page {
            prop_assert!(page.entries.is_empty());
        }
    }

    #[test]
    fn a_changed_block_of_the_store_is_known_to_be_damaged(changes in changes()) {
        let sim = WORLD.sim.lock().expect("whole");
        let block = LightBlock {
            signed_header: sim.signed(2).expect("a block"),
            validators: sim.set(2),
            next_validators: sim.set(3),
        };
        if let Ok(read) = LightBlock::decode(&changed(block.encode(), &changes)) {
            prop_assert_eq!(read.header(), block.header());
            prop_assert_eq!(read.validators.hash(), block.validators.hash());
        }
    }

    #[test]
    fn a_changed_proof_proves_the_same_or_nothing(
        step in 0usize..2,
        absent in any::<bool>(),
        changes in changes(),
    ) {
        let ledger = &*PROVEN;
        let account = Address::repeat_byte(if absent { 0xee } else { 7 });
        let key = proof::keys::balance(account, "adhl");
        let (value, mut ops) = ledger.prove("bank", &key.key);
        ops[step].data = changed(ops[step].data.clone(), &changes);
        let proven = |value: Option<&[u8]>| {
            proof::verify(ProofSpec::Devnet, &ledger.app_hash(), "bank", &key.key, value, &ops)
        };
        let other: Option<&[u8]> = if absent { Some(b"5") } else { None };
        prop_assert!(proven(other).is_err());
        prop_assert!(proven(Some(b"900")).is_err());
        // The truth itself, by bytes that mean the same or not at all.
        let _ = proven(value.as_deref());
    }

    #[test]
    fn rubbish_is_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = LightBlock::decode(&bytes);
        let _ = Revert::decode(&bytes).to_string();
        let _ = proof::keys::read_nonce(Some(&bytes));
        let _ = proof::keys::read_balance(Some(&bytes));
        let _ = proof::keys::read_word(Some(&bytes));
        let _ = proof::keys::read_code_hash(Some(&bytes));
        let ops = [proof::ProofOp { kind: "ics23:jmt".into(), key: vec![1], data: bytes.clone() },
            proof::ProofOp { kind: "ics23:simple".into(), key: b"evm".to_vec(), data: bytes }];
        prop_assert!(proof::verify(ProofSpec::Devnet, &[0; 32], "evm", &[1], None, &ops).is_err());
    }
}
