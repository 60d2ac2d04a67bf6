//! `BlockExchange`, `PeerChannel` and `ErrandChannel`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use cid::Cid;
use dhc_app::ports::{
    BlockExchange, ErrandChannel, ExchangeError, PeerChannel, PeerHint, Responder,
};
use futures::future::join_all;
use multihash_codetable::{Code, MultihashDigest};
use tempfile::TempDir;

use super::memory::MemoryNetwork;
use crate::ipfs::{BlockFiles, IpfsNode, MAX_LETTER, NodeConfig};

trait Peer: BlockExchange + PeerChannel + ErrandChannel {}
impl<T: BlockExchange + PeerChannel + ErrandChannel> Peer for T {}

fn block(text: &str) -> (Cid, Bytes) {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    (Cid::new_v1(0x55, Code::Sha2_256.digest(&bytes)), bytes)
}

/// Turns letters round and says who wrote.
struct Echo;

#[async_trait]
impl Responder for Echo {
    async fn respond(&self, peer: &str, message: Vec<u8>) -> Option<Vec<u8>> {
        match &message[..] {
            b"who am I" => Some(peer.as_bytes().to_vec()),
            b"silence" => None,
            _ => Some(message.into_iter().rev().collect()),
        }
    }
}

/// What every store of blocks does, on an empty one without peers.
async fn store_suite(peer: &dyn Peer) {
    let (one, two, three) = (block("one"), block("two"), block("three"));
    assert_eq!(peer.get(&one.0).await.unwrap(), None);
    assert_eq!(peer.size().await.unwrap(), 0);
    peer.put(Vec::new()).await.unwrap();
    peer.put(vec![one.clone(), two.clone()]).await.unwrap();
    peer.put(vec![two.clone(), three.clone()]).await.unwrap();
    let asked = [one.0, block("absent").0, three.0];
    assert_eq!(peer.has(&asked).await.unwrap(), [true, false, true]);
    assert_eq!(peer.has(&[]).await.unwrap(), [false; 0]);
    for (cid, bytes) in [&one, &two, &three] {
        assert_eq!(peer.get(cid).await.unwrap().as_ref(), Some(bytes));
        assert_eq!(
            &peer.fetch(cid, &[]).await.unwrap(),
            bytes,
            "from the local store"
        );
    }
    assert_eq!(peer.size().await.unwrap(), 11);
    peer.remove(&[one.0, block("absent").0]).await.unwrap();
    assert_eq!(peer.get(&one.0).await.unwrap(), None);
    assert_eq!(peer.size().await.unwrap(), 8);
    assert!(matches!(
        peer.fetch(&one.0, &[]).await,
        Err(ExchangeError::Unavailable)
    ));
}

/// What two peers do, and a third that is gone.
async fn exchange_suite(a: &dyn Peer, b: &dyn Peer, gone: &PeerHint) {
    let there = [a.here().await.unwrap()];
    let blocks: Vec<_> = (0..40).map(|i| block(&format!("block {i}"))).collect();
    a.put(blocks.clone()).await.unwrap();
    let fetched = join_all(blocks.iter().map(|(cid, _)| b.fetch(cid, &there))).await;
    for (fetched, (cid, bytes)) in fetched.into_iter().zip(&blocks) {
        assert_eq!(&fetched.unwrap(), bytes);
        assert_eq!(
            b.get(cid).await.unwrap().as_ref(),
            Some(bytes),
            "what is fetched is stored"
        );
    }
    let both = [gone.clone(), there[0].clone()];
    a.put(vec![block("more")]).await.unwrap();
    assert!(
        b.fetch(&block("more").0, &both).await.is_ok(),
        "one peer of two is enough"
    );

    // What B holds itself is no answer of A's, and what a probe is given is not kept.
    let (shown, own) = (block("shown"), block("B's own"));
    a.put(vec![shown.clone()]).await.unwrap();
    b.put(vec![own.clone()]).await.unwrap();
    b.probe(&[shown.0, blocks[0].0], &there).await.unwrap();
    assert_eq!(b.has(&[shown.0]).await.unwrap(), [false]);
    assert!(matches!(
        b.probe(&[shown.0, own.0], &there).await,
        Err(ExchangeError::Unavailable)
    ));
    assert!(matches!(
        b.probe(&[shown.0], std::slice::from_ref(gone)).await,
        Err(ExchangeError::Unreachable)
    ));
    b.reach(&there[0]).await.unwrap();
    assert!(matches!(
        b.reach(gone).await,
        Err(ExchangeError::Unreachable)
    ));

    let absent = block("nobody has this").0;
    assert!(matches!(
        b.fetch(&absent, &there).await,
        Err(ExchangeError::Unavailable)
    ));
    let nobody = b.fetch(&absent, std::slice::from_ref(gone)).await;
    assert!(
        matches!(nobody, Err(ExchangeError::Unreachable)),
        "{nobody:?}"
    );
}

