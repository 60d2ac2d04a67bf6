//! A proven slot against a bare read of it, in turns.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use dhc_chain::{At, contracts::Contract};
use dhc_domain::{Address, B256, NetworkFile, U256};
use serde_json::{Value, json};

use crate::{
    network::{Bare, newcomer},
    spread::spread,
};

const REPEAT: usize = 400;
/// For the processor's time, which the system counts in hundredths of a second.
const IN_A_ROW: u32 = 1_000;
/// Contracts keep their first variables here.
const FIRST_SLOTS: u64 = 16;

/// Medians of a slot with a value and of one without, in a light client that follows the head.
pub async fn measure(network: &NetworkFile) -> Result<Value> {
    let (chain, _) = newcomer(network)?;
    chain.sync().await?;
    // The process that the light client asks, too: on networks of real nodes the desk comes first.
    let evm = network.evm.get(1).or(network.evm.first());
    let ethereum = Bare::new(evm.context("an Ethereum endpoint")?)?;
    let comet = Bare::new(network.rpc.first().context("a node")?)?;
    let (contract, present) = occupied(&chain).await?;
    let cpu = cpu_of_one(&chain, contract).await?;
    let mut rows = Vec::new();
    for (what, slot) in [("present", present), ("absent", B256::repeat_byte(0xab))] {
        let (mut proven, mut by_ethereum, mut by_comet) = (Vec::new(), Vec::new(), Vec::new());
        let key = [&[2], contract.as_slice(), slot.as_slice()].concat();
        let unproven = json!({
            "path": "/store/evm/key", "data": hex(&key), "prove": false,
        });
        for turn in 0..REPEAT {
            // A client of its own, which does not know the value yet, but the head, and has its
            // connection: others follow the head about once a second, too.
            let (chain, _) = newcomer(network)?;
            chain.sync().await?;
            let other = B256::from(U256::from(turn + 1) << 128);
            chain.read_slots(contract, &[other], At::Latest).await?;
            proven.push(
                timed(async {
                    let read = chain.read_slots(contract, &[slot], At::Latest).await;
                    read.map(drop)
                })
                .await?,
            );
            let asked = ethereum.ask("eth_getStorageAt", json!([contract, slot, "latest"]));
            by_ethereum.push(timed(async { asked.await.map(drop) }).await?);
            let asked = comet.ask("abci_query", unproven.clone());
            by_comet.push(timed(async { asked.await.map(drop) }).await?);
        }
        rows.push(json!({
            "slot": what,
            "proven": spread(proven),
            "eth_getStorageAt": spread(by_ethereum),
            "abci_query": spread(by_comet),
            "cpu_ms": cpu.as_secs_f64() * 1000.0,
        }));
    }
    Ok(json!({ "slots": rows }))
}

/// Of a read in a row of many, each of another empty slot: what is proven is kept.
async fn cpu_of_one(chain: &dhc_chain::Chain, contract: Address) -> Result<Duration> {
    let before = processor_time()?;
    for turn in 0..IN_A_ROW {
        let slot = B256::from(U256::from(turn + 1) << 192);
        chain.read_slots(contract, &[slot], At::Latest).await?;
    }
    Ok((processor_time()? - before) / IN_A_ROW)
}

async fn timed<E>(work: impl Future<Output = Result<(), E>>) -> Result<Duration, E> {
    let start = Instant::now();
    work.await?;
    Ok(start.elapsed())
}

/// A slot that holds something.
async fn occupied(chain: &dhc_chain::Chain) -> Result<(Address, B256)> {
    let slots: Vec<B256> = (0..FIRST_SLOTS).map(|i| U256::from(i).into()).collect();
    for contract in Contract::ALL {
        let address = contract.address(chain.network())?;
        let words = chain.read_slots(address, &slots, At::Latest).await?;
        if let Some(place) = words.value.iter().position(|word| !word.is_zero()) {
            return Ok((address, slots[place]));
        }
    }
    anyhow::bail!("no contract holds anything")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Of this process, in user and kernel.
fn processor_time() -> Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in parentheses may hold anything.
    let (_, after) = stat.rsplit_once(") ").context("a process's state")?;
    let fields: Vec<&str> = after.split(' ').collect();
    ensure!(fields.len() > 12, "a process's state");
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    // USER_HZ is 100 on every Linux.
    Ok(Duration::from_millis(ticks * 10))
}
