//! Nodes on loopback, beyond what the ports' suites ask.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use blockstore::{Blockstore, Result};
use bytes::Bytes;
use cid::{Cid, CidGeneric};
use dhc_app::ports::{BlockExchange, ExchangeError, PeerChannel, PeerHint};
use futures::{StreamExt, stream};
use libp2p::{Swarm, identity::Keypair, swarm};
use multihash_codetable::{Code, MultihashDigest};
use tempfile::TempDir;

use super::{BlockFiles, IpfsNode, NodeConfig, behaviour, counted::Received};

const MIB: usize = 1 << 20;

fn block(bytes: Vec<u8>) -> (Cid, Bytes) {
    (
        Cid::new_v1(0x55, Code::Sha2_256.digest(&bytes)),
        Bytes::from(bytes),
    )
}

fn node(patience: Duration) -> (IpfsNode, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let blocks = BlockFiles::open(&folder.path().join("blocks")).unwrap();
    let config = NodeConfig {
        patience,
        ..NodeConfig::default()
    };
    (IpfsNode::new(folder.path(), blocks, config), folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_mebibytes_arrive_eight_at_a_time() {
    let (owner, _owner_folder) = node(Duration::from_secs(20));
    let (doctor, _doctor_folder) = node(Duration::from_secs(20));
    let blocks: Vec<_> = (0..100u8)
        .map(|i| block([i, 0xa5].repeat(MIB / 2)))
        .collect();
    owner.put(blocks.clone()).await.unwrap();
    let there = [owner.here().await.unwrap()];
    let fetched = stream::iter(&blocks)
        .map(async |(cid, bytes)| {
            doctor
                .fetch(cid, &there)
                .await
                .is_ok_and(|got| got == bytes)
        })
        .buffered(8)
        .filter(|same| std::future::ready(*same));
    assert_eq!(fetched.count().await, 100);
    assert_eq!(doctor.size().await.unwrap(), 100 * MIB as u64);
}

#[tokio::test]
async fn a_refused_dial_is_told_at_once() {
    let (lonely, _folder) = node(Duration::from_secs(20));
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let peer = Keypair::generate_ed25519()
        .public()
        .to_peer_id()
        .to_string();
    let hint = PeerHint {
        peer,
        addresses: vec![format!("/ip4/127.0.0.1/tcp/{}", closed.port())],
    };
    let start = Instant::now();
    let fetched = lonely
        .fetch(&block(vec![1]).0, std::slice::from_ref(&hint))
        .await;
    assert!(matches!(fetched, Err(ExchangeError::Unreachable)));
    assert!(matches!(
        lonely.ask(&hint, vec![1]).await,
        Err(ExchangeError::Unreachable)
    ));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_peer_with_another_key_is_not_the_one_asked_for() {
    let (owner, _owner_folder) = node(Duration::from_secs(5));
    let (doctor, _doctor_folder) = node(Duration::from_secs(5));
    let mut there = owner.here().await.unwrap();
    there.peer = Keypair::generate_ed25519()
        .public()
        .to_peer_id()
        .to_string();
    let (cid, bytes) = block(vec![1]);
    owner.put(vec![(cid, bytes)]).await.unwrap();
    assert!(matches!(
        doctor.fetch(&cid, &[there]).await,
        Err(ExchangeError::Unreachable)
    ));
}

#[tokio::test]
async fn a_damaged_local_block_is_fetched_anew() {
    let (owner, _owner_folder) = node(Duration::from_secs(5));
    let (doctor, folder) = node(Duration::from_secs(5));
    let (cid, bytes) = block(vec![7; 1000]);
    for node in [&owner, &doctor] {
        node.put(vec![(cid, bytes.clone())]).await.unwrap();
    }
    for shelf in std::fs::read_dir(folder.path().join("blocks")).unwrap() {
        for file in std::fs::read_dir(shelf.unwrap().path()).unwrap() {
            std::fs::write(file.unwrap().path(), [8; 1000]).unwrap();
        }
    }
    assert!(doctor.get(&cid).await.is_err());
    let there = [owner.here().await.unwrap()];
    assert_eq!(doctor.fetch(&cid, &there).await.unwrap(), bytes);
    assert_eq!(doctor.get(&cid).await.unwrap(), Some(bytes));
}

#[tokio::test]
async fn a_fetch_that_is_given_up_hinders_no_other() {
    let (owner, _owner_folder) = node(Duration::from_secs(20));
    let (doctor, _doctor_folder) = node(Duration::from_secs(20));
    let there = [owner.here().await.unwrap()];
    let absent = block(vec![3; 10]).0;
    let given_up =
        tokio::time::timeout(Duration::from_millis(200), doctor.fetch(&absent, &there)).await;
    assert!(given_up.is_err());
    let (cid, bytes) = block(vec![4; 10]);
    owner.put(vec![(cid, bytes.clone())]).await.unwrap();
    assert_eq!(doctor.fetch(&cid, &there).await.unwrap(), bytes);
}

/// Answers every question with the same block.
#[derive(Debug)]
struct Liar(Vec<u8>);

impl Blockstore for Liar {
    async fn get<const S: usize>(&self, _: &CidGeneric<S>) -> Result<Option<Vec<u8>>> {
        Ok(Some(self.0.clone()))
    }

    async fn put_keyed<const S: usize>(&self, _: &CidGeneric<S>, _: &[u8]) -> Result<()> {
        Ok(())
    }

    async fn remove<const S: usize>(&self, _: &CidGeneric<S>) -> Result<()> {
        Ok(())
    }

    async fn close(self) -> Result<()> {
        Ok(())
    }
}

async fn liar() -> PeerHint {
    liar_with(vec![0xbd; 1000]).await
}

/// Runs a peer that answers every question with these bytes; it stops when the test's runtime does.
async fn liar_with(answer: Vec<u8>) -> PeerHint {
    let key = Keypair::generate_ed25519();
    let peer = key.public().to_peer_id();
    let transport = behaviour::transport(&key, Received::default(), None).unwrap();
    let bitswap = beetswap::Behaviour::<64, _>::new(Arc::new(Liar(answer)));
    let mut swarm = Swarm::new(
        transport,
        bitswap,
        peer,
        swarm::Config::with_tokio_executor(),
    );
    swarm
        .listen_on(behaviour::tcp_address([127, 0, 0, 1].into(), 0))
        .unwrap();
    let address = loop {
        if let swarm::SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address.to_string();
        }
    };
    tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
    PeerHint {
        peer: peer.to_string(),
        addresses: vec![address],
    }
}

#[tokio::test]
async fn other_bytes_than_asked_for_are_refused() {
    let (doctor, _folder) = node(Duration::from_millis(500));
    let (cid, _) = block(vec![1; 1000]);
    let fetched = doctor.fetch(&cid, &[liar().await]).await;
    assert!(
        matches!(fetched, Err(ExchangeError::Corrupt)),
        "{fetched:?}"
    );
    assert_eq!(doctor.get(&cid).await.unwrap(), None);
    assert_eq!(doctor.size().await.unwrap(), 0);
}

#[tokio::test]
async fn a_liar_does_not_keep_an_honest_peer_from_answering() {
    let (owner, _owner_folder) = node(Duration::from_secs(5));
    let (doctor, _doctor_folder) = node(Duration::from_secs(5));
    let (cid, bytes) = block(vec![1; 1000]);
    owner.put(vec![(cid, bytes.clone())]).await.unwrap();
    let peers = [liar().await, owner.here().await.unwrap()];
    assert_eq!(doctor.fetch(&cid, &peers).await.unwrap(), bytes);
}

/// A peer that takes the connection and never says a word.
fn silent() -> (PeerHint, std::net::TcpListener) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = Keypair::generate_ed25519().public().to_peer_id();
    let hint = PeerHint {
        peer: peer.to_string(),
        addresses: vec![format!("/ip4/127.0.0.1/tcp/{port}")],
    };
    (hint, listener)
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_given_up_and_holds_nobody_up() {
    let (silent, _listener) = silent();
    let (doctor, _folder) = node(Duration::from_secs(1));
    let (cid, bytes) = block(vec![1; 1000]);
    let start = Instant::now();
    let alone = doctor.fetch(&cid, std::slice::from_ref(&silent)).await;
    assert!(
        matches!(alone, Err(ExchangeError::Unavailable)),
        "{alone:?}"
    );
    assert!(start.elapsed() < Duration::from_secs(5));
    let reached = doctor.reach(&silent).await;
    assert!(matches!(reached, Err(ExchangeError::Unreachable)));

    let (owner, _owner_folder) = node(Duration::from_secs(5));
    owner.put(vec![(cid, bytes.clone())]).await.unwrap();
    let both = [silent, owner.here().await.unwrap()];
    assert_eq!(doctor.fetch(&cid, &both).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_blocks_that_are_too_large_is_kept_out() {
    let (owner, _owner_folder) = node(Duration::from_secs(5));
    let (doctor, _folder) = node(Duration::from_secs(2));
    let flood = liar_with(vec![7; 3 * MIB]).await;
    let wanted: Vec<_> = (0..24u8).map(|i| block(vec![i; 1000])).collect();
    let start = Instant::now();
    let from = [flood.clone()];
    let alone = wanted.iter().map(|(cid, _)| doctor.fetch(cid, &from));
    for fetched in futures::future::join_all(alone).await {
        assert!(
            matches!(
                fetched,
                Err(ExchangeError::Corrupt | ExchangeError::Unavailable)
            ),
            "{fetched:?}"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(doctor.size().await.unwrap(), 0);

    owner.put(wanted.clone()).await.unwrap();
    let both = [flood, owner.here().await.unwrap()];
    for (cid, bytes) in &wanted {
        assert_eq!(&doctor.fetch(cid, &both).await.unwrap(), bytes);
    }
}
