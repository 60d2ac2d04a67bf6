//! One suite per port, run on every adapter and on a model in memory, so that a suite asks for
//! the port and not for one adapter's habits.

mod crash;
mod database;
mod exchange;
mod home;
mod memory;
mod pinning;
mod vault_file;
