//! Opening a profile's folder.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use dhc_app::ports::{Home, Homes, OpenError, StoreError};
use dhc_chain::HeaderStore;

use crate::{
    database::SqliteDatabase,
    durable,
    headers::RedbHeaderStore,
    ipfs::{BlockFiles, IpfsNode, NodeConfig, SwarmKey},
    lock::HomeLock,
    pinning::HttpPinning,
    vault_file::FileVault,
};

/// What homes are opened with.
#[derive(Clone, Debug)]
pub struct HomeConfig {
    /// Names the store of trusted headers: one for each chain, so that a home may see several.
    pub headers: String,
    pub node: NodeConfig,
    /// The network's swarm key, as its file has it. A home's own `swarm.key` goes before it.
    pub swarm_key: Option<String>,
    /// How long to wait for another command on the same home.
    pub lock_patience: Duration,
}

impl HomeConfig {
    /// A node on loopback and ten seconds for the lock.
    pub fn new(headers: impl Into<String>) -> Self {
        Self {
            headers: headers.into(),
            node: NodeConfig::default(),
            swarm_key: None,
            lock_patience: Duration::from_secs(10),
        }
    }
}

/// Homes in folders of this machine:
///
/// ```text
/// lock                       held while the home is open
/// vault, vault.previous      the sealed vault, two generations
/// database.sqlite            sealed values
/// blocks/                    ciphertext, by CID
/// headers/<name>.redb        trusted headers of one chain
/// node.json                  the node's key and port
/// swarm.key                  a private network's key, if somebody put one there
/// ```
///
/// Each part of a [`Home`] holds its lock: the home is free for others when the last part is
/// dropped, or when the process ends in whatever way.
#[derive(Clone, Debug)]
pub struct DiskHomes {
    config: HomeConfig,
}

impl DiskHomes {
    pub fn new(config: HomeConfig) -> Self {
        Self { config }
    }
}

#[async_trait]
impl Homes for DiskHomes {
    async fn open(&self, folder: &Path) -> Result<Home, OpenError> {
        durable::private_folder(folder).map_err(durable::failed("the home"))?;
        let lock = Arc::new(HomeLock::acquire(folder, self.config.lock_patience).await?);
        let (config, folder) = (self.config.clone(), folder.to_owned());
        let opened = tokio::task::spawn_blocking(move || open_parts(folder, &config, lock));
        let opened = opened
            .await
            .map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(opened?)
    }
}

fn open_parts(
    folder: PathBuf,
    config: &HomeConfig,
    lock: Arc<HomeLock>,
) -> Result<Home, StoreError> {
    let database = SqliteDatabase::open(&folder.join("database.sqlite"))?.holding(lock.clone());
    // What a killed process left of asking as a stranger.
    let _ = std::fs::remove_dir_all(folder.join("probe"));
    let blocks = BlockFiles::open_with(&folder.join("blocks"), Some(lock.clone()))?;
    let node = NodeConfig {
        swarm_key: swarm_key(&folder, config.swarm_key.clone())?,
        ..config.node.clone()
    };
    let node = Arc::new(IpfsNode::new(&folder, blocks, node));
    let vault = FileVault::new(&folder).holding(lock);
    Ok(Home {
        vault: Arc::new(vault),
        database: Arc::new(database),
        blocks: node.clone(),
        pinning: Arc::new(HttpPinning),
        channel: node.clone(),
        errands: node,
        headers: open_headers(&folder, &config.headers)?,
        folder,
    })
}

/// A key that is no key opens nothing: a home must not become public by a slip of the pen.
fn swarm_key(folder: &Path, networks: Option<String>) -> Result<Option<SwarmKey>, StoreError> {
    let failed = durable::failed("the swarm key");
    let own = durable::read(&folder.join("swarm.key")).map_err(failed)?;
    let own = own.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let key = own.or(networks).map(|text| text.parse::<SwarmKey>());
    key.transpose()
        .map_err(|error| StoreError::Damaged(error.to_string()))
}

fn open_headers(folder: &Path, name: &str) -> Result<Arc<dyn HeaderStore>, StoreError> {
    let folder = folder.join("headers");
    durable::private_folder(&folder).map_err(durable::failed("the header store"))?;
    // A network's name is what its file says: it must not lead out of the folder.
    let name: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let store = RedbHeaderStore::open(&folder.join(format!("{name}.redb")))?;
    Ok(Arc::new(store))
}
