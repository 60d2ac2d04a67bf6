//! The embedded node against Kubo, the reference implementation of IPFS, both on loopback.
//!
//! `DHC_KUBO` names the `ipfs` program; without it these tests skip.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use cid::Cid;
use dhc_adapters::ipfs::{BlockFiles, IpfsNode, NodeConfig};
use dhc_app::ports::{BlockExchange, PeerChannel, PeerHint};
use dhc_content::{
    dag::LeafWalk,
    object::{ObjectKey, Sealer},
    rand_core::UnwrapErr,
};
use dhc_domain::ObjectId;
use dhc_tests::kubo::Kubo;
use futures::{StreamExt, TryStreamExt, stream};
use getrandom::SysRng;
use multihash_codetable::{Code, MultihashDigest};
use tempfile::TempDir;
use tokio::task::block_in_place;

const RAW: u64 = 0x55;
const MIB: usize = 1 << 20;

fn here(kubo: &Kubo) -> PeerHint {
    let (peer, addresses) = kubo.here();
    PeerHint { peer, addresses }
}

fn node() -> (IpfsNode, TempDir) {
    node_with(NodeConfig::default())
}

fn node_with(config: NodeConfig) -> (IpfsNode, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let blocks = BlockFiles::open(&folder.path().join("blocks")).unwrap();
    (IpfsNode::new(folder.path(), blocks, config), folder)
}

/// Bytes without repetition.
fn content(length: usize) -> Vec<u8> {
    (0..length as u32 / 4)
        .flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect()
}

/// An encrypted object as the product lays it out: its root, its blocks, and the file that an
/// IPFS node shows.
fn object(length: usize) -> (Cid, Vec<(Cid, Bytes)>, Vec<u8>) {
    let mut rng = UnwrapErr(SysRng);
    let key = ObjectKey::make_random(&mut rng);
    let mut sealer = Sealer::new(&key, ObjectId([7; 16].into()), &mut rng);
    sealer.begin("film", serde_json::Value::Null).unwrap();
    let content = content(length);
    let mut rest = &content[..];
    let mut blocks = Vec::new();
    while let Some(block) = sealer.push(&mut rest).unwrap() {
        blocks.push((block.cid, block.bytes));
    }
    blocks.extend(
        sealer
            .finish(serde_json::Value::Null)
            .unwrap()
            .map(|block| (block.cid, block.bytes)),
    );
    let root = blocks.last().unwrap().0;
    let stored: HashMap<_, _> = blocks.iter().cloned().collect();
    let mut walk = LeafWalk::new(root);
    for node in walk.wanted() {
        walk.provide(&node, stored[&node].clone()).unwrap();
    }
    let file = walk
        .leaves()
        .unwrap()
        .iter()
        .flat_map(|leaf| stored[&leaf.cid].to_vec())
        .collect();
    (root, blocks, file)
}

