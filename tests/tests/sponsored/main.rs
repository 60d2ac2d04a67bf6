//! Acts that somebody else carries in and pays for: a person without a coin, an institution's app,
//! and sponsors that mean harm. Each person is a home of their own, each command a process.
//!
//! `DHC_BIN` names the `dhc` program; without it these tests skip.

mod errands;
#[allow(dead_code, reason = "the command line's tests use all of it")]
#[path = "../command_line/films.rs"]
mod films;
mod hostile;
#[allow(dead_code, reason = "the command line's tests use all of it")]
#[path = "../command_line/people.rs"]
mod people;
#[allow(dead_code, reason = "the command line's tests use all of it")]
#[path = "../command_line/process.rs"]
mod process;
mod terms;
