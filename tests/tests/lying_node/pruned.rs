//! Not a lie: a node that prunes. What it has no more, another is asked for.

use std::sync::Arc;

use dhc_adapters::rpc::{HttpTransport, SystemClock};
use dhc_chain::{At, Chain, Endpoints, MemoryHeaderStore, Role, Transport};
use dhc_devnet::{Config, Devnet};
use dhc_domain::{Amount, Height, NetworkFile, Standing, UnprovenReason};
use dhc_tests::real::{Real, in_turn, until};

use crate::world::{Account, PATIENCE, PATIENT};

/// The newest states that the embedded chain's first node keeps.
const KEPT: u64 = 5;
const OLD: Height = Height(3);

fn asking(network: &NetworkFile, rpc: &[&str]) -> Chain {
    let transports = |urls: &[&str]| -> Vec<Arc<dyn Transport>> {
        let transport = |url: &&str| Arc::new(HttpTransport::new(url).expect("an address")) as _;
        urls.iter().map(transport).collect()
    };
    let endpoints = Endpoints {
        comet: transports(rpc),
        ..Endpoints::default()
    };
    let store = Arc::new(MemoryHeaderStore::default());
    Chain::new(network.clone(), endpoints, store, Arc::new(SystemClock)).expect("a network file")
}

/// An old balance, of the node that prunes alone, and of both.
async fn gives_way(network: &NetworkFile, pruned: &str, archive: &str) {
    let account = dhc_chain::Signer::address(&Account::new(PATIENT));
    let alone = asking(network, &[pruned]);
    let newest = alone.balance(account, At::Latest).await;
    assert!(newest.expect("the newest it has").standing.is_proven());
    let refused = alone.balance(account, At::Block(OLD)).await;
    let reason = refused.expect_err("it has it no more").reason();
    assert_eq!(reason, UnprovenReason::ProofUnavailable);

    let both = asking(network, &[pruned, archive]);
    both.sync().await.expect("a head");
    let read = both.balance(account, At::Block(OLD)).await;
    let read = read.expect("the other has it");
    assert_eq!(read.standing, Standing::Proven { height: OLD });
    assert_eq!(read.value, Amount::from_dhl("10").expect("an amount"));
    let found = both.status().await.endpoints;
    let of = |url: &str| {
        let named = found
            .iter()
            .find(|e| e.role == Role::Rpc && e.endpoint == url);
        named.expect("listed").health
    };
    assert_eq!((of(pruned).pruned, of(archive).pruned), (Some(OLD), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_embedded_node_has_pruned_another_is_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = Config::new(folder.path());
    config.block_ms = 50;
    config.states = KEPT;
    let ten = Amount::from_dhl("10").expect("an amount");
    let account = dhc_chain::Signer::address(&Account::new(PATIENT));
    config.fund = vec![(account, ten)];
    let devnet = Devnet::start(config).await.expect("a devnet");
    let network = &devnet.network_file;
    let chain = asking(network, &[&network.rpc[0]]);
    let far = Height(OLD.0 + 4 * KEPT);
    chain.wait_for(far, PATIENCE).await.expect("more blocks");
    gives_way(network, &network.rpc[0], &network.witnesses[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "long: four validators"]
async fn what_a_real_node_has_pruned_another_is_asked_for() {
    let _turn = in_turn();
    let account = dhc_chain::Signer::address(&Account::new(PATIENT));
    let starting = move || Real::funding(4, 86_400, &[format!("{account}=10")]);
    let started = tokio::task::spawn_blocking(starting).await;
    let Some(mut real) = started.expect("started") else {
        return;
    };
    let network = std::fs::read_to_string(real.network_file()).expect("a network file");
    let network = NetworkFile::parse(&network).expect("a network file");
    // The first keeps everything; the second nothing from now on.
    real.kill(1);
    real.prunes_everything(1);
    real.revive(1);
    let query = format!("/abci_query?path=%22/store/bank/key%22&data=0x00&height={OLD}&prove=true");
    until("the pruning", || {
        let answer = real.ask(1, &query)?;
        answer["response"]["proofOps"].is_null().then_some(())
    });
    let url = |node: usize| {
        real.node(node)["rpc"]
            .as_str()
            .expect("an address")
            .to_owned()
    };
    gives_way(&network, &url(1), &url(0)).await;
}
