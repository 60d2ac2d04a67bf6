//! The core on this machine: homes in folders, networks over HTTP, the system's clock and
//! randomness.

use std::{path::PathBuf, sync::Arc};

use dhc_app::World;
use dhc_domain::NetworkFile;

use crate::{
    clock::SystemClock,
    entropy::OsEntropy,
    home::{DiskHomes, HomeConfig},
    networks::HttpNetworks,
};

/// `profiles`: where new profiles are made, if more than one may be. `answers`: whether unlocked
/// profiles answer other apps.
pub fn world(network: NetworkFile, profiles: Option<PathBuf>, demo: bool, answers: bool) -> World {
    World {
        homes: Arc::new(DiskHomes::new(HomeConfig {
            swarm_key: network.swarm_key.clone(),
            ..HomeConfig::new(headers_of(&network))
        })),
        networks: Arc::new(HttpNetworks),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
        network,
        profiles,
        demo,
        answers,
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// Trusted headers are kept by chain and checkpoint: a chain begun anew under the same name is
/// another one.
fn headers_of(network: &NetworkFile) -> String {
    let name = |s: &str| {
        s.chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect::<String>()
    };
    format!(
        "{}-{}",
        name(&network.chain_id),
        name(&network.trust.hash)
            .chars()
            .take(16)
            .collect::<String>()
    )
}
