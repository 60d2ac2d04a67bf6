//! What is known of the network and of this device's own node.

use dhc_chain::{WitnessStanding, WitnessStatus};
use dhc_ipc::{Code, Failure, Guard, NodeView, StorageView, WitnessView};

use crate::{
    failure::standing, ledger::sync_failure, ports::StoreError, profile::Profile, records,
};

pub async fn status(profile: &Profile) -> Result<NodeView, Failure> {
    // Unreachable or untrusted is an answer here, not a failure.
    let status = profile.chain.status().await;
    let head = profile.chain.sync().await.ok();
    let network = profile.chain.network();
    let conflict = profile.chain.conflict().map_err(kept_failure)?;
    Ok(NodeView {
        network: network.name.clone(),
        chain_id: network.chain_id.clone(),
        evm_chain_id: network.evm_chain_id,
        trusted_height: status.trusted_height.map_or(0, |h| h.0),
        latest_height: status.latest_height.map_or(0, |h| h.0),
        synced: status.synced,
        witnesses: status
            .witnesses
            .iter()
            .map(|w| {
                let (agrees, height, code) = match w.standing {
                    WitnessStanding::Agrees { height } => (true, height.0, None),
                    WitnessStanding::Silent => (false, 0, Some(Code::NetworkUnreachable)),
                    WitnessStanding::NotAsked => (false, 0, None),
                };
                WitnessView {
                    url: w.endpoint.clone(),
                    agrees,
                    height,
                    code,
                }
            })
            .collect(),
        guard: guard(&status.witnesses),
        evidence: conflict.and_then(|conflict| conflict.kept),
        standing: standing(status.standing),
        trusted_hash: head.map(|h| h.hash.to_string()).unwrap_or_default(),
        trusted_time: status.head_time.map(|t| t.to_string()),
        endpoints: network.rpc.iter().chain(&network.evm).cloned().collect(),
        day_s: network.day_s,
    })
}

/// Goes on after a fork, from what the nodes agreed on.
pub async fn resume(profile: &Profile) -> Result<NodeView, Failure> {
    profile.chain.resume().await.map_err(kept_failure)?;
    status(profile).await
}

fn kept_failure(e: dhc_chain::StoreError) -> Failure {
    sync_failure(e.into())
}

fn guard(witnesses: &[WitnessStatus]) -> Guard {
    let agrees = |w: &WitnessStatus| matches!(w.standing, WitnessStanding::Agrees { .. });
    if witnesses.is_empty() {
        Guard::Alone
    } else if witnesses.iter().any(agrees) {
        Guard::Witnessed
    } else {
        Guard::Unconfirmed
    }
}

/// 20 GiB: said on the settings screen; imports beyond it are refused as a full disk is.
pub const QUOTA: u64 = 20 << 30;

pub async fn storage(profile: &Profile) -> Result<StorageView, Failure> {
    let session = profile.session()?;
    let here = profile.home.channel.here().await.ok();
    let bytes = profile
        .home
        .blocks
        .size()
        .await
        .map_err(|e: StoreError| Failure::new(Code::HomeDamaged, e.to_string()))?;
    Ok(StorageView {
        bytes,
        objects: records::count(&session)?,
        quota: QUOTA,
        peer: here.as_ref().map(|h| h.peer.clone()),
        listening: here.map(|h| h.addresses).unwrap_or_default(),
        connected: profile.home.channel.connected().await,
    })
}
