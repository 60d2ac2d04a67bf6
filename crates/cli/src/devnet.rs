//! `dhc devnet start`: the embedded network in the foreground.

use std::path::PathBuf;

use dhc_devnet::{Config, Devnet};
use dhc_domain::{Address, Amount, parse_address};
use dhc_ipc::{Code, Failure};
use serde_json::json;

use crate::{args::DevnetStart, composition::data_folder, output::Output};

pub async fn start(args: &DevnetStart, output: &Output) -> Result<(), Failure> {
    let data = match &args.data {
        Some(data) => data.clone(),
        None => data_folder()?.join("devnet"),
    };
    let devnet = run(args, data).await?;
    output.ready(&json!({
        "ready": true,
        "rpc": devnet.rpc_url,
        "evm": devnet.evm_url,
        "network_file": devnet.network_file_path,
        "faucet": devnet.faucet,
    }));
    crate::interrupted().await;
    devnet.shutdown().await;
    Ok(())
}

/// Starts the network on `data`, going on with what stands there.
pub async fn run(args: &DevnetStart, data: PathBuf) -> Result<Devnet, Failure> {
    let config = Config {
        block_ms: args.block_ms,
        rpc_port: args.rpc_port,
        evm_port: args.evm_port,
        fund: funded(&args.fund)?,
        day_s: args.day_s,
        ..Config::new(data)
    };
    Devnet::start(config).await.map_err(|e| {
        Failure::new(
            Code::NetworkUnreachable,
            format!("the devnet did not start: {e}"),
        )
    })
}

/// Reads ADDRESS=DHL, as `--fund` takes it.
pub fn funded(given: &[String]) -> Result<Vec<(Address, Amount)>, Failure> {
    given
        .iter()
        .map(|f| {
            let (address, dhl) = f
                .split_once('=')
                .ok_or_else(|| Failure::new(Code::Misuse, "--fund takes ADDRESS=DHL"))?;
            let address =
                parse_address(address).map_err(|e| Failure::new(Code::Misuse, e.to_string()))?;
            let amount =
                Amount::from_dhl(dhl).map_err(|e| Failure::new(Code::Misuse, e.to_string()))?;
            Ok((address, amount))
        })
        .collect()
}
