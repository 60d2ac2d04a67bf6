//! What a devnet tells others: its network file, and ports that stay the same.

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    path::{Path, PathBuf},
};

use dhc_domain::{NetworkFile, ProofSpec, Trust};

use crate::{
    Config, StartError,
    keys::write_whole,
    node::Node,
    state::DENOM,
    store::{BlockRecord, StoreError},
};

const NETWORK_FILE: &str = "network.json";
const NAME: &str = "devnet";
/// Seconds for which a header of these validators may be trusted: two thirds of the three weeks
/// after which a validator of the real network can leave with its stake.
pub(crate) const TRUST_PERIOD_S: u64 = 14 * 86_400;

/// A wish for a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Exactly(u16),
    Rather(u16),
    Any,
}

/// The ports that a devnet listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ports {
    pub(crate) rpc: Port,
    pub(crate) evm: Port,
    pub(crate) witness: Port,
}

impl Ports {
    /// Those of the configuration, and for the rest those of the last start: clients hold copies
    /// of the network file.
    pub(crate) fn choose(config: &Config) -> Self {
        let last = std::fs::read_to_string(config.data_dir.join(NETWORK_FILE))
            .ok()
            .and_then(|json| NetworkFile::parse(&json).ok());
        let wish = |port: u16, urls: fn(&NetworkFile) -> &Vec<String>| match port {
            0 => last
                .as_ref()
                .and_then(|file| urls(file).first()?.rsplit(':').next()?.parse().ok())
                .map_or(Port::Any, Port::Rather),
            port => Port::Exactly(port),
        };
        Self {
            rpc: wish(config.rpc_port, |file| &file.rpc),
            evm: wish(config.evm_port, |file| &file.evm),
            witness: wish(config.witness_port, |file| &file.witnesses),
        }
    }
}

/// Calls `bind` with the port wished for; where any will do in the end, a second time with 0.
pub(crate) async fn on_port<T, F>(port: Port, bind: impl Fn(u16) -> F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    match port {
        Port::Exactly(port) => bind(port).await,
        Port::Rather(port) => match bind(port).await {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => bind(0).await,
            bound => bound,
        },
        Port::Any => bind(0).await,
    }
}

pub(crate) fn network_file(
    leader: &Node,
    rpc: String,
    evm: String,
    witness: String,
) -> Result<NetworkFile, StartError> {
    let genesis = &leader.genesis;
    let contracts: BTreeMap<_, _> = genesis.contracts.clone();
    Ok(NetworkFile {
        name: NAME.to_owned(),
        chain_id: genesis.chain_id.clone(),
        evm_chain_id: genesis.evm_chain_id,
        rpc: vec![rpc],
        evm: vec![evm],
        witnesses: vec![witness],
        proof_spec: ProofSpec::Devnet,
        denom: DENOM.to_owned(),
        trust: checkpoint(leader)?,
        day_s: genesis.day_s,
        contracts,
        swarm_key: None,
    })
}

/// The first header; once that is too old to be trusted, the last one.
fn checkpoint(leader: &Node) -> Result<Trust, StoreError> {
    let snapshot = leader.store.snapshot()?;
    let block = |height| -> Result<BlockRecord, StoreError> {
        snapshot
            .block(height)?
            .ok_or(StoreError::Damaged("no block"))
    };
    let head = snapshot.head()?;
    let (first, last) = (block(1)?, block(head)?);
    // A day's margin: the file is read later than now.
    let old = last.time_s().saturating_sub(first.time_s()) > TRUST_PERIOD_S - 86_400;
    let (height, record) = if old { (head, last) } else { (1, first) };
    Ok(Trust {
        height,
        hash: hex::encode_upper(record.hash()),
        period_s: TRUST_PERIOD_S,
    })
}

pub(crate) fn write_network_file(data_dir: &Path, file: &NetworkFile) -> io::Result<PathBuf> {
    let path = data_dir.join(NETWORK_FILE);
    let mut json = serde_json::to_vec_pretty(file)?;
    json.push(b'\n');
    write_whole(&path, &json, 0o644)?;
    Ok(path)
}
