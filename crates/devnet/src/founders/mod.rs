//! A network of real nodes with the beginning of a devnet: what its founders compute before the
//! first block, and what their accounts do on it afterwards.

mod desk;
mod plan;
mod remote;

use alloy::primitives::{Address, B256};

pub use desk::{Desk, Nodes};
pub use plan::{Found, found};

use crate::{
    genesis::{Genesis, GenesisError},
    node::{Node, head_state},
    pool::PoolError,
    store::{Store, StoreError},
};

/// Why a network of real nodes cannot be founded, or its founders cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum FoundingError {
    #[error("{what}: {error}")]
    Io {
        what: &'static str,
        error: std::io::Error,
    },
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no node answers: {0}")]
    Nodes(String),
}

/// Why an act of a founder's account is not on its way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VenueError {
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A node's own words, or that there is none.
    #[error("{0}")]
    Remote(String),
}

/// The chain that the founders' accounts act on: this process's own, or one of real nodes.
pub(crate) trait Venue: Send + Sync + 'static {
    fn genesis(&self) -> &Genesis;

    /// The nonce after those of all transactions that are known.
    fn pending_nonce(&self, sender: Address) -> Result<u64, VenueError>;

    /// Base fee of the next block, adhl per gas.
    fn next_base_fee(&self) -> Result<u64, VenueError>;

    /// Hands over a signed transaction of this sender with this nonce.
    fn submit(&self, sender: Address, nonce: u64, raw: &[u8]) -> Result<B256, VenueError>;

    /// Where the committee keeps the sketches that it has seen.
    fn sketches(&self) -> &Store;
}

impl Venue for Node {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn pending_nonce(&self, sender: Address) -> Result<u64, VenueError> {
        Ok(Node::pending_nonce(self, sender)?)
    }

    fn next_base_fee(&self) -> Result<u64, VenueError> {
        Ok(head_state(&self.store.snapshot()?)?.next_base_fee()?)
    }

    fn submit(&self, _: Address, _: u64, raw: &[u8]) -> Result<B256, VenueError> {
        Ok(Node::submit(self, raw)?)
    }

    fn sketches(&self) -> &Store {
        &self.store
    }
}
