//! `dhc app`: this profile's app without a window.

use dhc_ipc::Failure;
use serde_json::json;

use crate::{
    args::Cli,
    composition::{ONLY, One},
    output::Output,
};

/// Answers grantees until interrupted.
pub async fn answer(cli: &Cli, output: &Output) -> Result<(), Failure> {
    let one = One::open(cli, true, false).await?;
    let here = one.app.answer_peers(ONLY).await?;
    let address = here.addresses.first().cloned().unwrap_or_default();
    output.ready(&json!({"ready": true, "peer": format!("{address}/p2p/{}", here.peer)}));
    tokio::spawn(one.app.clone().keep_watch());
    crate::interrupted().await;
    one.app.close_profile(ONLY).await;
    Ok(())
}
