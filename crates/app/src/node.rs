//! What is known of the network and of this device's own node.

use dhc_chain::{
    Anchor, Checkpoint, Conflict, EndpointStatus, Origin, Role, TrustError, WitnessStanding,
    WitnessStatus,
};
use dhc_domain::Timestamp;
use dhc_ipc::{
    AnchorOrigin, AnchorView, CheckpointView, Code, ConflictView, EndpointRole, EndpointView,
    Failure, Finding, Guard, NodeView, StorageView, TrustCheckpoint, WitnessView,
};

use crate::{
    failure::{misuse, reason_code, standing},
    ledger::sync_failure,
    ports::StoreError,
    profile::Profile,
    records, storage,
};

/// Where the network and this device's node stand. Unreachable or untrusted is an answer here, not
/// a failure.
pub async fn status(profile: &Profile) -> Result<NodeView, Failure> {
    let status = profile.chain.status().await;
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
            .map(|w| witness(w, &status.endpoints))
            .collect(),
        guard: guard(&status.witnesses),
        conflict: conflict.map(disputed),
        anchor: status
            .anchor
            .map(|anchor| anchored(anchor, network.trust.period_s, profile.clock.now())),
        standing: standing(status.standing),
        trusted_hash: status.head_hash.map(|h| h.to_string()).unwrap_or_default(),
        trusted_time: status.head_time.map(|t| t.to_string()),
        endpoints: status.endpoints.into_iter().map(endpoint).collect(),
        day_s: network.day_s,
    })
}

/// Asks every endpoint where it stands.
pub async fn check(profile: &Profile) -> Result<NodeView, Failure> {
    profile.chain.look_around().await;
    status(profile).await
}

/// A header to begin anew from, as the nodes show it.
pub async fn checkpoint(profile: &Profile) -> Result<CheckpointView, Failure> {
    let shown = profile.chain.candidate().await.map_err(sync_failure)?;
    Ok(CheckpointView {
        height: shown.checkpoint.height.0,
        hash: shown.checkpoint.hash.to_string(),
        time: shown.time.to_string(),
        shown_by: shown.shown_by,
        contradicted_by: shown.contradicted_by,
        needed: shown.needed,
    })
}

/// Begins anew from the header that a person has compared.
pub async fn trust(profile: &Profile, request: &TrustCheckpoint) -> Result<NodeView, Failure> {
    let checkpoint = Checkpoint::new(request.height, &request.hash)
        .ok_or_else(|| misuse("a checkpoint is a height above 0 and a header hash of 32 bytes"))?;
    profile.chain.trust(checkpoint).await.map_err(|e| match e {
        TrustError::Sync(e) => sync_failure(e),
        TrustError::NotNeeded => misuse(e.to_string()),
    })?;
    status(profile).await
}

fn witness(witness: &WitnessStatus, endpoints: &[EndpointStatus]) -> WitnessView {
    let (agrees, height, code) = match witness.standing {
        WitnessStanding::Agrees { height } => (true, height.0, None),
        WitnessStanding::Silent => {
            let found = endpoints
                .iter()
                .find(|e| e.role == Role::Witness && e.endpoint == witness.endpoint);
            let reason = found.and_then(|e| e.health.failure);
            (
                false,
                0,
                Some(reason.map_or(Code::NetworkUnreachable, reason_code)),
            )
        }
        WitnessStanding::NotAsked => (false, 0, None),
    };
    WitnessView {
        url: witness.endpoint.clone(),
        agrees,
        height,
        code,
    }
}

fn endpoint(status: EndpointStatus) -> EndpointView {
    EndpointView {
        url: status.endpoint,
        role: match status.role {
            Role::Rpc => EndpointRole::Rpc,
            Role::Evm => EndpointRole::Evm,
            Role::Witness => EndpointRole::Witness,
        },
        answered: status.health.answered.map(|t| t.to_string()),
        code: status.health.failure.map(reason_code),
        height: status.health.height.map(|h| h.0),
        pruned: status.health.pruned.map(|h| h.0),
    }
}

fn disputed(conflict: Conflict) -> ConflictView {
    ConflictView {
        height: conflict.height.0,
        common_height: conflict.common_height.map(|h| h.0),
        finding: match conflict.finding {
            dhc_chain::Finding::Fork => Finding::Fork,
            dhc_chain::Finding::FalseWitness => Finding::FalseWitness,
            dhc_chain::Finding::Unexplained => Finding::Unexplained,
        },
        stops: conflict.stops(),
        followed: conflict.primary.endpoint,
        contradicting: conflict.witness.endpoint,
        signed_both: conflict.signed_both.len() as u32,
        evidence: conflict.kept,
    }
}

fn anchored(anchor: Anchor, period_s: u64, now: Timestamp) -> AnchorView {
    AnchorView {
        height: anchor.checkpoint.height.0,
        hash: anchor.checkpoint.hash.to_string(),
        origin: match anchor.origin {
            Origin::Network => AnchorOrigin::Network,
            Origin::Person => AnchorOrigin::Person,
        },
        period_s,
        lapses: anchor.lapses.map(|t| t.to_string()),
        lapsed: anchor.lapses.is_some_and(|t| t <= now),
    }
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
        quota: storage::quota_of(&session)?,
        peer: here.as_ref().map(|h| h.peer.clone()),
        listening: here.map(|h| h.addresses).unwrap_or_default(),
        connected: profile.home.channel.connected().await,
    })
}
