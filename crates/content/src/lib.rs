//! Encrypted objects and the exchange of their keys. Free of I/O: blocks, messages, time and
//! randomness come in as arguments and go out as values.
//!
//! - [`object`]: DHC-OBJECT/1, a study as one encrypted file of 1 MiB frames, sealed and opened
//!   as streams, with random access (`docs/spec/object.md`).
//! - [`dag`]: the UnixFS tree over the frames, so that any IPFS node can keep them.
//! - [`letter`]: how messages between two apps are told apart on a stream.
//! - [`car`]: blocks in one file, CAR version 1, read and written as streams.
//! - [`note`]: a grant's note to its grantee, an HPKE envelope signed by who makes it.
//! - [`reason`]: why a glass was broken, an HPKE envelope to the owner.
//! - [`request`]: what a doctor writes when asking for access, an HPKE envelope to the patient.
//! - [`custody`]: a grant's keys shared among holders, any m of whom release
//!   (`docs/spec/custody.md`).
//! - [`oakley`]: the live release of an object's key, or of a holder's share of one, between two
//!   apps (`docs/spec/oakley.md`).
//! - [`primitives`]: the ciphers, the derivation and the agreements that all of these call.
//! - [`sponsor`]: an act for somebody else to carry in and pay for (`docs/spec/sponsor.md`).

pub mod car;
pub mod custody;
pub mod dag;
pub mod letter;
pub mod note;
pub mod oakley;
pub mod object;
mod ports;
pub mod primitives;
pub mod reason;
pub mod request;
mod signature;
pub mod sponsor;

pub use cid::Cid;
pub use ports::{DigestSigner, EnvelopeOpener, ValueKeeper};
pub use rand_core;
