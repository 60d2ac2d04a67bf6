//! A devnet on which a little has happened, and clients that see it through a liar.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, Bytes},
    signers::{SignerSync, local::PrivateKeySigner},
};
use dhc_adapters::rpc::{HttpTransport, SystemClock};
use dhc_chain::{
    At, Chain, Endpoints, MemoryHeaderStore, SignError, Signature, SignedTx, Signer, Transport,
    TxRequest, TxVerdict,
    contracts::{Contract, Identity, RecordIndex},
};
use dhc_devnet::{Config, Devnet};
use dhc_domain::{Amount, Height};

pub const PATIENCE: Duration = Duration::from_secs(60);
/// Nobody's, and empty.
pub const NOBODY: Address = Address::repeat_byte(0x77);
const SHOP: Address = Address::repeat_byte(0x50);
/// The seeds of those who pay when the patient does.
const PAYERS: [u8; 4] = [0x12, 0x13, 0x14, 0x15];
/// The seeds of the accounts that send something, each once.
const SENDERS: std::ops::Range<u8> = 0x20..0x60;

pub struct Account(PrivateKeySigner);

impl Account {
    pub fn new(seed: u8) -> Self {
        Self(PrivateKeySigner::from_bytes(&B256::repeat_byte(seed)).expect("a key"))
    }

    pub fn pays(&self, to: Address) -> TxRequest {
        let one = Amount::from_dhl("1").expect("an amount");
        TxRequest::transfer(self.address(), to, one)
    }
}

impl Signer for Account {
    fn address(&self) -> Address {
        self.0.address()
    }

    fn sign_hash(&self, hash: [u8; 32]) -> Result<Signature, SignError> {
        self.0
            .sign_hash_sync(&hash.into())
            .map_err(|e| SignError(e.to_string()))
    }
}

/// Where the liar stands; the other endpoints are true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Comet,
    Evm,
    Witness,
}

pub struct World {
    pub devnet: Devnet,
    pub patient: Account,
    /// A transfer of the patient's, in a block with others.
    pub transfer: SignedTx,
    pub block: Height,
    senders: AtomicU8,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let patient = Account::new(0x11);
        let mut config = Config::new(folder.path().join("devnet"));
        config.block_ms = 50;
        let ten = Amount::from_dhl("10").expect("an amount");
        let senders = PAYERS.into_iter().chain(SENDERS);
        let senders = senders.map(|seed| (Account::new(seed).address(), ten));
        config.fund = senders.chain([(patient.address(), ten)]).collect();
        let devnet = Devnet::start(config).await.expect("a devnet");
        let chain = chain(&devnet, None);
        let (transfer, block) = act(&chain, &patient).await;
        Self {
            devnet,
            patient,
            transfer,
            block,
            senders: AtomicU8::new(SENDERS.start),
            _folder: folder,
        }
    }

    /// Where the true node is.
    pub fn truth(&self, side: Side) -> &str {
        let network = &self.devnet.network_file;
        match side {
            Side::Comet => &network.rpc[0],
            Side::Evm => &network.evm[0],
            Side::Witness => &network.witnesses[0],
        }
    }

    /// A client that knows nothing yet, and asks `liar` at its side.
    pub fn chain(&self, side: Side, liar: &str) -> Chain {
        chain(&self.devnet, Some((side, liar)))
    }

    /// An account with coins that nobody else sends from.
    pub fn sender(&self) -> Account {
        let seed = self.senders.fetch_add(1, Ordering::Relaxed);
        assert!(SENDERS.contains(&seed), "more lies than accounts");
        Account::new(seed)
    }
}

fn chain(devnet: &Devnet, liar: Option<(Side, &str)>) -> Chain {
    let mut network = devnet.network_file.clone();
    if let Some((side, url)) = liar {
        let urls = match side {
            Side::Comet => &mut network.rpc,
            Side::Evm => &mut network.evm,
            Side::Witness => &mut network.witnesses,
        };
        *urls = vec![url.to_owned()];
    }
    let endpoints = Endpoints {
        comet: transports(&network.rpc),
        evm: transports(&network.evm),
        witnesses: transports(&network.witnesses),
    };
    let store = Arc::new(MemoryHeaderStore::default());
    Chain::new(network, endpoints, store, Arc::new(SystemClock)).expect("a network file")
}

fn transports(urls: &[String]) -> Vec<Arc<dyn Transport>> {
    urls.iter()
        .map(|url| Arc::new(HttpTransport::new(url).expect("an address")) as Arc<dyn Transport>)
        .collect()
}

/// The patient publishes keys, adds three records and pays. Answers the payment and its block, in
/// which others paid, too, some blocks below the head.
async fn act(chain: &Chain, patient: &Account) -> (SignedTx, Height) {
    let contract = |c: Contract| c.address(chain.network()).expect("an address");
    let from = patient.address();
    let keys = Identity::publishCall {
        publicKeys: vec![7u8; 1216].into(),
    };
    let mut wishes = vec![TxRequest::call(from, contract(Contract::Identity), &keys)];
    for n in 1..=3 {
        let add = RecordIndex::addCall {
            id: B256::repeat_byte(n),
            commitment: B256::repeat_byte(0x40 + n),
            root: B256::repeat_byte(0x60 + n),
            issuer: Address::ZERO,
            quality: 0,
            issuerSignature: Bytes::new(),
        };
        wishes.push(TxRequest::call(from, contract(Contract::RecordIndex), &add));
    }
    let first_payment = wishes.len() as u64;
    for (nonce, wish) in (0..).zip(wishes) {
        let tx = signed(chain, patient, wish, nonce).await;
        chain.broadcast(&tx).await.expect("taken");
    }
    let (transfer, block) = paid_together(chain, patient, first_payment).await;
    let far = Height(block.0 + 40);
    chain.wait_for(far, PATIENCE).await.expect("more blocks");
    let keys = chain.keys(from, At::Latest).await.expect("keys").value;
    assert_eq!(keys.version, 1);
    (transfer, block)
}

async fn signed(chain: &Chain, by: &Account, mut wish: TxRequest, nonce: u64) -> SignedTx {
    wish.nonce = Some(nonce);
    wish.gas_limit = Some(2_000_000);
    let prepared = chain.prepare(&wish).await.expect("a transaction");
    prepared.sign(by).expect("a signature")
}

/// Payments of several people at once, until the patient's shares its block with another.
async fn paid_together(chain: &Chain, patient: &Account, nonce: u64) -> (SignedTx, Height) {
    let others = PAYERS.map(Account::new);
    for round in 0.. {
        let payment = signed(chain, patient, patient.pays(SHOP), nonce + round).await;
        let mut payments = vec![payment.clone()];
        for other in &others {
            payments.push(signed(chain, other, other.pays(SHOP), round).await);
        }
        let sent = payments.iter().map(|tx| chain.broadcast(tx));
        for taken in futures::future::join_all(sent).await {
            taken.expect("taken");
        }
        let verdict = chain.await_proven(&payment, PATIENCE).await;
        let Ok(TxVerdict::Proven(receipt)) = verdict else {
            panic!("{verdict:?}");
        };
        let block = chain.block(receipt.height).await.expect("a block");
        if block.txs.len() > 1 {
            return (payment, receipt.height);
        }
    }
    unreachable!("rounds have no end")
}
