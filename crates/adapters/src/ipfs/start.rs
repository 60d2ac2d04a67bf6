//! Starting a node: its key, its port, its first address.

use std::{
    net::{IpAddr, TcpListener},
    path::Path,
    time::Duration,
};

use dhc_app::ports::StoreError;
use futures::StreamExt;
use libp2p::{Multiaddr, Swarm, multiaddr::Protocol, swarm::SwarmEvent};
use tokio::{sync::mpsc, time::timeout};

use super::{
    actor::{Actor, Command},
    behaviour::{self, Behaviour, Gauges},
    blocks::BlockFiles,
    node::NodeConfig,
    record::NodeRecord,
};

/// Ports below those that systems lend to outgoing connections, so that a home finds its port
/// free at its next start.
const PORTS: std::ops::Range<u16> = 20_000..32_768;
const TRIES: usize = 64;

const LISTEN: Duration = Duration::from_secs(5);
const QUEUE: usize = 64;

/// Starts the node of a home on the port it had before, or on another if that is taken.
pub(super) async fn start(
    folder: &Path,
    blocks: BlockFiles,
    config: &NodeConfig,
) -> Result<mpsc::Sender<Command>, StoreError> {
    let mut record = NodeRecord::load(folder)?;
    let gauges = Gauges::default();
    let mut swarm = behaviour::swarm(&record.key, blocks, config, &gauges)
        .map_err(|error| StoreError::Io(format!("the node's key: {error}")))?;

    let port = pick_port(config.listen, record.port)?;
    let port = listen(&mut swarm, config.listen, port).await?;
    if record.port != Some(port) {
        record.port = Some(port);
        record.save(folder)?;
    }

    let (commands, inbox) = mpsc::channel(QUEUE);
    tokio::spawn(Actor::new(swarm, gauges, config.patience).run(inbox));
    Ok(commands)
}

/// The port of the last start if it is free, else one at random; 0, the system's choice, when
/// none was found free.
fn pick_port(ip: IpAddr, last: Option<u16>) -> Result<u16, StoreError> {
    // libp2p lets several sockets share a port, so that its own attempt would not notice.
    let free = |port: &u16| TcpListener::bind((ip, *port)).is_ok();
    if let Some(port) = last.filter(free) {
        return Ok(port);
    }
    for _ in 0..TRIES {
        let draw = getrandom::u32().map_err(|error| StoreError::Io(error.to_string()))?;
        let port = PORTS.start + (draw % u32::from(PORTS.end - PORTS.start)) as u16;
        if free(&port) {
            return Ok(port);
        }
    }
    Ok(0)
}

/// Listens, and returns the port once it is known.
async fn listen(swarm: &mut Swarm<Behaviour>, ip: IpAddr, port: u16) -> Result<u16, StoreError> {
    let refused = |error: String| StoreError::Io(format!("the node cannot listen: {error}"));
    let address = behaviour::tcp_address(ip, port);
    swarm
        .listen_on(address)
        .map_err(|error| refused(error.to_string()))?;
    let first = async {
        loop {
            match swarm.select_next_some().await {
                SwarmEvent::NewListenAddr { address, .. } => return Ok(address),
                SwarmEvent::ListenerClosed {
                    reason: Err(error), ..
                } => return Err(error.to_string()),
                _ => {}
            }
        }
    };
    let address = timeout(LISTEN, first)
        .await
        .map_err(|_| refused("no address".into()))?;
    tcp_port(&address.map_err(refused)?).ok_or_else(|| refused("no port".into()))
}

fn tcp_port(address: &Multiaddr) -> Option<u16> {
    address.iter().find_map(|part| match part {
        Protocol::Tcp(port) => Some(port),
        _ => None,
    })
}
