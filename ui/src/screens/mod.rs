//! One module a screen.

pub mod auto_lock;
pub mod earn;
mod end;
pub mod film;
pub mod home;
pub mod missing;
mod names;
mod people;
pub mod records;
pub mod settings;
pub mod shared_with_me;
pub mod sharing;
pub mod unlock;
pub mod wallet;
pub mod welcome;
