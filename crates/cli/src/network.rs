//! `dhc network start`: a network of real nodes on this machine, in the foreground.

mod nodes;
mod ports;

use std::path::{Path, PathBuf};

use dhc_devnet::{Desk, Found, Nodes};
use dhc_ipc::{Code, Failure};
use serde_json::{Value, json};

use crate::{args::NetworkStart, composition::data_folder, devnet, output::Output};
use nodes::Running;
use ports::Ports;

fn failed(what: &str, reason: impl std::fmt::Display) -> Failure {
    Failure::new(Code::NetworkUnreachable, format!("{what}: {reason}"))
}

pub async fn start(args: &NetworkStart, output: &Output) -> Result<(), Failure> {
    let data = match &args.data {
        Some(data) => data.clone(),
        None => data_folder()?.join("network"),
    };
    let _lock = lock(&data)?;
    let homes = homes(args, &data).await?;
    let ports = Ports::choose(&data, homes.len())?;
    let running = Running::start(&args.node, &data, &homes, &ports)?;
    let opened = tokio::select! {
        opened = Desk::open(&data, answering(&ports), ports.desk) => {
            opened.map_err(|e| failed("the network did not start", e))
        }
        () = crate::interrupted() => Err(Failure::new(Code::Cancelled, "interrupted")),
    };
    let ended = match opened {
        Ok(desk) => {
            ports.keep(&data, &desk.url)?;
            output.ready(&json!({
                "ready": true,
                "rpc": desk.network_file.rpc.first(),
                "evm": desk.url,
                "network_file": desk.network_file_path,
                "faucet": desk.faucet,
                "nodes": running.describe(&homes, &ports),
            }));
            crate::interrupted().await;
            desk.close().await;
            Ok(())
        }
        Err(e) => Err(e.hint(format!("see {}", data.join("logs").display()))),
    };
    running.stop().await;
    ended
}

/// Every node is asked but the last, which the others are compared with.
fn answering(ports: &Ports) -> Nodes {
    let url = |port: &u16| format!("http://127.0.0.1:{port}");
    let mut rpc: Vec<String> = ports.nodes.iter().map(|n| url(&n.rpc)).collect();
    let witnesses = if rpc.len() > 1 {
        rpc.pop().into_iter().collect()
    } else {
        Vec::new()
    };
    Nodes {
        rpc,
        witnesses,
        evm: ports.nodes.iter().map(|n| url(&n.evm)).collect(),
    }
}

/// Two supervisors on one network would start its validators twice, which is what they are
/// punished for.
fn lock(data: &Path) -> Result<std::fs::File, Failure> {
    let io = |e: std::io::Error| failed("the data directory", e);
    std::fs::create_dir_all(data).map_err(io)?;
    let file = std::fs::File::create(data.join("lock")).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Failure::new(
            Code::HomeBusy,
            "this network is running already",
        )),
        Err(std::fs::TryLockError::Error(e)) => Err(io(e)),
    }
}

/// A node's home, as `dhc-node genesis` tells of it.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub struct Home {
    home: PathBuf,
    id: String,
    validator: String,
}

/// The homes of a network that was founded before, or now.
async fn homes(args: &NetworkStart, data: &Path) -> Result<Vec<Home>, Failure> {
    let listed = data.join("nodes.json");
    let read = |text: &[u8]| {
        let value: Value = serde_json::from_slice(text).ok()?;
        serde_json::from_value::<Vec<Home>>(value["nodes"].clone()).ok()
    };
    if let Ok(text) = std::fs::read(&listed) {
        return read(&text).ok_or_else(|| failed("nodes.json", "damaged"));
    }
    let folder = data.join("nodes");
    // What a founding that was cut off has left.
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|e| failed("the nodes' homes", e))?;
    }
    let plan = dhc_devnet::found(&Found {
        data_dir: data,
        validators: args.validators,
        day_s: args.day_s,
        fund: &devnet::funded(&args.fund)?,
    })
    .map_err(|e| failed("the network cannot be founded", e))?;
    let written = tokio::process::Command::new(&args.node)
        .arg("genesis")
        .args([&plan, &folder])
        .output()
        .await
        .map_err(|e| failed("the node's program", e))?;
    if !written.status.success() {
        let said = String::from_utf8_lossy(&written.stderr).into_owned();
        return Err(failed("the genesis cannot be written", said.trim()));
    }
    let homes = read(&written.stdout).ok_or_else(|| failed("the node's program", "no homes"))?;
    std::fs::write(&listed, &written.stdout).map_err(|e| failed("nodes.json", e))?;
    Ok(homes)
}
