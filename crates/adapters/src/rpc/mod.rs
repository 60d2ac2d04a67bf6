//! The way to the network's nodes: JSON-RPC over HTTP, and the clock the light client waits by.

mod clock;
mod http;

pub use crate::clock::SystemClock;
pub use http::HttpTransport;
pub(crate) use http::is_loopback;
