//! The embedded IPFS node: blocks on disk, bitswap, and the key-release channel, over libp2p.
//!
//! Private by default: it listens on loopback, announces nothing, asks no routing system and
//! talks only with peers that dial it or that it is told to dial; with a swarm key, only with
//! those who have the same.

mod actor;
mod behaviour;
mod blocks;
mod contact;
mod counted;
mod fetches;
mod letter;
mod node;
mod private;
mod record;
mod served;
mod start;
#[cfg(test)]
mod tests;

pub use blocks::{BlockFiles, MAX_BLOCK};
pub use dhc_content::letter::MAX_LETTER;
pub use node::{IpfsNode, NodeConfig};
pub use private::{NoSwarmKey, SwarmKey};
