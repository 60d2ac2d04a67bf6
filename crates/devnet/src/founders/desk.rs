use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use alloy::primitives::Address;
use dhc_domain::{NetworkFile, ProofSpec, Trust};
use reqwest::Client;
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use super::{FoundingError, plan::GENESIS_FILE, remote::Remote};
use crate::{
    committee::Committee,
    files::{self, Port, TRUST_PERIOD_S},
    genesis::Genesis,
    keys::Keys,
    operator::Operator,
    rpc::{Methods, Params, RpcError, Style, ethereum::Founders, serve},
    state::DENOM,
    store::Store,
};

const NAME: &str = "dhc";
const STORE_FILE: &str = "desk.redb";
/// How long the first block may take: four nodes begin on a busy machine.
const FIRST_BLOCK: Duration = Duration::from_secs(120);
/// The first state that a node proves.
const FIRST_PROVEN: u64 = 2;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Where the nodes of a network answer.
#[derive(Clone, Debug)]
pub struct Nodes {
    /// CometBFT RPC.
    pub rpc: Vec<String>,
    /// CometBFT RPC of those that are only compared with.
    pub witnesses: Vec<String>,
    /// Ethereum JSON-RPC.
    pub evm: Vec<String>,
}

/// The founders of a network of real nodes at their desk: an Ethereum JSON-RPC that gives coins,
/// certifies institutions and attests similarity, and passes everything else on to the nodes.
pub struct Desk {
    /// Ethereum JSON-RPC.
    pub url: String,
    /// Readable by all; names this desk and the nodes.
    pub network_file_path: PathBuf,
    pub network_file: NetworkFile,
    /// The account that gives coins to whoever asks, by `dhc_fund`.
    pub faucet: Address,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

struct Front {
    founders: Founders,
    remote: Arc<Remote>,
}

impl Methods for Front {
    fn call(&self, method: &str, params: Params) -> Result<Value, RpcError> {
        if Founders::answers(method) {
            return self.founders.call(method, params);
        }
        let params = match params {
            Params::Listed(list) => Value::Array(list),
            Params::Named(fields) => Value::Object(fields),
        };
        self.remote.forward(method, params)
    }
}

impl Desk {
    /// Waits for the network's first block, writes its network file, and serves. `data_dir` is
    /// where the network was founded; `port` 0 takes any.
    pub async fn open(data_dir: &Path, nodes: Nodes, port: u16) -> Result<Self, FoundingError> {
        let io = |what| move |error| FoundingError::Io { what, error };
        let genesis = std::fs::read(data_dir.join(GENESIS_FILE)).map_err(io("the genesis"))?;
        let genesis = Genesis::parse(&genesis)?;
        let keys = Keys::load_or_create(data_dir).map_err(io("the keys"))?;
        let store = Store::open(&data_dir.join(STORE_FILE))?;
        let remote = Arc::new(Remote::new(nodes.evm.clone(), genesis.clone(), store)?);
        let front: Arc<dyn Methods> = Arc::new(Front {
            founders: Founders::new(
                Operator::new(remote.clone(), keys.clone()),
                Committee::new(remote.clone(), keys),
            ),
            remote,
        });
        let trust = checkpoint(&nodes.rpc).await?;
        let (stop, stopped) = watch::channel(false);
        let wish = if port == 0 {
            Port::Any
        } else {
            Port::Rather(port)
        };
        let (address, task) = files::on_port(wish, |port| {
            serve(front.clone(), Style::Ethereum, port, stopped.clone())
        })
        .await
        .map_err(io("a port on 127.0.0.1"))?;
        let url = format!("http://{address}");
        let network_file = NetworkFile {
            name: NAME.to_owned(),
            chain_id: genesis.chain_id.clone(),
            evm_chain_id: genesis.evm_chain_id,
            rpc: nodes.rpc,
            // The desk is no node: when it is gone, the nodes are asked.
            evm: std::iter::once(url.clone()).chain(nodes.evm).collect(),
            witnesses: nodes.witnesses,
            proof_spec: ProofSpec::Iavl,
            denom: DENOM.to_owned(),
            trust,
            day_s: genesis.day_s,
            contracts: genesis.contracts.clone(),
            swarm_key: None,
        };
        let network_file_path =
            files::write_network_file(data_dir, &network_file).map_err(io("the network file"))?;
        Ok(Self {
            url,
            network_file_path,
            network_file,
            faucet: genesis.faucet,
            stop,
            task,
        })
    }

    /// Answers what is being asked, then nothing more.
    pub async fn close(self) {
        self.stop.send_replace(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the desk failed");
        }
    }
}

/// The first header as the checkpoint, from the first node that has one, when the network is ready.
async fn checkpoint(nodes: &[String]) -> Result<Trust, FoundingError> {
    let client = Client::new();
    let hash = async {
        made(&client, nodes).await;
        until(&client, nodes, "commit?height=1", |answer| {
            let commit = &answer["result"]["signed_header"]["commit"];
            commit["block_id"]["hash"].as_str().map(str::to_owned)
        })
        .await
    };
    let hash = tokio::time::timeout(FIRST_BLOCK, hash)
        .await
        .map_err(|_| FoundingError::Nodes("no block comes".to_owned()))?;
    Ok(Trust {
        height: 1,
        hash,
        period_s: TRUST_PERIOD_S,
    })
}

/// Waits for a block that was made since now. A node that has just started refuses transactions
/// until the first one; and none proves the state after the first block of all.
async fn made(client: &Client, nodes: &[String]) {
    let height = |answer: &Value| {
        let sync = &answer["result"]["sync_info"];
        sync["latest_block_height"].as_str()?.parse::<u64>().ok()
    };
    let begun = until(client, nodes, "status", height).await;
    until(client, nodes, "status", |answer| {
        height(answer).filter(|now| *now > begun.max(FIRST_PROVEN))
    })
    .await;
}

/// Asks the nodes at a path until one gives the answer that is wanted.
async fn until<T>(
    client: &Client,
    nodes: &[String],
    path: &str,
    wanted: impl Fn(&Value) -> Option<T>,
) -> T {
    loop {
        for url in nodes {
            let Ok(response) = client.get(format!("{url}/{path}")).send().await else {
                continue;
            };
            if let Some(found) = response.json().await.ok().as_ref().and_then(&wanted) {
                return found;
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
