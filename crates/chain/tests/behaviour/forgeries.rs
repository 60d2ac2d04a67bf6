//! Headers that nobody signed, made to fit in everything else.

use dhc_chain::SyncError;
use dhc_domain::Height;
use serde_json::json;
use tendermint::{Time, block::signed_header::SignedHeader};

use crate::support::{SimChain, SimNode, World};

/// A node may not send a person to set their clock: a time to come is only believed to be the
/// chain's where the validators signed it.
#[tokio::test]
async fn an_unsigned_time_to_come_says_nothing_of_our_clock() {
    let world = World::new(SimChain::steady(60));
    let liar = SimNode::lying(&world.sim, |method, params, reply| {
        if method != "commit" || !params["height"].is_null() {
            return;
        }
        let shown = reply["result"]["signed_header"].take();
        let mut shown: SignedHeader = serde_json::from_value(shown).unwrap();
        shown.header.time = Time::from_unix_timestamp(4_000_000_000, 0).unwrap();
        shown.commit.block_id.hash = shown.header.hash();
        reply["result"]["signed_header"] = json!(shown);
    });
    let lied = world.chain(&[&liar], &[]).sync().await;
    assert!(matches!(lied, Err(SyncError::Untrusted(_))), "{lied:?}");
    let chain = world.chain(&[&liar, &world.honest()], &[]);
    assert_eq!(chain.sync().await.unwrap().height, Height(60));
}
