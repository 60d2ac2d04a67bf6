//! Wire types, command names and error codes: what the shells and the UI share with the core.
//! Strings carry ids, addresses and amounts exactly as the command line's contract writes them.

mod command;
mod consent;
mod earn;
mod event;
mod failure;
mod film;
mod governance;
mod node;
mod people;
mod record;
mod session;
mod sponsor;
mod storage;
mod wallet;

pub use command::{Call, Command, Done, NAMES};
pub use consent::*;
pub use earn::*;
pub use event::{Event, Stage};
pub use failure::{Code, Failure};
pub use film::*;
pub use governance::*;
pub use node::*;
pub use people::*;
pub use record::*;
pub use session::*;
pub use sponsor::*;
pub use storage::*;
pub use wallet::*;
