//! Keys in custody: who makes a grant deals them, holders release shares of them, its grantee
//! collects and combines these (`docs/spec/custody.md`).

mod collecting;
mod dealing;
mod holding;

pub(crate) use collecting::collect;
pub(crate) use dealing::{Custodians, Lot, custodians, deal};
pub(crate) use holding::share_of;
