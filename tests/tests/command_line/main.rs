//! The command line as its callers meet it: answers, refusals with their codes, and commands that
//! were killed and are given again. Each person is a home of their own, each command a process.
//!
//! `DHC_BIN` names the `dhc` program; without it these tests skip.

mod altered_asker;
mod custody;
mod cut_off;
mod earning;
mod films;
mod full_disk;
mod governance;
mod grants;
mod import;
mod money;
mod network;
mod people;
mod pinning;
mod process;
mod proxies;
mod random_kills;
mod requests;
mod sharing;
mod storage;
mod terms;
mod traces;
mod vault;
