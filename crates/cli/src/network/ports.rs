use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use dhc_ipc::Failure;
use serde::{Deserialize, Serialize};

use super::failed;

const FILE: &str = "ports.json";

/// Where the nodes and the desk listen on 127.0.0.1: as last time, if that can be, because people
/// hold copies of the network file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Ports {
    pub nodes: Vec<NodePorts>,
    pub desk: u16,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct NodePorts {
    pub p2p: u16,
    pub rpc: u16,
    pub evm: u16,
    pub ws: u16,
}

impl Ports {
    pub fn choose(data: &Path, nodes: usize) -> Result<Self, Failure> {
        let last = std::fs::read(data.join(FILE))
            .ok()
            .and_then(|text| serde_json::from_slice::<Self>(&text).ok())
            .filter(|ports| ports.nodes.len() == nodes && ports.are_free());
        match last {
            Some(ports) => Ok(ports),
            None => Self::any(nodes).map_err(|e| failed("ports on 127.0.0.1", e)),
        }
    }

    fn are_free(&self) -> bool {
        self.nodes
            .iter()
            .flat_map(|n| [n.p2p, n.rpc, n.evm, n.ws])
            .all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    }

    fn any(nodes: usize) -> std::io::Result<Self> {
        // All are held until the last is found, so that no two are the same.
        let mut held = Vec::new();
        let mut next = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let port = listener.local_addr()?.port();
            held.push(listener);
            Ok::<_, std::io::Error>(port)
        };
        let mut one = || {
            Ok(NodePorts {
                p2p: next()?,
                rpc: next()?,
                evm: next()?,
                ws: next()?,
            })
        };
        Ok(Self {
            nodes: (0..nodes).map(|_| one()).collect::<std::io::Result<_>>()?,
            desk: 0,
        })
    }

    /// Remembers them, with where the desk came to listen.
    pub fn keep(&self, data: &Path, desk: &str) -> Result<(), Failure> {
        let desk = desk.rsplit(':').next().and_then(|port| port.parse().ok());
        let kept = Self {
            desk: desk.unwrap_or_default(),
            ..self.clone()
        };
        let text = serde_json::to_vec(&kept).map_err(|e| failed(FILE, e))?;
        std::fs::write(data.join(FILE), text).map_err(|e| failed(FILE, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_stay_while_they_are_free_and_change_when_taken() {
        let data = tempfile::tempdir().unwrap();
        let first = Ports::choose(data.path(), 2).unwrap();
        first.keep(data.path(), "http://127.0.0.1:4711").unwrap();
        let again = Ports::choose(data.path(), 2).unwrap();
        assert_eq!(again.nodes[1].evm, first.nodes[1].evm);
        assert_eq!(again.desk, 4711);
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first.nodes[0].rpc)).unwrap();
        let other = Ports::choose(data.path(), 2).unwrap();
        assert_ne!(other.nodes[0].rpc, first.nodes[0].rpc);
    }
}
