//! The protocols that the node speaks, their limits, and the transport under them.

use std::{sync::Arc, time::Duration};

use futures::future::Either;
use libp2p::{
    Multiaddr, PeerId, Swarm, Transport,
    connection_limits::{self, ConnectionLimits},
    core::{muxing::StreamMuxerBox, transport::Boxed, upgrade},
    identify,
    identity::Keypair,
    noise, ping,
    pnet::PnetConfig,
    request_response::{self, ProtocolSupport},
    swarm::{self, NetworkBehaviour},
    tcp, yamux,
};

use super::{
    blocks::BlockFiles,
    counted::{Counted, Received},
    letter::{self, LetterCodec},
    node::NodeConfig,
    private::SwarmKey,
    served::{Served, Wanted},
};

/// From the first packet to an authenticated, multiplexed connection.
const CONNECT: Duration = Duration::from_secs(10);

const MAX_CONNECTIONS: u32 = 50;
/// Room that peers who dial us cannot take from the dials we make.
const MAX_INCOMING: u32 = 40;
const MAX_PENDING: u32 = 16;
const MAX_PER_PEER: u32 = 4;
/// Requests of one peer that are answered at the same time.
const MAX_LETTERS_PER_CONNECTION: usize = 8;

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: connection_limits::Behaviour,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub keys: request_response::Behaviour<LetterCodec>,
    pub errands: request_response::Behaviour<LetterCodec>,
    pub bitswap: beetswap::Behaviour<64, Served>,
}

/// What the node learns beside the protocols' events.
#[derive(Clone, Default)]
pub(super) struct Gauges {
    pub received: Received,
    pub wanted: Wanted,
}

pub(super) fn swarm(
    key: &Keypair,
    blocks: BlockFiles,
    config: &NodeConfig,
    gauges: &Gauges,
) -> Result<Swarm<Behaviour>, noise::Error> {
    let transport = transport(key, gauges.received.clone(), config.swarm_key)?;
    let behaviour = behaviour(key, blocks, config.patience, gauges.wanted.clone());
    let config = swarm::Config::with_tokio_executor();
    Ok(Swarm::new(
        transport,
        behaviour,
        key.public().to_peer_id(),
        config,
    ))
}

fn behaviour(key: &Keypair, blocks: BlockFiles, patience: Duration, wanted: Wanted) -> Behaviour {
    let limits = ConnectionLimits::default()
        .with_max_established(Some(MAX_CONNECTIONS))
        .with_max_established_incoming(Some(MAX_INCOMING))
        .with_max_established_per_peer(Some(MAX_PER_PEER))
        .with_max_pending_incoming(Some(MAX_PENDING))
        .with_max_pending_outgoing(Some(MAX_PENDING));
    let letters = |protocol| {
        let config = request_response::Config::default()
            .with_request_timeout(patience)
            .with_max_concurrent_streams(MAX_LETTERS_PER_CONNECTION);
        request_response::Behaviour::new([(protocol, ProtocolSupport::Full)], config)
    };
    // Where else this node listens is nobody's business who has dialled it once.
    let identify = identify::Config::new("/ipfs/0.1.0".into(), key.public())
        .with_agent_version("dhc".into())
        .with_hide_listen_addrs(true);
    Behaviour {
        limits: connection_limits::Behaviour::new(limits),
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::default(),
        keys: letters(letter::KEYS),
        errands: letters(letter::ERRANDS),
        bitswap: beetswap::Behaviour::builder(Arc::new(Served(blocks)))
            .register_multihasher(wanted)
            .build(),
    }
}

pub(super) fn transport(
    key: &Keypair,
    received: Received,
    swarm_key: Option<SwarmKey>,
) -> Result<Boxed<(PeerId, StreamMuxerBox)>, noise::Error> {
    let tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true));
    let tcp = tcp.map(move |stream, _| Counted::new(stream, received.clone()));
    // Before noise: who does not have the key is not even told who this is.
    let tcp = tcp.and_then(move |stream, _| async move {
        match swarm_key {
            None => Ok(Either::Left(stream)),
            Some(SwarmKey(key)) => {
                let secret = PnetConfig::new(key).handshake(stream).await;
                secret.map(Either::Right)
            }
        }
    });
    Ok(tcp
        .upgrade(upgrade::Version::V1)
        .authenticate(noise::Config::new(key)?)
        .multiplex(yamux::Config::default())
        .timeout(CONNECT)
        .boxed())
}

/// The TCP address of an IP address and port.
pub(super) fn tcp_address(ip: std::net::IpAddr, port: u16) -> Multiaddr {
    Multiaddr::from(ip).with(libp2p::multiaddr::Protocol::Tcp(port))
}
