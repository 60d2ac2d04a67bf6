//! The embedded chain: what the DHC network does, in one process, for development, tests and the
//! demo. revm executes; the state stands in trees that ICS-23 proves; four validators sign
//! Tendermint headers; CometBFT RPC and Ethereum JSON-RPC answer on loopback. A second node, the
//! witness, verifies and executes every block again and serves what it found itself.
//!
//! Everything is kept: a block goes to disk with its state at once, a transaction before its
//! hash is reported, so that a devnet goes on after a crash where it was.

mod committee;
mod consensus;
mod envelope;
mod execution;
mod files;
mod founders;
mod genesis;
mod keys;
mod merkle;
mod node;
mod operator;
mod pool;
mod rpc;
mod signed_tx;
mod state;
mod store;
mod trees;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

pub use dhc_domain::{Address, Amount, NetworkFile};
pub use founders::{Desk, Found, FoundingError, Nodes, found};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval_at},
};

use crate::{
    committee::Committee,
    consensus::Signers,
    files::Ports,
    genesis::Genesis,
    keys::Keys,
    node::{Node, NodeError, PROVABLE_STATES},
    operator::Operator,
    rpc::{
        Style,
        comet::Comet,
        ethereum::{Ethereum, Founders},
        serve,
    },
    store::{Store, StoreError},
};

/// What a devnet is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Keeps the chain and its keys; made if it is not there.
    pub data_dir: PathBuf,
    /// Time between blocks, milliseconds.
    pub block_ms: u64,
    /// Ports on 127.0.0.1. 0 takes those of the last start, if they are free, or any.
    pub rpc_port: u16,
    pub evm_port: u16,
    pub witness_port: u16,
    /// Accounts that hold coins from the beginning. Only for a devnet that begins.
    pub fund: Vec<(Address, Amount)>,
    /// Length of a settlement day, seconds. Only for a devnet that begins.
    pub day_s: u64,
    /// How many of the newest states its first node proves; older ones it prunes. Its witness
    /// keeps as many as it does without this.
    pub states: u64,
}

impl Config {
    /// A block a second, a day of 24 hours, free ports.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            block_ms: 1_000,
            rpc_port: 0,
            evm_port: 0,
            witness_port: 0,
            fund: Vec::new(),
            day_s: 86_400,
            states: PROVABLE_STATES,
        }
    }
}

/// Why a devnet does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("another devnet runs on this data directory")]
    Busy,
    #[error("the time between blocks is at least a millisecond")]
    BlockTime,
    #[error("{what}: {error}")]
    Io {
        what: &'static str,
        error: io::Error,
    },
    #[error("the keys in the data directory are not those of its chain")]
    Keys,
    #[error("the devnet cannot go on: {0}")]
    Chain(String),
}

impl From<NodeError> for StartError {
    fn from(error: NodeError) -> Self {
        match error {
            NodeError::Store(error) => error.into(),
            other => Self::Chain(other.to_string()),
        }
    }
}

impl From<StoreError> for StartError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(inner) if matches!(*inner, redb::Error::DatabaseAlreadyOpen) => {
                Self::Busy
            }
            other => Self::Chain(other.to_string()),
        }
    }
}

/// A running devnet. Dropping it stops it, too; [`Devnet::shutdown`] waits for the end.
pub struct Devnet {
    /// CometBFT RPC.
    pub rpc_url: String,
    /// Ethereum JSON-RPC.
    pub evm_url: String,
    pub network_file: NetworkFile,
    /// Where the network file stands, readable by all.
    pub network_file_path: PathBuf,
    /// The account that gives coins to whoever asks, by `dhc_fund`.
    pub faucet: Address,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Devnet {
    /// Starts a devnet, or goes on with the one in the data directory. When this returns, the
    /// first block stands and the servers answer.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        if config.block_ms == 0 {
            return Err(StartError::BlockTime);
        }
        let io = |what| move |error| StartError::Io { what, error };
        std::fs::create_dir_all(&config.data_dir).map_err(io("the data directory"))?;
        let opening = config.clone();
        let Opened {
            leader,
            witness,
            signers,
            keys,
        } = tokio::task::spawn_blocking(move || Opened::open(&opening))
            .await
            .map_err(|error| StartError::Chain(error.to_string()))??;

