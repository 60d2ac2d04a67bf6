//! Transactions: built and signed here, carried by any node, done when inclusion and result are
//! proven.

mod block;
mod carried;
pub mod envelope;
mod prepare;
mod receipt;
mod request;
mod revert;
mod wait;

pub use block::{BlockFault, ProvenBlock, ReceiptError};
pub use carried::IntentVerdict;
pub use prepare::{BroadcastError, BroadcastVerdict, PrepareError};
pub use receipt::{ProvenReceipt, TxStatus};
pub use request::{PreparedTx, SignedTx, TxRequest};
pub use revert::Revert;
pub use wait::{SubmitError, TxVerdict};
