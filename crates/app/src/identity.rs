//! The record identity's public keys on chain.

use dhc_chain::{At, contracts::intents};
use dhc_domain::{Address, B256};
use dhc_ipc::{Code, Failure, IdentityView};

use crate::{
    failure::standing,
    job::Job,
    ledger::{proven_at, read_failure, sponsored_by},
    profile::Profile,
    wallet::or_mine,
};

/// Publishes this profile's keys; does nothing where the same keys stand there already.
pub async fn publish(profile: &Profile, job: &Job) -> Result<IdentityView, Failure> {
    let session = profile.session()?;
    let keys = session.identity.public_key();
    let hash = alloy::primitives::keccak256(keys);
    let there = profile
        .chain
        .keys(session.address, At::Latest)
        .await
        .map_err(read_failure)?;
    if there.value.keys_hash == hash {
        return Ok(IdentityView {
            address: session.address.to_string(),
            keys_hash: Some(hash.to_string()),
            standing: standing(there.standing),
            sponsored_by: None,
        });
    }
    let receipt = profile
        .transact(
            &session,
            &format!("identity {hash}"),
            job,
            intents::publish(session.address, keys.to_vec()),
        )
        .await?;
    job.changed();
    Ok(IdentityView {
        address: session.address.to_string(),
        keys_hash: Some(hash.to_string()),
        standing: proven_at(receipt.height),
        sponsored_by: sponsored_by(&session, &receipt),
    })
}

pub async fn show(profile: &Profile, of: Option<&str>) -> Result<IdentityView, Failure> {
    let address = or_mine(profile, of)?;
    let keys = profile
        .chain
        .keys(address, At::Latest)
        .await
        .map_err(read_failure)?;
    Ok(IdentityView {
        address: address.to_string(),
        keys_hash: (keys.value.keys_hash != B256::ZERO).then(|| keys.value.keys_hash.to_string()),
        standing: standing(keys.standing),
        sponsored_by: None,
    })
}

/// The proven public keys of `address`.
pub async fn keys_of(profile: &Profile, address: Address) -> Result<Vec<u8>, Failure> {
    let keys = profile
        .chain
        .published_keys(address, At::Latest)
        .await
        .map_err(crate::histories::history_failure)?;
    keys.value.ok_or_else(|| {
        Failure::new(Code::NoIdentity, format!("{address} has published no keys"))
            .hint("they run `dhc identity publish`, or open their app once")
    })
}
