use std::{sync::Arc, time::Duration};

use dhc_domain::{Address, Height, NetworkError, NetworkFile, ProofSpec, Standing, Timestamp};
use tendermint::{Hash, chain};

use crate::{
    ethereum::Ethereum,
    light::{
        Anchor, Candidate, Checkpoint, Conflict, Head, LightClient, Rules, SyncError, TrustError,
        WitnessStatus,
    },
    node::{CometNode, EndpointStatus, EvmNode, Pool, Recorded, Role},
    ports::{Clock, HeaderStore, StoreError, Transport},
    proven::ProvenValues,
    settled::SettledWords,
};

/// A head younger than this is recent enough to read under: about one block.
pub(crate) const FRESH: Duration = Duration::from_millis(700);
/// Between two looks for the next block.
pub(crate) const POLL: Duration = Duration::from_millis(200);
/// A head older than this says that the node, the chain or the clock stands still.
const STALE_S: u64 = 60;

/// Where the network's nodes are. `comet` and `evm` are asked, `witnesses` compared with.
#[derive(Clone, Default)]
pub struct Endpoints {
    pub comet: Vec<Arc<dyn Transport>>,
    pub evm: Vec<Arc<dyn Transport>>,
    pub witnesses: Vec<Arc<dyn Transport>>,
}

/// A network, seen through the light client: whatever leaves here is proven or says that it is
/// not. One per profile; clones share everything.
#[derive(Clone)]
pub struct Chain {
    pub(crate) network: Arc<NetworkFile>,
    pub(crate) light: Arc<LightClient>,
    pub(crate) comet: Arc<Pool<CometNode>>,
    pub(crate) evm: Arc<Pool<EvmNode>>,
    /// Where the network is Ethereum, this knows its headers and state, and `light` nothing.
    pub(crate) ethereum: Option<Arc<Ethereum>>,
    pub(crate) proven: Arc<ProvenValues>,
    pub(crate) settled: Arc<SettledWords>,
    pub(crate) clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("the network file's chain_id is not one")]
    ChainId,
    #[error("the network file's checkpoint is not a height and a header hash")]
    Checkpoint,
    #[error("the network file names no node to ask")]
    NoEndpoint,
}

/// What is known of the network without asking it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub trusted_height: Option<Height>,
    /// The highest height whose header verified: above the trusted one where witnesses disagree.
    pub latest_height: Option<Height>,
    pub head_time: Option<Timestamp>,
    /// Of the newest trusted header.
    pub head_hash: Option<Hash>,
    /// What trust stands on; `None` where the store fails.
    pub anchor: Option<Anchor>,
    /// The head is the newest there is and recent by our clock.
    pub synced: bool,
    pub witnesses: Vec<WitnessStatus>,
    /// How every endpoint and witness has answered in this run.
    pub endpoints: Vec<EndpointStatus>,
    pub standing: Standing,
}