async fn channel_suite(a: &dyn Peer, b: &dyn Peer, gone: &PeerHint) {
    let there = a.here().await.unwrap();
    assert_eq!(a.here().await.unwrap(), there, "a peer stays where it is");
    let ask = async |letter: &[u8]| b.ask(&there, letter.to_vec()).await;
    let refused = |answer: Result<Vec<u8>, ExchangeError>| {
        assert!(
            matches!(answer, Err(ExchangeError::Unreachable)),
            "{answer:?}"
        );
    };

    refused(ask(b"nobody answers").await);
    a.answer_with(Some(Arc::new(Echo))).await;
    assert_eq!(ask(b"abc").await.unwrap(), b"cba");
    assert_eq!(ask(b"").await.unwrap(), b"");
    assert_eq!(
        ask(b"who am I").await.unwrap(),
        b.here().await.unwrap().peer.as_bytes()
    );
    assert_eq!(ask(&[7; MAX_LETTER]).await.unwrap(), [7; MAX_LETTER]);
    let many = join_all((0..8u8).map(|i| b.ask(&there, vec![i, 0]))).await;
    for (i, answer) in (0..8).zip(many) {
        assert_eq!(answer.unwrap(), [0, i]);
    }
    assert!(b.connected().await >= 1);
    refused(ask(b"silence").await);
    refused(b.ask(gone, b"anybody?".to_vec()).await);

    // Errands are another matter than keys, with an answerer of its own.
    let send = async |errand: &[u8]| b.send(&there, errand.to_vec()).await;
    refused(send(b"abc").await);
    a.take_with(Some(Arc::new(Echo))).await;
    a.answer_with(None).await;
    refused(ask(b"abc").await);
    assert_eq!(send(b"abc").await.unwrap(), b"cba");
    refused(b.send(gone, b"anybody?".to_vec()).await);
    a.take_with(None).await;
    refused(send(b"abc").await);
}

#[tokio::test]
async fn the_model_conforms() {
    let network = MemoryNetwork::default();
    store_suite(&network.join("alone")).await;
    let (a, b) = (network.join("a"), network.join("b"));
    let gone = PeerHint {
        peer: "gone".into(),
        addresses: Vec::new(),
    };
    exchange_suite(&a, &b, &gone).await;
    channel_suite(&a, &b, &gone).await;
}

struct Node {
    node: IpfsNode,
    _folder: TempDir,
}

fn node() -> Node {
    let folder = tempfile::tempdir().unwrap();
    let blocks = BlockFiles::open(&folder.path().join("blocks")).unwrap();
    let config = NodeConfig {
        patience: Duration::from_secs(2),
        ..NodeConfig::default()
    };
    Node {
        node: IpfsNode::new(folder.path(), blocks, config),
        _folder: folder,
    }
}

/// A peer that was there and has stopped.
async fn gone() -> PeerHint {
    let node = node();
    let here = node.node.here().await.unwrap();
    drop(node);
    here
}

#[tokio::test]
async fn the_ipfs_node_stores() {
    store_suite(&node().node).await;
}

#[tokio::test]
async fn ipfs_nodes_exchange_blocks() {
    exchange_suite(&node().node, &node().node, &gone().await).await;
}

#[tokio::test]
async fn ipfs_nodes_exchange_letters() {
    channel_suite(&node().node, &node().node, &gone().await).await;
}
