//! A network on which a little has happened, and clients that see it through a liar: the embedded
//! one, or the real engine's.

use std::{
    any::Any,
    fs,
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
use dhc_domain::{Amount, Height, NetworkFile};
use dhc_tests::real::Real;

pub const PATIENCE: Duration = Duration::from_secs(60);
/// Nobody's, and empty.
pub const NOBODY: Address = Address::repeat_byte(0x77);
const SHOP: Address = Address::repeat_byte(0x50);
/// The seeds of those who pay when the patient does.
const PAYERS: [u8; 4] = [0x12, 0x13, 0x14, 0x15];
/// The seeds of the accounts that send something, each once.
const SENDERS: std::ops::Range<u8> = 0x20..0x60;
pub const PATIENT: u8 = 0x11;
const COINS: &str = "10";

fn funded() -> impl Iterator<Item = Address> {
    let seeds = PAYERS.into_iter().chain(SENDERS).chain([PATIENT]);
    seeds.map(|seed| Account::new(seed).address())
}

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
    pub network: NetworkFile,
    pub patient: Account,
    /// A transfer of the patient's, in a block with others.
    pub transfer: SignedTx,
    pub block: Height,
    /// How long a transaction that may never come is waited for.
    pub short: Duration,
    senders: AtomicU8,
    /// Ended when dropped.
    _running: Box<dyn Any>,
}

impl World {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::new(folder.path().join("devnet"));
        config.block_ms = 50;
        let ten = Amount::from_dhl(COINS).expect("an amount");
        config.fund = funded().map(|account| (account, ten)).collect();
        let devnet = Devnet::start(config).await.expect("a devnet");
        let network = devnet.network_file.clone();
        let running = Box::new((devnet, folder));
        Self::lived_in(network, running, Duration::from_secs(3), 40).await
    }

    /// Of the real engine, with `far` blocks between what happened and the head. `None` where its
    /// programs are not named.
    pub async fn real(validators: u8, far: u64) -> Option<Self> {
        let fund: Vec<_> = funded().map(|of| format!("{of}={COINS}")).collect();
        let starting =
            tokio::task::spawn_blocking(move || Real::funding(validators, 86_400, &fund));
        let real = starting.await.expect("started")?;
        let file = fs::read_to_string(real.network_file()).expect("a network file");
        let network = NetworkFile::parse(&file).expect("a network file");
        let running = Box::new(real);
        Some(Self::lived_in(network, running, Duration::from_secs(12), far).await)
    }

    /// `far`: how many blocks lie between what happened and the head.
    async fn lived_in(
        network: NetworkFile,
        running: Box<dyn Any>,
        short: Duration,
        far: u64,
    ) -> Self {
        let patient = Account::new(PATIENT);
        let chain = chain(&network, None);
        let (transfer, block) = act(&chain, &patient, far).await;
        Self {
            network,
            patient,
            transfer,
            block,
            short,
            senders: AtomicU8::new(SENDERS.start),
            _running: running,
        }
    }

    /// Where the true node is.
    pub fn truth(&self, side: Side) -> &str {
        let network = &self.network;
        match side {
            Side::Comet => &network.rpc[0],
            Side::Evm => &network.evm[0],
            Side::Witness => &network.witnesses[0],
        }
    }

    /// A client that knows nothing yet, and asks `liar` at its side.
    pub fn chain(&self, side: Side, liar: &str) -> Chain {
        chain(&self.network, Some((side, liar)))
    }

    /// An account with coins that nobody else sends from.
    pub fn sender(&self) -> Account {
        let seed = self.senders.fetch_add(1, Ordering::Relaxed);
        assert!(SENDERS.contains(&seed), "more lies than accounts");
        Account::new(seed)
    }
}

fn chain(network: &NetworkFile, liar: Option<(Side, &str)>) -> Chain {
    let mut network = network.clone();
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
async fn act(chain: &Chain, patient: &Account, far: u64) -> (SignedTx, Height) {
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
    let far = Height(block.0 + far);
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
