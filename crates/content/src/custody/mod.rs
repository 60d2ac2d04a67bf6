//! Custody: a grant's keys shared by Feldman among holders, of whom any m release and fewer learn
//! nothing. `docs/spec/custody.md` has the bytes.
//!
//! For each record of a grant its author draws a scalar of ristretto255, wraps the record's key
//! under it ([`WrappedKey`]), and deals it by a polynomial of degree m − 1. What everybody may
//! know of the polynomials is the [`Dealing`]; a holder's [`Share`]s of all records go in a
//! [`Letter`], an envelope to the holder's record identity that the author signs. The letters
//! stand in the grantee's note, and are handed to a holder when a share is asked for
//! ([`oakley`](crate::oakley)): holders keep nothing.

mod dealing;
#[cfg(test)]
mod hostile;
mod letter;
mod wrapped;

pub use dealing::{CombineError, Dealing, DealingError, Dealt, Secret, Share, check, deal};
pub use letter::{
    Letter, LetterContext, OpenLetterError, SealLetterError, open_letter, seal_letter,
};
pub use wrapped::{KeyContext, UnwrapError, WrappedKey};

/// So many letters fit into a grant's note beside what it says of the records.
pub const MAX_HOLDERS: usize = 4;
/// With one, each holder alone would have the secret: that is no sharing.
pub const MIN_THRESHOLD: usize = 2;
/// As many records as a grant has.
const MAX_RECORDS: usize = 16;
