//! Transfers, as many as a network takes, or so many a block.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dhc_domain::{Address, NetworkFile};
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::{
    accounts::{Account, Act},
    network::Bare,
};

const RECEIVER: Address = Address::repeat_byte(0x77);
/// A block that has not come after so many looks at the height would be the last.
const QUIET_BLOCKS: u64 = 20;

/// `each` transfers of each of so many senders, all handed over at once, until all are in blocks.
pub async fn burst(network: &NetworkFile, senders: u64, each: u64) -> Result<Value> {
    let nodes = nodes(network)?;
    let accounts: Vec<Account> = (0..senders).map(Account::number).collect();
    let mut queues = Vec::new();
    for account in &accounts {
        let first = nonce(&nodes[0], account).await?;
        let signed = (first..first + each)
            .map(|nonce| account.sign(network.evm_chain_id, nonce, Act::transfer(RECEIVER)));
        queues.push((first + each, signed.collect::<Vec<_>>()));
    }
    let from = nodes[0].height().await?;
    let start = Instant::now();
    // One node for a sender: another might see the second transfer before the first.
    let sent = queues.iter().enumerate().map(async |(i, (_, queue))| {
        let node = &nodes[i % nodes.len()];
        for raw in queue {
            node.send(raw).await?;
        }
        anyhow::Ok(())
    });
    try_join_all(sent).await?;
    let handed_over = start.elapsed();
    let mut height = from;
    let mut included = 0;
    let mut quiet = 0;
    let mut fullest = 0;
    while included < senders * each {
        let now = nodes[0].past(height).await?;
        for block in height + 1..=now {
            let count = nodes[0]
                .quantity(
                    "eth_getBlockTransactionCountByNumber",
                    json!([format!("{block:#x}")]),
                )
                .await?;
            included += count;
            fullest = fullest.max(count);
            quiet = if count == 0 { quiet + 1 } else { 0 };
        }
        ensure!(
            quiet < QUIET_BLOCKS,
            "{included} of {} transfers are in blocks",
            senders * each
        );
        height = now;
    }
    let took = start.elapsed();
    Ok(json!({
        "transfers": included,
        "s": took.as_secs_f64(),
        "handed_over_s": handed_over.as_secs_f64(),
        "per_s": included as f64 / took.as_secs_f64(),
        "fullest_block": fullest,
        "blocks": height - from,
    }))
}

/// `each` transfers of as many senders in every second, for so many. The network is asked nothing
/// else meanwhile: its work is what is measured.
pub async fn pace(network: &NetworkFile, each: u64, seconds: u64) -> Result<Value> {
    let node = &nodes(network)?[0];
    let accounts: Vec<Account> = (0..each).map(Account::number).collect();
    let mut nonces = Vec::new();
    for account in &accounts {
        nonces.push(nonce(node, account).await?);
    }
    let mut turns = tokio::time::interval(Duration::from_secs(1));
    for _ in 0..seconds {
        turns.tick().await;
        for (account, nonce) in accounts.iter().zip(&mut nonces) {
            let raw = account.sign(network.evm_chain_id, *nonce, Act::transfer(RECEIVER));
            node.send(&raw).await?;
            *nonce += 1;
        }
    }
    turns.tick().await;
    Ok(json!({ "transfers": each * seconds }))
}

fn nodes(network: &NetworkFile) -> Result<Vec<Bare>> {
    let all = network.evm.iter().map(|url| Bare::new(url));
    let mut all = all.collect::<Result<Vec<_>>>()?;
    // On networks of real nodes the first is the founders' desk, which only passes on.
    if all.len() > 1 {
        all.remove(0);
    }
    ensure!(!all.is_empty(), "no Ethereum endpoint");
    Ok(all)
}

async fn nonce(node: &Bare, account: &Account) -> Result<u64> {
    node.quantity(
        "eth_getTransactionCount",
        json!([account.address(), "latest"]),
    )
    .await
    .context("a nonce")
}