        let (stop, stopped) = watch::channel(false);
        let ports = Ports::choose(&config);
        let comet = |node: &Arc<Node>, leads| Arc::new(Comet::new(node.clone(), leads));
        let founders = Founders::new(
            Operator::new(leader.clone(), keys.clone()),
            Committee::new(leader.clone(), keys),
        );
        let ethereum = Ethereum::new(leader.clone(), founders);
        let mut tasks = Vec::new();
        let mut addresses = Vec::new();
        for (methods, style, port) in [
            (
                comet(&leader, true) as Arc<dyn rpc::Methods>,
                Style::Comet,
                ports.rpc,
            ),
            (comet(&witness, false), Style::Comet, ports.witness),
            (Arc::new(ethereum), Style::Ethereum, ports.evm),
        ] {
            let (address, task) = files::on_port(port, |port| {
                serve(methods.clone(), style, port, stopped.clone())
            })
            .await
            .map_err(io("a port on 127.0.0.1"))?;
            tasks.push(task);
            addresses.push(address);
        }
        let url = |address: &SocketAddr| format!("http://{address}");
        let network_file = files::network_file(
            &leader,
            url(&addresses[0]),
            url(&addresses[2]),
            url(&addresses[1]),
        )?;
        let network_file_path = files::write_network_file(&config.data_dir, &network_file)
            .map_err(io("the network file"))?;

        let faucet = leader.genesis.faucet;
        let (heights, new_height) = watch::channel(leader.height());
        tasks.push(tokio::spawn(follow(leader.clone(), witness, new_height)));
        let period = Duration::from_millis(config.block_ms);
        tasks.push(tokio::spawn(produce(
            leader,
            signers,
            period,
            heights,
            stop.clone(),
        )));
        Ok(Self {
            rpc_url: url(&addresses[0]),
            evm_url: url(&addresses[2]),
            network_file,
            network_file_path,
            faucet,
            stop,
            tasks,
        })
    }

    /// Waits until the devnet stops of itself, which it does only when it cannot keep a block.
    pub async fn stopped(&self) {
        // An error cannot be: the sender is here.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Ends the devnet after the block that is being made.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                tracing::error!(%error, "a part of the devnet failed");
            }
        }
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// The nodes of a devnet, the last block of each verified to be there.
struct Opened {
    leader: Arc<Node>,
    witness: Arc<Node>,
    signers: Signers,
    keys: Keys,
}

impl Opened {
    fn open(config: &Config) -> Result<Self, StartError> {
        let store = |name: &str| Store::open(&config.data_dir.join(name));
        // The lock on the database comes first: it keeps a second devnet from everything else.
        let leader_store = store("chain.redb")?;
        let keys = Keys::load_or_create(&config.data_dir).map_err(|error| StartError::Io {
            what: "the keys",
            error,
        })?;
        let leader = Node::open(leader_store, config.states, || {
            Genesis::compose(&keys, tendermint::Time::now(), config.day_s, &config.fund)
        })?;
        if leader.genesis.day_s != config.day_s {
            tracing::info!(
                day_s = leader.genesis.day_s,
                "the devnet keeps the day of its genesis"
            );
        }
        let witness = Node::open(store("witness.redb")?, PROVABLE_STATES, || {
            Ok(leader.genesis.clone())
        })?;
        if witness.genesis != leader.genesis {
            return Err(NodeError::OtherGenesis.into());
        }
        let signers = Signers::new(&keys, &leader.identity.validators).ok_or(StartError::Keys)?;
        leader.produce(&signers, tendermint::Time::now)?;
        catch_up(&leader, &witness)?;
        Ok(Self {
            leader: Arc::new(leader),
            witness: Arc::new(witness),
            signers,
            keys,
        })
    }
}

/// Lets the witness take the blocks of the leader that it lacks.
fn catch_up(leader: &Node, witness: &Node) -> Result<(), NodeError> {
    let snapshot = leader.store.snapshot()?;
    while let Some(record) = snapshot.block(witness.height() + 1)? {
        witness.follow(&record)?;
    }
    Ok(())
}

/// Makes a block each `period` until stopped.
async fn produce(
    leader: Arc<Node>,
    signers: Signers,
    period: Duration,
    heights: watch::Sender<u64>,
    stop: watch::Sender<bool>,
) {
    let signers = Arc::new(signers);
    let mut stopped = stop.subscribe();
    let mut ticks = interval_at(Instant::now() + period, period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            _ = ticks.tick() => {}
        }
        let (node, signers) = (leader.clone(), signers.clone());
        let made =
            tokio::task::spawn_blocking(move || node.produce(&signers, tendermint::Time::now));
        match made.await {
            Ok(Ok(height)) => {
                heights.send_replace(height);
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "no block can be made");
                stop.send_replace(true);
            }
            Err(error) => {
                tracing::error!(%error, "no block can be made");
                stop.send_replace(true);
            }
        }
    }
}

/// Keeps the witness on the leader's heels until there are no more blocks.
async fn follow(leader: Arc<Node>, witness: Arc<Node>, mut heights: watch::Receiver<u64>) {
    while heights.changed().await.is_ok() {
        let (leader, witness) = (leader.clone(), witness.clone());
        match tokio::task::spawn_blocking(move || catch_up(&leader, &witness)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "the witness refuses the leader's block and stops");
                return;
            }
            Err(error) => {
                tracing::error!(%error, "the witness stopped");
                return;
            }
        }
    }
}
