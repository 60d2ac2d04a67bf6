//! Models of the ports in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use dhc_app::ports::{
    BlockExchange, Database, ErrandChannel, ExchangeError, PeerChannel, PeerHint, Responder,
    StoreError, VaultFile, Write,
};

/// A table and a key in it.
type Place = (&'static str, Vec<u8>);

#[derive(Default)]
pub struct MemoryDatabase(Mutex<BTreeMap<Place, Vec<u8>>>);

impl Database for MemoryDatabase {
    fn get(&self, table: &'static str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap().get(&(table, key.to_vec())).cloned())
    }

    fn list(
        &self,
        table: &'static str,
        prefix: &[u8],
    ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
        let entries = self.0.lock().unwrap();
        let matching = entries
            .iter()
            .filter(|((t, key), _)| *t == table && key.starts_with(prefix));
        Ok(matching
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    fn commit(&self, batch: &[Write]) -> Result<(), StoreError> {
        let mut entries = self.0.lock().unwrap();
        for write in batch.iter().cloned() {
            match write {
                Write::Put { table, key, value } => drop(entries.insert((table, key), value)),
                Write::Delete { table, key } => drop(entries.remove(&(table, key))),
            }
        }
        Ok(())
    }
}

#[derive(Default)]
pub struct MemoryVault(Mutex<[Option<Vec<u8>>; 2]>);

impl VaultFile for MemoryVault {
    fn read(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap()[0].clone())
    }

    fn read_previous(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.0.lock().unwrap()[1].clone())
    }

    fn write(&self, bytes: &[u8]) -> Result<(), StoreError> {
        let mut generations = self.0.lock().unwrap();
        generations[1] = generations[0].replace(bytes.to_vec());
        Ok(())
    }
}

/// Peers that reach one another by name.
#[derive(Clone, Default)]
pub struct MemoryNetwork(Arc<Mutex<HashMap<String, MemoryPeer>>>);

#[derive(Clone)]
pub struct MemoryPeer {
    name: String,
    network: MemoryNetwork,
    blocks: Arc<Mutex<BTreeMap<Cid, Bytes>>>,
    responder: Arc<Mutex<Option<Arc<dyn Responder>>>>,
    taker: Arc<Mutex<Option<Arc<dyn Responder>>>>,
}

impl MemoryNetwork {
    pub fn join(&self, name: &str) -> MemoryPeer {
        let peer = MemoryPeer {
            name: name.into(),
            network: self.clone(),
            blocks: Arc::default(),
            responder: Arc::default(),
            taker: Arc::default(),
        };
        self.0.lock().unwrap().insert(name.into(), peer.clone());
        peer
    }

    fn peer(&self, hint: &PeerHint) -> Option<MemoryPeer> {
        self.0.lock().unwrap().get(&hint.peer).cloned()
    }
}

#[async_trait]
impl BlockExchange for MemoryPeer {
    async fn put(&self, blocks: Vec<(Cid, Bytes)>) -> Result<(), StoreError> {
        self.blocks.lock().unwrap().extend(blocks);
        Ok(())
    }

    async fn get(&self, cid: &Cid) -> Result<Option<Bytes>, StoreError> {
        Ok(self.blocks.lock().unwrap().get(cid).cloned())
    }

    async fn remove(&self, cids: &[Cid]) -> Result<(), StoreError> {
        self.blocks
            .lock()
            .unwrap()
            .retain(|cid, _| !cids.contains(cid));
        Ok(())
    }

    async fn fetch(&self, cid: &Cid, from: &[PeerHint]) -> Result<Bytes, ExchangeError> {
        if let Some(block) = self.get(cid).await? {
            return Ok(block);
        }
        let peers: Vec<_> = from
            .iter()
            .filter_map(|hint| self.network.peer(hint))
            .collect();
        if peers.is_empty() && !from.is_empty() {
            return Err(ExchangeError::Unreachable);
        }
        for peer in peers {
            if let Some(block) = peer.get(cid).await? {
                self.put(vec![(*cid, block.clone())]).await?;
                return Ok(block);
            }
        }
        Err(ExchangeError::Unavailable)
    }

    async fn size(&self) -> Result<u64, StoreError> {
        Ok(self
            .blocks
            .lock()
            .unwrap()
            .values()
            .map(|block| block.len() as u64)
            .sum())
    }

    async fn has(&self, cids: &[Cid]) -> Result<Vec<bool>, StoreError> {
        let blocks = self.blocks.lock().unwrap();
        Ok(cids.iter().map(|cid| blocks.contains_key(cid)).collect())
    }

    async fn probe(&self, cids: &[Cid], from: &[PeerHint]) -> Result<(), ExchangeError> {
        let stranger = Self {
            blocks: Arc::default(),
            ..self.clone()
        };
        for cid in cids {
            stranger.fetch(cid, from).await?;
        }
        Ok(())
    }

    async fn reach(&self, peer: &PeerHint) -> Result<(), ExchangeError> {
        let found = self.network.peer(peer);
        found.map(drop).ok_or(ExchangeError::Unreachable)
    }
}

#[async_trait]
impl PeerChannel for MemoryPeer {
    async fn here(&self) -> Result<PeerHint, ExchangeError> {
        Ok(PeerHint {
            peer: self.name.clone(),
            addresses: Vec::new(),
        })
    }

    async fn connected(&self) -> u32 {
        self.network.0.lock().unwrap().len() as u32 - 1
    }

    async fn ask(&self, peer: &PeerHint, message: Vec<u8>) -> Result<Vec<u8>, ExchangeError> {
        let peer = self.network.peer(peer).ok_or(ExchangeError::Unreachable)?;
        let responder = peer.responder.lock().unwrap().clone();
        answered(responder, &self.name, message).await
    }

    async fn answer_with(&self, responder: Option<Arc<dyn Responder>>) {
        *self.responder.lock().unwrap() = responder;
    }
}

#[async_trait]
impl ErrandChannel for MemoryPeer {
    async fn send(&self, peer: &PeerHint, errand: Vec<u8>) -> Result<Vec<u8>, ExchangeError> {
        let peer = self.network.peer(peer).ok_or(ExchangeError::Unreachable)?;
        let taker = peer.taker.lock().unwrap().clone();
        answered(taker, &self.name, errand).await
    }

    async fn take_with(&self, responder: Option<Arc<dyn Responder>>) {
        *self.taker.lock().unwrap() = responder;
    }
}

async fn answered(
    by: Option<Arc<dyn Responder>>,
    name: &str,
    message: Vec<u8>,
) -> Result<Vec<u8>, ExchangeError> {
    let by = by.ok_or(ExchangeError::Unreachable)?;
    let answer = by.respond(name, message).await;
    answer.ok_or(ExchangeError::Unreachable)
}
