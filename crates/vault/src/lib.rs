//! Seeds, accounts and envelopes: the only owner of raw keys.
//!
//! A [`SealedVault`] is the file's bytes, checked for damage without a password. Opening it with
//! the password gives [`Unlocked`], which hands out handles that sign, decapsulate and seal; no
//! key leaves as bytes. The words leave only through [`SealedVault::reveal_words`], which asks
//! for the password again.
//!
//! Free of I/O; randomness is an argument. The bytes are specified in `docs/spec/vault.md`.

mod accounts;
mod database;
mod derivation;
mod format;
mod identity;
mod sealed;
mod unlocked;
mod words;

pub use accounts::AccountHandle;
pub use database::{DatabaseKey, OpenValueError};
pub use derivation::DeriveError;
pub use format::{KdfParams, ParseError};
pub use identity::{ENCAPSULATED_LEN, OpenEnvelopeError, RECORD_KEY_LEN, RecordIdentity};
pub use rand_core;
pub use sealed::{
    ChangePasswordError, CreateError, Loaded, NewVault, OpenError, SealedVault, choose,
};
pub use unlocked::Unlocked;
pub use words::{WordCount, Words, WordsError};
