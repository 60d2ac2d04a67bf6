//! The other side: an institution's app carries in what its patients signed, and pays.
//!
//! It can leave undone and delay, nothing else: what it sends is the intent as it was signed, to
//! the contract that it was signed for, or it is refused there (`docs/spec/sponsor.md`).

mod books;
mod desk;

use dhc_domain::{Address, Amount};

pub use books::Terms;
pub(crate) use desk::Desk;

/// A sponsor at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sponsoring {
    /// The account that pays.
    pub account: Address,
    pub budget: Amount,
    /// Of it, until now.
    pub spent: Amount,
    /// Of it, for what is under way: the most that this can cost.
    pub reserved: Amount,
}
