//! Dial hints, parsed.

use dhc_app::ports::PeerHint;
use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};

/// Addresses tried per hint: a hint is another person's word and may not make us dial the world.
const MAX_ADDRESSES: usize = 8;

/// A peer and where it may be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contact {
    pub peer: PeerId,
    pub addresses: Vec<Multiaddr>,
}

impl Contact {
    /// `None` without a peer id; addresses of kinds that this node does not dial are left out.
    pub fn parse(hint: &PeerHint) -> Option<Self> {
        let peer = hint.peer.parse().ok()?;
        let addresses = hint.addresses.iter().filter_map(|text| dialable(text));
        Some(Self {
            peer,
            addresses: addresses.take(MAX_ADDRESSES).collect(),
        })
    }
}

/// The TCP part of an address: `/p2p/…` after it repeats the peer id.
fn dialable(text: &str) -> Option<Multiaddr> {
    let address: Multiaddr = text.parse().ok()?;
    let parts: Vec<_> = address.iter().collect();
    let [
        host @ (Protocol::Ip4(_) | Protocol::Ip6(_)),
        port @ Protocol::Tcp(1..),
        rest @ ..,
    ] = &parts[..]
    else {
        return None;
    };
    matches!(rest, [] | [Protocol::P2p(_)])
        .then(|| Multiaddr::empty().with(host.clone()).with(port.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";

    fn parsed(addresses: &[&str]) -> Vec<String> {
        let addresses = addresses.iter().map(|a| a.to_string()).collect();
        let contact = Contact::parse(&PeerHint {
            peer: PEER.into(),
            addresses,
        })
        .unwrap();
        contact.addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_peer_id_after_an_address_is_dropped() {
        let with = format!("/ip4/127.0.0.1/tcp/4001/p2p/{PEER}");
        assert_eq!(
            parsed(&[&with, "/ip6/::1/tcp/4001"]),
            ["/ip4/127.0.0.1/tcp/4001", "/ip6/::1/tcp/4001"]
        );
    }

    #[test]
    fn names_relays_and_nonsense_are_not_dialled() {
        let none = [
            "/dns4/example.org/tcp/1",
            "/ip4/127.0.0.1/udp/1/quic-v1",
            "/ip4/127.0.0.1/tcp/0",
            "nonsense",
            "",
        ];
        assert!(parsed(&none).is_empty());
        let relayed = format!("/ip4/127.0.0.1/tcp/1/p2p/{PEER}/p2p-circuit/p2p/{PEER}");
        assert!(parsed(&[&relayed]).is_empty());
    }

    #[test]
    fn a_hint_dials_a_few_addresses_only() {
        assert_eq!(parsed(&["/ip4/10.0.0.1/tcp/1"; 99]).len(), MAX_ADDRESSES);
    }

    #[test]
    fn a_hint_needs_a_peer_id() {
        assert_eq!(
            Contact::parse(&PeerHint {
                peer: "nobody".into(),
                addresses: vec![]
            }),
            None
        );
    }
}
