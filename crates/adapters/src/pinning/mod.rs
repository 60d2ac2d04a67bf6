//! Pinning services over HTTP: the IPFS Pinning Service API and Kubo's RPC.

mod api;
mod kubo;
mod web;

use async_trait::async_trait;
use cid::Cid;
use dhc_app::ports::{Parcel, PeerHint, PinError, PinKind, PinService, PinState, Pinning};

use self::web::Web;

/// Speaks with services over connections of their own, one client for each question: services
/// cannot tell by them that two profiles are on one machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpPinning;

#[async_trait]
impl Pinning for HttpPinning {
    async fn peers(&self, service: &PinService) -> Result<Vec<PeerHint>, PinError> {
        match service.kind {
            PinKind::Api => Ok(Vec::new()),
            PinKind::Kubo => kubo::peers(&Web::new(service)?).await,
        }
    }

    async fn look(&self, service: &PinService, root: &Cid) -> Result<PinState, PinError> {
        let web = Web::new(service)?;
        match service.kind {
            PinKind::Api => api::look(&web, root).await,
            PinKind::Kubo => kubo::look(&web, root).await,
        }
    }

    async fn pin(&self, service: &PinService, parcel: &Parcel) -> Result<PinState, PinError> {
        let web = Web::new(service)?;
        match service.kind {
            PinKind::Api => api::pin(&web, parcel).await,
            PinKind::Kubo => kubo::pin(&web, parcel).await,
        }
    }

    async fn unpin(&self, service: &PinService, root: &Cid) -> Result<(), PinError> {
        let web = Web::new(service)?;
        match service.kind {
            PinKind::Api => api::unpin(&web, root).await,
            PinKind::Kubo => kubo::unpin(&web, root).await,
        }
    }
}

/// Multiaddresses that name their peer, by peer. Others are left out, and more than a few peers.
fn by_peer(addresses: impl IntoIterator<Item = String>) -> Vec<PeerHint> {
    const MOST: usize = 8;
    let mut peers: Vec<PeerHint> = Vec::new();
    for address in addresses {
        let Some((_, peer)) = address.rsplit_once("/p2p/") else {
            continue;
        };
        let peer = peer.to_owned();
        let known = peers.iter().position(|known| known.peer == peer);
        match known {
            Some(at) => peers[at].addresses.push(address),
            None if peers.len() < MOST => peers.push(PeerHint {
                peer,
                addresses: vec![address],
            }),
            None => {}
        }
    }
    peers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_gathered_by_their_peer() {
        let named = ["/ip4/127.0.0.1/tcp/1/p2p/A", "/ip4/10.0.0.1/tcp/1/p2p/B"];
        let peers = by_peer(
            [
                named[0],
                "/ip4/127.0.0.1/tcp/2",
                "/ip6/::1/tcp/1/p2p/A",
                named[1],
            ]
            .map(str::to_owned),
        );
        assert_eq!(peers.len(), 2);
        assert_eq!(peers[0].peer, "A");
        assert_eq!(peers[0].addresses, [named[0], "/ip6/::1/tcp/1/p2p/A"]);
        assert_eq!(peers[1].addresses, [named[1]]);
    }
}