fn raw_block(bytes: &[u8]) -> (Cid, Bytes) {
    (
        Cid::new_v1(RAW, Code::Sha2_256.digest(bytes)),
        Bytes::copy_from_slice(bytes),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubo_reads_what_this_node_stores() {
    let Some(kubo) = Kubo::start() else { return };
    let (node, _folder) = node();
    let (root, blocks, file) = object(24 * MIB + 12_344);
    node.put(blocks.clone()).await.unwrap();
    let here = node.here().await.unwrap();
    block_in_place(|| {
        kubo.connect(&here.addresses[0], &here.peer);
        let (first, bytes) = &blocks[0];
        let got = kubo.run(&["--timeout", "60s", "block", "get", &first.to_string()]);
        assert!(
            got == *bytes,
            "Kubo got {} bytes of {}",
            got.len(),
            bytes.len()
        );
        let got = kubo.run(&["--timeout", "120s", "cat", &root.to_string()]);
        assert!(
            got == file,
            "Kubo read {} bytes of {}",
            got.len(),
            file.len()
        );
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubo_pins_what_this_node_stores() {
    let Some(kubo) = Kubo::start() else { return };
    let (node, _folder) = node();
    let (root, blocks, file) = object(40 * MIB);
    node.put(blocks).await.unwrap();
    let here = node.here().await.unwrap();
    block_in_place(|| {
        kubo.connect(&here.addresses[0], &here.peer);
        kubo.run(&["--timeout", "120s", "pin", "add", &root.to_string()]);
        assert!(kubo.run(&["--offline", "cat", &root.to_string()]) == file);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn this_node_fetches_what_kubo_added() {
    let Some(kubo) = Kubo::start() else { return };
    let (node, _folder) = node();
    let content = content(10 * MIB);
    let path = kubo.folder().join("content");
    std::fs::write(&path, &content).unwrap();
    let add = [
        "add",
        "--quieter",
        "--cid-version=1",
        "--chunker=size-262144",
        path.to_str().unwrap(),
    ];
    let root: Cid = kubo.text(&add).parse().unwrap();
    let there = [here(&kubo)];

    let mut walk = LeafWalk::new(root);
    while let Some(inner) = walk.wanted().first().copied() {
        walk.provide(&inner, node.fetch(&inner, &there).await.unwrap())
            .unwrap();
    }
    let leaves = walk.leaves().unwrap();
    assert_eq!(leaves.len(), 40);
    let fetched: Vec<Bytes> = stream::iter(leaves)
        .map(async |leaf| node.fetch(&leaf.cid, &there).await)
        .buffered(8)
        .try_collect()
        .await
        .unwrap();
    assert!(fetched.concat() == content);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_that_kubo_lacks_is_not_waited_for_long() {
    let Some(kubo) = Kubo::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let blocks = BlockFiles::open(folder.path()).unwrap();
    let config = NodeConfig {
        patience: Duration::from_secs(2),
        ..NodeConfig::default()
    };
    let node = IpfsNode::new(folder.path(), blocks, config);
    let (absent, _) = raw_block(b"nobody has this");
    assert!(node.fetch(&absent, &[here(&kubo)]).await.is_err());
    assert_eq!(node.connected().await, 1);
}

/// A key as Kubo's `swarm.key` holds it.
fn swarm_key(byte: &str) -> String {
    format!("/key/swarm/psk/1.0.0/\n/base16/\n{}\n", byte.repeat(32))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_private_network_kubo_and_this_node_exchange_and_nobody_else_takes_part() {
    let Some(kubo) = Kubo::start_private(&swarm_key("5a")) else {
        return;
    };
    let with = |key: Option<&str>| {
        node_with(NodeConfig {
            swarm_key: key.map(|byte| swarm_key(byte).parse().unwrap()),
            patience: Duration::from_secs(5),
            ..NodeConfig::default()
        })
    };
    let (node, _folder) = with(Some("5a"));
    let (root, blocks, file) = object(10 * MIB);
    node.put(blocks.clone()).await.unwrap();
    let ours = node.here().await.unwrap();
    block_in_place(|| {
        kubo.connect(&ours.addresses[0], &ours.peer);
        kubo.run(&["--timeout", "60s", "pin", "add", &root.to_string()]);
        assert!(kubo.run(&["--offline", "cat", &root.to_string()]) == file);
    });

    let (member, _member_folder) = with(Some("5a"));
    let there = [here(&kubo)];
    for (cid, bytes) in &blocks {
        assert_eq!(&member.fetch(cid, &there).await.unwrap(), bytes);
    }
    // Neither who has no key nor who has another gets a word out of Kubo or of us.
    for key in [None, Some("5b")] {
        let (stranger, _stranger_folder) = with(key);
        for from in [&there[0], &ours] {
            let fetched = stranger.fetch(&root, std::slice::from_ref(from)).await;
            assert!(fetched.is_err(), "{key:?}");
            assert!(stranger.reach(from).await.is_err(), "{key:?}");
        }
        assert_eq!(stranger.connected().await, 0);
    }
}