impl Chain {
    pub fn new(
        network: NetworkFile,
        endpoints: Endpoints,
        store: Arc<dyn HeaderStore>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConfigError> {
        let chain_id =
            chain::Id::try_from(network.chain_id.clone()).map_err(|_| ConfigError::ChainId)?;
        let trust = &network.trust;
        let checkpoint =
            Checkpoint::new(trust.height, &trust.hash).ok_or(ConfigError::Checkpoint)?;
        let comet = Arc::new(Pool::new(
            endpoints.comet.into_iter().map(CometNode::new).collect(),
            Role::Rpc,
            Arc::clone(&clock),
        ));
        let evm_transports = endpoints.evm.clone();
        let evm = Arc::new(Pool::new(
            endpoints.evm.into_iter().map(EvmNode::new).collect(),
            Role::Evm,
            Arc::clone(&clock),
        ));
        let is_ethereum = network.proof_spec == ProofSpec::Mpt;
        if (is_ethereum && evm.is_empty()) || (!is_ethereum && comet.is_empty()) {
            return Err(ConfigError::NoEndpoint);
        }
        let period = Duration::from_secs(trust.period_s);
        let asked = evm_transports.len();
        let ethereum = is_ethereum.then(|| {
            let voices = evm_transports
                .into_iter()
                .chain(endpoints.witnesses.iter().cloned());
            Arc::new(Ethereum::new(
                Arc::clone(&evm),
                voices.map(EvmNode::new).collect(),
                asked,
                checkpoint,
                period,
                Arc::clone(&store),
                Arc::clone(&clock),
            ))
        });
        let light = LightClient::new(
            chain_id,
            checkpoint,
            Rules::with_period(period),
            Arc::clone(&comet),
            endpoints
                .witnesses
                .into_iter()
                .map(CometNode::new)
                .collect(),
            store,
            Arc::clone(&clock),
        );
        Ok(Self {
            network: Arc::new(network),
            light: Arc::new(light),
            comet,
            evm,
            ethereum,
            proven: Arc::default(),
            settled: Arc::default(),
            clock,
        })
    }

    pub fn network(&self) -> &NetworkFile {
        &self.network
    }

    /// Whether DHL is a token here, and fees are paid in ether.
    pub fn is_ethereum(&self) -> bool {
        self.ethereum.is_some()
    }

    pub fn contract(&self, name: &'static str) -> Result<Address, NetworkError> {
        self.network.contract(name)
    }

    /// Goes to the network's latest block, compares it with the witnesses, and trusts it.
    pub async fn sync(&self) -> Result<Head, SyncError> {
        match &self.ethereum {
            Some(ethereum) => ethereum.head_within(Duration::ZERO).await,
            None => self.light.sync().await,
        }
    }

    /// The conflict of which evidence is kept. While it [stops](Conflict::stops) the light client,
    /// nothing is believed.
    pub fn conflict(&self) -> Result<Option<Conflict>, StoreError> {
        self.light.kept()
    }

    /// A person has looked at the evidence and decided whom to ask: goes on from what the nodes
    /// agreed on. `false` where there was no conflict.
    pub async fn resume(&self) -> Result<bool, StoreError> {
        self.settled.forget();
        self.light.resume().await
    }

    /// A recent header as the nodes show it, for a person to compare with what the network's
    /// operators publish.
    pub async fn candidate(&self) -> Result<Candidate, SyncError> {
        self.light.candidate().await
    }

    /// Begins anew at a checkpoint that a person has compared. Refused unless what is trusted has
    /// lapsed.
    pub async fn trust(&self, checkpoint: Checkpoint) -> Result<(), TrustError> {
        if self.ethereum.is_some() {
            // Its endpoints are compared with the file's checkpoint at each start.
            return Err(TrustError::NotNeeded);
        }
        self.settled.forget();
        self.light.trust(checkpoint).await
    }

    /// Asks every endpoint where it stands, at once; [`status`](Self::status) then says it.
    pub async fn look_around(&self) {
        let ethereum = self
            .evm
            .nodes()
            .iter()
            .map(async |node| match node.block_number().await {
                Ok(_) => node.record().answered(self.clock.now()),
                Err(e) => node.record().failed(e.reason()),
            });
        let ethereum = futures::future::join_all(ethereum);
        futures::join!(self.light.look_around(), ethereum);
    }

    fn endpoints(&self) -> Vec<EndpointStatus> {
        let mut all = self.light.endpoints();
        let witnesses = all.iter().position(|e| e.role == Role::Witness);
        let at = witnesses.unwrap_or(all.len());
        all.splice(at..at, self.evm.status());
        all
    }

    /// The head, at most about one block old.
    pub(crate) async fn head(&self) -> Result<Head, SyncError> {
        match &self.ethereum {
            Some(ethereum) => ethereum.head_within(FRESH).await,
            None => self.light.head_within(FRESH).await,
        }
    }

    /// Waits until the trusted head is at `height` or above, for at most `patience`. A node that
    /// is unreachable or has nothing yet is asked again until then.
    pub async fn wait_for(&self, height: Height, patience: Duration) -> Result<Head, SyncError> {
        let deadline = self.clock.monotonic() + patience;
        loop {
            let attempt = match (&self.ethereum, self.light.known_head()?) {
                (Some(_), _) => self.sync().await,
                (None, Some((known, _))) if known >= height => {
                    self.light.head_within(Duration::MAX).await
                }
                (None, _) => self.light.sync().await,
            };
            let late = self.clock.monotonic() >= deadline;
            match attempt {
                Ok(head) if head.height >= height => return Ok(head),
                Ok(_) if late => return Err(SyncError::TimedOut),
                Err(e) if late || !e.passes() => return Err(e),
                _ => self.clock.sleep(POLL).await,
            }
        }
    }

    /// Syncs and says where things stand. Never fails: what went wrong is the standing.
    pub async fn status(&self) -> Status {
        if let Some(ethereum) = &self.ethereum {
            return ethereum.status().await;
        }
        let synced = self.light.sync().await;
        let known = self.light.known_head().ok().flatten();
        let trusted_height = known.map(|(h, _)| h);
        let head_time = known.map(|(_, t)| t);
        let latest_height = self.light.claimed_height().max(trusted_height);
        let recent = head_time.is_some_and(|t| self.clock.now() <= t.plus(STALE_S));
        let standing = match &synced {
            Ok(head) => Standing::Proven {
                height: head.height,
            },
            Err(e) => Standing::Unproven { reason: e.reason() },
        };
        Status {
            trusted_height,
            latest_height,
            head_time,
            synced: synced.is_ok() && recent && trusted_height == latest_height,
            head_hash: self.light.known_hash().ok().flatten(),
            anchor: self.light.anchor().ok(),
            witnesses: self.light.witnesses(),
            endpoints: self.endpoints(),
            standing,
        }
    }
}
