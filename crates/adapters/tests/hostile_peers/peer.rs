//! A peer that keeps to no rule: it opens as many streams as it likes, writes what it likes, and
//! reads only if it likes.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use dhc_app::ports::PeerHint;
use futures::{
    StreamExt,
    future::pending,
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
};
use libp2p::{
    Multiaddr, PeerId, StreamProtocol, Swarm, SwarmBuilder, noise,
    request_response::{self, ProtocolSupport},
    swarm::SwarmEvent,
    tcp, yamux,
};

const BITSWAP: StreamProtocol = StreamProtocol::new("/ipfs/bitswap/1.2.0");

/// What goes over one stream.
#[derive(Clone, Debug)]
pub struct Script {
    pub bytes: Vec<u8>,
    pub times: usize,
    /// Whether the stream stays open afterwards.
    pub stalls: bool,
}

/// How many scripts have come to their end, or to that of their stream.
#[derive(Clone, Debug, Default)]
pub struct Ended(Arc<AtomicUsize>);

impl Ended {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Clone, Debug)]
struct Lawless {
    reads: bool,
    ended: Ended,
}

#[async_trait::async_trait]
impl request_response::Codec for Lawless {
    type Protocol = StreamProtocol;
    type Request = Script;
    type Response = ();

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Script>
    where
        T: AsyncRead + Unpin + Send,
    {
        if !self.reads {
            return pending().await;
        }
        futures::io::copy(io.take(u64::MAX), &mut futures::io::sink()).await?;
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<()>
    where
        T: AsyncRead + Unpin + Send,
    {
        pending().await
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        script: Script,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let written = write(io, &script).await;
        self.ended.0.fetch_add(1, Ordering::Relaxed);
        written?;
        if script.stalls {
            return pending().await;
        }
        io.close().await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, _: &mut T, (): ()) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Ok(())
    }
}

async fn write(io: &mut (impl AsyncWrite + Unpin), script: &Script) -> io::Result<()> {
    for _ in 0..script.times {
        io.write_all(&script.bytes).await?;
    }
    io.flush().await
}

pub struct Peer {
    swarm: Swarm<request_response::Behaviour<Lawless>>,
    ended: Ended,
}

impl Peer {
    /// `reads`: whether it takes what it is sent.
    pub fn new(reads: bool) -> Self {
        let ended = Ended::default();
        let codec = Lawless {
            reads,
            ended: ended.clone(),
        };
        let config = request_response::Config::default()
            .with_request_timeout(std::time::Duration::from_secs(600))
            .with_max_concurrent_streams(4096);
        let swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(
                tcp::Config::default(),
                noise::Config::new,
                yamux::Config::default,
            )
            .unwrap()
            .with_behaviour(|_| {
                let both = [(BITSWAP, ProtocolSupport::Full)];
                request_response::Behaviour::with_codec(codec, both, config)
            })
            .unwrap()
            .build();
        Self { swarm, ended }
    }

    /// Performs its scripts for everybody who connects, each on a stream of its own.
    pub async fn await_victims(mut self, scripts: Vec<Script>) -> PeerHint {
        let loopback = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
        self.swarm.listen_on(loopback).unwrap();
        let peer = self.swarm.local_peer_id().to_string();
        let address = loop {
            if let SwarmEvent::NewListenAddr { address, .. } = self.swarm.select_next_some().await {
                break address.to_string();
            }
        };
        tokio::spawn(self.perform(scripts));
        PeerHint {
            peer,
            addresses: vec![address],
        }
    }

    /// Connects and performs its scripts.
    pub fn attack(mut self, victim: &PeerHint, scripts: Vec<Script>) -> Ended {
        let address: Multiaddr = victim.addresses[0].parse().unwrap();
        let peer: PeerId = victim.peer.parse().unwrap();
        self.swarm.dial(address.with_p2p(peer).unwrap()).unwrap();
        let ended = self.ended.clone();
        tokio::spawn(self.perform(scripts));
        ended
    }

    async fn perform(mut self, scripts: Vec<Script>) {
        loop {
            if let SwarmEvent::ConnectionEstablished { peer_id, .. } =
                self.swarm.select_next_some().await
            {
                for script in scripts.clone() {
                    self.swarm.behaviour_mut().send_request(&peer_id, script);
                }
            }
        }
    }
}
