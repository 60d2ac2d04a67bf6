//! Answers of an Ethereum node: under the final block that was agreed on, the truth or nothing.

use std::sync::LazyLock;

use dhc_chain::{At, Chain};
use dhc_domain::{Address, B256, Height};
use serde_json::Value;

use crate::{Garbling, Recording};

/// What is read of the recorded network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    Slots,
    Block,
}

/// A contract with something in the first slot and nothing in the second.
pub const CONTRACT: Address = Address::repeat_byte(0xc0);
pub const SLOTS: [B256; 2] = [B256::with_last_byte(1), B256::with_last_byte(2)];
/// The final block.
pub const BLOCK: Height = Height(7);

static RECORDED: LazyLock<Recording> =
    LazyLock::new(|| Recording::parse(include_str!("../../recordings/ethereum.json")));

fn block(asked: &Value, whole: bool) -> bool {
    asked["method"] == "eth_getBlockByNumber" && asked["params"][1] == whole
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
    ethereum_header: Slots, |asked| block(asked, false) && asked["params"][0] == "finalized";
    ethereum_transactions: Block, |asked| block(asked, true);
    ethereum_receipts: Block, |asked| asked["method"] == "eth_getBlockReceipts";
    ethereum_proof: Slots, |asked| asked["method"] == "eth_getProof";
}

/// What a newcomer learns, in words; `None` where nothing is proven.
pub async fn read(chain: Chain, read: Read) -> Option<String> {
    match read {
        Read::Slots => {
            let words = chain.read_slots(CONTRACT, &SLOTS, At::Latest).await.ok()?;
            Some(format!("{:?}", words.value))
        }
        Read::Block => {
            chain.sync().await.ok()?;
            Some(format!("{:?}", chain.block(BLOCK).await.ok()?))
        }
    }
}
