//! The node against peers that break the rules: what is asked of them ends with a code, in bounded
//! time, and what they send takes a bounded part of the memory.

mod flooded;
mod messages;
mod peer;

use std::time::{Duration, Instant};

use bytes::Bytes;
use cid::Cid;
use dhc_adapters::ipfs::{BlockFiles, IpfsNode, NodeConfig};
use dhc_app::ports::{BlockExchange, ExchangeError, PeerChannel};
use multihash_codetable::{Code, MultihashDigest};
use tempfile::TempDir;

use peer::{Peer, Script};

fn block(bytes: Vec<u8>) -> (Cid, Bytes) {
    let cid = Cid::new_v1(0x55, Code::Sha2_256.digest(&bytes));
    (cid, Bytes::from(bytes))
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

/// A fetch from this peer alone fails in time; one from it and an honest peer succeeds.
async fn given_up_and_got_elsewhere(script: Script, wanted: (Cid, Bytes)) {
    let (cid, bytes) = wanted;
    let hostile = Peer::new(true).await_victims(vec![script]).await;
    let (doctor, _folder) = node(Duration::from_millis(500));
    let begun = Instant::now();
    let alone = doctor.fetch(&cid, std::slice::from_ref(&hostile)).await;
    let codes = [ExchangeError::Corrupt, ExchangeError::Unavailable];
    assert!(
        matches!(
            alone,
            Err(ExchangeError::Corrupt | ExchangeError::Unavailable)
        ),
        "{alone:?} is none of {codes:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(doctor.size().await.unwrap(), 0);

    let (owner, _owner_folder) = node(Duration::from_secs(20));
    owner.put(vec![(cid, bytes.clone())]).await.unwrap();
    let both = [hostile, owner.here().await.unwrap()];
    assert_eq!(doctor.fetch(&cid, &both).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_stalls_in_the_middle_of_a_block_is_given_up() {
    let wanted = block(vec![7; 1 << 20]);
    let mut bytes = messages::block(&wanted.1);
    bytes.truncate(bytes.len() / 2);
    let script = Script {
        bytes,
        times: 1,
        stalls: true,
    };
    given_up_and_got_elsewhere(script, wanted).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_blocks_that_nobody_asked_for_ends() {
    let script = Script {
        bytes: messages::block(&[8; 64 << 10]),
        times: usize::MAX,
        stalls: false,
    };
    given_up_and_got_elsewhere(script, block(vec![7; 1000])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_chatter_that_never_ends_is_no_progress() {
    let (other, _) = block(vec![9; 10]);
    let script = Script {
        bytes: messages::presences(&other),
        times: usize::MAX,
        stalls: false,
    };
    given_up_and_got_elsewhere(script, block(vec![7; 1000])).await;
}
