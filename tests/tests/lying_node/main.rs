//! A node that lies: a server before the true one tells one lie at a time, and the real client,
//! over HTTP, must not believe it. Each lie ends in the code it deserves, in bounded time and
//! memory; with the lie off the same question is answered, so that each of these tests can fail.
//!
//! `cargo test -p dhc-tests --test lying_node -- --nocapture` prints the lies with what each led
//! to. The tests of the program need `DHC_BIN`, as those of the command line, and those before the
//! real engine `DHC_NODE`, too.

mod bodies;
mod engine;
mod fork;
mod headers;
mod hints;
mod lie;
mod program;
mod proxy;
mod pruned;
mod results;
mod state;
mod validators;
mod wire;
mod witnesses;
mod world;
