//! The outside world behind the ports: database, files, the IPFS node, the network, clocks.

pub mod clock;
pub mod compose;
pub mod database;
mod durable;
pub mod entropy;
pub mod headers;
pub mod home;
pub mod ipfs;
mod lock;
pub mod networks;
pub mod pinning;
pub mod rpc;
pub mod vault_file;

#[cfg(test)]
mod conformance;
