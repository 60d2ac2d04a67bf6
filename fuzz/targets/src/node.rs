//! Answers of a DHC node: what is read under them is the truth or nothing.

use std::sync::LazyLock;

use dhc_chain::{At, Chain, HistoryVerdict, Prefix, TxRequest, history::Accessed};
use dhc_domain::{Address, Amount, B256, Height, U256};
use serde_json::Value;

use crate::{Garbling, Recording};

/// What is read of the recorded network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    Balance,
    Slots,
    Block,
    History,
    Transfer,
}

/// Who holds coins on it and keeps a log, and a block with a transaction.
pub const OWNER: Address = Address::repeat_byte(0xa1);
pub const BLOCK: Height = Height(2);

static RECORDED: LazyLock<Recording> =
    LazyLock::new(|| Recording::parse(include_str!("../../recordings/comet.json")));

fn method(asked: &Value, method: &str) -> bool {
    asked["method"] == method
}

fn is_head(asked: &Value) -> bool {
    method(asked, "commit") && asked["params"]["height"].is_null()
}

fn is_batch(asked: &Value) -> bool {
    asked[0]["method"] == "abci_query"
}

macro_rules! garblings {
    ($($name:ident: $read:ident, $of:expr;)*) => {
        /// Every answer of a node that bytes may stand in the place of.
        pub const GARBLINGS: &[Garbling<Read>] = &[
            $(Garbling { name: stringify!($name), read: Read::$read, of: $of },)*
        ];
        $(
            pub fn $name(bytes: &[u8]) {
                let garbling = Garbling { name: stringify!($name), read: Read::$read, of: $of };
                RECORDED.garble(&garbling, bytes, read);
            }
        )*
    };
}

garblings! {
    comet_commit: Balance, is_head;
    comet_validators: Balance, |asked| method(asked, "validators");
    comet_query: Balance, |asked| method(asked, "abci_query");
    comet_batch: Slots, is_batch;
    comet_block: Block, |asked| method(asked, "block");
    comet_results: Block, |asked| method(asked, "block_results");
    evm_logs: History, |asked| method(asked, "eth_getLogs");
    evm_quantity: Transfer, |asked| method(asked, "eth_estimateGas");
}

/// What a newcomer learns, in words; `None` where nothing is proven.
pub async fn read(chain: Chain, read: Read) -> Option<String> {
    match read {
        Read::Balance => {
            let balance = chain.balance(OWNER, At::Latest).await.ok()?;
            Some(balance.value.to_string())
        }
        Read::Slots => {
            let slots = [B256::ZERO, B256::repeat_byte(1)];
            let words = chain.read_slots(OWNER, &slots, At::Latest).await.ok()?;
            Some(format!("{:?}", words.value))
        }
        Read::Block => {
            chain.sync().await.ok()?;
            Some(format!("{:?}", chain.block(BLOCK).await.ok()?))
        }
        Read::History => {
            let new = Prefix::default();
            let page = chain.history::<Accessed>(OWNER, &new, At::Latest).await;
            let page = page.ok()?;
            assert!(page.verdict == HistoryVerdict::Complete || page.entries.is_empty());
            // Heights are a node's word, and said to be.
            let hashes: Vec<_> = page
                .entries
                .iter()
                .map(dhc_chain::history::Entry::hash)
                .collect();
            (!hashes.is_empty()).then(|| format!("{hashes:?}"))
        }
        Read::Transfer => {
            let request = TxRequest::transfer(OWNER, Address::repeat_byte(0xb2), Amount(U256::ONE));
            let tx = chain.prepare(&request).await.ok()?;
            // Gas and price are hints; what they may cost is bounded and shown before signing.
            Some(tx.nonce().to_string())
        }
    }
}
