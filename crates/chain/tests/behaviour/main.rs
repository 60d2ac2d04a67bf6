//! The light client's behaviour: on answers of a real node, and on a simulated chain whose nodes
//! tell the truth or lie.

mod anchors;
mod conformance;
mod contracts;
mod decoders;
mod divergence;
mod forgeries;
mod formats;
mod headers;
mod histories;
mod layout;
mod proofs;
mod reads;
mod rounds;
mod signatures;
mod support;
mod transactions;
