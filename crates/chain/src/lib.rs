//! The light client of the DHC chain: what it says is proven, or says that it is not.
//!
//! [`Chain`] is the way in. Below it: headers ([`light`]), proofs of single keys ([`proof`]),
//! places of contract variables ([`layout`]), transactions ([`tx`]), histories ([`history`]) and
//! the product's contracts ([`contracts`]). Where the network is Ethereum, `ethereum` stands in the
//! place of headers and proofs. Everything that reaches the outside world is a port
//! ([`ports`]); nothing a node says is taken for true.

pub mod contracts;
mod ethereum;
mod facade;
pub mod history;
pub mod layout;
pub mod light;
mod node;
pub mod ports;
pub mod proof;
mod proven;
mod reads;
mod settled;
pub mod tx;

pub use alloy::{
    primitives::{Bytes, Signature},
    sol_types::{SolCall, SolEvent},
};
pub use facade::{Chain, ConfigError, Endpoints, Status};
pub use history::{HistoryError, HistoryPage, HistoryVerdict, Prefix};
pub use light::{
    Anchor, Candidate, Checkpoint, Conflict, Finding, Head, Origin, SyncError, TrustError,
    WitnessStanding, WitnessStatus,
};
pub use node::{EndpointStatus, Health, Role};
pub use ports::{
    Clock, Evidence, HeaderStore, MemoryHeaderStore, SignError, Signer, StoreError, Transport,
    TransportError,
};
pub use reads::{At, ReadError};
pub use tx::{
    BroadcastError, BroadcastVerdict, IntentVerdict, PrepareError, PreparedTx, ProvenBlock,
    ProvenReceipt, ReceiptError, Revert, SignedTx, SubmitError, TxRequest, TxStatus, TxVerdict,
};
