//! From the sending of a transfer until it is proven, and the time between blocks.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use dhc_chain::{TxRequest, TxStatus, TxVerdict};
use dhc_domain::{Address, Amount, Height, NetworkFile, U256};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    accounts::Account,
    network::{Bare, newcomer},
    spread::spread,
};

const PATIENCE: Duration = Duration::from_secs(60);
/// What each transfer waits longer for the next block than the one before, until it begins without:
/// together they begin at every moment between two blocks.
const STEP: Duration = Duration::from_millis(37);
const ROUND: u32 = 30;

/// `times` transfers one after the other by the wallet's light client.
pub async fn measure(network: &NetworkFile, times: usize) -> Result<Value> {
    let (chain, _) = newcomer(network)?;
    let first = chain.sync().await?.height;
    let sender = Account::number(0);
    let one = Amount(U256::ONE);
    let mut proven = Vec::new();
    for turn in 0..times {
        // With the next block, if that is there before.
        let next = chain.wait_for(chain.sync().await?.height.next(), PATIENCE);
        if let Ok(head) = timeout(STEP * (turn as u32 % ROUND), next).await {
            head?;
        }
        let request = TxRequest::transfer(sender.address(), Address::repeat_byte(0x77), one);
        let tx = chain.prepare(&request).await?.sign(&sender)?;
        let sent = Instant::now();
        chain.broadcast(&tx).await?;
        match chain.await_proven(&tx, PATIENCE).await? {
            TxVerdict::Proven(receipt) if receipt.status == TxStatus::Ok => {
                proven.push(sent.elapsed());
            }
            other => bail!("not proven: {other:?}"),
        }
    }
    let last = chain.sync().await?.height;
    Ok(json!({
        "proven": spread(proven),
        "between_blocks": spread(intervals(network, first, last).await?),
    }))
}

/// Between the times that headers state.
async fn intervals(network: &NetworkFile, from: Height, to: Height) -> Result<Vec<Duration>> {
    let node = Bare::new(network.rpc.first().context("a node")?)?;
    let mut times = Vec::new();
    for height in from.0..=to.0 {
        let answer = node
            .ask("commit", json!({"height": height.to_string()}))
            .await?;
        let text = answer["signed_header"]["header"]["time"].as_str();
        let time = tendermint::Time::parse_from_rfc3339(text.context("a header's time")?)?;
        times.push(time);
    }
    let between = |pair: &[tendermint::Time]| pair[1].duration_since(pair[0]);
    Ok(times.windows(2).map(between).collect::<Result<_, _>>()?)
}
