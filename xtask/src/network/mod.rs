//! `cargo xtask network`: validators of the real engine on this machine, in the background.

mod binary;
mod supervisor;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use serde_json::Value;

pub use binary::{Node, node, node_within, test};
use supervisor::Supervisor;
pub use supervisor::get;

use crate::build;
use crate::command::{announce, ask, program};
use crate::setup;
use crate::workspace::Workspace;

#[derive(Subcommand)]
pub enum Network {
    /// Build the node once, write a genesis where there is none, start the validators
    Up {
        /// The folder of all its keys, data and logs; by default in the cache
        #[arg(long)]
        data: Option<PathBuf>,
        /// How many validate; only for a network that begins
        #[arg(long, default_value_t = 4)]
        validators: u8,
        /// Length of a settlement day, seconds; only for a network that begins
        #[arg(long, default_value_t = 86_400)]
        day_s: u64,
    },
    /// End the validators; their data stays
    Down {
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// What each node says, and what a light client proves
    Status {
        #[arg(long)]
        data: Option<PathBuf>,
    },
}

pub fn perform(workspace: &Workspace, network: Network) -> Result<()> {
    let folder = |data: Option<PathBuf>| -> Result<PathBuf> {
        let folder = data.unwrap_or_else(|| workspace.cache.join("network"));
        // The nodes are started from elsewhere.
        Ok(std::path::absolute(folder)?)
    };
    match network {
        Network::Up {
            data,
            validators,
            day_s,
        } => up(workspace, &folder(data)?, validators, day_s),
        Network::Down { data } => down(&folder(data)?),
        Network::Status { data } => status(workspace, &folder(data)?),
    }
}

fn up(workspace: &Workspace, data: &Path, validators: u8, day_s: u64) -> Result<()> {
    if let Some(running) = Supervisor::find(data) {
        announce(&format!("It runs already (process {}).", running.pid()));
        return Ok(());
    }
    let node = node(workspace)?;
    setup::to_build(workspace)?;
    build::programs(workspace)?;
    let mut command = program(workspace.dhc(), &workspace.root);
    command
        .args(["network", "start", "--data"])
        .arg(data)
        .arg("--node")
        .arg(&node)
        .args(["--validators", &validators.to_string()])
        .args(["--day-s", &day_s.to_string()]);
    let ready = Supervisor::start(command, data)?;
    let said = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
    announce(&format!(
        "{} validators run; logs in {}",
        ready["nodes"].as_array().map_or(0, Vec::len),
        data.join("logs").display()
    ));
    announce(&format!("CometBFT RPC       {}", said("rpc")));
    announce(&format!("Ethereum JSON-RPC  {}", said("evm")));
    announce(&format!(
        "Network file       {}",
        data.join("network.json").display()
    ));
    announce(&format!(
        "For example: {} --network {} node status",
        workspace.dhc().display(),
        data.join("network.json").display()
    ));
    Ok(())
}

fn down(data: &Path) -> Result<()> {
    match Supervisor::find(data) {
        Some(running) => running.stop(),
        None => {
            announce("It does not run.");
            Ok(())
        }
    }
}

fn status(workspace: &Workspace, data: &Path) -> Result<()> {
    let file = data.join("network.json");
    let Some(running) = Supervisor::find(data) else {
        bail!(
            "no network runs on {}: cargo xtask network up",
            data.display()
        );
    };
    let text = fs::read_to_string(&file).with_context(|| format!("no {}", file.display()))?;
    let network: Value = serde_json::from_str(&text)?;
    announce(&format!("supervisor: process {}", running.pid()));
    let urls = ["rpc", "witnesses"]
        .into_iter()
        .flat_map(|list| network[list].as_array().into_iter().flatten())
        .filter_map(Value::as_str);
    for url in urls {
        announce(&match supervisor::get(url, "/status", SAID) {
            Ok(answer) => {
                let sync = &answer["result"]["sync_info"];
                format!(
                    "{url}: height {}, {}",
                    sync["latest_block_height"].as_str().unwrap_or("?"),
                    if sync["catching_up"] == true {
                        "catching up"
                    } else {
                        "in step"
                    }
                )
            }
            Err(failure) => format!("{url}: does not answer ({failure})"),
        });
    }
    let proven = ask(program(workspace.dhc(), &workspace.root)
        .arg("--home")
        .arg(data.join("observer"))
        .arg("--network")
        .arg(&file)
        .args(["node", "status"]))?;
    announce(proven.trim_end());
    Ok(())
}

/// How long a node may think about its status.
const SAID: Duration = Duration::from_secs(5);
