//! What dependants of the yanked `core2` crate use of it, from `std`.
pub use std::{error, io};
